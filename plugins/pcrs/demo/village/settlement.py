"""The built-up part: plots, houses, gardens, and the ground that is left between them."""

import shapely
from shapely.geometry import MultiPolygon, Polygon

from pcrs.demo.village import plan
from pcrs.demo.village.curves import Frame, polygons_of, rows
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.gardens import court, villa_garden
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.houses import town_house, villa
from pcrs.demo.village.parcels import Plot, plots
from pcrs.demo.village.things import Species, Tree

_PAVED_CORNERS = ("centre", "pont", "tonneliers", "eglise", "quai")
_BLOCK_M = 14.0
"""Gaps between plots narrower than twice this belong to the settlement."""


_INSIDE_M2 = 6000.0
"""A hole in the settlement that is smaller than this is the inside of a block."""


class Settlement:
    """The plots of the village, and the ground that they and the space between them take."""

    def __init__(self, reserved: MultiPolygon) -> None:
        self._plots = plots(reserved)
        built = shapely.union_all([plot.ground for plot in self._plots])
        near = built.union(reserved.intersection(built.buffer(12.0)))
        closed = near.buffer(_BLOCK_M, join_style="mitre").buffer(-_BLOCK_M, join_style="mitre")
        self.ground = MultiPolygon([_filled(part) for part in polygons_of(closed)])
        self._between = self.ground.difference(built).difference(reserved).buffer(-0.6).buffer(0.5)

    def lay(self, heap: Heap) -> None:
        """Adds gardens without a house, paved corners, houses and their gardens."""
        self._open_gardens(heap)
        for key in _PAVED_CORNERS:
            street = plan.STREETS[key]
            heap.paint("pavement_stone", street.axis.buffer(street.frontage + 4.0, cap_style="flat"))
        self._build(heap)

    def _open_gardens(self, heap: Heap) -> None:
        """The middles of the blocks, behind the plots: grass, beds, fruit trees."""
        dice = Dice(81)
        for part in polygons_of(self._between):
            if part.area < 30.0:
                continue
            heap.paint(dice.pick(("lawn_dry", "lawn_lush", "meadow")), part)
            for _ in range(int(part.area / 160.0)):
                bed = _somewhere(part, dice).box(-3.0, -2.2, 3.0, 2.2)
                if part.contains(bed):
                    heap.paint("soil", bed)
                    heap.stroke(
                        dice.pick(("salad", "leek")), 0.45, rows(bed, dice.between(0.0, 3.0), 0.9, 0.4)
                    )
            for _ in range(int(part.area / 45.0)):
                spot, radius = _somewhere(part, dice), dice.between(1.0, 3.4)
                species: Species = "round" if dice.chance(0.66) else "walnut"
                if part.contains(shapely.Point(spot.x, spot.y).buffer(radius * 0.6)):
                    heap.trees.append(Tree(spot.x, spot.y, radius, radius * 1.9, species))

    def _build(self, heap: Heap) -> None:
        """Houses and gardens, numbered along each street: odd on the left, even on the right."""
        counters: dict[tuple[str, int], int] = {}
        for plot in sorted(self._plots, key=_along):
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


def _somewhere(ground: Polygon, dice: Dice) -> Frame:
    """A place in the box of a ground, turned anyhow."""
    x0, y0, x1, y1 = ground.bounds
    return Frame(dice.between(x0, x1), dice.between(y0, y1), dice.between(-0.2, 0.2))


def _filled(ground: Polygon) -> Polygon:
    """The ground without the holes that are the inside of a block."""
    return Polygon(ground.exterior, [hole for hole in ground.interiors if Polygon(hole).area > _INSIDE_M2])


def _along(plot: Plot) -> tuple[int, float]:
    """The order of plots: street by street, from its beginning."""
    street = list(plan.STREETS).index(plot.street)
    return street, plan.STREETS[plot.street].axis.project(shapely.Point(plot.frame.x, plot.frame.y))
