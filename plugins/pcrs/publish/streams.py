"""The services of a site as QGIS opens them, dressed: imagery by WMTS, objects by OGC API Features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pcrs.standard.crs import L93, BBox
from pcrs.vector.drawing import DRAWINGS
from pcrs.vector.qgs import Entry, definition, document, zipped
from pcrs.vector.sheets import Sheet

_COARSEST = 1500
"""Objects are asked for from this scale: QGIS would ask for all of a département."""
_DALLES_COARSEST = 50_000
_PAGE = 1000
_CRS84_EPSG = 4326


@dataclass(frozen=True, slots=True)
class Streams:
    """What is streamed. Texts are French."""

    title: str
    public_url: str
    raster: Mapping[str, str]
    """Title by WMTS layer, the one that is shown first at the head."""
    grid: str
    sheets: Sequence[Sheet]
    """The classes that have objects with geometry, and other layers."""
    box: BBox | None
    """EPSG:2154: where the project opens."""


def entries(streams: Streams) -> list[Entry]:
    """The layers, the one that is drawn last at the head."""
    order = list(DRAWINGS)
    known = [sheet for sheet in streams.sheets if sheet.name in DRAWINGS]
    others = [sheet for sheet in streams.sheets if sheet.name not in DRAWINGS]
    ranked = sorted(known, key=lambda sheet: order.index(sheet.name), reverse=True)
    vector = [_features(streams, sheet, DRAWINGS[sheet.name].shown, _COARSEST) for sheet in ranked]
    vector += [_features(streams, sheet, False, _DALLES_COARSEST) for sheet in others]
    return vector + [
        _imagery(streams, name, title, at == 0) for at, (name, title) in enumerate(streams.raster.items())
    ]


def qgis_project(streams: Streams) -> bytes:
    """The project, as a `.qgs`."""
    return document(streams.title, L93, streams.box, entries(streams))


def qgis_package(streams: Streams) -> bytes:
    """The project, as a `.qgz`."""
    return zipped(qgis_project(streams))


def qgis_layers(streams: Streams) -> bytes:
    """The layers alone, as a `.qlr`."""
    return definition(streams.title, entries(streams))


def _features(streams: Streams, sheet: Sheet, shown: bool, coarsest: int) -> Entry:
    source = (
        f" url='{streams.public_url}/ogcapi' typename='{sheet.name}' pageSize='{_PAGE}' "
        "restrictToRequestBBOX='1' pagingEnabled='true'"
    )
    return Entry(sheet.name, sheet.title, "OAPIF", source, _CRS84_EPSG, sheet, shown, coarsest)


def _imagery(streams: Streams, name: str, title: str, shown: bool) -> Entry:
    capabilities = quote(f"{streams.public_url}/wmts?SERVICE=WMTS&REQUEST=GetCapabilities", safe=":/?")
    source = (
        f"contextualWMSLegend=0&crs=EPSG:{L93}&dpiMode=7&format=image/jpeg&layers={quote(name)}&styles=normal"
        f"&tileMatrixSet={streams.grid}&url={capabilities}"
    )
    return Entry(name, title, "wms", source, L93, None, shown)
