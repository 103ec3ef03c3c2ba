"""A small site with two editions, served as WMTS and WMS."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import shapely

from pcrs.raster.pyramid import Pyramid
from pcrs.serve import context
from pcrs.serve.context import Served
from pcrs.serve.mapproxy_app import MapService
from pcrs.standard.crs import BBox
from pcrs.store import open_store
from pcrs.store.base import Row
from pcrs.work.layers import DALLES
from tests.conftest import REPOSITORY
from tests.dalles import ground_pixels
from tests.pyramids import X, Y, build, source
from tests.services.asking import ask_app, served_by

CONFIGURATION = REPOSITORY / "config" / "mapproxy.yml"
GROUND = BBox(X, Y - 20, X + 40, Y)
"""Where there are dalles: two of 20 m, side by side."""
HOLE = BBox(X, Y - 5, X + 5, Y)
"""Where the first of them has no data."""
MARK = BBox(X + 30, Y - 11, X + 31, Y - 10)
"""A square metre of magenta on the second."""
DALLES_OF = {"2024": "2024-first", "2025": "2025-second"}


@dataclass
class MapSite:
    """What a test asks."""

    served: Served
    service: MapService
    pyramids: dict[str, Pyramid]

    def get(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        """One request, answered. Underscores in header names stand for dashes."""
        return self.get_all([path], method, **headers)[0]

    def get_all(self, paths: list[str], method: str = "GET", **headers: str) -> list[httpx.Response]:
        """Several requests at the same time, answered in their order."""
        context.use(self.served)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask_app(self.service, paths, method, headers=named)


def _marked() -> np.ndarray:
    pixels = ground_pixels(X + 20, Y, 400, 400)
    left, top = round((MARK.xmin - X - 20) * 20), round((Y - MARK.ymax) * 20)
    pixels[top : top + 20, left : left + 20] = (255, 0, 255)
    return pixels


def pyramids(folder: Path) -> dict[str, Pyramid]:
    """Edition 2024 has both dalles, 2025 flew the second one again."""
    whole = np.ones((400, 400), bool)
    whole[:100, :100] = False
    first = source(folder, 0, 0, mask=whole)
    second = source(folder, 1, 0, seed=3)
    again = source(folder, 1, 0, rank=1, pixels=_marked())
    build(folder / "PCRS_D046_RVB_2024.json", [first, second])
    build(folder / "PCRS_D046_RVB_2025.json", [first, second, again])
    return {edition: Pyramid(folder / f"PCRS_D046_RVB_{edition}.json") for edition in ("2024", "2025")}


def _dalle(edition: str, xmin: float, stem: str = "") -> tuple[str, Any, dict[str, Any]]:
    stem = stem or DALLES_OF[edition]
    values = {
        "edition": edition,
        "date_acquisition": f"{edition}-06-30",
        "precision": "010",
        "fichier": f"{stem}.tif",
        "href": f"dalles/{edition}/{stem}.tif",
    }
    return stem, shapely.box(xmin, Y - 20, xmin + 20, Y), values


def _dalle_at(edition: str | None, x_m: float, y_m: float) -> Row | None:
    """The second dalle was flown in 2024 and again in 2025, the first in 2024 only."""
    if not GROUND.intersects(BBox(x_m, y_m, x_m + 0.05, y_m + 0.05)):
        return None
    if x_m < X + 20:
        return Row(0, *_dalle("2024", X))
    if edition == "2024":
        return Row(0, *_dalle("2024", X + 20, "2024-again"))
    return Row(0, *_dalle("2025", X + 20))


def map_site(
    folder: Path,
    *,
    cache_bytes: int = 0,
    mosaic: Callable[[str | None], Any] = lambda edition: None,
    **changes: Any,
) -> MapSite:
    """The site, on disk in `folder` and named to every adapter; `mosaic` is what coverages would read."""
    built = pyramids(folder)
    store = open_store(f"gpkg://{folder}/features.gpkg")
    store.ensure(DALLES)
    store.put("dalles", [_dalle("2024", X), _dalle("2025", X + 20)])
    values = {
        "store": store,
        "editions": lambda: tuple(sorted(built)),
        "pyramid": lambda edition: built.get(edition or max(built, default="")),
        "dalle_at": _dalle_at,
    }
    served = served_by(folder, mosaic, **(values | changes))
    context.use(served)
    return MapSite(served, MapService(served, CONFIGURATION, cache_bytes=cache_bytes, recheck_s=0), built)


def magenta_centre(rgb: np.ndarray) -> tuple[float, float]:
    """Column and row of the middle of the mark in an image, in pixels from its upper left corner."""
    pixels = rgb.astype(int)
    weight = np.clip((np.minimum(pixels[:, :, 0], pixels[:, :, 2]) - pixels[:, :, 1] - 120) / 135, 0, 1)
    assert weight.sum() > 3, "the mark is not in the image"
    rows, cols = np.indices(weight.shape)
    return float((weight * (cols + 0.5)).sum() / weight.sum()), float(
        (weight * (rows + 0.5)).sum() / weight.sum()
    )
