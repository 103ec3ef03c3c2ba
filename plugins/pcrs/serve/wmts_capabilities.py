"""The WMTS capabilities, written by us: MapProxy's own tell of one binding, and of no extent nor record."""

from collections.abc import Iterable
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from pcrs.publish.addresses import Addresses
from pcrs.serve.context import Served
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
    limits: tuple[tuple[int, Cells], ...]
    """Tiles of the native grid, by level. The schema of 2010 knows no column 0, so level 6 is left out."""


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
        images=IMAGE_TYPES,
        infos=INFO_TYPES,
        grids=list(GRIDS.values()),
        number=_number,
    )
    return text.encode()


def _number(value: float) -> str:
    """The value in 15 digits at the most, without zeros at the end: 12000000, 178.571428571429."""
    return f"{value:.15g}"


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
        limits=tuple((level, cells) for level, cells in layer.levels if min(cells) > 0),
    )
