"""MapProxy as it is set up without pcrs: tiles in a cache of its own, WMTS over them, no source."""

import os
from collections import defaultdict
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml
from mapproxy.cache.compact import CompactCacheV2
from mapproxy.cache.tile import Tile as CachedTile
from mapproxy.image import ImageResult
from mapproxy.image.opts import ImageOptions
from mapproxy.wsgiapp import make_wsgi_app

from pcrs.settings import shipped
from pcrs.standard.grid import Tile
from tests.bench.ground import LAYER, SET, Ground

_BUNDLE = 128
"""Tiles along the side of a bundle."""


def configure(cache: str, ground: Ground, work: Path) -> Path:
    """Cache `file` (layout tms) or `compact` (version 2), filled; the configuration."""
    ours = yaml.safe_load(shipped("config/mapproxy.yml").read_text(encoding="utf-8"))
    storage: dict[str, Any] = {"type": "file", "directory": str(ground.tree), "directory_layout": "tms"}
    if cache == "compact":
        directory = ground.folder / "compact"
        _fill(ground, directory)
        storage = {"type": "compact", "version": 2, "directory": str(directory)}
    config = {
        "globals": {"cache": {"base_dir": str(work), "lock_dir": str(work / "locks")}},
        "services": {"wmts": {"kvp": True, "restful": True}},
        "grids": {SET: ours["grids"][SET]},
        "caches": {"tiles": {"sources": [], "grids": [SET], "format": "image/jpeg", "cache": storage}},
        "layers": [{"name": LAYER, "title": LAYER, "tile_sources": ["tiles"]}],
    }
    path = work / "mapproxy.yml"
    path.write_text(yaml.safe_dump(config))
    return path


def _fill(ground: Ground, directory: Path) -> None:
    """The tiles in bundles."""
    done = ground.folder / "compacted"
    if done.exists():
        return
    bundles: dict[tuple[int, int, int], list[Tile]] = defaultdict(list)
    for tile in ground.tiles:
        bundles[tile.level, tile.col // _BUNDLE, tile.row // _BUNDLE].append(tile)
    store, pyramid = CompactCacheV2(str(directory)), ground.pyramid()
    for tiles in bundles.values():
        store.store_tiles([_cached(tile, pyramid.tile(tile) or b"") for tile in tiles])
    done.touch()


def _cached(tile: Tile, data: bytes) -> CachedTile:
    image = ImageResult(BytesIO(data), image_opts=ImageOptions(format="image/jpeg"))
    return CachedTile((tile.col, tile.row, tile.level), image, cacheable=True)


def application(environ: Any, start_response: Any) -> Any:
    """The WSGI application of the configuration that the environment names."""
    global _made
    if _made is None:
        _made = make_wsgi_app(os.environ["MAPPROXY_YAML"])
    return _made(environ, start_response)


_made: Any = None
