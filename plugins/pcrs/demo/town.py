"""The imaginary village, whole: the values from which both the imagery and the vector are made."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon

from pcrs.demo import plan
from pcrs.demo.curves import Frame, frame_on, polygons_of, rows
from pcrs.demo.furniture import furnish
from pcrs.demo.gardens import court, villa_garden
from pcrs.demo.heap import Heap
from pcrs.demo.houses import town_house, villa
from pcrs.demo.landscape import lay_fields
from pcrs.demo.markings import Marking, marking_layers, markings
from pcrs.demo.parcels import Plot, plots
from pcrs.demo.places import cemetery, grounds, odd_pillars, outskirts, school, sports, square, station
from pcrs.demo.railway import Railway, lay_railway, railway
from pcrs.demo.riverside import Riverside, free_of_water, lay_bridge, lay_river, riverside
from pcrs.demo.streets import Network, network
from pcrs.demo.things import Car, Cover, Hedge, House, Label, Layer, Pillar, Pole, Roof, Tree, Wall


@dataclass(frozen=True, slots=True)
class Town:
    """Everything there is, in metres east and north of `plan.ORIGIN`. `layers` are in painting order."""

    layers: tuple[Layer, ...]
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
    poles: tuple[Pole, ...]
    labels: tuple[Label, ...]
    monuments: tuple[tuple[str, Polygon], ...]
    outlines: tuple[tuple[str, str, Polygon], ...]


def _reserved() -> MultiPolygon:
    """Where no plot may be."""
    open_ = [s.axis.buffer(s.frontage) for s in plan.STREETS.values() if not s.pavement]
    rails = shapely.union_all([track.buffer(5.0) for track in railway().tracks])
    taken = [network().paved, *open_, rails, free_of_water(), *grounds().values()]
    return MultiPolygon(polygons_of(shapely.union_all(taken)))


def _inner_gardens(heap: Heap, plots_: list[Plot], reserved: MultiPolygon) -> Polygon | MultiPolygon:
    """The middles of the blocks, behind the plots: gardens without a house."""
    built = shapely.union_all([plot.ground for plot in plots_])
    near = reserved.intersection(built.buffer(12.0))
    whole = built.union(near).buffer(14.0, join_style="mitre").buffer(-14.0, join_style="mitre")
    inner = whole.difference(built).difference(reserved).buffer(-0.6).buffer(0.5)
    rng = np.random.default_rng(81)
    for part in polygons_of(inner):
        if part.area < 30.0:
            continue
        heap.paint("lawn_dry" if rng.random() < 0.5 else "lawn_lush", part)
        if 200.0 < part.area < 900.0:
            heap.stroke("salad", 0.5, rows(part, float(rng.uniform(0, 3)), 1.6, 2.0))
        for _ in range(int(part.area / 70.0)):
            x, y = (float(v) for v in rng.uniform(part.bounds[:2], part.bounds[2:]))
            radius = float(rng.uniform(1.2, 3.6))
            if part.contains(shapely.Point(x, y).buffer(radius * 0.6)):
                heap.trees.append(
                    Tree(x, y, radius, radius * 1.9, "round" if rng.random() < 0.7 else "walnut")
                )
    return whole


def _pave_corners(heap: Heap, plots_: list[Plot]) -> None:
    """The left-over corners between the streets of the centre and its houses."""
    centre = {plot.street for plot in plots_ if plot.style == "bourg"} - {"ouest", "lavoir"}
    for key in sorted(centre):
        street = plan.STREETS[key]
        heap.paint("pavement_stone", street.axis.buffer(street.frontage + 4.0, cap_style="flat"))


def _build(heap: Heap, plots_: list[Plot]) -> None:
    """Houses and gardens, numbered along each street: odd on the left, even on the right."""
    counters: dict[tuple[str, int], int] = {}
    ordered = sorted(
        plots_, key=lambda plot: (plot.street, plan.STREETS[plot.street].axis.project(_spot(plot)))
    )
    for plot in ordered:
        name = plan.STREETS[plot.street].name
        number = counters.get((name, plot.side), 1 if plot.side > 0 else 2)
        counters[name, plot.side] = number + 2
        if plot.style == "bourg":
            house = town_house(plot, number)
            heap.houses.append(house)
            court(heap, plot, house)
        else:
            house, build = villa(plot, number)
            heap.houses.append(house)
            villa_garden(heap, house, build)


def _spot(plot: Plot) -> shapely.Point:
    return shapely.Point(plot.frame.x, plot.frame.y)


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
        for share in (0.5,) if inside.length < 160 else (0.27, 0.72):
            frame = frame_on(inside, inside.length * share)
            heap.labels.append(Label(street.name, frame, street.name))


@lru_cache(maxsize=1)
def town() -> Town:
    """The village; always the same, made once a process (about a second)."""
    heap = Heap()
    reserved = _reserved()
    plots_ = plots(reserved)
    gardens = Heap()
    whole = _inner_gardens(gardens, plots_, reserved)
    taken = MultiPolygon(polygons_of(shapely.union_all([reserved, whole])))
    lay_fields(heap, taken)
    heap.layers += gardens.layers
    _pave_corners(heap, plots_)
    heap.trees += gardens.trees
    _build(heap, plots_)
    lay_river(heap)
    lay_bridge(heap)
    sports(heap)
    outskirts(heap)
    for place in (station, square, cemetery, school, odd_pillars):
        place(heap)
    heap.layers += network().layers
    heap.layers += marking_layers()
    lay_railway(heap)
    _mark_targets(heap)
    furnish(heap)
    _name_streets(heap)
    return Town(
        tuple(heap.layers), network(), markings(), railway(), riverside(), tuple(heap.houses), tuple(heap.walls),
        tuple(heap.hedges), tuple(heap.pillars), tuple(heap.trees), tuple(heap.cars), tuple(heap.covers),
        tuple(heap.gates), tuple(heap.steps), tuple(heap.extras), tuple(heap.poles), tuple(heap.labels),
        tuple(heap.monuments), tuple(heap.outlines),
    )  # fmt: skip
