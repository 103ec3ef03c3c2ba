"""Whether a delivery has every dalle that it should have, and each once."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.publish.control.result import Cell, Completeness, Measure
from pcrs.standard.crs import L93, BBox, epsg_of, transform_geometry
from pcrs.work.neighbours import Placed

_TOUCH_M2 = 1.0
"""A cell that the extent covers by less is not asked for."""
_MOST_CELLS = 200_000


def read_area(file: Path) -> list[BaseGeometry]:
    """The polygons of a GeoJSON, GeoPackage or other file (its first layer), in EPSG:2154.

    Raises:
        InputError: it cannot be read, says no CRS, or has no polygon.
    """
    try:
        meta, _, geometries, _ = pyogrio.raw.read(file, columns=[])
    except (DataSourceError, DataLayerError) as error:
        raise InputError(f"{file} ne se lit pas : donner un GeoPackage ou un GeoJSON ({error})") from error
    if not meta["crs"]:
        raise InputError(f"{file} ne dit pas son système de coordonnées : l'écrire en EPSG:2154")
    epsg = epsg_of(meta["crs"])
    shapes = (transform_geometry(shapely.from_wkb(wkb), epsg, L93) for wkb in geometries if wkb)
    polygons = [shapely.make_valid(shape) for shape in shapes if shape.geom_type.endswith("Polygon")]
    if not polygons:
        raise InputError(f"{file} ne contient aucun polygone")
    return polygons


def against_grid(placed: Sequence[Placed], cells: Iterable[BaseGeometry]) -> Completeness:
    """Against a grid whose polygons are the dalles: their boxes, to the nearest metre.

    Raises:
        InputError: a polygon is no square of whole metres.
    """
    expected = {_cell_of(polygon) for polygon in cells}
    return _compared("grid", placed, expected, None)


def _cell_of(polygon: BaseGeometry) -> Cell:
    xmin, ymin, xmax, ymax = (round(value) for value in polygon.bounds)
    if xmax - xmin != ymax - ymin or xmax == xmin:
        raise InputError(
            f"le dallage a un polygone de {xmax - xmin} × {ymax - ymin} m ({xmin}, {ymax}) : chaque polygone "
            "doit être le carré d'une dalle ; pour un contour, employer --extent"
        )
    return Cell(xmin, ymax, xmax - xmin)


def against_extent(placed: Sequence[Placed], area: Iterable[BaseGeometry]) -> Completeness:
    """Against every cell of the delivery's own lattice that the extent covers.

    Raises:
        InputError: the extent has more cells than a département.
    """
    extent = shapely.union_all(list(area))
    if not placed:
        return Completeness("extent", 0, (), (), extent)
    size, offset = _lattice(placed)
    columns, rows = _span(BBox(*extent.bounds), size, offset)
    if len(columns) * len(rows) > _MOST_CELLS:
        raise InputError(
            f"l'étendue compte {len(columns) * len(rows)} cases de {size} m : {_MOST_CELLS} au plus"
        )
    cells = [Cell(x, y, size) for x in columns for y in rows]
    shapely.prepare(extent)
    boxes = shapely.box(*np.array([cell.bbox for cell in cells]).T)
    covered = shapely.contains(extent, boxes)
    rim = ~covered & shapely.intersects(extent, boxes)
    covered[rim] = shapely.area(shapely.intersection(boxes[rim], extent)) > _TOUCH_M2
    expected = {cell for cell, wanted in zip(cells, covered, strict=True) if wanted}
    return _compared("extent", placed, expected, extent)


def against_itself(placed: Sequence[Placed], rectangle_share: float) -> Completeness:
    """Against the delivery's bounding rectangle when it nearly fills it, else for the places it surrounds."""
    if not placed:
        return Completeness("rectangle", 0, (), (), None)
    size, offset = _lattice(placed)
    boxes = [one.box for one in placed]
    whole = BBox(*np.min(boxes, axis=0)[:2], *np.max(boxes, axis=0)[2:])
    columns, rows = _span(whole, size, offset)
    there = _cells(placed, size)
    if len(there) >= rectangle_share * len(columns) * len(rows):
        return _compared("rectangle", placed, {Cell(x, y, size) for x in columns for y in rows}, None)
    return _compared("inside", placed, there | _surrounded(there, columns, rows), None)


def _lattice(placed: Sequence[Placed]) -> tuple[int, tuple[int, int]]:
    """The size of the delivery's dalles, and where its lattice begins."""
    boxes = [one.box for one in placed]
    size = Counter(round(box.width) for box in boxes).most_common(1)[0][0]
    corners = Counter((round(box.xmin) % size, round(box.ymax) % size) for box in boxes)
    return size, corners.most_common(1)[0][0]


def _span(box: BBox, size: int, offset: tuple[int, int]) -> tuple[range, range]:
    """Corners of the lattice's columns (x, from the west) and rows (y, from the south) that a box meets."""
    left = offset[0] + (int(box.xmin) - offset[0]) // size * size
    top = offset[1] - (offset[1] - int(np.ceil(box.ymax))) // size * size
    bottom = offset[1] + (int(np.floor(box.ymin)) - offset[1]) // size * size + size
    return range(left, int(np.ceil(box.xmax)), size), range(bottom, top + 1, size)


def _cells(placed: Iterable[Placed], size: int) -> set[Cell]:
    """The cells of one size that are delivered."""
    boxes = [one.box for one in placed]
    return {Cell(round(box.xmin), round(box.ymax), size) for box in boxes if round(box.width) == size}


def _surrounded(there: set[Cell], columns: range, rows: range) -> set[Cell]:
    """The empty cells of the rectangle from which no way over edges leads out of it."""
    size = columns.step
    empty = {Cell(x, y, size) for x in columns for y in rows} - there
    rim = [c for c in empty if c.x_m in (columns[0], columns[-1]) or c.y_m in (rows[0], rows[-1])]
    waiting = deque(rim)
    empty.difference_update(rim)
    while waiting:
        x, y, _ = waiting.popleft()
        for cell in (Cell(x + dx * size, y + dy * size, size) for dx, dy in _WAYS):
            if cell in empty:
                empty.remove(cell)
                waiting.append(cell)
    return empty


_WAYS = ((1, 0), (-1, 0), (0, 1), (0, -1))


def _compared(
    measure: Measure, placed: Sequence[Placed], expected: set[Cell], extent: BaseGeometry | None
) -> Completeness:
    """What of `expected` lies under no dalle, and which dalles lie on none of it."""
    if not expected:
        return Completeness(measure, 0, (), tuple(sorted(one.name for one in placed)), extent)
    cells = sorted(expected)
    wanted = shapely.box(*np.array([cell.bbox for cell in cells]).T)
    given = shapely.box(*np.array([one.box for one in placed]).T) if placed else np.empty(0, object)
    tree = shapely.STRtree(given)
    # Dalles of another size count where they cover the whole cell together; touching is not covering.
    cover = np.zeros(len(cells))
    used = np.zeros(len(placed), bool)
    at, by = tree.query(wanted)
    areas = shapely.area(shapely.intersection(wanted[at], given[by]))
    np.add.at(cover, at, areas)
    used[by[areas > 0]] = True
    lacking = cover < shapely.area(wanted) - _TOUCH_M2
    missing = tuple(cell for cell, lacks in zip(cells, lacking, strict=True) if lacks)
    outside = tuple(sorted(one.name for one, needed in zip(placed, used, strict=True) if not needed))
    return Completeness(measure, len(cells), missing, outside, extent)
