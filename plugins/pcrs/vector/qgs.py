"""QGIS projects and layer definitions: layers in the order of a plan, each with its drawing."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree
from lxml.etree import SubElement, _Element
from pyproj import CRS

from pcrs.standard.crs import BBox
from pcrs.vector.drawing import DRAWINGS, drawing_of
from pcrs.vector.gdal_files import Table
from pcrs.vector.qml import VERSION, fill
from pcrs.vector.sheets import Extract, Sheet

_FAMILY = {"Point": "Point", "MultiPoint": "Point", "Curve": "Line", "MultiCurve": "Line"}
_MOMENT = (1980, 1, 1, 0, 0, 0)
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"


@dataclass(frozen=True, slots=True)
class Entry:
    """A layer of a project: where QGIS gets it, and how it is drawn."""

    name: str
    title: str
    provider: str
    """`ogr`, `OAPIF`, `wms`: QGIS's key of what reads the source."""
    source: str
    epsg: int
    sheet: Sheet | None
    """None: a raster."""
    shown: bool = True
    coarsest: int | None = None
    """Denominator of the scale from which it is drawn; None: at every scale."""

    @property
    def id(self) -> str:
        """QGIS makes ids of ten letters and less anew, and then finds no layer of that id."""
        return f"couche_{self.name}"


def project(file_name: str, extract: Extract, tables: Sequence[Table]) -> tuple[str, str]:
    """A project as QGIS keeps it in a GeoPackage: a zip, in hexadecimal.

    Metadata and content of a row of `qgis_projects`; the layers are those of `file_name` beside it.
    """
    ordered = [*top_first(tables), *(table for table in tables if not table.geometry_type)]
    entries = [_table_entry(file_name, table, extract.epsg) for table in ordered]
    metadata = json.dumps({"last_modified_time": "", "last_modified_user": ""})
    packed = zipped(document(extract.title, extract.epsg, extract.box, entries))
    return metadata.encode().hex(), packed.hex()


def zipped(project_: bytes) -> bytes:
    """A project as a `.qgz`."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(zipfile.ZipInfo("pcrs.qgs", _MOMENT), project_, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def top_first(tables: Sequence[Table]) -> list[Table]:
    """The tables with geometry, the one that is drawn last at the head."""
    return sorted((table for table in tables if table.geometry_type), key=_rank, reverse=True)


def _rank(table: Table) -> int:
    base, order = table.name.partition("_")[0], list(DRAWINGS)
    return order.index(base) if base in order else -1


def _table_entry(file_name: str, table: Table, epsg: int) -> Entry:
    return Entry(
        name=table.name,
        title=table.sheet.title,
        provider="ogr",
        source=f"./{file_name}|layername={table.name}",
        epsg=epsg,
        sheet=table.sheet,
        shown=drawing_of(table.name.partition("_")[0]).shown,
    )


def document(title: str, epsg: int, box: BBox | None, entries: Sequence[Entry]) -> bytes:
    """A project (`.qgs`): its layers from the top down, in a CRS, opened at a box of that CRS."""
    root = etree.Element("qgis", version=VERSION, projectname=title)
    SubElement(root, "title").text = title
    _crs(SubElement(root, "projectCrs"), epsg)
    properties = SubElement(SubElement(root, "properties"), "SpatialRefSys")
    SubElement(properties, "ProjectionsEnabled", type="int").text = "1"
    _tree(SubElement(root, "layer-tree-group"), entries)
    layers = SubElement(root, "projectlayers")
    for entry in entries:
        _map_layer(layers, entry)
    if box is not None:
        canvas = SubElement(root, "mapcanvas", name="theMapCanvas")
        SubElement(canvas, "units").text = "meters"
        extent = SubElement(canvas, "extent")
        for key, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True):
            SubElement(extent, key).text = repr(value)
        _crs(SubElement(canvas, "destinationsrs"), epsg)
    return etree.tostring(root, encoding="UTF-8", doctype=_DOCTYPE)


def definition(title: str, entries: Sequence[Entry]) -> bytes:
    """A layer definition (`.qlr`): a group of layers that is added to any project."""
    root = etree.Element("qlr")
    outer = SubElement(root, "layer-tree-group")
    _tree(SubElement(outer, "layer-tree-group", name=title, checked="Qt::Checked", expanded="1"), entries)
    layers = SubElement(root, "maplayers")
    for entry in entries:
        _map_layer(layers, entry)
    return etree.tostring(root, encoding="UTF-8", doctype="<!DOCTYPE qgis-layer-definition>")


def _tree(parent: _Element, entries: Sequence[Entry]) -> None:
    for entry in entries:
        checked = "Qt::Checked" if entry.shown else "Qt::Unchecked"
        SubElement(
            parent, "layer-tree-layer", id=entry.id, name=entry.title, source=entry.source,
            providerKey=entry.provider, checked=checked, expanded="0",
        )  # fmt: skip


def _map_layer(parent: _Element, entry: Entry) -> None:
    sheet = entry.sheet
    if sheet is None:
        layer = SubElement(parent, "maplayer", type="raster")
    else:
        geometry = _FAMILY.get(sheet.shape or "", "Polygon") if sheet.shape else "No geometry"
        layer = SubElement(parent, "maplayer", type="vector", geometry=geometry)
    if entry.coarsest is not None:
        layer.set("hasScaleBasedVisibilityFlag", "1")
        layer.set("minScale", str(entry.coarsest))
        layer.set("maxScale", "0")
    SubElement(layer, "id").text = entry.id
    SubElement(layer, "datasource").text = entry.source
    SubElement(layer, "layername").text = entry.title
    if sheet is None or sheet.shape:
        _crs(SubElement(layer, "srs"), entry.epsg)
    SubElement(layer, "provider", encoding="UTF-8").text = entry.provider
    if sheet is not None and sheet.shape:
        fill(layer, sheet)


def _crs(parent: _Element, epsg: int) -> None:
    system = SubElement(parent, "spatialrefsys")
    SubElement(system, "wkt").text = CRS.from_epsg(epsg).to_wkt()
    SubElement(system, "authid").text = f"EPSG:{epsg}"
