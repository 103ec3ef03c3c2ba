"""The ground as an index image: every flat thing drawn in order, at 2.5 cm, by the number of its material."""

from dataclasses import dataclass
from itertools import groupby
from math import floor

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from shapely.geometry import Polygon

from pcrs.demo.imagery.materials import INDEX
from pcrs.demo.village.curves import polygons_of
from pcrs.demo.village.plan import SIDE_M
from pcrs.demo.village.things import Layer, Strokes, Surface

SUB = 2
"""Drawn pixels for one pixel of the image, along each side."""
_UNIT_M = 0.05 / SUB
_CELL_M = 50.0
_SIMPLE = 80
"""A polygon of more vertices is cut in cells before it is drawn."""

Coords = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _Item:
    """One polygon, or many segments of one width, in drawn pixels from the village's north-west corner."""

    material: int
    points: Coords
    """Corners (n, 2), or ends of segments (n, 4)."""
    width: int
    """0: a polygon."""


def _to_units(points: NDArray[np.float64]) -> Coords:
    units = np.column_stack([points[:, 0], SIDE_M - points[:, 1]]) / _UNIT_M
    return np.floor(units).astype(np.int32)


def whole_pieces(polygon: Polygon) -> list[Polygon]:
    """The polygon in pieces without holes and with few vertices; pieces touch, none overlaps."""
    if not polygon.interiors and shapely.get_num_coordinates(polygon) <= _SIMPLE:
        return [polygon]
    x0, y0, x1, y1 = polygon.bounds
    if x1 - x0 > _CELL_M or y1 - y0 > _CELL_M:
        cuts = [
            shapely.clip_by_rect(polygon, x, y, x + _CELL_M, y + _CELL_M)
            for x in np.arange(floor(x0 / _CELL_M) * _CELL_M, x1, _CELL_M)
            for y in np.arange(floor(y0 / _CELL_M) * _CELL_M, y1, _CELL_M)
        ]
        return [piece for cut in cuts for part in polygons_of(cut) for piece in whole_pieces(part)]
    if not polygon.interiors:
        return [polygon]
    middle = polygon.interiors[0].centroid.x
    halves = (
        shapely.clip_by_rect(polygon, x0, y0, middle, y1),
        shapely.clip_by_rect(polygon, middle, y0, x1, y1),
    )
    return [piece for half in halves for part in polygons_of(half) for piece in whole_pieces(part)]


def _polygon_items(surfaces: list[Surface]) -> list[_Item]:
    """One item for each polygon of one run of surfaces."""
    pieces, materials = [], []
    for surface in surfaces:
        for polygon in polygons_of(surface.shape):
            parts = whole_pieces(polygon)
            pieces += parts
            materials += [INDEX[surface.material]] * len(parts)
    coords, owner = shapely.get_coordinates(shapely.get_exterior_ring(pieces), return_index=True)
    points = np.split(_to_units(coords), np.flatnonzero(np.diff(owner)) + 1)
    return [_Item(material, corners, 0) for material, corners in zip(materials, points, strict=True)]


def _stroke_item(strokes: Strokes) -> _Item:
    coords, owner = shapely.get_coordinates(shapely.get_parts(strokes.lines), return_index=True)
    units = _to_units(coords)
    same = owner[:-1] == owner[1:]
    segments = np.concatenate([units[:-1][same], units[1:][same]], axis=1)
    return _Item(INDEX[strokes.material], segments, max(1, round(strokes.width / _UNIT_M)))


def _bounds(item: _Item) -> tuple[int, int, int, int]:
    """The box of an item, in drawn pixels."""
    x, y = item.points[:, 0::2], item.points[:, 1::2]
    low = (int(x.min()) - item.width, int(y.min()) - item.width)
    return (*low, int(x.max()) + item.width, int(y.max()) + item.width)


class Ground:
    """Draws any window of the layers. Made once a process."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self._items: list[_Item] = []
        for flat, run in groupby(layers, key=lambda layer: isinstance(layer, Surface)):
            if flat:
                self._items += _polygon_items([layer for layer in run if isinstance(layer, Surface)])
            else:
                self._items += [_stroke_item(layer) for layer in run if isinstance(layer, Strokes)]
        boxes = np.array([_bounds(item) for item in self._items])
        self._index = shapely.STRtree(shapely.box(*boxes.T))

    def draw(self, x_px: int, y_px: int, width: int, height: int) -> Image.Image:
        """The materials of a window (pixels from the north-west corner), `SUB` times enlarged, mode P."""
        image = Image.new("P", (width * SUB, height * SUB))
        pen = ImageDraw.Draw(image)
        west, north = x_px * SUB, y_px * SUB
        origin = np.array([west, north], np.int32)
        window = shapely.box(west - 2, north - 2, west + width * SUB + 2, north + height * SUB + 2)
        for number in np.sort(self._index.query(window)):
            item = self._items[number]
            if item.width:
                self._draw_strokes(pen, item, origin, image.size)
            else:
                pen.polygon((item.points - origin).ravel().tolist(), fill=item.material)
        return image

    @staticmethod
    def _draw_strokes(pen: ImageDraw.ImageDraw, item: _Item, origin: Coords, size: tuple[int, int]) -> None:
        segments = item.points - np.tile(origin, 2)
        margin = item.width
        x0, x1 = np.minimum(segments[:, 0], segments[:, 2]), np.maximum(segments[:, 0], segments[:, 2])
        y0, y1 = np.minimum(segments[:, 1], segments[:, 3]), np.maximum(segments[:, 1], segments[:, 3])
        near = (x1 >= -margin) & (x0 <= size[0] + margin) & (y1 >= -margin) & (y0 <= size[1] + margin)
        for segment in segments[near].tolist():
            pen.line(segment, fill=item.material, width=item.width)
