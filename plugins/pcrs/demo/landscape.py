"""Fields, vineyards, lavender, orchards, woods and hedgerows around the village."""

from collections.abc import Callable

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.geometry import LineString, MultiPolygon, Polygon

from pcrs.demo import plan
from pcrs.demo.curves import Frame, polygons_of, rows
from pcrs.demo.heap import Heap
from pcrs.demo.lettering import write_on_ground
from pcrs.demo.things import Roof, Tree

Ring = tuple[tuple[float, float], ...]

FIELDS: tuple[tuple[str, float, Ring], ...] = (
    # crop, direction of its rows (radians), corners
    ("wheat", 1.50, ((-30, -30), (206, -30), (201, 136), (-30, 126))),
    ("sunflower", 0.08, ((218, -30), (434, -30), (446, 158), (214, 142))),
    ("barley", 1.42, ((462, -30), (640, -30), (652, 178), (474, 160))),
    ("mown", 0.10, ((654, -30), (852, -30), (842, 196), (666, 176))),
    ("maize", 1.30, ((864, -30), (1030, -30), (1030, 216), (854, 198))),
    ("vine", 1.36, ((-30, 172), (46, 176), (100, 256), (112, 330), (124, 392), (60, 386), (-30, 372))),
    (
        "vine",
        0.42,
        ((136, 178), (286, 186), (312, 300), (266, 330), (236, 398), (148, 398), (136, 330), (124, 252)),
    ),
    ("orchard", 0.10, ((298, 186), (452, 196), (458, 262), (424, 300), (372, 304), (330, 316), (318, 300))),
    ("meadow", 0.30, ((330, 398), (370, 384), (430, 376), (436, 434), (330, 448))),
    ("fallow", 0.25, ((790, 226), (884, 240), (878, 330), (866, 392), (804, 350), (782, 300))),
    ("lavender", 1.12, ((910, 250), (1030, 262), (1030, 424), (908, 420), (896, 340))),
    ("walnut", 0.14, ((712, 552), (800, 560), (862, 556), (840, 622), (836, 680), (712, 662))),
    ("mown", 0.12, ((884, 530), (1030, 546), (1030, 740), (860, 696), (866, 620))),
    ("lavender", 1.42, ((566, 852), (612, 846), (676, 868), (668, 1030), (562, 1030))),
    ("wheat", 1.25, ((680, 912), (730, 918), (826, 930), (822, 1030), (676, 1030))),
    (
        "meadow",
        0.16,
        ((584, 748), (700, 732), (830, 770), (838, 850), (740, 862), (680, 850), (600, 826), (584, 800)),
    ),
    ("vine", 1.22, ((348, 846), (440, 850), (500, 880), (530, 900), (530, 1030), (352, 1030))),
    ("wheat", 0.16, ((-30, 482), (44, 500), (120, 516), (246, 520), (252, 560), (248, 640), (-30, 624))),
    ("meadow", 0.22, ((-30, 714), (140, 728), (150, 762), (280, 770), (340, 800), (330, 830), (-30, 800))),
    ("mown", 0.10, ((716, 530), (840, 524), (862, 542), (800, 552), (720, 540))),
    ("allotment", 0.10, ((642, 552), (704, 550), (702, 662), (644, 652))),
)
WOODS: tuple[tuple[float, Ring], ...] = (
    # spacing of the trees, corners
    (4.9, ((-30, 806), (120, 822), (250, 818), (326, 850), (338, 930), (336, 1030), (-30, 1030))),
    (4.6, ((846, 778), (930, 800), (1030, 812), (1030, 1030), (842, 1030), (838, 930), (850, 860))),
    (4.4, ((-30, 640), (90, 648), (96, 660), (-30, 664))),
    (4.6, ((786, 232), (884, 245), (880, 276), (792, 262))),
)
HEDGEROWS: tuple[Ring, ...] = (
    ((210, -20), (207, 140)),
    ((456, 162), (446, 60)),
    ((650, 180), (646, -20)),
    ((858, 200), (858, -20)),
    ((290, 184), (318, 306)),
    ((128, 250), (140, 400)),
    ((674, 872), (672, 1020)),
    ((340, 848), (346, 1020)),
    ((894, 250), (904, 424)),
    ((862, 560), (838, 690)),
    ((-20, 628), (250, 642)),
    ((150, 766), (330, 832)),
)
GROUND_NOTICES: tuple[tuple[float, float, float, float, str], ...] = (
    # x, y, angle, height of the letters, material
    (26.0, 552.0, 0.10, 8.6, "chalk"),
    (674.0, 92.0, 0.10, 7.0, "chalk"),
    (16.0, 40.0, 0.05, 7.4, "chalk_dark"),
    (884.0, 600.0, 0.16, 4.4, "chalk"),
    (602.0, 778.0, 0.17, 9.4, "chalk"),
)


def _cereal(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
    heap.paint(crop, field)
    heap.stroke(f"{crop}_line", 0.12, rows(field, angle, 0.9, 1.0))
    heap.stroke(f"{crop}_line", 0.7, rows(field, angle, 24.0, 2.0))
    heap.paint(f"{crop}_line", field.boundary.buffer(0.5).intersection(field))


def _vine(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
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
    heap.paint("soil", field)
    heap.stroke(crop, 0.52, rows(field, angle, 0.8, 4.0))
    heap.stroke(crop, 0.52, rows(field.difference(field.buffer(-4.0)), angle + np.pi / 2, 0.8, 0.4))


def _mown(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
    heap.paint("meadow_cut", field)
    heap.stroke("meadow_swath", 1.5, rows(field, angle, 5.6, 2.0))
    rng = np.random.default_rng(int(field.area))
    inner = field.buffer(-8.0)
    for x, y in _scatter(inner, 26.0, rng):
        if rng.random() < 0.45:
            heap.extras.append(
                Roof(Frame(x, y, angle), 1.45, 1.45, "cone", 1.2, 1.4, (206, 190, 130), "metal")
            )


def _grass(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
    heap.paint(crop, field)
    rng = np.random.default_rng(int(field.area) + 1)
    for x, y in _scatter(field.buffer(-3.0), 15.0, rng):
        if rng.random() < (0.3 if crop == "fallow" else 0.10):
            radius = float(rng.uniform(0.7, 2.6))
            heap.trees.append(Tree(x, y, radius, radius * 1.8, "round" if rng.random() < 0.7 else "olive"))


def _orchard(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
    heap.paint("meadow", field)
    step, size = (11.0, 3.9) if crop == "walnut" else (5.6, 1.7)
    if crop == "orchard":
        heap.stroke("lawn_dry", 1.6, rows(field, angle, step, 2.5))
    rng = np.random.default_rng(int(field.area) + 2)
    for line in rows(field, angle, step, size + 1.0).geoms:
        for s in np.arange(step * 0.3, line.length, step * (1.0 if crop == "walnut" else 0.8)):
            if rng.random() < 0.05:
                continue
            spot = line.interpolate(float(s) + float(rng.normal(0, 0.25)))
            radius = size * float(rng.uniform(0.75, 1.15))
            heap.trees.append(
                Tree(spot.x, spot.y, radius, radius * 1.7, "walnut" if crop == "walnut" else "olive")
            )


def _allotment(heap: Heap, field: Polygon, angle: float, crop: str) -> None:
    heap.paint("lawn_dry", field)
    rng = np.random.default_rng(int(field.area) + 3)
    centre = Frame(field.centroid.x, field.centroid.y, angle)
    for u in np.arange(-30.0, 30.0, 7.5):
        for v in np.arange(-26.0, 26.0, 12.0):
            bed = centre.box(u, v, u + 6.0, v + 10.0)
            if not field.contains(bed):
                continue
            heap.paint("soil", bed)
            material = ("salad", "leek", "maize", "sunflower")[int(rng.integers(4))]
            heap.stroke(material, 0.4, rows(bed, angle + float(rng.choice((0.0, np.pi / 2))), 0.9, 0.5))


_CROPS: dict[str, Callable[[Heap, Polygon, float, str], None]] = {
    "wheat": _cereal, "barley": _cereal, "vine": _vine, "lavender": _lavender, "maize": _row_crop,
    "sunflower": _row_crop, "mown": _mown, "meadow": _grass, "fallow": _grass, "orchard": _orchard,
    "walnut": _orchard, "allotment": _allotment,
}  # fmt: skip


def _scatter(
    area: Polygon | MultiPolygon, spacing: float, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Points of a shaken triangular lattice inside an area."""
    if area.is_empty:
        return []
    x0, y0, x1, y1 = area.bounds
    xs, ys = np.meshgrid(np.arange(x0, x1, spacing), np.arange(y0, y1, spacing * 0.87))
    xs = xs + (np.arange(xs.shape[0]) % 2)[:, None] * spacing / 2
    points = np.column_stack([xs.ravel(), ys.ravel()]) + rng.normal(0.0, spacing * 0.17, (xs.size, 2))
    inside = shapely.contains_xy(area, points[:, 0], points[:, 1])
    return [(float(x), float(y)) for x, y in points[inside]]


def _woods(heap: Heap, taken: MultiPolygon) -> None:
    rng = np.random.default_rng(51)
    for spacing, ring in WOODS:
        shape = Polygon(ring).buffer(6).buffer(-6).difference(taken)
        heap.paint("undergrowth", shape.buffer(1.5))
        for x, y in _scatter(shape, spacing, rng):
            radius = spacing * float(rng.uniform(0.46, 0.8))
            species = (
                "dark" if rng.random() < 0.25 + 0.5 * (np.sin(x / 33.0) * np.sin(y / 41.0) > 0.2) else "round"
            )
            heap.trees.append(Tree(x, y, radius, radius * 2.6, species))  # type: ignore[arg-type]


def _hedgerows(heap: Heap, taken: MultiPolygon) -> None:
    rng = np.random.default_rng(61)
    for ring in HEDGEROWS:
        line = LineString(ring).difference(taken.buffer(2.0))
        heap.paint("bank", line.buffer(1.8))
        for part in shapely.get_parts(line):
            s = 0.0
            while s < part.length:
                spot = part.interpolate(s)
                radius = float(rng.uniform(1.0, 3.4)) if rng.random() < 0.8 else float(rng.uniform(3.2, 4.6))
                jitter = rng.normal(0, 0.5, 2)
                species = "round" if rng.random() < 0.75 else "olive"
                heap.trees.append(
                    Tree(spot.x + float(jitter[0]), spot.y + float(jitter[1]), radius, radius * 2.0, species)
                )  # type: ignore[arg-type]
                s += radius * float(rng.uniform(0.8, 1.9))


def _wasteland(heap: Heap, left_over: MultiPolygon) -> None:
    """Bushes, in groups, where nothing is grown."""
    rng = np.random.default_rng(91)
    for x, y in _scatter(left_over.buffer(-2.5), 7.0, rng):
        if rng.random() < 0.05 + 0.35 * max(0.0, float(np.sin(x / 17.0) * np.sin(y / 23.0)) - 0.35):
            radius = float(rng.gamma(3.0, 0.55)) + 0.5
            species = ("round", "olive", "dark", "walnut")[int(rng.integers(4))]
            heap.trees.append(Tree(x, y, min(radius, 4.0), radius * 1.9, species))  # type: ignore[arg-type]


def lay_fields(heap: Heap, taken: MultiPolygon) -> None:
    """Adds the countryside, which leaves `taken` (streets, plots, water, rails, places) free."""
    heap.paint("meadow_dry", plan.GROUND.buffer(plan.BEYOND))
    grown = []
    for crop, angle, ring in FIELDS:
        shape = Polygon(ring).buffer(5.0).buffer(-5.0).difference(taken)
        for field in polygons_of(shape.buffer(-1.2).buffer(0.8)):
            if field.area > 120.0:
                _CROPS[crop](heap, field, angle, crop)
                grown.append(field)
    woods = [Polygon(ring) for _, ring in WOODS]
    _wasteland(heap, plan.GROUND.difference(shapely.union_all([taken.buffer(3.0), *grown, *woods])))
    _woods(heap, taken)
    _hedgerows(heap, taken)
    for x, y, angle, size, material in GROUND_NOTICES:
        words = write_on_ground(plan.NOTICE, Frame(x, y, angle), size, size * 0.14)
        heap.paint(material, words)
