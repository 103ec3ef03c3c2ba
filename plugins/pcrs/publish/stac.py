"""The dalles as STAC 1.1 writes them: an item each, in the collection of the current mosaic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pcrs.publish.addresses import Addresses
from pcrs.publish.record_geojson import moment_of
from pcrs.standard.crs import CRS84, L93, BBox, epsg_of, transformer
from pcrs.standard.grid import DALLE_RES_M

VERSION = "1.1.0"
EXTENSIONS = tuple(
    f"https://stac-extensions.github.io/{name}/schema.json"
    for name in ("projection/v2.0.0", "file/v2.1.0", "eo/v2.0.0", "web-map-links/v1.2.0")
)
GEOJSON = "application/geo+json"
JSON = "application/json"
COG = "image/tiff; application=geotiff; profile=cloud-optimized"
_BANDS = (("R", "red"), ("G", "green"), ("B", "blue"))
_SHA256 = "1220"
"""Code and length of a sha256 in a multihash."""
_DEGREES = 7
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Provider:
    """Who answers for the images, under what licence."""

    title: str
    """Of the site."""
    operator: str
    licence_title: str
    licence_url: str
    licence: str
    """SPDX identifier, or `other`."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A dalle: its name, its square (EPSG:2154, metres), the values of its row in the layer `dalles`."""

    id: str
    bbox: BBox
    values: Mapping[str, Any]

    @property
    def moment(self) -> str:
        """The day of the flight, or, where nobody told it, of the acceptance."""
        return str(self.values["date_acquisition"] or self.values["date_recette"])[:10]


def collection_of(at: Addresses) -> str:
    """The address of the collection."""
    return f"{at.stac}/collections/{quote(at.raster())}"


def item(at: Addresses, tile: Tile) -> Document:
    """One dalle as an item."""
    values, day = tile.values, tile.moment
    ring = _ring(tile.bbox)
    lons, lats = [corner[0] for corner in ring], [corner[1] for corner in ring]
    side = round(tile.bbox.width / DALLE_RES_M)
    told = {
        "title": tile.id,
        "datetime": f"{day}T00:00:00Z",
        "start_datetime": f"{day}T00:00:00Z",
        "end_datetime": f"{day}T23:59:59Z",
        "updated": moment_of(str(values["date_recette"] or "")),
        "gsd": DALLE_RES_M,
        "proj:code": f"EPSG:{L93}",
        "proj:bbox": list(tile.bbox),
        "proj:shape": [side, side],
        "proj:transform": [DALLE_RES_M, 0.0, tile.bbox.xmin, 0.0, -DALLE_RES_M, tile.bbox.ymax],
        "pcrs:edition": values["edition"],
        "pcrs:chantier": values["chantier"],
        "pcrs:precision": values["precision"],
    }
    return {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": list(EXTENSIONS),
        "id": tile.id,
        "collection": at.raster(),
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [min(lons), min(lats), max(lons), max(lats)],
        "properties": {name: value for name, value in told.items() if value not in (None, "")},
        "links": _item_links(at, tile),
        "assets": _assets(at, tile),
    }


def _ring(box: BBox) -> list[list[float]]:
    """The corners in longitude and latitude, anticlockwise from the south-west."""
    corners = [
        (box.xmin, box.ymin), (box.xmax, box.ymin), (box.xmax, box.ymax), (box.xmin, box.ymax),
    ]  # fmt: skip
    forward = transformer(L93, epsg_of(CRS84))
    moved = [forward.transform(*corner) for corner in corners]
    ring = [[round(x, _DEGREES), round(y, _DEGREES)] for x, y in moved]
    return [*ring, ring[0]]


def _item_links(at: Addresses, tile: Tile) -> list[Document]:
    collection = collection_of(at)
    here = f"{collection}/items/{quote(tile.id, safe='')}"
    return [
        {"rel": "self", "type": GEOJSON, "href": here},
        {"rel": "root", "type": JSON, "href": at.stac},
        {"rel": "parent", "type": JSON, "href": collection},
        {"rel": "collection", "type": JSON, "href": collection},
        {
            "rel": "alternate",
            "type": GEOJSON,
            "title": "OGC API Features",
            "href": f"{at.collection('dalles')}/items/{quote(tile.id, safe='')}",
        },
        wmts(at),
    ]


def wmts(at: Addresses) -> Document:
    """The tiles of the mosaic, as the extension web-map-links names them."""
    return {
        "rel": "wmts",
        "type": "image/jpeg",
        "title": "Tuiles de la mosaïque",
        "href": at.wmts.partition("?")[0],
        "wmts:layer": [at.layer()],
    }


def _assets(at: Addresses, tile: Tile) -> Document:
    values = tile.values
    data = {
        "href": f"{at.listing}{quote(values['href'])}",
        "type": COG,
        "title": values["fichier"],
        "roles": ["data"],
        "file:size": values["octets"],
        "file:checksum": f"{_SHA256}{values['sha256']}",
        "data_type": "uint8",
        "bands": [{"name": name, "eo:common_name": colour} for name, colour in _BANDS],
    }
    thumbnail = {
        "href": at.view(at.layer(), tile.bbox, 256),
        "type": "image/jpeg",
        "title": "Aperçu",
        "roles": ["thumbnail"],
    }
    return {"data": data, "thumbnail": thumbnail}


def collection(
    at: Addresses, of: Provider, box: BBox, span: tuple[str, str] | None, editions: tuple[str, ...]
) -> Document:
    """The current mosaic as a collection. `box`: degrees; `span`: first and last day."""
    here, iso = collection_of(at), at.record(at.raster())
    interval = [None, None] if span is None else [f"{span[0][:10]}T00:00:00Z", f"{span[1][:10]}T23:59:59Z"]
    return {
        "type": "Collection",
        "stac_version": VERSION,
        "stac_extensions": [EXTENSIONS[0], EXTENSIONS[3]],
        "id": at.raster(),
        "title": f"{of.title} : orthophotographie à 5 cm",
        "description": "Dalles courantes de l'orthophotographie du plan de corps de rue simplifié : "
        "GeoTIFF optimisés pour le nuage, pixels de 5 cm, Lambert-93.",
        "keywords": ["PCRS", "plan corps de rue simplifié", "orthophotographie"],
        "license": of.licence,
        "providers": [
            {"name": of.operator, "roles": ["producer", "host", "licensor"], "url": f"{at.public_url}/"}
        ],
        "extent": {"spatial": {"bbox": [list(box)]}, "temporal": {"interval": [interval]}},
        "summaries": {"gsd": [DALLE_RES_M], "proj:code": [f"EPSG:{L93}"], "pcrs:edition": list(editions)},
        "item_assets": {
            "data": {"type": COG, "roles": ["data"], "data_type": "uint8"},
            "thumbnail": {"type": "image/jpeg", "roles": ["thumbnail"]},
        },
        "assets": {
            "iso19139": {"href": iso, "type": "application/xml", "roles": ["metadata"], "title": "ISO 19139"}
        },
        "links": [
            {"rel": "self", "type": JSON, "href": here},
            {"rel": "root", "type": JSON, "href": at.stac},
            {"rel": "parent", "type": JSON, "href": at.stac},
            {"rel": "items", "type": GEOJSON, "href": f"{here}/items"},
            {"rel": "license", "title": of.licence_title, "href": of.licence_url},
            {"rel": "alternate", "type": JSON, "title": "OGC API", "href": at.collection("dalles")},
            wmts(at),
        ],
    }
