"""pygeoapi's configuration: what `config/pygeoapi.yml` says, and what is made from the layers served."""

import copy
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pcrs.serve.context import Served
from pcrs.serve.feature_query import CRS_URIS
from pcrs.standard.crs import CRS84, L93, BBox, transform_bbox, uri
from pcrs.standard.model import CLASSES
from pcrs.store.base import FeatureStore, Layer, Query

Configuration = dict[str, Any]
PATH = "/ogcapi"
_DECIMALS = 7
_FRANCE = BBox(-5.2, 41.3, 9.6, 51.1)
"""Extent of a collection whose objects have no geometry of their own."""


def load_base(file: Path) -> Configuration:
    """The configuration that is not generated."""
    base: Configuration = yaml.safe_load(file.read_text(encoding="utf-8"))
    return base


def configuration(base: Mapping[str, Any], served: Served) -> Configuration:
    """The whole configuration, for the layers that are not empty now."""
    address = f"{served.public_url}{PATH}"
    server = {**base["server"], "url": address, "language": base["server"]["languages"][0], "map": _NO_MAP}
    return {
        "server": copy.deepcopy(server),
        "logging": dict(base["logging"]),
        "metadata": _metadata(base, served),
        "resources": {
            layer.name: _resource(base, served.store, layer)
            for layer in served.store.layers()
            if served.store.count(layer.name, Query())
        },
    }


_NO_MAP = {"url": "", "attribution": ""}
"""pygeoapi wants a background map to be named; our pages draw their own."""


def _metadata(base: Mapping[str, Any], served: Served) -> Configuration:
    identification = copy.deepcopy(base["metadata"]["identification"])
    title = {"fr": served.title, "en": served.title}
    home = f"{served.public_url}/"
    return {
        "identification": identification
        | {"title": title, "url": home, "terms_of_service": served.licence_url},
        "license": {"name": served.licence_title, "url": served.licence_url},
        "provider": {"name": served.operator, "url": home},
        "contact": {"name": served.operator, "email": served.contact_email, "url": home},
    }


def _resource(base: Mapping[str, Any], store: FeatureStore, layer: Layer) -> Configuration:
    texts = base["layers"].get(layer.name) or _class_texts(base["classes"], layer)
    provider: Configuration = {
        "type": "feature",
        "name": "pcrs.serve.features.FeatureProvider",
        "data": layer.name,
        "id_field": layer.id_field,
        "storage_crs": uri(L93),
        "crs": list(CRS_URIS),
        "editable": False,
    }
    if "download" in texts:
        provider["options"] = {"download": dict(texts["download"])}
    return {
        "type": "collection",
        "title": dict(texts["title"]),
        "description": dict(texts["description"]),
        "keywords": copy.deepcopy(texts["keywords"]),
        "extents": {"spatial": {"bbox": list(degrees(store.extent(layer.name))), "crs": CRS84}},
        "links": [],
        "providers": [provider],
    }


def _class_texts(texts: Mapping[str, Any], layer: Layer) -> Configuration:
    """Title, description and keywords of a CNIG class; of a layer that is none, its own title."""
    known = CLASSES.get(layer.name)
    if known is None:
        said = {"fr": layer.title, "en": layer.title}
        return {"title": said, "description": said, "keywords": {"fr": [layer.name], "en": [layer.name]}}
    themes = {"fr": known.theme, "en": texts["english_themes"].get(known.theme, known.theme)}
    return {
        "title": {"fr": known.title, "en": texts["english_titles"].get(layer.name, known.title)},
        "description": {
            language: text.format(name=layer.name, theme=themes[language])
            for language, text in texts["description"].items()
        },
        "keywords": {language: ["PCRS", theme] for language, theme in themes.items()},
    }


def degrees(box: BBox | None) -> tuple[float, float, float, float]:
    """The box of EPSG:2154 in longitude and latitude, rounded outwards; France for None."""
    if box is None:
        return _FRANCE
    west, south, east, north = transform_bbox(box, L93, 4326)
    scale = 10**_DECIMALS
    return (
        math.floor(west * scale) / scale,
        math.floor(south * scale) / scale,
        math.ceil(east * scale) / scale,
        math.ceil(north * scale) / scale,
    )
