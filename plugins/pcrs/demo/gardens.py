"""What surrounds the houses: drives, terraces, lawns, pools, kitchen gardens, hedges, walls and gates."""

from math import pi

import numpy as np
from shapely.geometry import Polygon

from pcrs.demo.curves import Frame, Point, rows
from pcrs.demo.heap import Heap
from pcrs.demo.houses import Build
from pcrs.demo.parcels import Plot
from pcrs.demo.things import Car, Colour, Hedge, House, Pillar, Roof, Tree, Wall

CAR_COLOURS: tuple[Colour, ...] = (
    (232, 233, 234), (226, 228, 230), (196, 199, 203), (150, 153, 158), (96, 99, 105), (50, 52, 57), (38, 40, 44),
    (148, 34, 34), (40, 72, 128), (78, 112, 158), (168, 160, 142), (62, 84, 70), (206, 120, 44),
)  # fmt: skip
_LAWNS = ("lawn", "lawn_dry", "lawn_lush", "lawn", "lawn_mown")
_DRIVES = ("gravel", "gravel", "asphalt_old", "concrete", "gravel_pink")
_SPECIES = ("round", "round", "dark", "olive", "cypress", "walnut")


def car(rng: np.random.Generator, frame: Frame) -> Car:
    """A car of any kind and colour at a frame."""
    kind = ("car", "car", "car", "estate", "van")[int(rng.integers(5))]
    length = {"car": 4.0, "estate": 4.55, "van": 5.1}[kind] + float(rng.uniform(-0.2, 0.2))
    width = 2.0 if kind == "van" else 1.8
    turn = pi if rng.random() < 0.5 else 0.0
    place = frame.shifted(
        float(rng.uniform(-0.3, 0.3)), float(rng.uniform(-0.1, 0.1)), turn + float(rng.normal(0, 0.02))
    )
    colour = CAR_COLOURS[0] if kind == "van" else CAR_COLOURS[int(rng.integers(len(CAR_COLOURS)))]
    return Car(place, length, width, colour, kind)  # type: ignore[arg-type]


def gate_pillar(frame: Frame, size: float, *, circular: bool = False) -> Pillar:
    """A pillar of a gate."""
    half = size / 2
    shape = frame.box(-half, -half, half, half)
    if circular:
        shape = shape.centroid.buffer(half, quad_segs=6)
    return Pillar("circulaire" if circular else "carre", frame, size, size, shape, "stone_light")


def _trees(heap: Heap, plot: Plot, spots: list[Point], rng: np.random.Generator, largest: float) -> None:
    for u, v in spots:
        x, y = plot.frame.at(u, v)
        species = str(_SPECIES[int(rng.integers(len(_SPECIES)))])
        radius = float(rng.uniform(1.1, largest))
        if species == "cypress":
            radius = min(radius, 1.3)
        height = radius * (4.0 if species == "cypress" else 1.9)
        blocked = any(house.outline.distance(Polygon([(x, y), (x + 0.1, y), (x, y + 0.1)])) < radius * 0.75
                      for house in heap.houses[-3:])  # fmt: skip
        if not blocked:
            heap.trees.append(Tree(x, y, radius, height, species))  # type: ignore[arg-type]


def _pool(heap: Heap, plot: Plot, frame: Frame, rng: np.random.Generator) -> bool:
    length, width = float(rng.uniform(7.0, 9.5)), float(rng.uniform(3.6, 4.6))
    rim = frame.box(-length / 2 - 1.2, -width / 2 - 1.0, length / 2 + 1.2, width / 2 + 1.4)
    if not plot.ground.buffer(-0.8).contains(rim):
        return False
    heap.paint("pool_rim", rim)
    heap.paint("pool", frame.box(-length / 2, -width / 2, length / 2, width / 2))
    heap.paint("pool_deep", frame.box(0.1 * length, -width / 2 + 0.25, length / 2 - 0.25, width / 2 - 0.25))
    steps = [
        frame.box(-length / 2 + 0.35 * k, -width / 2, -length / 2 + 0.35 * k + 0.12, width / 2)
        for k in range(3)
    ]
    for step in steps:
        heap.paint("pool_rim", step)
    return True


def _kitchen_garden(heap: Heap, plot: Plot, frame: Frame, rng: np.random.Generator) -> None:
    bed = frame.box(-3.6, -2.6, 3.6, 2.6).intersection(plot.ground.buffer(-0.7))
    if bed.is_empty or bed.geom_type != "Polygon" or bed.area < 15:
        return
    heap.paint("soil", bed)
    for material, spacing in (("salad", 1.4), ("leek", 2.1)):
        heap.stroke(material, float(rng.uniform(0.3, 0.5)), rows(bed, frame.angle, spacing, 0.3))


def _drive(heap: Heap, build: Build, house: House, material: str) -> tuple[float, float]:
    """The drive from the gate to the garage; returns the gate's u interval."""
    plot, rng = build.plot, build.rng
    garage = house.roofs[0] if len(house.roofs) > 1 else house.roofs[-1]
    dx, dy = garage.frame.x - plot.frame.x, garage.frame.y - plot.frame.y
    c, s = np.cos(plot.frame.angle), np.sin(plot.frame.angle)
    u = float(np.clip(dx * c + dy * s, -plot.front / 2 + 2.3, plot.front / 2 - 2.3))
    depth = max(float(-dx * s + dy * c), 4.0)
    path = plot.frame.shape(((u - 1.6, -0.2), (u + 1.6, -0.2), (u + 1.9, depth), (u - 1.9, depth)))
    apron = plot.frame.box(u - 2.6, build.v - build.width / 2 - 3.4, u + 2.6, build.v - build.width / 2 + 0.5)
    for shape in (path, apron):
        heap.paint(material, shape.intersection(plot.ground.buffer(0.3)))
    door = house.doors[0].centroid
    heap.paint(
        "slab", Frame(door.x, door.y, build.frame().angle).box(-0.9, -1.5, 0.9, 0.0).intersection(plot.ground)
    )
    if rng.random() < 0.62:
        heap.cars.append(car(rng, plot.frame.shifted(u, max(build.v - build.width / 2 - 3.0, 2.8), pi / 2)))
    return u - 1.65, u + 1.65


def _front(heap: Heap, plot: Plot, gate: tuple[float, float], rng: np.random.Generator) -> None:
    """Wall, railing or hedge along the street, with a gate between two pillars."""
    half = plot.front / 2
    kind = ("bahut", "cloture", "mur", "haie")[int(rng.integers(4))]
    circular = rng.random() < 0.2
    for a, b in ((-half + 0.1, gate[0] - 0.2), (gate[1] + 0.2, half - 0.1)):
        if b - a < 0.6:
            continue
        line = plot.frame.line(((a, 0.14), (b, 0.14)))
        if kind == "haie":
            heap.hedges.append(Hedge(plot.frame.line(((a, 0.6), (b, 0.6))), 0.95, 1.6))
            line = plot.frame.line(((a, 0.08), (b, 0.08)))
        height = {"bahut": 0.8, "cloture": 1.5, "mur": 1.8, "haie": 0.5}[kind]
        wall = "bahut" if kind == "haie" else kind
        heap.walls.append(
            Wall(wall, line, 0.16 if kind == "haie" else 0.24, height, "stone" if kind == "mur" else "render")
        )  # type: ignore[arg-type]
    for u in gate:
        heap.pillars.append(
            gate_pillar(
                plot.frame.shifted(u + (-0.05 if u == gate[0] else 0.05), 0.14), 0.42, circular=circular
            )
        )
    heap.gates.append(plot.frame.line(((gate[0] + 0.2, 0.14), (gate[1] - 0.2, 0.14))))


def _bounds(heap: Heap, plot: Plot, rng: np.random.Generator) -> None:
    """Hedges, walls or fences at the sides and the rear, a little inside the plot."""
    inner = plot.ground.buffer(-0.45, join_style="mitre").boundary
    half, depth = plot.front / 2, plot.depth
    edges = {
        "left": plot.frame.box(-half - 3, 3.0, -half + 2.4, depth - 1.0),
        "right": plot.frame.box(half - 2.4, 3.0, half + 3, depth - 1.0),
        "rear": plot.frame.box(-half - 4, depth - 2.6, half + 4, depth + 4),
    }
    for zone in edges.values():
        line = inner.intersection(zone)
        if line.geom_type != "LineString" or line.length < 4:
            continue
        pick = rng.random()
        if pick < 0.5:
            heap.hedges.append(
                Hedge(line.simplify(0.2), float(rng.uniform(0.8, 1.3)), float(rng.uniform(1.4, 2.2)))
            )
        elif pick < 0.72:
            heap.walls.append(Wall("mur", line.simplify(0.1), 0.22, 1.7, "stone"))
        elif pick < 0.9:
            heap.walls.append(Wall("cloture", line.simplify(0.1), 0.10, 1.3, "fence"))


def villa_garden(heap: Heap, house: House, build: Build) -> None:
    """The garden of a house that stands in it."""
    plot, rng = build.plot, build.rng
    heap.paint(_LAWNS[int(rng.integers(len(_LAWNS)))], plot.ground)
    drive = _DRIVES[int(rng.integers(len(_DRIVES)))]
    rear = build.v + build.width / 2
    terrace = build.frame().box(
        -build.length * 0.32, build.width / 2 - 0.3, build.length * 0.3, build.width / 2 + 3.4
    )
    heap.paint(("slab", "slab_pink", "deck")[int(rng.integers(3))], terrace.intersection(plot.ground))
    gate = _drive(heap, build, house, drive)
    _front(heap, plot, gate, rng)
    _bounds(heap, plot, rng)
    middle = (rear + plot.depth) / 2 + 1.0
    turn = float(rng.uniform(-0.15, 0.15))
    side = float(rng.choice((-1.0, 1.0)))
    has_pool = rng.random() < 0.3 and _pool(
        heap, plot, plot.frame.shifted(-side * 3.0, middle + 1.2, turn), rng
    )
    if rng.random() < 0.35 and not has_pool:
        _kitchen_garden(heap, plot, plot.frame.shifted(side * plot.front * 0.2, plot.depth - 5.5, 0.0), rng)
    if rng.random() < 0.45:
        _shed(heap, plot, plot.frame.shifted(side * (plot.front / 2 - 3.0), plot.depth - 3.4, turn), rng)
    spots = [
        (side * float(rng.uniform(0.2, 0.42)) * plot.front, float(rng.uniform(rear + 5.0, plot.depth - 2.5)))
        for _ in range(int(rng.integers(1, 4)))
    ]
    spots += [(float(rng.uniform(-0.44, 0.44)) * plot.front, float(rng.uniform(1.8, 3.2)))]
    _trees(heap, plot, [spot for spot in spots if not has_pool or spot[1] < 5], rng, 3.2)
    _shrubs(heap, plot, rng)


def _shrubs(heap: Heap, plot: Plot, rng: np.random.Generator) -> None:
    """Small bushes near the bounds."""
    for _ in range(int(rng.integers(3, 9))):
        u = float(rng.choice((-1.0, 1.0))) * (plot.front / 2 - float(rng.uniform(1.0, 2.0)))
        v = float(rng.uniform(1.2, plot.depth - 1.5))
        x, y = plot.frame.at(u, v)
        spot = Frame(x, y, 0.0).box(-0.6, -0.6, 0.6, 0.6)
        if plot.ground.contains(spot) and not any(
            house.outline.intersects(spot) for house in heap.houses[-3:]
        ):
            species = "olive" if rng.random() < 0.3 else "round"
            heap.trees.append(Tree(x, y, float(rng.uniform(0.45, 0.85)), 1.2, species))  # type: ignore[arg-type]


def _shed(heap: Heap, plot: Plot, frame: Frame, rng: np.random.Generator) -> None:
    roof = Roof(frame, float(rng.uniform(2.6, 4.0)), 2.4, "gable", 2.1, 2.6, (134, 112, 92), "metal")
    if plot.ground.contains(roof.footprint) and not heap.houses[-1].outline.buffer(1.0).intersects(
        roof.footprint
    ):
        outline = roof.footprint
        heap.houses.append(House((roof,), outline, outline.exterior, (), "", None, None))


def court(heap: Heap, plot: Plot, house: House) -> None:
    """What lies behind a house of the centre: a yard, a small garden, a wall at the end."""
    rng = np.random.default_rng(plot.seed + 1)
    heap.paint(("gravel", "slab", "concrete", "lawn_dry", "lawn")[int(rng.integers(5))], plot.ground)
    back = house.roofs[-1].width
    garden = plot.frame.box(-plot.front / 2, back + float(rng.uniform(3.0, 7.0)), plot.front / 2, plot.depth)
    heap.paint(_LAWNS[int(rng.integers(len(_LAWNS)))], garden.intersection(plot.ground))
    _bounds(heap, plot, rng)
    if rng.random() < 0.3:
        _kitchen_garden(heap, plot, plot.frame.shifted(0.0, plot.depth - 4.0, 0.0), rng)
    spots = [
        (
            float(rng.uniform(-0.3, 0.3)) * plot.front,
            float(rng.uniform(back + 3.5, max(plot.depth - 2.0, back + 4))),
        )
        for _ in range(int(rng.integers(0, 3)))
    ]
    spots = [spot for spot in spots if spot[1] < plot.depth - 1]
    _trees(heap, plot, spots, rng, 2.4)
