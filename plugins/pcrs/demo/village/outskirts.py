"""Around the village: mill, farm, wine cellar, shop with its car park, water tower."""

from math import pi

from shapely.geometry import Point, Polygon

from pcrs.demo.village.buildings import METAL, OLD_TILES, gabled, raise_building
from pcrs.demo.village.curves import Frame
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.things import Label, Pillar, Prominence, Roof, Tree
from pcrs.demo.village.vehicles import parked

MILL = Frame(160.0, 722.5, 0.12)
FARM = Frame(762.0, 884.0, 0.28)
CELLAR = Frame(62.0, 226.0, 0.5)
SHOP = Frame(944.0, 466.0, 0.22)
TOWER = Frame(104.0, 912.0, 0.0)


def yards() -> list[Polygon]:
    """The ground of each, which fields and woods leave free."""
    return [
        MILL.box(-18.0, -8.0, 18.0, 16.0),
        FARM.box(-30.0, -26.0, 36.0, 30.0),
        CELLAR.box(-26.0, -20.0, 26.0, 22.0),
        SHOP.box(-42.0, -26.0, 40.0, 26.0),
        Point(TOWER.x, TOWER.y).buffer(16.0),
    ]


def lay_outskirts(heap: Heap) -> None:
    """Adds them all."""
    _mill(heap)
    _farm(heap)
    _cellar(heap)
    _shop(heap)
    tower = Roof(TOWER, 13.0, 13.0, "cone", 26.0, 28.0, (188, 186, 180), "metal")
    heap.paint("gravel", Point(TOWER.x, TOWER.y).buffer(13.0))
    raise_building(heap, tower)
    heap.labels.append(Label("Château d'eau", TOWER))


def _mill(heap: Heap) -> None:
    m = MILL
    heap.paint("gravel", m.box(-16.0, -7.0, 18.0, 14.0))
    wing = gabled(m.shifted(9.5, 2.0, pi / 2), (9.0, 7.0), 5.0, OLD_TILES)
    raise_building(heap, wing, gabled(m, (17.0, 9.5), 8.0, (164, 118, 92)))
    heap.labels.append(Label("Moulin", m))


def _farm(heap: Heap) -> None:
    f = FARM
    heap.paint("track", f.box(-26.0, -20.0, 30.0, 24.0).buffer(4.0))
    dwelling = gabled(f.shifted(-16.0, 12.0), (17.0, 9.5), 5.8, (186, 138, 108))
    raise_building(heap, dwelling, doors=(f.line(((-17.0, 7.25), (-15.8, 7.25))),))
    raise_building(heap, gabled(f.shifted(14.0, 14.0), (34.0, 16.0), 6.0, METAL, "metal"))
    raise_building(heap, gabled(f.shifted(16.0, -12.0, 0.2), (26.0, 11.0), 5.0, OLD_TILES))
    for k in range(15):
        bale = f.shifted(1.4 * (k % 5) - 20.0, 1.4 * (k // 5) - 14.0)
        heap.extras.append(Roof(bale, 1.3, 1.3, "cone", 1.3, 1.4, (212, 194, 136), "metal"))
    heap.labels.append(Label("Borde Neuve", f))


def _cellar(heap: Heap) -> None:
    c = CELLAR
    heap.paint("gravel", c.box(-24.0, -18.0, 24.0, 20.0).buffer(3.0))
    door = c.line(((-2.0, -1.5), (2.0, -1.5)))
    raise_building(heap, gabled(c.shifted(0.0, 6.0), (38.0, 15.0), 6.5, (188, 140, 110)), doors=(door,))
    for u in (-2.6, 2.6):
        place = c.shifted(u, -20.0)
        shape = place.box(-0.45, -0.25, 0.45, 0.25)
        heap.pillars.append(Pillar("rectangulaire", place, 0.9, 0.5, shape, "stone_light"))
    heap.labels.append(Label("Chai des Lavandes", c))


def _shop(heap: Heap) -> None:
    c, dice = SHOP, Dice(9)
    heap.paint("asphalt_new", c.box(-40.0, -24.0, 38.0, 24.0))
    raise_building(
        heap,
        Roof(c.shifted(18.0, -4.0), 34.0, 26.0, "flat", 6.5, 6.5, (172, 172, 168), "gravel"),
        doors=(c.line(((1.0, -6.0), (1.0, -3.0))),),
        prominent=(Prominence("marquise", c.box(-1.0, -10.0, 1.0, 2.0)),),
    )
    for v, turn in ((-18.0, pi / 2), (-7.5, -pi / 2), (5.0, pi / 2), (15.5, -pi / 2)):
        for k in range(12):
            heap.paint("paint", c.box(2.5 * k - 37.05, v - 2.5, 2.5 * k - 36.95, v + 2.5))
        bays = [c.shifted(2.5 * k - 35.75, v, turn) for k in range(11)]
        heap.cars += parked(dice, bays, 0.5)
    for u in (-36.0, -24.0, -12.0):
        heap.trees.append(Tree(*c.at(u, 20.5), 2.2, 6.0, "round"))
    heap.labels.append(Label("Épicerie du Causse", c.shifted(18.0, -4.0)))
