"""River, banks, quay, bridge, weir: everything by the water."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon, box

from pcrs.demo.imagery.materials import WATER_STEPS
from pcrs.demo.village import plan
from pcrs.demo.village.curves import Frame, Point, beside, frame_on, polygons_of, strip, ticks
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.things import Pole, Tree, Wall

BRIDGE_HALF_M = 5.2
_WAVE = 0.9
"""How far natural banks wander from the mean width, metres."""


@dataclass(frozen=True, slots=True)
class Riverside:
    """Water surface, the quay's edge, the stairs, the bridge's deck and its piles."""

    water: Polygon
    quay: LineString
    promenade: Polygon
    stairs: Frame
    deck: Polygon
    piles: tuple[Polygon, ...]
    slope: Polygon
    """The rocks at the foot of the quay's upstream end."""


def _bank(side: float) -> list[Point]:
    """One bank from west to east; straight along the quay, wandering elsewhere."""
    points = []
    for x in np.arange(-plan.BEYOND, plan.SIDE_M + plan.BEYOND + 1, 3.0):
        built = side < 0 and plan.QUAY_FROM <= x <= plan.QUAY_TO
        wander = 0.0 if built else _WAVE * (np.sin(x / 9.0 + side) + 0.6 * np.sin(x / 4.1)) + 0.8
        slope = (plan.river_y(x + 1) - plan.river_y(x - 1)) / 2
        half = (plan.RIVER_HALF_M + float(wander)) * float(np.hypot(1.0, slope))
        points.append((float(x), plan.river_y(float(x)) + side * half))
    return points


def _quay_line() -> LineString:
    inside = [p for p in _bank(-1.0) if plan.QUAY_FROM <= p[0] <= plan.QUAY_TO]
    return LineString(inside)


@lru_cache(maxsize=1)
def riverside() -> Riverside:
    """Everything by the water, made once."""
    water = Polygon(_bank(1.0) + _bank(-1.0)[::-1])
    quay = _quay_line()
    inner = [frame_on(quay, float(s)).at(0.0, -9.0) for s in np.linspace(0.0, quay.length, 60)]
    promenade = Polygon(list(quay.coords) + inner[::-1])
    axis = plan.STREETS["pont"].axis
    south, north = plan.BRIDGE_Y
    ends = [axis.project(shapely.Point(520.0, y)) for y in (south, north)]
    deck = strip(axis, ends[0], ends[1], -BRIDGE_HALF_M, BRIDGE_HALF_M)
    piles = []
    for share in (0.36, 0.66):
        f = frame_on(axis, ends[0] + share * (ends[1] - ends[0])).shifted(0.0, 0.0, 0.05)
        reach = BRIDGE_HALF_M + 0.4
        piles.append(
            f.shape(
                (
                    (-1.5, -reach),
                    (0.0, -reach - 2.3),
                    (1.5, -reach),
                    (1.5, reach),
                    (0.0, reach + 2.3),
                    (-1.5, reach),
                )
            )
        )
    stairs = frame_on(quay, 46.0)
    foot = frame_on(quay, 2.0).box(-16.0, -3.2, 2.0, 1.6)
    return Riverside(water, quay, promenade, stairs, deck, tuple(piles), foot)


def _water(heap: Heap, side: Riverside) -> None:
    heap.paint("bank", side.water.buffer(4.5))
    heap.paint("mud", side.water.buffer(0.7))
    for step in range(WATER_STEPS):
        depth = 11.5 * (step / (WATER_STEPS - 1)) ** 1.4
        heap.paint(f"water_{step}", side.water.buffer(-depth))
    _weir(heap, side)


def _weir(heap: Heap, side: Riverside) -> None:
    """The sill of the mill, white water below it, streaks of foam that the current draws."""
    weir = plan.WEIR
    dice = Dice(21)
    for reach, material in ((4.6, "water_4"), (3.4, "water_2"), (2.4, "water_0")):
        band = weir.buffer(reach, single_sided=True).union(weir.buffer(reach * 0.5))
        heap.paint(material, band.intersection(side.water))
    foam = []
    for _ in range(340):
        s, out = dice.between(0, weir.length), 0.3 + dice.tail(1.4, 0.8)
        size = max(0.08, dice.between(0.16, 0.42) / (0.6 + 0.35 * out))
        foam.append(shapely.Point(frame_on(weir, s).at(0.0, out)).buffer(size, quad_segs=1))
    streaks = []
    for _ in range(170):
        s, out = dice.between(0, weir.length), 1.5 + dice.tail(1.5, 3.2)
        x, y = frame_on(weir, s).at(0.0, out)
        flow = dice.around(0.02, 0.05)
        length = dice.between(0.5, 2.6)
        streaks.append(Frame(x, y, flow).line(((0.0, 0.0), (length, dice.around(0, 0.1)))).buffer(0.05))
    heap.paint("foam", shapely.union_all([*foam, *streaks]).intersection(side.water))
    heap.paint("stone_light", weir.buffer(0.7))


def _quay(heap: Heap, side: Riverside) -> None:
    heap.paint("paving_quay", side.promenade)
    joints = ticks(side.quay, np.arange(0.0, side.quay.length, 1.2), -9.0, 0.0)
    heap.stroke("paving_joint", 0.04, shapely.multilinestrings(joints))
    heap.paint("stone_light", side.quay.buffer(0.55, single_sided=False).intersection(side.promenade))
    stones = ticks(side.quay, np.arange(0.6, side.quay.length, 1.4), -0.55, 0.0)
    heap.stroke("kerb_joint", 0.05, shapely.multilinestrings(stones))
    f = side.stairs
    heap.paint("step", f.box(-2.0, -4.2, 2.0, 0.0))
    for k in range(12):
        v = -4.2 + 0.35 * k
        heap.paint("step_dark", f.box(-2.0, v, 2.0, v + 0.12))
        heap.steps.append(f.line(((-2.0, v), (2.0, v))))
    heap.walls += [
        Wall("parapet", f.line(((u, -4.4), (u, 0.0))), 0.3, 0.9, "stone_light") for u in (-2.15, 2.15)
    ]
    bridge = side.deck.buffer(6.0)
    for s in np.arange(8.0, side.quay.length - 6.0, 9.5):
        place = frame_on(side.quay, float(s)).shifted(0.0, -4.6)
        near_stairs = abs(s - 46.0) < 6.0
        if bridge.contains(shapely.Point(place.x, place.y)) or near_stairs:
            continue
        heap.paint("soil", place.box(-0.9, -0.9, 0.9, 0.9))
        heap.trees.append(Tree(place.x, place.y, 3.4, 8.5, "plane", public=True))
        heap.poles.append(Pole("banc", place.shifted(4.6, 1.2), 0.5))
    for u in (70.0, 100.0, 178.0, 206.0):
        _boat(heap, frame_on(side.quay, u).shifted(0.0, 1.7))


def _boat(heap: Heap, f: Frame) -> None:
    """A flat-bottomed boat of the river, moored."""
    hull = ((-3.6, -0.7), (2.4, -0.8), (4.4, 0.0), (2.4, 0.8), (-3.6, 0.7))
    heap.paint("boat", f.shape(hull))
    heap.paint("deck", f.shape([(u * 0.86, v * 0.72) for u, v in hull]))
    for u in (-2.0, 0.0, 1.8):
        heap.paint("boat", f.box(u - 0.14, -0.55, u + 0.14, 0.55))


def _banks(heap: Heap, side: Riverside) -> None:
    """Trees along the natural banks."""
    dice = Dice(31)
    closed = shapely.union_all([side.promenade.buffer(3.0), side.deck.buffer(10.0), plan.WEIR.buffer(9.0)])
    for x in np.arange(-20.0, plan.SIDE_M + 20.0, 2.6):
        for bank in (-1.0, 1.0):
            if dice.chance(0.34):
                continue
            away = plan.RIVER_HALF_M + dice.between(2.0, 6.5)
            spot = (float(x) + dice.around(0, 1.2), plan.river_y(float(x)) + bank * away)
            radius = dice.between(1.6, 3.9)
            if closed.distance(shapely.Point(spot)) > radius * 0.4:
                species = "walnut" if dice.chance(0.35) else "round"
                heap.trees.append(Tree(*spot, radius, radius * 2.1, species))


def lay_river(heap: Heap) -> None:
    """Adds water, weir, quay, boats and the trees of the banks; the bridge comes with `lay_bridge`."""
    side = riverside()
    _water(heap, side)
    _quay(heap, side)
    dice = Dice(41)
    heap.paint("rocks", side.slope)
    for _ in range(90):
        f = frame_on(side.quay, 2.0).shifted(
            dice.between(-16, 2), dice.between(-3.2, 1.6), dice.between(0, 3)
        )
        stone = f.shape(((-0.5, -0.3), (0.2, -0.5), (0.6, 0.1), (0.1, 0.5), (-0.4, 0.3)))
        heap.paint("stone_light" if dice.chance(0.5) else "stone", stone.intersection(side.slope))
    heap.walls.append(
        Wall("enrochement", frame_on(side.quay, 2.0).line(((-16.0, 0.4), (2.0, 0.4))), 0.1, 0.4, "stone")
    )
    _banks(heap, side)


def lay_bridge(heap: Heap) -> None:
    """Adds the piles and the deck, before the streets: the carriageway runs over it."""
    side = riverside()
    for pile in side.piles:
        heap.paint("stone_light", pile)
    heap.paint("pavement_stone", side.deck)
    f = plan.STREETS["pont"].axis
    ends = [f.project(shapely.Point(520.0, y)) for y in plan.BRIDGE_Y]
    for side_m in (-BRIDGE_HALF_M + 0.2, BRIDGE_HALF_M - 0.2):
        abutment = LineString(beside(f, ends[1], ends[1] + 14.0, side_m))
        heap.walls.append(Wall("soutenement", abutment, 0.35, 1.2, "stone"))
    for v in (-BRIDGE_HALF_M + 0.2, BRIDGE_HALF_M - 0.2):
        heap.walls.append(
            Wall("parapet", LineString(beside(f, ends[0], ends[1], v)), 0.4, 1.0, "stone_light")
        )


def free_of_water() -> MultiPolygon:
    """What fields and plots leave to the river."""
    side = riverside()
    return MultiPolygon(
        polygons_of(shapely.union_all([side.water.buffer(6.5), side.promenade.buffer(0.5), box(0, 0, 0, 0)]))
    )
