"""A QGIS project for the layers of a GeoPackage, as QGIS keeps projects in one: a zip, in hexadecimal."""

import io
import json
import zipfile
from collections.abc import Sequence

from lxml import etree
from lxml.etree import SubElement, _Element
from pyproj import CRS

from pcrs.vector.drawing import DRAWINGS, drawing_of
from pcrs.vector.gdal_files import Table
from pcrs.vector.qml import VERSION, fill
from pcrs.vector.sheets import Extract

_FAMILY = {"Point": "Point", "MultiPoint": "Point", "Curve": "Line", "MultiCurve": "Line"}
_MOMENT = (1980, 1, 1, 0, 0, 0)


def project(file_name: str, extract: Extract, tables: Sequence[Table]) -> tuple[str, str]:
    """Metadata and content of a row of `qgis_projects`; the layers are those of `file_name` beside it."""
    name = "pcrs.qgs"
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(zipfile.ZipInfo(name, _MOMENT), _document(file_name, extract, tables))
    metadata = json.dumps({"last_modified_time": "", "last_modified_user": ""})
    return metadata.encode().hex(), held.getvalue().hex()


def top_first(tables: Sequence[Table]) -> list[Table]:
    """The tables with geometry, the one that is drawn last at the head."""
    order = list(DRAWINGS)

    def rank(table: Table) -> int:
        base = table.name.partition("_")[0]
        return order.index(base) if base in order else -1

    return sorted((table for table in tables if table.geometry_type), key=rank, reverse=True)


def _document(file_name: str, extract: Extract, tables: Sequence[Table]) -> bytes:
    root = etree.Element("qgis", version=VERSION, projectname=extract.title)
    SubElement(root, "title").text = extract.title
    _crs(SubElement(root, "projectCrs"), extract.epsg)
    properties = SubElement(SubElement(root, "properties"), "SpatialRefSys")
    SubElement(properties, "ProjectionsEnabled", type="int").text = "1"
    tree = SubElement(root, "layer-tree-group")
    layers = SubElement(root, "projectlayers")
    for table in [*top_first(tables), *(table for table in tables if not table.geometry_type)]:
        source = f"./{file_name}|layername={table.name}"
        shown = drawing_of(table.name.partition("_")[0]).shown
        SubElement(
            tree, "layer-tree-layer", id=_id(table), name=table.sheet.title, source=source, providerKey="ogr",
            checked="Qt::Checked" if shown else "Qt::Unchecked", expanded="0",
        )  # fmt: skip
        _map_layer(layers, table, source, extract.epsg)
    if extract.box is not None:
        canvas = SubElement(root, "mapcanvas", name="theMapCanvas")
        SubElement(canvas, "units").text = "meters"
        extent = SubElement(canvas, "extent")
        for key, value in zip(("xmin", "ymin", "xmax", "ymax"), extract.box, strict=True):
            SubElement(extent, key).text = repr(value)
        _crs(SubElement(canvas, "destinationsrs"), extract.epsg)
    return etree.tostring(
        root, encoding="UTF-8", doctype="<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
    )


def _id(table: Table) -> str:
    """QGIS makes ids of ten letters and less anew, and then finds no layer of that id."""
    return f"couche_{table.name}"


def _map_layer(parent: _Element, table: Table, source: str, epsg: int) -> None:
    geometry = _FAMILY.get(table.sheet.shape or "", "Polygon") if table.geometry_type else "No geometry"
    layer = SubElement(parent, "maplayer", type="vector", geometry=geometry)
    SubElement(layer, "id").text = _id(table)
    SubElement(layer, "datasource").text = source
    SubElement(layer, "layername").text = table.sheet.title
    if table.geometry_type:
        _crs(SubElement(layer, "srs"), epsg)
    SubElement(layer, "provider", encoding="UTF-8").text = "ogr"
    if table.geometry_type:
        fill(layer, table.sheet)


def _crs(parent: _Element, epsg: int) -> None:
    system = SubElement(parent, "spatialrefsys")
    SubElement(system, "wkt").text = CRS.from_epsg(epsg).to_wkt()
    SubElement(system, "authid").text = f"EPSG:{epsg}"
