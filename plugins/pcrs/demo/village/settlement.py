"""The built-up part: plots, houses, gardens, and the ground that is left between them."""

import shapely
from shapely.geometry import MultiPolygon

from pcrs.demo.village import plan
from pcrs.demo.village.curves import polygons_of, rows
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.gardens import court, villa_garden
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.houses import town_house, villa
from pcrs.demo.village.parcels import Plot, plots
from pcrs.demo.village.things import Species, Tree

_PAVED_CORNERS = ("centre", "pont", "tonneliers", "eglise", "quai")
_BLOCK_M = 14.0
"""Gaps between plots narrower than twice this belong to the settlement."""


class Settlement:
    """The plots of the village, and the ground that they and the space between them take."""

    def __init__(self, reserved: MultiPolygon) -> None:
        self._plots = plots(reserved)
        built = shapely.union_all([plot.ground for plot in self._plots])
        near = built.union(reserved.intersection(built.buffer(12.0)))
        closed = near.buffer(_BLOCK_M, join_style="mitre").buffer(-_BLOCK_M, join_style="mitre")
        self.ground = MultiPolygon(polygons_of(closed))
        self._between = closed.difference(built).difference(reserved).buffer(-0.6).buffer(0.5)

    def lay(self, heap: Heap) -> None:
        """Adds gardens without a house, paved corners, houses and their gardens."""
        self._open_gardens(heap)
        for key in _PAVED_CORNERS:
            street = plan.STREETS[key]
            heap.paint("pavement_stone", street.axis.buffer(street.frontage + 4.0, cap_style="flat"))
        self._build(heap)

    def _open_gardens(self, heap: Heap) -> None:
        """The middles of the blocks, behind the plots."""
        dice = Dice(81)
        for part in polygons_of(self._between):
            if part.area < 30.0:
                continue
            heap.paint("lawn_dry" if dice.chance(0.5) else "lawn_lush", part)
            if 200.0 < part.area < 900.0:
                heap.stroke("salad", 0.5, rows(part, dice.between(0.0, 3.0), 1.6, 2.0))
            x0, y0, x1, y1 = part.bounds
            for _ in range(int(part.area / 70.0)):
                x, y, radius = dice.between(x0, x1), dice.between(y0, y1), dice.between(1.2, 3.6)
                species: Species = "round" if dice.chance(0.66) else "walnut"
                if part.contains(shapely.Point(x, y).buffer(radius * 0.6)):
                    heap.trees.append(Tree(x, y, radius, radius * 1.9, species))

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


def _along(plot: Plot) -> tuple[int, float]:
    """The order of plots: street by street, from its beginning."""
    street = list(plan.STREETS).index(plot.street)
    return street, plan.STREETS[plot.street].axis.project(shapely.Point(plot.frame.x, plot.frame.y))
