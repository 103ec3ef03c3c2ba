"""What the page asks first: titles, layers, editions, extent, codes and colours of the site, as JSON."""

from collections.abc import Callable
from typing import Any

from pcrs.publish.plan import FORMATS, ORIENTATIONS, frame_mm
from pcrs.serve.context import Served
from pcrs.standard.codes import CODES, network_colour
from pcrs.standard.grid import LAMB93, TOP_LEVEL
from pcrs.standard.model import CLASSES
from pcrs.store.base import Query
from pcrs.work.downloads import Shelf
from pcrs.work.site import Site

_NETWORKS = "NatureReseauPCRSType"
_PRECISIONS = "CategoriePrecisionPCRSType"
_DALLES = "dalles"
_COMMUNES = "communes"


def configuration(served: Served, shelf: Callable[[], Shelf] | None = None) -> dict[str, Any]:
    """The site as the page draws it. Boxes are EPSG:2154, metres; codes have their French labels."""
    bbox = served.mosaic(None).bbox
    layers = {layer.name: layer for layer in served.store.layers()}
    counts = {name: served.store.count(name, Query()) for name in layers}
    return {
        "title": served.title,
        "operator": served.operator,
        "contact": served.contact_email,
        "licence": {"title": served.licence_title, "url": served.licence_url},
        "departement": served.departement,
        "demo": Site(served.site).demo_marker.exists(),
        "url": served.public_url,
        "layer": served.layer,
        "editions": list(reversed(served.editions())),
        "flown": flown(shelf()) if shelf is not None else {},
        "extent": None if bbox is None else list(bbox),
        "grid": {
            "id": LAMB93.id,
            "origin": [LAMB93.origin_x, LAMB93.origin_y],
            "resolutions": [LAMB93.res(level) for level in range(LAMB93.last_level + 1)],
            "first": TOP_LEVEL,
        },
        "dalles": counts.get(_DALLES, 0),
        "communes": counts.get(_COMMUNES, 0),
        "classes": {
            name: {"title": layers[name].title, "count": count}
            for name, count in counts.items()
            if count and name in CLASSES
        },
        "networks": {
            code: {"label": label, "colour": network_colour(code).rgb}
            for code, label in CODES[_NETWORKS].values.items()
        },
        "precisions": dict(CODES[_PRECISIONS].values),
        "sheets": {paper: {turn: list(frame_mm(paper, turn)) for turn in ORIENTATIONS} for paper in FORMATS},
    }


def flown(shelf: Shelf) -> dict[str, dict[str, str | None]]:
    """By edition: first and last day on which its dalles were flown (None: not given), and its date."""
    found: dict[str, dict[str, str | None]] = {}
    for resource in shelf.resources:
        if resource.kind != "raster":
            continue
        for part in resource.parts:
            if part.edition is not None:
                days = sorted(day for item in part.items if item.dalle and (day := item.dalle.acquired))
                first, last = (days[0], days[-1]) if days else (None, None)
                found[part.edition] = {"first": first, "last": last, "dated": part.dated.isoformat()}
    return found
