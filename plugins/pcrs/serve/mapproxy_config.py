"""MapProxy's configuration: what `config/mapproxy.yml` says, and what is made from the layers served."""

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import yaml

from pcrs.publish.addresses import Addresses
from pcrs.serve.context import Served
from pcrs.serve.map_layers import MapLayer
from pcrs.serve.wms_request import WmsLimits
from pcrs.standard.grid import LAMB93, PM

Configuration = dict[str, Any]
_PNG = ":png"
"""End of the names of PNG tile layers inside MapProxy, where the tiles of a layer have one format. No edition
has a colon in its name."""


def load_base(file: Path) -> Configuration:
    """The configuration that is not generated."""
    base: Configuration = yaml.safe_load(file.read_text(encoding="utf-8"))
    return base


def wms_limits(base: Mapping[str, Any]) -> WmsLimits:
    """What WMS clients may ask for."""
    wms = base["services"]["wms"]
    width, height = wms["max_output_pixels"]
    return WmsLimits(tuple(wms["srs"]), width * height)


def tile_layer(layer: MapLayer, suffix: str) -> str:
    """MapProxy's name of a layer whose tiles are `jpeg` or `png`."""
    return layer.name if suffix == "jpeg" else layer.name + _PNG


def configuration(base: Mapping[str, Any], served: Served, layers: Iterable[MapLayer]) -> Configuration:
    """The whole configuration, for layers of which there is one at the least."""
    conf: Configuration = copy.deepcopy(dict(base))
    conf["services"]["wms"]["md"] = _service_texts(served)
    conf |= {"sources": {}, "caches": {}}
    drawn: list[Configuration] = []
    only_tiles: list[Configuration] = []
    for layer in layers:
        source = f"{layer.name}_source"
        conf["sources"][source] = {"type": "pcrs", "image": {"transparent": True}, **_edition(layer)}
        jpeg, png = _caches(layer, source, "jpeg"), _caches(layer, source, "png")
        conf["caches"] |= jpeg | png
        drawn.append(
            {
                "name": layer.name,
                "title": escape(layer.title),
                "md": _layer_texts(served, layer),
                "sources": [source],
                "tile_sources": list(jpeg),
            }
        )
        png_name = tile_layer(layer, "png")
        only_tiles.append({"name": png_name, "title": png_name, "tile_sources": list(png)})
    conf["layers"] = [{"title": escape(served.title), "layers": drawn + only_tiles}]
    return conf


def _edition(layer: MapLayer) -> Configuration:
    return {} if layer.edition is None else {"edition": layer.edition}


def _caches(layer: MapLayer, source: str, suffix: str) -> Configuration:
    """One cache for each grid: the pyramid itself where it can be, else nothing is stored.

    MapProxy does not know when the mosaic changes: what is worth keeping is kept before it (`tile_cache`).
    """
    common = {"sources": [source], "format": f"image/{suffix}"}
    drawn = common | {"disable_storage": True}
    native = drawn if suffix == "png" else common | {"cache": {"type": "pcrs", **_edition(layer)}}
    return {
        f"{layer.name}_{suffix}_{LAMB93.id}": native | {"grids": [LAMB93.id]},
        f"{layer.name}_{suffix}_{PM.id}": drawn | {"grids": [PM.id]},
    }


def _service_texts(served: Served) -> Configuration:
    """Texts of the capabilities; MapProxy writes them into XML as they are."""
    return {
        "title": escape(served.title),
        "abstract": escape(f"Orthophotographie à 5 cm du PCRS image, par {served.operator}."),
        "online_resource": escape(served.public_url, {'"': "&quot;"}),
        "contact": {"organization": escape(served.operator), "email": escape(served.contact_email)},
        "access_constraints": escape(f"{served.licence_title} : {served.licence_url}"),
        "fees": "Gratuit",
        "keyword_list": [{"keywords": ["PCRS", "orthophotographie", "département " + served.departement]}],
    }


def _layer_texts(served: Served, layer: MapLayer) -> Configuration:
    addresses = Addresses(served.public_url, served.departement)
    address = addresses.record(addresses.raster(layer.edition))
    return {
        "abstract": escape(layer.abstract),
        "attribution": {"title": escape(served.operator), "url": f"{served.public_url}/"},
        "metadata": [{"url": address, "type": "ISO19115:2003", "format": "application/xml"}],
    }
