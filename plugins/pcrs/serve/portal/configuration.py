"""What the page asks first: titles, layers, extent, codes and colours of the site, as JSON."""

from typing import Any

from pcrs.serve.context import Served
from pcrs.standard.codes import CODES, network_colour
from pcrs.standard.grid import LAMB93, TOP_LEVEL
from pcrs.standard.model import CLASSES
from pcrs.store.base import Query
from pcrs.work.site import Site

_NETWORKS = "NatureReseauPCRSType"
_PRECISIONS = "CategoriePrecisionPCRSType"
_DALLES = "dalles"


def configuration(served: Served) -> dict[str, Any]:
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
        "extent": None if bbox is None else list(bbox),
        "grid": {
            "id": LAMB93.id,
            "origin": [LAMB93.origin_x, LAMB93.origin_y],
            "resolutions": [LAMB93.res(level) for level in range(LAMB93.last_level + 1)],
            "first": TOP_LEVEL,
        },
        "dalles": counts.get(_DALLES, 0),
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
    }
