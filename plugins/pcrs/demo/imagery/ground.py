"""The ground as an index image: every flat thing drawn in order, at 2.5 cm, by the number of its material."""

from dataclasses import dataclass
from math import floor

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from shapely.geometry import MultiPolygon, Polygon

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


def _polygon_items(material: int, shape: Polygon | MultiPolygon) -> list[tuple[_Item, Polygon]]:
    found = []
    for polygon in polygons_of(shape):
        for piece in whole_pieces(polygon):
            points = _to_units(shapely.get_coordinates(piece.exterior))
            found.append((_Item(material, points, 0), piece))
    return found


def _stroke_item(strokes: Strokes) -> tuple[_Item, MultiPolygon]:
    coords, owner = shapely.get_coordinates(shapely.get_parts(strokes.lines), return_index=True)
    units = _to_units(coords)
    same = owner[:-1] == owner[1:]
    segments = np.concatenate([units[:-1][same], units[1:][same]], axis=1)
    item = _Item(INDEX[strokes.material], segments, max(1, round(strokes.width / _UNIT_M)))
    return item, shapely.box(*strokes.lines.bounds).buffer(strokes.width)


class Ground:
    """Draws any window of the layers. Made once a process."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        made = []
        for layer in layers:
            if isinstance(layer, Surface):
                made += _polygon_items(INDEX[layer.material], layer.shape)
            else:
                made.append(_stroke_item(layer))
        self._items = [item for item, _ in made]
        self._tree = shapely.STRtree([shapely.box(*shape.bounds) for _, shape in made])

    def draw(self, x_px: int, y_px: int, width: int, height: int) -> Image.Image:
        """The materials of a window (pixels from the north-west corner), `SUB` times enlarged, mode P."""
        image = Image.new("P", (width * SUB, height * SUB))
        pen = ImageDraw.Draw(image)
        west, north = x_px * 0.05, SIDE_M - y_px * 0.05
        window = shapely.box(west - 0.1, north - height * 0.05 - 0.1, west + width * 0.05 + 0.1, north + 0.1)
        origin = np.array([x_px * SUB, y_px * SUB], np.int32)
        for number in np.sort(self._tree.query(window)):
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
