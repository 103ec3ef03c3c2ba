"""An MBTiles of an area: tiles of Google's grid (EPSG:3857) drawn from the pyramid, white beyond the limit.

Squares of tiles are committed one by one, so work goes on where it stopped. Memory holds one square.
"""

import math
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from rasterio.features import geometry_mask
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from pcrs.raster.map_drawing import draw
from pcrs.raster.pyramids import Tiles
from pcrs.raster.slab import encode_tile
from pcrs.standard.crs import L93, BBox, transform_bbox, transform_geometry
from pcrs.standard.grid import PM, TILE_PX, Tile
from pcrs.work.progress import Progress, Step

SIDE = 8
"""Tiles along a square: 2048 pixels, 12 MB."""
_STRAIGHT_M = 150.0
"""Edges are followed at this distance: straight in Lambert-93, they are not in Mercator."""
_COARSEST = 12
_OPAQUE = 128
_TABLES = """
CREATE TABLE IF NOT EXISTS metadata (name TEXT, value TEXT);
CREATE TABLE IF NOT EXISTS tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB);
CREATE UNIQUE INDEX IF NOT EXISTS tile_index ON tiles (zoom_level, tile_column, tile_row);
CREATE TABLE IF NOT EXISTS pcrs_done (square INTEGER PRIMARY KEY);
"""


class _Square(NamedTuple):
    """Tiles of one level, the first one told."""

    level: int
    col: int
    row: int


def write_mbtiles(
    pyramid: Tiles,
    region: BaseGeometry,
    file: Path,
    words: Mapping[str, str],
    quality: int,
    progress: Progress,
) -> int:
    """The file has every tile that shows something of the region (EPSG:2154). How many.

    The levels are 12 to 21 (5 cm on the ground in the middle of France).

    Args:
        pyramid: what is drawn; the level whose pixels fit is read.
        region: polygons.
        file: begun anew, or gone on with after an interruption: nobody else may see it until this returns.
        words: rows of `metadata` beside those that follow from the region (name, attribution…).
        quality: of the JPEG.
        progress: told after each square.
    """
    followed = shapely.segmentize(region, _STRAIGHT_M)
    ground = transform_geometry(followed, L93, PM.epsg)
    shapely.prepare(ground)
    squares = list(_squares(ground))
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.executescript(_TABLES)
        done = {row[0] for row in db.execute("SELECT square FROM pcrs_done")}
        for number, square in enumerate(squares):
            progress(Step("tuiles", number, len(squares)))
            if number not in done:
                _put(db, number, square, list(_tiles(pyramid, ground, square, quality)))
        _describe(db, ground, words)
        count: int = db.execute("SELECT COUNT(*) FROM tiles").fetchone()[0]
    progress(Step("tuiles", len(squares), len(squares)))
    return count


def _squares(ground: BaseGeometry) -> Iterator[_Square]:
    """The squares that the region touches, from the coarsest level."""
    box = BBox(*ground.bounds)
    for level in range(_COARSEST, PM.last_level + 1):
        side = PM.res(level) * TILE_PX * SIDE
        first_col, last_col = (math.floor((x - PM.origin_x) / side) for x in (box.xmin, box.xmax))
        first_row, last_row = (math.floor((PM.origin_y - y) / side) for y in (box.ymax, box.ymin))
        for row in range(first_row, last_row + 1):
            for col in range(first_col, last_col + 1):
                square = _Square(level, col * SIDE, row * SIDE)
                if ground.intersects(shapely.box(*_box(square))):
                    yield square


def _box(square: _Square) -> BBox:
    """Of a square, EPSG:3857."""
    first = PM.bbox(Tile(*square))
    last = PM.bbox(Tile(square.level, square.col + SIDE - 1, square.row + SIDE - 1))
    return first.union(last)


def _tiles(
    pyramid: Tiles, ground: BaseGeometry, square: _Square, quality: int
) -> Iterator[tuple[int, int, int, bytes]]:
    """The tiles of a square that show something: level, column, row from the south, JPEG."""
    box, size = _box(square), (SIDE * TILE_PX, SIDE * TILE_PX)
    drawn = draw(pyramid, box, size, PM.epsg, "bilinear")
    pixels = np.array(drawn)
    valid = np.ones(size[::-1], bool)
    if pixels.shape[2] == 4:
        valid = pixels[:, :, 3] >= _OPAQUE
    pixels = np.ascontiguousarray(pixels[:, :, :3])
    if not ground.covers(shapely.box(*box)):
        res = PM.res(square.level)
        valid &= geometry_mask(
            [ground], size, Affine(res, 0, box.xmin, 0, -res, box.ymax), invert=True, all_touched=True
        )
    pixels[~valid] = 255
    for down in range(SIDE):
        for across in range(SIDE):
            there = np.s_[down * TILE_PX : (down + 1) * TILE_PX, across * TILE_PX : (across + 1) * TILE_PX]
            if valid[there].any():
                row = 2**square.level - 1 - (square.row + down)
                yield square.level, square.col + across, row, encode_tile(pixels[there], quality)


def _put(
    db: sqlite3.Connection, number: int, square: _Square, tiles: list[tuple[int, int, int, bytes]]
) -> None:
    """The tiles of a square are in the file, and it is known to be done: both or neither."""
    db.execute("BEGIN")
    db.executemany("INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?)", tiles)
    db.execute("INSERT INTO pcrs_done VALUES (?)", (number,))
    db.execute("COMMIT")


def _describe(db: sqlite3.Connection, ground: BaseGeometry, words: Mapping[str, str]) -> None:
    """The metadata of the file; what only the work needed goes."""
    bounds = transform_bbox(BBox(*ground.bounds), PM.epsg, 4326)
    middle = f"{(bounds.xmin + bounds.xmax) / 2:.6f},{(bounds.ymin + bounds.ymax) / 2:.6f},17"
    told = {
        "format": "jpg",
        "type": "baselayer",
        "version": "1",
        "bounds": ",".join(f"{value:.6f}" for value in bounds),
        "center": middle,
        "minzoom": str(_COARSEST),
        "maxzoom": str(PM.last_level),
        **words,
    }
    db.execute("BEGIN")
    db.execute("DELETE FROM metadata")
    db.executemany("INSERT INTO metadata VALUES (?, ?)", told.items())
    db.execute("DROP TABLE pcrs_done")
    db.execute("COMMIT")
