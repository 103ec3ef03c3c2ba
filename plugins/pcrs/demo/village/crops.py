"""What grows in a field: surfaces and rows for each crop."""

from collections.abc import Callable
from math import pi

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon

from pcrs.demo.village.curves import Frame, Point, rows
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.things import Roof, Species, Tree

_HAY = (206, 190, 130)


def scatter(area: Polygon | MultiPolygon, spacing: float, dice: Dice) -> list[Point]:
    """Points of a shaken triangular lattice inside an area."""
    if area.is_empty:
        return []
    x0, y0, x1, y1 = area.bounds
    xs, ys = np.meshgrid(np.arange(x0, x1, spacing), np.arange(y0, y1, spacing * 0.87))
    xs = xs + (np.arange(xs.shape[0]) % 2)[:, None] * spacing / 2
    points = np.column_stack([xs.ravel(), ys.ravel()]) + dice.shaken(xs.size, spacing * 0.17)
    inside = points[shapely.contains_xy(area, points[:, 0], points[:, 1])]
    return [(x, y) for x, y in inside.tolist()]


def _cereal(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
    """Drilled lines, the sprayer's tracks every 24 m, the headland."""
    line = f"{crop}_line"
    heap.paint(crop, field)
    heap.stroke(line, 0.12, rows(field, angle, 0.9, 1.0))
    heap.stroke(line, 0.7, rows(field, angle, 24.0, 2.0))
    heap.paint(line, field.boundary.buffer(0.5).intersection(field))


def _vine(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
    """Rows 2.2 m apart, grass in every second space."""
    heap.paint("vine_soil", field)
    heap.stroke("vine_grass", 0.9, rows(field, angle, 4.4, 4.0, phase=1.1))
    lines = rows(field, angle, 2.2, 5.0)
    heap.stroke("vine_shade", 0.55, translate(lines, -0.36, 0.28))
    heap.stroke("vine_fringe", 1.0, lines)
    heap.stroke("vine", 0.55, lines)


def _lavender(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
    heap.paint("lavender_soil", field)
    lines = rows(field, angle, 1.75, 3.5)
    heap.stroke("lavender_shade", 0.7, translate(lines, -0.2, 0.16))
    heap.stroke("lavender_fringe", 1.1, lines)
    heap.stroke("lavender", 0.7, lines)


def _row_crop(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
    """Rows 80 cm apart, the headlands sown across."""
    heap.paint("soil", field)
    heap.stroke(crop, 0.52, rows(field, angle, 0.8, 4.0))
    heap.stroke(crop, 0.52, rows(field.difference(field.buffer(-4.0)), angle + pi / 2, 0.8, 0.4))


def _mown(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
    """Swaths and round bales."""
    heap.paint("meadow_cut", field)
    heap.stroke("meadow_swath", 1.5, rows(field, angle, 5.6, 2.0))
    dice = Dice(int(field.area))
    for x, y in scatter(field.buffer(-8.0), 26.0, dice):
        if dice.chance(0.45):
            heap.extras.append(Roof(Frame(x, y, angle), 1.45, 1.45, "cone", 1.2, 1.4, _HAY, "metal"))


def _grass(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
    """Grass with a few bushes; more of them where nothing has been sown for long."""
    heap.paint(crop, field)
    dice = Dice(int(field.area) + 1)
    for x, y in scatter(field.buffer(-3.0), 15.0, dice):
        if dice.chance(0.3 if crop == "fallow" else 0.1):
            radius = dice.between(0.7, 2.6)
            heap.trees.append(Tree(x, y, radius, radius * 1.8, "round" if dice.chance(0.7) else "olive"))


def _trees_in_rows(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
    """Walnuts 11 m apart, or plums 5 m apart over strips of bare ground."""
    walnut = crop == "walnut"
    step, size = (11.0, 3.9) if walnut else (5.6, 1.7)
    heap.paint("meadow", field)
    if not walnut:
        heap.stroke("lawn_dry", 1.6, rows(field, angle, step, 2.5))
    dice = Dice(int(field.area) + 2)
    for line in rows(field, angle, step, size + 1.0).geoms:
        for s in np.arange(step * 0.3, line.length, step * (1.0 if walnut else 0.8)).tolist():
            spot = line.interpolate(s + dice.around(0.0, 0.25))
            radius = size * dice.between(0.75, 1.15)
            if dice.chance(0.95):
                species: Species = "walnut" if walnut else "olive"
                heap.trees.append(Tree(spot.x, spot.y, radius, radius * 1.7, species))


def _allotment(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
    heap.paint("lawn_dry", field)
    dice = Dice(int(field.area) + 3)
    centre = Frame(field.centroid.x, field.centroid.y, angle)
    for u in np.arange(-30.0, 30.0, 7.5).tolist():
        for v in np.arange(-26.0, 26.0, 12.0).tolist():
            bed = centre.box(u, v, u + 6.0, v + 10.0)
            if field.contains(bed):
                heap.paint("soil", bed)
                plant = dice.pick(("salad", "leek", "maize", "sunflower"))
                heap.stroke(plant, 0.4, rows(bed, angle + dice.pick((0.0, pi / 2)), 0.9, 0.5))


CROPS: dict[str, Callable[[Heap, Polygon, float, str], None]] = {
    "wheat": _cereal, "barley": _cereal, "vine": _vine, "lavender": _lavender, "maize": _row_crop,
    "sunflower": _row_crop, "mown": _mown, "meadow": _grass, "fallow": _grass, "orchard": _trees_in_rows,
    "walnut": _trees_in_rows, "allotment": _allotment,
}  # fmt: skip
"""For each crop what it adds to a field: heap, field, direction of the rows, crop."""
