"""What `/collections/ortho` and its schema say of the coverage."""

import re
from typing import Any

from pcrs.serve.context import Served
from pcrs.serve.coverage_formats import BANDS, FORMATS
from pcrs.serve.coverage_syntax import FRAMES, NATIVE, WGS84
from pcrs.standard.crs import CRS84, L93, BBox, transform_bbox
from pcrs.standard.grid import DALLE_RES_M, LAMB93

ID = "ortho"
_REL = "http://www.opengis.net/def/rel/ogc/1.0"
_SPEC = "http://www.opengis.net/spec/ogcapi-coverages-1/1.0/conf"
CONFORMANCE = tuple(
    f"{_SPEC}/{name}" for name in ("core", "crs", "scaling-spatial", "geotiff", "png", "coveragejson")
)
"""Conformance classes that the coverage meets (draft of 2026). Subsetting is by interval; slicing, which its
class also wants, is refused: that class is not declared."""
_NAMES = {"R": ("Rouge", "Red"), "G": ("Vert", "Green"), "B": ("Bleu", "Blue")}
_YEAR = re.compile(r"\d{4}")


def year_of(edition: str) -> int | None:
    """The year that an edition stands for: the one its name begins with."""
    found = _YEAR.match(edition)
    return int(found[0]) if found else None


def extent(served: Served, edition: str | None = None) -> BBox | None:
    """The box of an edition's dalles, EPSG:2154; None while there are none."""
    return served.mosaic(edition).bbox


def collection(served: Served) -> dict[str, Any]:
    """The description of the collection, as JSON; it holds no extent while nothing is published."""
    described: dict[str, Any] = {
        "id": ID,
        "title": f"{served.title} : orthophotographie à 5 cm",
        "description": (
            "Mosaïque des dalles du plan de corps de rue simplifié, en Lambert-93, pixels de 5 cm. "
            f"Une réponse compte au plus {served.max_coverage_px} pixels."
        ),
        "attribution": served.operator,
        "license": served.licence_title,
        "dataType": "coverage",
        "crs": [frame.uri for frame in FRAMES],
        "storageCrs": NATIVE.uri,
        "minScaleDenominator": LAMB93.scale_denominator(LAMB93.last_level),
        "scaleDenominator": LAMB93.scale_denominator(LAMB93.last_level),
        "links": links(served),
    }
    box = extent(served)
    if box is not None:
        described["extent"] = {"spatial": _spatial(box)} | _temporal(served)
    return described


def links(served: Served) -> list[dict[str, str]]:
    """The links of the collection, absolute."""
    base = f"{served.public_url}/ogcapi/collections/{ID}"
    found = [
        {"rel": "self", "type": "application/json", "title": "Cette collection", "href": f"{base}?f=json"},
        {"rel": "license", "title": served.licence_title, "href": served.licence_url},
        {
            "rel": f"{_REL}/schema",
            "type": "application/schema+json",
            "title": "Schéma des bandes",
            "href": f"{base}/schema",
        },
        {
            "rel": f"{_REL}/coverage-rangetype",
            "type": "application/json",
            "title": "Bandes (forme ancienne, lue par GDAL)",
            "href": f"{base}/coverage/rangetype",
        },
        {
            "rel": "related",
            "type": "application/xml",
            "title": "Flux WMTS",
            "href": f"{served.public_url}/wmts?SERVICE=WMTS&REQUEST=GetCapabilities",
        },
    ]
    coverages = [
        {
            "rel": f"{_REL}/coverage",
            "type": format_.media_type,
            "title": f"La mosaïque ({format_.name})",
            "href": f"{base}/coverage?f={format_.name}",
        }
        for format_ in FORMATS
    ]
    return found + coverages + _pictures(served, base)


def _pictures(served: Served, base: str) -> list[dict[str, str]]:
    """The links to maps and map tiles."""
    maps = [
        {"rel": f"{_REL}/map", "type": media_type, "title": f"Carte ({name})", "href": f"{base}/map?f={name}"}
        for media_type, name in (("image/jpeg", "jpeg"), ("image/png", "png"))
    ]
    tiles = {
        "rel": f"{_REL}/tilesets-map",
        "type": "application/json",
        "title": "Tuiles",
        "href": f"{base}/map/tiles?f=json",
    }
    return [*maps, tiles]


def _spatial(box: BBox) -> dict[str, Any]:
    """The extent in WGS 84 with its grid of 5 cm, and in Lambert-93."""
    wgs84 = transform_bbox(box, L93, WGS84.epsg)
    columns, rows = (round(side / DALLE_RES_M) for side in (box.width, box.height))
    return {
        "bbox": [list(wgs84)],
        "crs": CRS84,
        "grid": [
            {"cellsCount": columns, "resolution": wgs84.width / columns},
            {"cellsCount": rows, "resolution": wgs84.height / rows},
        ],
        "storageCrsBbox": [list(box)],
    }


def _temporal(served: Served) -> dict[str, Any]:
    """From the beginning of the first edition's year to the end of the last one's."""
    years = [year for edition in served.editions() if (year := year_of(edition)) is not None]
    if not years:
        return {}
    interval = [f"{min(years):04d}-01-01T00:00:00Z", f"{max(years):04d}-12-31T23:59:59Z"]
    return {"temporal": {"interval": [interval]}}


def schema(served: Served) -> dict[str, Any]:
    """The fields of the coverage, as JSON Schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{served.public_url}/ogcapi/collections/{ID}/schema",
        "type": "object",
        "title": f"{served.title} : orthophotographie à 5 cm",
        "properties": {
            band: {
                "title": " / ".join(_NAMES[band]),
                "type": "integer",
                "minimum": 0,
                "maximum": 255,
                "x-ogc-propertySeq": index + 1,
            }
            for index, band in enumerate(BANDS)
        },
        "additionalProperties": False,
    }


def rangetype() -> dict[str, Any]:
    """The fields as CIS 1.1 writes them: what GDAL's OGCAPI driver counts bands by."""
    fields = [
        {"type": "Quantity", "id": band, "name": band, "definition": "ogcType:unsignedByte"} for band in BANDS
    ]
    return {"type": "DataRecord", "field": fields}
