"""River, banks, quay, bridge, weir: everything by the water."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon

from pcrs.demo.village import plan
from pcrs.demo.village.curves import Frame, Point, beside, frame_on, frames_on, polygons_of, strip, ticks
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.things import Pole, Tree, Wall

BRIDGE_HALF_M = 5.2
_PROMENADE_M = 9.0
_STAIRS_AT = 46.0
"""Where the stairs are, along the quay."""
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


def _bridge_span() -> tuple[LineString, float, float]:
    """The axis of the bridge's street, and the stations between which it stands on the bridge."""
    axis = plan.STREETS["pont"].axis
    start, end = (axis.project(shapely.Point(520.0, y)) for y in plan.BRIDGE_Y)
    return axis, start, end


def _pile(frame: Frame) -> Polygon:
    """A pile with its cutwaters, which show on both sides of the deck."""
    half, reach = 1.5, BRIDGE_HALF_M + 0.4
    tip = reach + 2.3
    return frame.shape(
        ((-half, -reach), (0.0, -tip), (half, -reach), (half, reach), (0.0, tip), (-half, reach))
    )


@lru_cache(maxsize=1)
def riverside() -> Riverside:
    """Everything by the water, made once."""
    quay = LineString([p for p in _bank(-1.0) if plan.QUAY_FROM <= p[0] <= plan.QUAY_TO])
    inner = [f.at(0.0, -_PROMENADE_M) for f in frames_on(quay, np.linspace(0.0, quay.length, 60))]
    axis, start, end = _bridge_span()
    middles = [frame_on(axis, start + share * (end - start)) for share in (0.36, 0.66)]
    return Riverside(
        water=Polygon(_bank(1.0) + _bank(-1.0)[::-1]),
        quay=quay,
        promenade=Polygon(list(quay.coords) + inner[::-1]),
        stairs=frame_on(quay, _STAIRS_AT),
        deck=strip(axis, start, end, -BRIDGE_HALF_M, BRIDGE_HALF_M),
        piles=tuple(_pile(middle.shifted(0.0, 0.0, 0.05)) for middle in middles),
        slope=frame_on(quay, 2.0).box(-16.0, -3.2, 2.0, 1.6),
    )


def _water(heap: Heap, side: Riverside) -> None:
    """The water over its bed, deeper step by step from the banks."""
    heap.paint("bank", side.water.buffer(4.5))
    heap.paint("mud", side.water.buffer(0.7))
    for step in range(plan.WATER_STEPS):
        depth = 11.5 * (step / (plan.WATER_STEPS - 1)) ** 1.4
        heap.paint(f"water_{step}", side.water.buffer(-depth))


def _weir(heap: Heap, side: Riverside) -> None:
    """The sill of the mill, white water below it, streaks of foam that the current draws."""
    weir, dice = plan.WEIR, Dice(21)
    for reach, material in ((4.6, "water_4"), (3.4, "water_2"), (2.4, "water_0")):
        band = weir.buffer(reach, single_sided=True).union(weir.buffer(reach * 0.5))
        heap.paint(material, band.intersection(side.water))
    foam = []
    for _ in range(340):
        out = 0.3 + dice.tail(1.4, 0.8)
        size = max(0.08, dice.between(0.16, 0.42) / (0.6 + 0.35 * out))
        spot = frame_on(weir, dice.between(0.0, weir.length)).at(0.0, out)
        foam.append(shapely.Point(spot).buffer(size, quad_segs=1))
    for _ in range(170):
        start = frame_on(weir, dice.between(0.0, weir.length)).at(0.0, 1.5 + dice.tail(1.5, 3.2))
        streak = Frame(*start, dice.around(0.02, 0.05))
        end = (dice.between(0.5, 2.6), dice.around(0.0, 0.1))
        foam.append(streak.line(((0.0, 0.0), end)).buffer(0.05))
    heap.paint("foam", shapely.union_all(foam).intersection(side.water))
    heap.paint("stone_light", weir.buffer(0.7))


def _quay(heap: Heap, side: Riverside) -> None:
    """The promenade's paving, the coping stones, the stairs down to the water."""
    quay = side.quay
    heap.paint("paving_quay", side.promenade)
    joints = ticks(quay, np.arange(0.0, quay.length, 1.2), -_PROMENADE_M, 0.0)
    heap.stroke("paving_joint", 0.04, shapely.multilinestrings(joints))
    heap.paint("stone_light", quay.buffer(0.55).intersection(side.promenade))
    stones = ticks(quay, np.arange(0.6, quay.length, 1.4), -0.55, 0.0)
    heap.stroke("kerb_joint", 0.05, shapely.multilinestrings(stones))
    f = side.stairs
    heap.paint("step", f.box(-2.0, -4.2, 2.0, 0.0))
    for k in range(12):
        v = 0.35 * k - 4.2
        heap.paint("step_dark", f.box(-2.0, v, 2.0, v + 0.12))
        heap.steps.append(f.line(((-2.0, v), (2.0, v))))
    for u in (-2.15, 2.15):
        heap.walls.append(Wall("parapet", f.line(((u, -4.4), (u, 0.0))), 0.3, 0.9, "stone_light"))


def _promenade(heap: Heap, side: Riverside) -> None:
    """Plane trees and benches along the quay, boats below it."""
    bridge = side.deck.buffer(6.0)
    for s in np.arange(8.0, side.quay.length - 6.0, 9.5).tolist():
        place = frame_on(side.quay, s).shifted(0.0, -4.6)
        if bridge.contains(shapely.Point(place.x, place.y)) or abs(s - _STAIRS_AT) < 6.0:
            continue
        heap.paint("soil", place.box(-0.9, -0.9, 0.9, 0.9))
        heap.trees.append(Tree(place.x, place.y, 3.4, 8.5, "plane", public=True))
        heap.poles.append(Pole("banc", place.shifted(4.6, 1.2), 0.5))
    for s in (70.0, 100.0, 178.0, 206.0):
        _boat(heap, frame_on(side.quay, s).shifted(0.0, 1.7))


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
    for x in np.arange(-20.0, plan.SIDE_M + 20.0, 2.6).tolist():
        for bank in (-1.0, 1.0):
            away = plan.RIVER_HALF_M + dice.between(2.0, 6.5)
            spot = (dice.around(x, 1.2), plan.river_y(x) + bank * away)
            radius = dice.between(1.6, 3.9)
            if dice.chance(0.66) and closed.distance(shapely.Point(spot)) > radius * 0.4:
                heap.trees.append(
                    Tree(*spot, radius, radius * 2.1, "walnut" if dice.chance(0.35) else "round")
                )


def _rocks(heap: Heap, side: Riverside) -> None:
    """The rocks that hold the bank upstream of the quay."""
    dice, start = Dice(41), frame_on(side.quay, 2.0)
    heap.paint("rocks", side.slope)
    for _ in range(90):
        f = start.shifted(dice.between(-16.0, 2.0), dice.between(-3.2, 1.6), dice.between(0.0, 3.0))
        stone = f.shape(((-0.5, -0.3), (0.2, -0.5), (0.6, 0.1), (0.1, 0.5), (-0.4, 0.3)))
        heap.paint(dice.pick(("stone", "stone_light")), stone.intersection(side.slope))
    heap.walls.append(Wall("enrochement", start.line(((-16.0, 0.4), (2.0, 0.4))), 0.1, 0.4, "stone"))


def lay_river(heap: Heap) -> None:
    """Adds water, weir, quay, boats and the trees of the banks; the bridge comes with `lay_bridge`."""
    side = riverside()
    for lay in (_water, _weir, _quay, _promenade, _rocks, _banks):
        lay(heap, side)


def lay_bridge(heap: Heap) -> None:
    """Adds piles, deck, parapets and the retaining walls of the northern ramp; the street runs over them."""
    side = riverside()
    for pile in side.piles:
        heap.paint("stone_light", pile)
    heap.paint("pavement_stone", side.deck)
    axis, start, end = _bridge_span()
    ramp = plan.STREETS["causse"].axis
    for half in (-1.0, 1.0):
        parapet = LineString(beside(axis, start, end, half * (BRIDGE_HALF_M - 0.2)))
        heap.walls.append(Wall("parapet", parapet, 0.4, 1.0, "stone_light"))
        support = LineString(beside(ramp, 1.0, 17.0, half * 4.6))
        heap.walls.append(Wall("soutenement", support, 0.35, 0.9, "stone"))


def free_of_water() -> MultiPolygon:
    """What fields and plots leave to the river."""
    side = riverside()
    return MultiPolygon(polygons_of(side.water.buffer(6.5).union(side.promenade.buffer(0.5))))
