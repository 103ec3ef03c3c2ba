"""Carriageways, pavements, kerbs and islands: what the street axes become on the ground."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import atan2

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box
from shapely.ops import linemerge

from pcrs.demo.village import plan
from pcrs.demo.village.curves import Frame, closing, frame_on, lines_of, polygons_of, strip, ticks
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.things import Layer, Strokes, Surface

KERB_M = 0.15
GUTTER_M = 0.40
BAY_M = 2.15
_PIECE_M = 60.0

BAYS: tuple[tuple[str, int, float, int], ...] = (
    # street, side (1 left, -1 right), where the first bay begins, number of bays in one row
    ("centre", -1, 14.0, 4),
    ("centre", -1, 42.0, 4),
    ("centre", -1, 112.0, 5),
    ("centre", -1, 145.0, 5),
    ("gare", -1, 20.0, 4),
    ("gare", -1, 46.0, 4),
    ("gare", -1, 92.0, 4),
    ("gare", -1, 118.0, 4),
    ("gare", -1, 186.0, 5),
    ("gare", 1, 24.0, 4),
    ("gare", 1, 50.0, 4),
    ("gare", 1, 76.0, 4),
    ("gare", 1, 102.0, 4),
    ("gare", 1, 182.0, 5),
)
BAY_LENGTH_M = 5.2
_MAIN = ("gare", "pont", "quai", "ouest", "est", "centre")
"""Streets that run on where others meet them, the first one last."""
_OLD_CENTRE = box(385.0, 470.0, 625.0, 700.0)
"""Where pavements are of stone."""


@dataclass(frozen=True, slots=True)
class Network:
    """The streets on the ground."""

    carriageway: MultiPolygon
    paved: MultiPolygon
    """Carriageways, pavements and islands: nothing is built there."""
    islands: tuple[Polygon, ...]
    kerbs: tuple[LineString, ...]
    """Middle lines of the kerb stones, in pieces of 60 m at the most."""
    edges: tuple[LineString, ...]
    """Limits of the asphalt where there is no kerb."""
    layers: tuple[Layer, ...]


def _multi(shape: Polygon | MultiPolygon) -> MultiPolygon:
    return MultiPolygon(polygons_of(shape))


def bay_boxes() -> list[tuple[str, int, Polygon, Frame]]:
    """Every parking bay beside a street: street, side, outline, frame at its middle along the street."""
    found = []
    for key, side, start, count in BAYS:
        street = plan.STREETS[key]
        for k in range(count):
            s = start + k * BAY_LENGTH_M
            inner, outer = side * street.width / 2, side * (street.width / 2 + BAY_M)
            frame = frame_on(street.axis, s + BAY_LENGTH_M / 2).shifted(0.0, (inner + outer) / 2)
            found.append((key, side, strip(street.axis, s, s + BAY_LENGTH_M, inner, outer), frame))
    return found


def _islands() -> tuple[Polygon, ...]:
    centre = Point(plan.ROUNDABOUT)
    found = [centre.buffer(plan.ISLAND_R, quad_segs=16), Point(plan.TURNING).buffer(2.6, quad_segs=12)]
    for key, forward in (("est", False), ("vignes", True)):
        axis = plan.STREETS[key].axis
        end = axis.coords[0 if forward else -1]
        out = axis.interpolate(30.0 if forward else axis.length - 30.0)
        frame = Frame(end[0], end[1], atan2(out.y - end[1], out.x - end[0]))
        nose = frame.shape(((2.0, -1.5), (2.0, 1.5), (9.0, 0.5), (15.0, 0.25), (15.0, -0.25), (9.0, -0.5)))
        found.append(nose.buffer(0.3))
    return tuple(found)


def _carriageways() -> tuple[MultiPolygon, MultiPolygon]:
    """Kerbed carriageways with bays and roundabout; and the others."""
    streets = plan.STREETS.values()
    kerbed = [s.axis.buffer(s.width / 2, cap_style="flat") for s in streets if s.pavement]
    ends = [Point(s.axis.coords[0]).buffer(s.width / 2) for s in streets if s.pavement]
    rounds = [
        Point(plan.ROUNDABOUT).buffer(plan.ROUNDABOUT_R, quad_segs=24),
        Point(plan.TURNING).buffer(plan.TURNING_R, quad_segs=16),
    ]
    open_ = [s.axis.buffer(s.width / 2, cap_style="flat") for s in streets if not s.pavement]
    everything = closing(shapely.union_all([*kerbed, *ends, *rounds, *open_]), 5.0)
    bays = shapely.union_all([shape for _, _, shape, _ in bay_boxes()])
    everything = closing(everything.union(bays.buffer(0.02)), 0.5)
    village = shapely.union_all([*kerbed, *rounds, bays]).buffer(9.0)
    rural = (
        shapely.union_all(open_)
        .buffer(0.5, cap_style="flat")
        .difference(shapely.union_all([*kerbed, *rounds]).buffer(6.0))
    )
    return _multi(everything.intersection(village).difference(rural)), _multi(everything)


def _pieces(shape: LineString, limit: float) -> list[LineString]:
    """A line cut in equal parts of at most `limit` metres."""
    count = max(1, round(shape.length / limit))
    if count == 1:
        return [LineString(shape)]
    cuts = np.linspace(0.0, shape.length, count + 1)
    return [shapely.ops.substring(shape, a, b) for a, b in pairwise(cuts.tolist())]


def _merged(shape: LineString) -> list[LineString]:
    parts = lines_of(shape)
    merged = linemerge(parts) if len(parts) > 1 else shapely.multilinestrings(parts)
    long_enough = [line.simplify(0.015) for line in lines_of(merged) if line.length > 0.8]
    return [piece for line in long_enough for piece in _pieces(line, _PIECE_M)]


def _joints(kerbs: tuple[LineString, ...]) -> Strokes:
    """The joints between kerb stones, one a metre."""
    half = KERB_M / 2
    joints = [tick for kerb in kerbs for tick in ticks(kerb, np.arange(0.5, kerb.length, 1.0), -half, half)]
    return Strokes("kerb_joint", 0.03, shapely.multilinestrings(joints))


def _street_layers(
    islands: tuple[Polygon, ...], everything: MultiPolygon, paved: MultiPolygon
) -> list[Layer]:
    """Ground of the streets, bottom first: verges, pavements, asphalt."""
    streets = plan.STREETS
    shoulder = [s.axis.buffer(s.width / 2 + 1.2) for s in streets.values() if not s.pavement]
    layers: list[Layer] = [Surface("verge", shapely.union_all(shoulder)), Surface("pavement", paved)]
    layers.append(Surface("pavement_stone", paved.intersection(_OLD_CENTRE)))
    tints = {"gare": "pavement_sand", "quai": "pavement_stone"}
    tints |= {"chenes": "pavement_rose", "impasse": "pavement_rose", "stade": "pavement_dark"}
    for key, material in tints.items():
        layers.append(Surface(material, streets[key].axis.buffer(streets[key].frontage, cap_style="flat")))
    layers.append(Surface("asphalt", everything))
    order = [street for key, street in streets.items() if key not in _MAIN] + [streets[key] for key in _MAIN]
    for street in order:
        shape = street.axis.buffer(street.width / 2, cap_style="flat")
        layers.append(Surface(street.surface, shape.intersection(everything)))
    ring = Point(plan.ROUNDABOUT).buffer(plan.ROUNDABOUT_R).difference(islands[0])
    layers.append(Surface("asphalt_new", ring.intersection(everything)))
    for key, _, shape, _ in bay_boxes():
        layers.append(Surface("bay" if key == "centre" else "asphalt_old", shape))
    return layers


def _island_layers(islands: tuple[Polygon, ...]) -> list[Layer]:
    middle = Point(plan.ROUNDABOUT)
    layers: list[Layer] = [Surface("pavement", island) for island in islands[1:]]
    layers.append(Surface("cobble", islands[0]))
    layers.append(Surface("lawn", middle.buffer(plan.ISLAND_R - 1.6)))
    layers.append(Surface("flowers", middle.buffer(3.4)))
    layers.append(Surface("gravel", middle.buffer(1.5)))
    layers.append(Surface("lawn", Point(plan.TURNING).buffer(2.2)))
    return layers


def _patches(everything: MultiPolygon) -> list[Layer]:
    """Trenches of the networks' works, refilled: darker asphalt with sealed edges."""
    dice = Dice(7)
    layers: list[Layer] = []
    for street in plan.STREETS.values():
        if not street.pavement:
            continue
        for _ in range(int(street.axis.length / 38)):
            s = dice.between(4, street.axis.length - 4)
            if dice.chance(0.5):
                v = dice.between(-0.36, 0.28) * street.width
                end = s + dice.between(6, 32)
                shape = strip(street.axis, s, end, v, v + dice.between(0.5, 0.9))
            else:
                half = street.width / 2
                side = dice.side()
                near = dice.between(-0.5, 0.3) * half
                shape = strip(street.axis, s, s + dice.between(0.7, 2.4), side * half, side * near)
            inside = shape.intersection(everything)
            layers.append(Surface("asphalt_seal", inside.buffer(0.05)))
            layers.append(Surface("asphalt_patch" if dice.chance(0.7) else "asphalt_new", inside))
    return layers


@lru_cache(maxsize=1)
def network() -> Network:
    """The streets on the ground, made once."""
    islands = _islands()
    kerbed, everything = _carriageways()
    streets = plan.STREETS.values()
    outer = [s.axis.buffer(s.frontage, cap_style="flat") for s in streets if s.pavement]
    rounds = [Point(plan.ROUNDABOUT).buffer(17.0), Point(plan.TURNING).buffer(plan.TURNING_R + 1.6)]
    behind = [shape.buffer(0.9, join_style="mitre") for _, _, shape, _ in bay_boxes()]
    least = kerbed.buffer(1.25, join_style="mitre")
    paved = _multi(closing(shapely.union_all([*outer, *rounds, *behind, least]), 1.5))
    drawn = everything.boundary.intersection(paved.buffer(-0.25)).intersection(kerbed.buffer(0.05))
    kerbs = _merged(drawn) + [LineString(island.exterior.simplify(0.015)) for island in islands]
    inside = plan.GROUND
    kerbs = [line for kerb in kerbs for line in lines_of(kerb.intersection(inside.buffer(plan.BEYOND)))]
    edges = _merged(everything.boundary.difference(drawn.buffer(0.2)).intersection(inside.buffer(20.0)))
    gutter = shapely.union_all([kerb.buffer(GUTTER_M + KERB_M / 2, cap_style="flat") for kerb in kerbs])
    stones = [Surface("kerb", kerb.buffer(KERB_M / 2, cap_style="flat")) for kerb in kerbs]
    layers: list[Layer] = _street_layers(islands, everything, paved)
    layers += _patches(everything)
    layers.append(Surface("gutter", gutter.intersection(everything)))
    layers += _island_layers(islands)
    layers += [*stones, _joints(tuple(kerbs))]
    return Network(
        everything, _multi(paved.union(everything)), islands, tuple(kerbs), tuple(edges), tuple(layers)
    )
