"""The imaginary village, whole: the values from which both the imagery and the vector are made."""

from dataclasses import dataclass
from functools import lru_cache

import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon

from pcrs.demo.village import plan
from pcrs.demo.village.curves import Frame, frame_on, polygons_of
from pcrs.demo.village.furniture import furnish
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.landscape import lay_fields
from pcrs.demo.village.markings import Marking, marking_layers, markings
from pcrs.demo.village.outskirts import lay_outskirts, yards
from pcrs.demo.village.places import (
    grounds,
    lay_cemetery,
    lay_pitch,
    lay_school,
    lay_station,
    lay_tennis,
)
from pcrs.demo.village.railway import Railway, lay_railway, railway
from pcrs.demo.village.riverside import Riverside, free_of_water, lay_bridge, lay_river, riverside
from pcrs.demo.village.settlement import Settlement
from pcrs.demo.village.square import lay_square
from pcrs.demo.village.streets import Network, network
from pcrs.demo.village.things import Car, Cover, Hedge, House, Label, Layer, Pillar, Pole, Roof, Tree, Wall


@dataclass(frozen=True, slots=True)
class Town:
    """Everything there is, in metres east and north of `plan.ORIGIN`."""

    layers: tuple[Layer, ...]
    """The ground in painting order, lowest first."""
    network: Network
    markings: tuple[Marking, ...]
    railway: Railway
    riverside: Riverside
    houses: tuple[House, ...]
    walls: tuple[Wall, ...]
    hedges: tuple[Hedge, ...]
    pillars: tuple[Pillar, ...]
    trees: tuple[Tree, ...]
    cars: tuple[Car, ...]
    covers: tuple[Cover, ...]
    gates: tuple[LineString, ...]
    steps: tuple[LineString, ...]
    extras: tuple[Roof, ...]
    """Roofed things that are no buildings: parasols, bales."""
    poles: tuple[Pole, ...]
    labels: tuple[Label, ...]
    monuments: tuple[tuple[str, Polygon], ...]
    """What it is, its outline."""
    outlines: tuple[tuple[str, str, Polygon], ...]
    """Areas to be drawn on the plan: thematic code, what it is, its outline."""


def _reserved() -> MultiPolygon:
    """Where no plot may be."""
    open_ = [s.axis.buffer(s.frontage) for s in plan.STREETS.values() if not s.pavement]
    rails = [track.buffer(5.0) for track in railway().tracks]
    taken = shapely.union_all([network().paved, *open_, *rails, free_of_water(), *grounds(), *yards()])
    return MultiPolygon(polygons_of(taken))


def _mark_targets(heap: Heap) -> None:
    """A target on each control point: quarters of black and white."""
    for x, y in plan.TARGETS:
        frame = Frame(x, y, 0.0)
        heap.paint("paint", frame.box(-0.3, -0.3, 0.3, 0.3))
        for u, v in ((-0.3, 0.0), (0.0, -0.3)):
            heap.paint("asphalt_seal", frame.box(u, v, u + 0.3, v + 0.3))


def _name_streets(heap: Heap) -> None:
    """Each street's name along its axis, once or twice."""
    for street in plan.STREETS.values():
        inside = street.axis.intersection(plan.GROUND)
        for share in (0.5,) if inside.length < 160.0 else (0.27, 0.72):
            heap.labels.append(Label(street.name, frame_on(inside, inside.length * share), street.name))


def _lay_everything(heap: Heap) -> None:
    """The ground from the fields up to the paint on the streets, and all that stands on it."""
    reserved = _reserved()
    settlement = Settlement(reserved)
    taken = shapely.union_all([reserved, settlement.ground])
    lay_fields(heap, MultiPolygon(polygons_of(taken)))
    settlement.lay(heap)
    for lay in (lay_river, lay_bridge, lay_pitch, lay_tennis, lay_outskirts, lay_station, lay_square):
        lay(heap)
    lay_cemetery(heap)
    lay_school(heap)
    heap.layers += network().layers
    heap.layers += marking_layers()
    lay_railway(heap)
    _mark_targets(heap)
    furnish(heap)
    _name_streets(heap)


@lru_cache(maxsize=1)
def town() -> Town:
    """The village; always the same, made once a process (about a second)."""
    heap = Heap()
    _lay_everything(heap)
    return Town(
        layers=tuple(heap.layers),
        network=network(),
        markings=markings(),
        railway=railway(),
        riverside=riverside(),
        houses=tuple(heap.houses),
        walls=tuple(heap.walls),
        hedges=tuple(heap.hedges),
        pillars=tuple(heap.pillars),
        trees=tuple(heap.trees),
        cars=tuple(heap.cars),
        covers=tuple(heap.covers),
        gates=tuple(heap.gates),
        steps=tuple(heap.steps),
        extras=tuple(heap.extras),
        poles=tuple(heap.poles),
        labels=tuple(heap.labels),
        monuments=tuple(heap.monuments),
        outlines=tuple(heap.outlines),
    )
