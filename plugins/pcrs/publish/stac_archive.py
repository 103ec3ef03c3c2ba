"""An object of the archive as STAC 1.1 writes it, on line or not: file, storage and order extensions."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.publish.addresses import RECORDS, Addresses
from pcrs.publish.stac import GEOJSON, JSON, VERSION, Document, Provider
from pcrs.standard.crs import CRS84, L93, BBox, epsg_of, transform_geometry
from pcrs.standard.livrables import KINDS, LICENCES

EXTENSIONS = tuple(
    f"https://stac-extensions.github.io/{name}/schema.json"
    for name in ("file/v2.1.0", "storage/v2.0.0", "order/v1.1.0")
)
_NAME = "archives"
_SHA256 = "1220"
"""Code and length of a sha256 in a multihash."""


def archive_collection(at: Addresses, of: Provider, box: BBox, span: tuple[str, str] | None) -> Document:
    """All objects of the archive as a collection. `box`: degrees; `span`: first and last day."""
    here = f"{at.stac}/collections/{_NAME}"
    interval = [None, None] if span is None else [f"{span[0][:10]}T00:00:00Z", f"{span[1][:10]}T23:59:59Z"]
    return {
        "type": "Collection",
        "stac_version": VERSION,
        "stac_extensions": [],
        "id": _NAME,
        "title": f"{of.title} : objets d'archive",
        "description": "Clichés, trajectoires, aérotriangulation, LiDAR, rapports : en ligne ou à commander. "
        "What the surveys delivered, on line or to be ordered.",
        "keywords": ["PCRS", "archives"],
        "license": "other",
        "providers": [{"name": of.operator, "roles": ["host", "licensor"], "url": f"{at.public_url}/"}],
        "extent": {"spatial": {"bbox": [list(box)]}, "temporal": {"interval": [interval]}},
        "summaries": {"pcrs:type": sorted(KINDS)},
        "links": [
            {"rel": "self", "type": JSON, "href": here},
            {"rel": "root", "type": JSON, "href": at.stac},
            {"rel": "parent", "type": JSON, "href": at.stac},
            {"rel": "items", "type": GEOJSON, "href": f"{here}/items"},
            {"rel": "alternate", "type": JSON, "title": "OGC API", "href": at.collection(_NAME)},
            {
                "rel": "describedby",
                "type": GEOJSON,
                "title": "Fiches des chantiers archivés",
                "href": f"{at.collection(RECORDS)}/items?q=archives",
            },
        ],
    }


def archive_item(
    at: Addresses, identifier: str, geometry: BaseGeometry | None, values: Mapping[str, Any]
) -> Document:
    """One object as an item.

    Args:
        at: addresses of the site.
        identifier: of the object.
        geometry: its footprint, EPSG:2154; None: unknown.
        values: of its row in the layer `archives`.
    """
    here = f"{at.public_url}/archives/{identifier}"
    place = None if geometry is None else transform_geometry(geometry, L93, epsg_of(CRS84))
    lieux: Sequence[str] = values["lieux"] or ()
    day = values["date"] or values["date_depot"]
    kind, licence = KINDS[values["type"]], LICENCES[values["licence"]]
    told = {
        "title": values["nom"],
        "description": f"{kind.label} ; {licence}",
        "datetime": f"{str(day)[:10]}T00:00:00Z",
        "created": f"{str(values['date_depot'])[:10]}T00:00:00Z",
        "license": "etalab-2.0" if values["licence"] == "ouverte" else "other",
        "order:status": "orderable" if lieux else "failed",
        "storage:schemes": {name: {"type": "custom", "platform": name} for name in lieux},
        "pcrs:type": values["type"],
        "pcrs:chantier": values["chantier"],
        "pcrs:edition": values["edition"],
        "pcrs:disponibilite": values["disponibilite"],
    }
    item: Document = {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": list(EXTENSIONS),
        "id": identifier,
        "collection": _NAME,
        "geometry": None if place is None else shapely.geometry.mapping(place),
        "properties": {name: value for name, value in told.items() if value is not None},
        "links": [
            {"rel": "self", "type": GEOJSON, "href": here},
            {"rel": "root", "type": JSON, "href": at.stac},
            {"rel": "parent", "type": JSON, "href": f"{at.stac}/collections/{_NAME}"},
            {"rel": "collection", "type": JSON, "href": f"{at.stac}/collections/{_NAME}"},
            {
                "rel": "alternate",
                "type": GEOJSON,
                "title": "OGC API Features",
                "href": f"{at.collection('archives')}/items/{quote(identifier)}",
            },
        ],
        "assets": _assets(at, here, values, lieux),
    }
    return item if place is None else item | {"bbox": list(place.bounds)}


def _assets(at: Addresses, here: str, values: Mapping[str, Any], lieux: Sequence[str]) -> Document:
    """The file, under the address where it is ordered, and its picture."""
    data = {
        "href": f"{at.ogcapi}/processes",
        "type": values["format"],
        "title": values["nom"],
        "description": "À commander / to be ordered: pcrs order, OGC API Processes",
        "roles": ["data"],
        "file:size": values["octets"],
        "file:checksum": f"{_SHA256}{values['sha256']}",
        "storage:refs": list(lieux),
    }
    if not values["vignette"]:
        return {"data": data}
    picture = {
        "href": f"{here}/vignette.jpg",
        "type": "image/jpeg",
        "title": "Aperçu",
        "roles": ["thumbnail"],
    }
    return {"data": data, "thumbnail": picture}
