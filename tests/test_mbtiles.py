"""MBTiles of an area: the right ground at every level, cut at the limit, gone on with after a stop."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
import rasterio
import shapely

from pcrs.standard.crs import L93, transform_geometry, transformer
from pcrs.standard.grid import PM
from pcrs.work import mbtiles
from pcrs.work.mbtiles import write_mbtiles
from pcrs.work.progress import silent
from tests.services.maps import GROUND, MARK, pyramids

REGION = shapely.Polygon(
    [
        (GROUND.xmin + 22, GROUND.ymin + 1),
        (GROUND.xmax - 1, GROUND.ymin + 1),
        (GROUND.xmax - 1, GROUND.ymax - 1),
    ]
)
"""A triangle over the second dalle; the mark lies in it."""


@pytest.fixture(scope="module")
def pyramid(tmp_path_factory):
    return pyramids(tmp_path_factory.mktemp("mbtiles"))["2025"]


@pytest.fixture(autouse=True)
def small_squares(monkeypatch):
    monkeypatch.setattr(mbtiles, "SIDE", 2)


def tiles(file):
    with closing(sqlite3.connect(file)) as db:
        return {row[:3]: row[3] for row in db.execute("SELECT * FROM tiles")}


def written(pyramid, file, progress=silent, region=REGION):
    return write_mbtiles(pyramid, region, file, {"name": "un triangle"}, 90, progress)


def test_gdal_reads_the_pixels_of_the_place(pyramid, tmp_path):
    file = tmp_path / "t.mbtiles"
    assert written(pyramid, file) == len(tiles(file))
    with rasterio.open(file) as image:
        assert (image.driver, image.crs.to_epsg(), image.tags()["name"]) == ("MBTiles", 3857, "un triangle")
        assert image.res[0] == pytest.approx(PM.res(21))
        east, north = transformer(L93, 3857).transform(
            (MARK.xmin + MARK.xmax) / 2, (MARK.ymin + MARK.ymax) / 2
        )
        at = image.index(east, north)
        window = rasterio.windows.Window(at[1] - 2, at[0] - 2, 4, 4)
        assert (
            np.abs(image.read((1, 2, 3), window=window).reshape(3, -1).mean(axis=1) - (255, 0, 255)).max()
            < 12
        )
        outside = image.index(*transformer(L93, 3857).transform(GROUND.xmin + 25, GROUND.ymax - 2))
        around = rasterio.windows.Window(outside[1], outside[0], 4, 4)
        assert image.read((1, 2, 3), window=around).min() > 245


def test_every_level_has_the_tiles_that_the_area_touches_and_no_other(pyramid, tmp_path):
    file = tmp_path / "t.mbtiles"
    written(pyramid, file)
    moved = transform_geometry(shapely.segmentize(REGION, 1), L93, 3857)
    found = tiles(file)
    assert {level for level, _, _ in found} == set(range(12, 22))
    for level, col, row in found:
        side = PM.res(level) * 256
        west, north = PM.origin_x + col * side, PM.origin_y - (2**level - 1 - row) * side
        assert moved.buffer(PM.res(level)).intersects(shapely.box(west, north - side, west + side, north))
    finest = shapely.union_all([_ground(key) for key in found if key[0] == 21])
    assert finest.buffer(PM.res(21)).covers(moved)


def _ground(key):
    level, col, row = key
    side = PM.res(level) * 256
    west, south = PM.origin_x + col * side, -PM.origin_y + row * side
    return shapely.box(west, south, west + side, south + side)


def test_a_stopped_file_goes_on(pyramid, tmp_path):
    class Stopped(Exception):
        pass

    seen = []

    def stop(step):
        seen.append(step.done)
        if step.done == step.total - 1:
            raise Stopped

    file = tmp_path / "t.mbtiles"
    with pytest.raises(Stopped):
        written(pyramid, file, stop)
    before = set(tiles(file))
    assert before
    with closing(sqlite3.connect(file)) as db:  # what is there is not drawn again
        db.execute("UPDATE tiles SET tile_data = x'00'")
        db.commit()
    written(pyramid, file)
    at_once = tmp_path / "at once.mbtiles"
    written(pyramid, at_once)
    found, expected = tiles(file), tiles(at_once)
    assert set(found) == set(expected)
    assert {key for key, jpeg in found.items() if jpeg == b"\0"} == before
    assert all(found[key] == expected[key] for key in set(found) - before)
    with closing(sqlite3.connect(file)) as db:
        assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'pcrs_done'").fetchall()
