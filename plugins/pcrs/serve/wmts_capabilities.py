"""The WMTS capabilities, written by us: MapProxy's own tell of one binding, and of no extent nor record."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from pcrs.publish.addresses import Addresses
from pcrs.serve.context import Served
from pcrs.serve.legend import SIZE
from pcrs.serve.map_layers import MapLayer
from pcrs.serve.wmts_request import CAPABILITIES_PATH, GRIDS, IMAGE_TYPES, INFO_TYPES, STYLE
from pcrs.standard.crs import L93, BBox, transform_bbox
from pcrs.standard.grid import Cells

_TEMPLATES = Environment(
    loader=PackageLoader("pcrs.serve"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_WGS84 = 4326
_OPERATIONS = (
    ("GetCapabilities", CAPABILITIES_PATH),
    ("GetTile", ""),
    ("GetFeatureInfo", ""),
)
"""Operations, and where their REST addresses begin."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A layer as the document tells it."""

    name: str
    title: str
    abstract: str
    wgs84: BBox
    l93: BBox
    record: str
    legend: str
    """Address of the legend's image."""
    limits: tuple[tuple[int, Cells], ...]
    """Those of `MapLayer`."""


def write_capabilities(served: Served, layers: Iterable[MapLayer]) -> bytes:
    """The document, UTF-8. Its addresses come from `served.public_url` alone."""
    text = _TEMPLATES.get_template("wmts_capabilities.xml").render(
        served=served,
        wmts=f"{served.public_url}/wmts",
        keywords=(
            "PCRS",
            "Plan Corps de Rue Simplifié",
            "orthophotographie",
            f"département {served.departement}",
        ),
        operations=_OPERATIONS,
        capabilities_path=CAPABILITIES_PATH,
        layers=[_entry(served, layer) for layer in layers],
        style=STYLE,
        legend_size=SIZE,
        images=IMAGE_TYPES,
        infos=INFO_TYPES,
        grids=list(GRIDS.values()),
        number=_number,
    )
    return text.encode()


def _number(value: float) -> str:
    """The value in 15 digits at the most, without zeros at the end: 12000000, 178.571428571429."""
    return f"{value:.15g}"


def _legend(served: Served, name: str) -> str:
    query = {
        "SERVICE": "WMS",
        "VERSION": "1.3.0",
        "REQUEST": "GetLegendGraphic",
        "LAYER": name,
        "FORMAT": "image/png",
    }
    return f"{served.public_url}/wms?{urlencode(query, safe='/')}"


def _entry(served: Served, layer: MapLayer) -> _Entry:
    addresses = Addresses(served.public_url, served.departement)
    degrees = transform_bbox(layer.bbox, L93, _WGS84)
    return _Entry(
        name=layer.name,
        title=layer.title,
        abstract=layer.abstract,
        wgs84=BBox(*(round(value, 7) for value in degrees)),
        l93=layer.bbox,
        record=addresses.record(addresses.raster(layer.edition)),
        legend=_legend(served, layer.name),
        limits=tuple(layer.limits.items()),
    )
