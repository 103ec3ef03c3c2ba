"""What surrounds the houses: drives, terraces, lawns, pools, kitchen gardens, hedges, walls and gates."""

from math import cos, pi, sin

from shapely.geometry import Point as Spot

from pcrs.demo.village.curves import Frame, Point, rows
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.houses import Build
from pcrs.demo.village.parcels import Plot
from pcrs.demo.village.things import Hedge, House, Pillar, Roof, Species, Tree, Wall
from pcrs.demo.village.vehicles import car

_LAWNS = ("lawn", "lawn_dry", "lawn_lush", "lawn", "lawn_mown")
_DRIVES = ("gravel", "gravel", "asphalt_old", "concrete", "gravel_pink")
_YARDS = ("gravel", "slab", "concrete", "lawn_dry", "lawn")
_TERRACES = ("slab", "slab_pink", "deck")
_SPECIES: tuple[Species, ...] = ("round", "round", "dark", "olive", "cypress", "walnut")
_GATE_HALF_M = 1.65


def gate_pillar(frame: Frame, size: float, *, circular: bool = False) -> Pillar:
    """A pillar of a gate."""
    half = size / 2
    shape = frame.box(-half, -half, half, half)
    if circular:
        shape = shape.centroid.buffer(half, quad_segs=6)
    return Pillar("circulaire" if circular else "carre", frame, size, size, shape, "stone_light")


def _plant(heap: Heap, plot: Plot, spots: list[Point], dice: Dice, largest: float) -> None:
    """Trees at places of the plot's frame, where no house stands."""
    for u, v in spots:
        x, y = plot.frame.at(u, v)
        species = dice.pick(_SPECIES)
        radius = dice.between(1.1, 1.3 if species == "cypress" else largest)
        height = radius * (4.0 if species == "cypress" else 1.9)
        if all(house.outline.distance(Spot(x, y)) > radius * 0.75 for house in heap.houses[-3:]):
            heap.trees.append(Tree(x, y, radius, height, species))


def _shrubs(heap: Heap, plot: Plot, dice: Dice) -> None:
    """Small bushes near the bounds."""
    for _ in range(dice.count(3, 9)):
        u = dice.side() * (plot.front / 2 - dice.between(1.0, 2.0))
        x, y = plot.frame.at(u, dice.between(1.2, plot.depth - 1.5))
        spot = Frame(x, y, 0.0).box(-0.6, -0.6, 0.6, 0.6)
        if plot.ground.contains(spot) and not any(h.outline.intersects(spot) for h in heap.houses[-3:]):
            species: Species = "olive" if dice.chance(0.3) else "round"
            heap.trees.append(Tree(x, y, dice.between(0.45, 0.85), 1.2, species))


def _pool(heap: Heap, plot: Plot, frame: Frame, dice: Dice) -> bool:
    """A swimming pool with its rim and steps, where there is room; False where there is none."""
    u, v = dice.between(3.5, 4.75), dice.between(1.8, 2.3)
    rim = frame.box(-u - 1.2, -v - 1.0, u + 1.2, v + 1.4)
    if not plot.ground.buffer(-0.8).contains(rim):
        return False
    heap.paint("pool_rim", rim)
    heap.paint("pool", frame.box(-u, -v, u, v))
    heap.paint("pool_deep", frame.box(0.2 * u, 0.25 - v, u - 0.25, v - 0.25))
    for k in range(3):
        heap.paint("pool_rim", frame.box(0.35 * k - u, -v, 0.35 * k - u + 0.12, v))
    return True


def _kitchen_garden(heap: Heap, plot: Plot, frame: Frame, dice: Dice) -> None:
    bed = frame.box(-3.6, -2.6, 3.6, 2.6).intersection(plot.ground.buffer(-0.7))
    if bed.geom_type != "Polygon" or bed.area < 15.0:
        return
    heap.paint("soil", bed)
    for material, spacing in (("salad", 1.4), ("leek", 2.1)):
        heap.stroke(material, dice.between(0.3, 0.5), rows(bed, frame.angle, spacing, 0.3))


def _shed(heap: Heap, plot: Plot, frame: Frame, dice: Dice) -> None:
    roof = Roof(frame, dice.between(2.6, 4.0), 2.4, "gable", 2.1, 2.6, (134, 112, 92), "metal")
    outline = roof.footprint
    if plot.ground.contains(outline) and not heap.houses[-1].outline.buffer(1.0).intersects(outline):
        heap.houses.append(House((roof,), outline, outline.exterior, (), "", None, None))


def _drive(heap: Heap, build: Build, house: House) -> tuple[float, float]:
    """The drive from the gate to the garage; returns where the gate is, from u to u."""
    plot, dice = build.plot, build.dice
    material = dice.pick(_DRIVES)
    garage = house.roofs[0].frame
    dx, dy = garage.x - plot.frame.x, garage.y - plot.frame.y
    c, s = cos(plot.frame.angle), sin(plot.frame.angle)
    most = plot.front / 2 - 2.3
    u = min(max(dx * c + dy * s, -most), most)
    depth = max(dy * c - dx * s, 4.0)
    front = build.v - build.width / 2
    path = plot.frame.shape(((u - 1.6, -0.2), (u + 1.6, -0.2), (u + 1.9, depth), (u - 1.9, depth)))
    apron = plot.frame.box(u - 2.6, front - 3.4, u + 2.6, front + 0.5)
    for shape in (path, apron):
        heap.paint(material, shape.intersection(plot.ground.buffer(0.3)))
    door = house.doors[0].centroid
    step = Frame(door.x, door.y, build.frame().angle).box(-0.9, -1.5, 0.9, 0.0)
    heap.paint("slab", step.intersection(plot.ground))
    if dice.chance(0.62):
        heap.cars.append(car(dice, plot.frame.shifted(u, max(front - 3.0, 2.8), pi / 2)))
    return u - _GATE_HALF_M, u + _GATE_HALF_M


def _front(heap: Heap, plot: Plot, gate: tuple[float, float], dice: Dice) -> None:
    """Wall, railing or hedge along the street, with a gate between two pillars."""
    half, line_v = plot.front / 2, 0.14
    kind = dice.pick(("bahut", "cloture", "mur", "haie"))
    circular = dice.chance(0.2)
    for a, b in ((0.1 - half, gate[0] - 0.2), (gate[1] + 0.2, half - 0.1)):
        if b - a < 0.6:
            continue
        line = plot.frame.line(((a, line_v), (b, line_v)))
        if kind == "haie":
            heap.hedges.append(Hedge(plot.frame.line(((a, 0.72), (b, 0.72))), 0.95, 1.6))
            heap.walls.append(Wall("bahut", line, 0.16, 0.5, "render"))
        elif kind == "mur":
            heap.walls.append(Wall("mur", line, 0.24, 1.8, "stone"))
        elif kind == "bahut":
            heap.walls.append(Wall("bahut", line, 0.24, 0.8, "render"))
        else:
            heap.walls.append(Wall("cloture", line, 0.24, 1.5, "render"))
    for u in (gate[0] - 0.05, gate[1] + 0.05):
        heap.pillars.append(gate_pillar(plot.frame.shifted(u, line_v), 0.42, circular=circular))
    heap.gates.append(plot.frame.line(((gate[0] + 0.2, line_v), (gate[1] - 0.2, line_v))))


def _bounds(heap: Heap, plot: Plot, dice: Dice) -> None:
    """Hedges, walls or fences at the sides and the rear, a little inside the plot."""
    inner = plot.ground.buffer(-0.45, join_style="mitre").boundary
    half, depth = plot.front / 2, plot.depth
    zones = (
        plot.frame.box(-half - 3.0, 3.0, 2.4 - half, depth - 1.0),
        plot.frame.box(half - 2.4, 3.0, half + 3.0, depth - 1.0),
        plot.frame.box(-half - 4.0, depth - 2.6, half + 4.0, depth + 4.0),
    )
    for zone in zones:
        line = inner.intersection(zone)
        if line.geom_type != "LineString" or line.length < 4.0:
            continue
        kind = dice.between(0.0, 1.0)
        if kind < 0.5:
            heap.hedges.append(Hedge(line.simplify(0.2), dice.between(0.8, 1.3), dice.between(1.4, 2.2)))
        elif kind < 0.72:
            heap.walls.append(Wall("mur", line.simplify(0.1), 0.22, 1.7, "stone"))
        elif kind < 0.9:
            heap.walls.append(Wall("cloture", line.simplify(0.1), 0.10, 1.3, "fence"))


def villa_garden(heap: Heap, house: House, build: Build) -> None:
    """The garden of a house that stands in it."""
    plot, dice = build.plot, build.dice
    heap.paint(dice.pick(_LAWNS), plot.ground)
    u, v = build.length, build.width / 2
    terrace = build.frame().box(-0.32 * u, v - 0.3, 0.3 * u, v + 3.4)
    heap.paint(dice.pick(_TERRACES), terrace.intersection(plot.ground))
    gate = _drive(heap, build, house)
    _front(heap, plot, gate, dice)
    _bounds(heap, plot, dice)
    _behind(heap, plot, build.v + v, dice)
    _shrubs(heap, plot, dice)


def _behind(heap: Heap, plot: Plot, rear: float, dice: Dice) -> None:
    """Pool, kitchen garden, shed and trees behind the house, which ends at `rear`."""
    side, turn = dice.side(), dice.between(-0.15, 0.15)
    middle = (rear + plot.depth) / 2 + 1.0
    pool = dice.chance(0.3) and _pool(heap, plot, plot.frame.shifted(-side * 3.0, middle + 1.2, turn), dice)
    if dice.chance(0.35) and not pool:
        _kitchen_garden(heap, plot, plot.frame.shifted(side * plot.front * 0.2, plot.depth - 5.5), dice)
    if dice.chance(0.45):
        _shed(heap, plot, plot.frame.shifted(side * (plot.front / 2 - 3.0), plot.depth - 3.4, turn), dice)
    spots = [(dice.between(-0.44, 0.44) * plot.front, dice.between(1.8, 3.2))]
    if not pool:
        spots += [
            (side * dice.between(0.2, 0.42) * plot.front, dice.between(rear + 5.0, plot.depth - 2.5))
            for _ in range(dice.count(1, 4))
        ]
    _plant(heap, plot, spots, dice, 3.2)


def court(heap: Heap, plot: Plot, house: House) -> None:
    """What lies behind a house of the centre: a yard, a small garden, a wall at the end."""
    dice = Dice(plot.seed + 1)
    heap.paint(dice.pick(_YARDS), plot.ground)
    back, half = house.roofs[-1].width, plot.front / 2
    garden = plot.frame.box(-half, back + dice.between(3.0, 7.0), half, plot.depth)
    heap.paint(dice.pick(_LAWNS), garden.intersection(plot.ground))
    _bounds(heap, plot, dice)
    if dice.chance(0.3):
        _kitchen_garden(heap, plot, plot.frame.shifted(0.0, plot.depth - 4.0), dice)
    last = plot.depth - 1.5
    spots = [
        (dice.between(-0.3, 0.3) * plot.front, dice.between(back + 3.5, last))
        for _ in range(dice.count(0, 3))
        if last > back + 3.5
    ]
    _plant(heap, plot, spots, dice, 2.4)
