"""The places of the village: square and church, station, school, cemetery, sports ground, farms, shop."""

from math import cos, pi, sin

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon

from pcrs.demo import plan
from pcrs.demo.curves import Frame, frame_on, rows
from pcrs.demo.gardens import car, gate_pillar
from pcrs.demo.heap import Heap
from pcrs.demo.houses import outline_of
from pcrs.demo.things import Colour, House, Label, Pillar, Pole, Prominence, Roof, Tree, Wall

CHURCH = Frame(560.0, 536.0, 0.06)
CEMETERY = Frame(343.0, 611.0, -0.16)
SCHOOL = Frame(343.0, 541.0, 0.04)
PITCH = Frame(652.0, 272.0, 0.05)
TENNIS = Frame(742.0, 283.0, 0.05)
STATION = Frame(522.0, 201.5, 0.088)
MILL = Frame(160.0, 722.5, 0.12)
FARM = Frame(762.0, 884.0, 0.28)
CELLAR = Frame(62.0, 226.0, 0.5)
SHOP = Frame(944.0, 466.0, 0.22)
TOWER = Frame(104.0, 912.0, 0.0)

_BROWN: Colour = (150, 108, 84)


def grounds() -> dict[str, Polygon]:
    """The ground of each place, which plots and fields leave free."""
    return {
        "square": plan.SQUARE,
        "yard": plan.STATION_YARD,
        "station": STATION.box(-46.0, -7.0, 95.0, 12.0),
        "cemetery": CEMETERY.box(-22.0, -24.0, 22.0, 24.0),
        "school": SCHOOL.box(-26.0, -26.0, 24.0, 24.0),
        "pitch": PITCH.box(-58.0, -38.0, 58.0, 40.0),
        "tennis": TENNIS.box(-22.0, -22.0, 24.0, 22.0),
        "mill": MILL.box(-18.0, -8.0, 18.0, 16.0),
        "farm": FARM.box(-30.0, -26.0, 36.0, 30.0),
        "cellar": CELLAR.box(-26.0, -20.0, 26.0, 22.0),
        "shop": SHOP.box(-42.0, -26.0, 40.0, 26.0),
        "tower": Point(TOWER.x, TOWER.y).buffer(16.0),
    }


def building(
    roofs: tuple[Roof, ...], doors: tuple[LineString, ...] = (), prominent: tuple[Prominence, ...] = ()
) -> House:
    """A building that is no dwelling: its whole outline is surveyed."""
    outline = outline_of(roofs)
    return House(roofs, outline, LineString(outline.exterior), doors, "", None, None, prominent)


def _gable(
    frame: Frame,
    length: float,
    width: float,
    eaves: float,
    colour: Colour,
    cover: str = "tile",
    slope: float = 0.34,
) -> Roof:
    return Roof(frame, length, width, "gable", eaves, eaves + slope * width / 2, colour, cover)  # type: ignore[arg-type]


def church(heap: Heap) -> None:
    """Nave, aisles, transept, choir and apse, a west tower with a steep roof, buttresses, steps."""
    c, tile = CHURCH, (168, 120, 92)
    roofs = (
        _gable(c.shifted(0.0, -7.4), 22.0, 3.8, 5.5, tile, slope=0.3),
        _gable(c.shifted(0.0, 7.4), 22.0, 3.8, 5.5, tile, slope=0.3),
        Roof(c.shifted(20.0, 0.0), 7.6, 7.6, "cone", 8.0, 11.0, tile, "tile"),
        _gable(c.shifted(15.5, 0.0), 9.0, 7.6, 9.0, tile),
        _gable(c.shifted(8.0, 0.0, pi / 2), 21.0, 6.4, 9.5, tile),
        _gable(c, 25.0, 11.2, 11.0, tile, slope=0.42),
        Roof(c.shifted(-15.2, 0.0), 7.4, 7.4, "hip", 19.0, 25.0, (104, 102, 108), "slate"),
    )
    buttresses = []
    for u in (-10.0, -5.0, 0.0, 5.0):
        for side in (-1.0, 1.0):
            v = side * 9.3
            buttresses.append(c.box(u - 0.45, min(v, v + side * 0.9), u + 0.45, max(v, v + side * 0.9)))
    portal = c.shifted(-18.9, 0.0)
    heap.houses.append(
        building(
            roofs,
            (portal.line(((0.0, -1.1), (0.0, 1.1))),),
            tuple(Prominence("contrefort", one) for one in buttresses),
        )
    )
    for buttress in buttresses:
        heap.paint("stone_light", buttress)
    for k in range(5):
        reach = 0.38 * (5 - k)
        step = portal.box(-reach, -2.2 - reach, 0.0, 2.2 + reach)
        heap.paint("step_dark" if k % 2 else "step", step)
        heap.steps.append(
            portal.line(
                ((0.0, 2.2 + reach), (-reach, 2.2 + reach), (-reach, -2.2 - reach), (0.0, -2.2 - reach))
            )
        )
    heap.labels.append(Label("Église Saint-Fictif", c.shifted(0.0, 0.0)))


def _square_ground(heap: Heap) -> None:
    square = plan.SQUARE.buffer(6.5, join_style="mitre")
    heap.paint("paving", square)
    angle = 0.06
    heap.stroke("paving_joint", 0.05, rows(square, angle, 0.6))
    heap.stroke("paving_joint", 0.05, rows(square, angle + pi / 2, 0.9))
    heap.stroke("paving_band", 0.5, rows(square, angle, 8.4))
    heap.stroke("paving_band", 0.5, rows(square, angle + pi / 2, 8.4))
    heap.paint("gravel", CHURCH.box(-13.5, -13.0, 26.0, 13.0))
    for u, v in ((-6.0, -11.6), (4.0, -11.6), (-6.0, 11.6), (4.0, 11.6)):
        bed = CHURCH.box(u - 3.4, v - 0.8, u + 3.4, v + 0.8)
        heap.paint("flowers", bed)
        heap.outlines.append(("06", "massif", bed))


def square(heap: Heap) -> None:
    """Place de l'Église: paving, plane trees, fountain, war memorial, terrace of a café, bollards."""
    _square_ground(heap)
    church(heap)
    basin = Point(527.5, 548.0)
    heap.paint("stone_light", basin.buffer(3.2))
    heap.paint("pool_deep", basin.buffer(2.6))
    heap.paint("stone_light", basin.buffer(0.8))
    heap.paint("foam", basin.buffer(0.4))
    heap.monuments.append(("fontaine", basin.buffer(3.2)))
    memorial = Frame(521.5, 521.0, 0.06)
    for half, material in ((2.0, "step_dark"), (1.5, "step"), (1.0, "step_dark")):
        heap.paint(material, memorial.box(-half, -half, half, half))
    heap.extras.append(Roof(memorial, 0.9, 0.9, "hip", 3.4, 4.6, (178, 176, 170), "metal"))
    heap.monuments.append(("monument aux morts", memorial.box(-2.0, -2.0, 2.0, 2.0)))
    for x, y in (
        (517, 509),
        (526.5, 508.2),
        (536, 507.4),
        (545.5, 506.6),
        (518, 557.5),
        (518.6, 566),
        (538, 563.5),
        (548, 563),
    ):
        heap.paint("soil", Frame(float(x), float(y), 0.06).box(-0.8, -0.8, 0.8, 0.8))
        heap.trees.append(Tree(float(x), float(y), 3.5, 9.0, "plane", public=True))
    rng = np.random.default_rng(12)
    awnings: tuple[Colour, ...] = ((196, 66, 52), (226, 216, 196), (58, 96, 132), (214, 170, 62))
    for k in range(10):
        x, y = 586.0 + (k % 2) * 3.4 + k * 0.35, 506.0 + (k // 2) * 3.4
        colour = awnings[int(rng.integers(len(awnings)))]
        heap.extras.append(Roof(Frame(x, y, 0.3 * k), 2.7, 2.7, "cone", 2.2, 2.7, colour, "metal"))
    edge = LineString([(513.6, 494.6), (581.5, 487.6)])
    heap.poles += [Pole("potelet", frame_on(edge, float(s)), 0.9) for s in np.arange(1.0, edge.length, 2.2)]
    heap.poles += [
        Pole("banc", Frame(x, y, 0.06), 0.5)
        for x, y in ((521.8, 511), (531.2, 510), (540.8, 509.2), (533, 548), (522, 548))
    ]


def cemetery(heap: Heap) -> None:
    """A walled cemetery with rows of tombs, a cross of gravel ways, cypresses."""
    c = CEMETERY
    heap.paint("lawn_dry", c.box(-31.0, -33.0, 25.0, 26.0))
    heap.paint("gravel", c.box(-38.0, -33.0, 10.0, -21.0))
    ground = c.box(-20.0, -22.0, 20.0, 22.0)
    heap.paint("gravel", ground)
    rng = np.random.default_rng(5)
    for u in np.arange(-17.5, 17.6, 3.4):
        for v in np.arange(-19.0, 19.5, 1.75):
            if abs(u) < 1.7 or abs(v) < 1.5 or rng.random() < 0.1:
                continue
            tomb = c.box(u - 1.1, v - 0.5, u + 1.1, v + 0.5)
            heap.paint(("tomb", "tomb_dark", "tomb", "tomb_pink")[int(rng.integers(4))], tomb)
            if rng.random() < 0.35:
                heap.paint("flowers", c.box(u - 0.9, v - 0.25, u - 0.4, v + 0.25))
            heap.paint("step_dark", c.box(u + 0.85, v - 0.4, u + 1.1, v + 0.4))
    corners = ((-1.6, -22.0), (-20.0, -22.0), (-20.0, 22.0), (20.0, 22.0), (20.0, -22.0), (1.6, -22.0))
    heap.walls.append(Wall("mur", c.line(corners), 0.4, 2.0, "stone"))
    heap.gates.append(c.line(((-1.4, -22.0), (1.4, -22.0))))
    heap.pillars += [gate_pillar(c.shifted(u, -22.0), 0.6) for u in (-1.75, 1.75)]
    for u, v in (
        (-3.0, -17.0),
        (3.0, -17.0),
        (-3.0, 3.0),
        (3.0, 3.0),
        (-3.0, 17.0),
        (3.0, 17.0),
        (-18, 20),
        (18, 20),
    ):
        x, y = c.at(u, v)
        heap.trees.append(Tree(x, y, 1.1, 8.0, "cypress", public=True))
    cross = c.shape(
        (
            (-0.6, -0.2),
            (-0.2, -0.2),
            (-0.2, -1.4),
            (0.2, -1.4),
            (0.2, -0.2),
            (0.6, -0.2),
            (0.6, 0.2),
            (-0.6, 0.2),
        )
    )
    heap.paint("stone_light", cross)
    heap.monuments.append(("croix", cross))
    heap.labels.append(Label("Cimetière", c.shifted(0.0, 0.0)))


def school(heap: Heap) -> None:
    """An L-shaped school, its yard with painted games, a row of lime trees."""
    c = SCHOOL
    heap.paint("lawn", c.box(-38.0, -30.0, 26.0, 26.0))
    heap.paint("pavement_sand", c.box(-42.0, -6.0, -22.0, -1.0))
    heap.paint("asphalt_old", c.box(-22.0, -22.0, 14.0, 12.0))
    heap.houses.append(
        building(
            (_gable(c.shifted(17.5, -4.0, pi / 2), 34.0, 9.0, 4.2, (182, 128, 98)), _gable(c.shifted(-3.0, 17.0), 36.0, 9.6, 7.2, (176, 120, 92))),
            (c.line(((-4.0, 12.2), (-2.4, 12.2))), c.line(((13.0, -6.0), (13.0, -4.4)))),
            (Prominence("marquise", c.box(-15.0, 10.0, 9.0, 12.2)),),
        )
    )  # fmt: skip
    for k in range(8):
        heap.paint("paint" if k % 2 else "paint_yellow", c.box(-12.0 + 0.9 * k, -6.0, -11.2 + 0.9 * k, -5.1))
    heap.paint("paint_blue", c.shifted(4.0, -12.0).box(-3.0, -3.0, 3.0, 3.0))
    heap.paint("asphalt_new", c.shifted(4.0, -12.0).box(-2.7, -2.7, 2.7, 2.7))
    heap.walls.append(Wall("cloture", c.line(((-22.0, 12.0), (-22.0, -2.0))), 0.2, 1.6, "render"))
    heap.walls.append(
        Wall("cloture", c.line(((-22.0, -5.0), (-22.0, -22.0), (13.0, -22.0))), 0.2, 1.6, "render")
    )
    heap.gates.append(c.line(((-22.0, -2.2), (-22.0, -4.8))))
    for u in (-18.0, -11.0, -4.0, 3.0):
        x, y = c.at(u, -17.0)
        heap.trees.append(Tree(x, y, 2.7, 7.0, "round", public=True))
    heap.labels.append(Label("École", c.shifted(0.0, 0.0)))


def sports(heap: Heap) -> None:
    """A football ground and two tennis courts."""
    c = PITCH
    heap.paint("meadow", c.box(-58.0, -38.0, 58.0, 40.0))
    field = c.box(-50.0, -32.0, 50.0, 32.0)
    heap.paint("lawn", field)
    for k in range(0, 20, 2):
        heap.paint("lawn_mown", c.box(-50.0 + 5 * k, -32.0, -45.0 + 5 * k, 32.0))
    lines = [field.exterior, c.line(((0, -32), (0, 32))), Point(c.x, c.y).buffer(9.15).exterior]
    for side in (-1.0, 1.0):
        lines.append(
            c.line(((side * 50, -20.2), (side * 33.5, -20.2), (side * 33.5, 20.2), (side * 50, 20.2)))
        )
        lines.append(c.line(((side * 50, -9.2), (side * 44.5, -9.2), (side * 44.5, 9.2), (side * 50, 9.2))))
        heap.paint("soil", c.box(min(side * 48, side * 50), -3.0, max(side * 48, side * 50), 3.0))
        heap.poles += [Pole("mat", c.shifted(side * 50, v), 2.4) for v in (-3.66, 3.66)]
    heap.paint("paint", shapely.union_all([line.buffer(0.07) for line in lines]))
    t = TENNIS
    heap.paint("court_green", t.box(-20.0, -19.0, 20.0, 19.0))
    for u in (-9.5, 9.5):
        court = t.shifted(u, 0.0)
        heap.paint("court_red", court.box(-5.49, -11.9, 5.49, 11.9))
        marks = [court.box(-5.49, -11.9, 5.49, 11.9).exterior, court.line(((0.0, -6.4), (0.0, 6.4)))]
        marks += [court.line(((s * 4.12, -11.9), (s * 4.12, 11.9))) for s in (-1.0, 1.0)]
        marks += [court.line(((-4.12, s * 6.4), (4.12, s * 6.4))) for s in (-1.0, 1.0)]
        heap.paint("paint", shapely.union_all([mark.buffer(0.05) for mark in marks]))
        heap.paint("fence", court.box(-6.2, -0.05, 6.2, 0.05))
    heap.walls.append(
        Wall("cloture", LineString(t.box(-20.5, -19.5, 20.5, 19.5).exterior.coords[:-1]), 0.08, 3.0, "fence")
    )
    heap.houses.append(
        building(
            (_gable(c.shifted(-38.0, 36.5), 16.0, 5.5, 3.0, _BROWN),),
            (c.line(((-40.0, 33.7), (-38.6, 33.7))),),
        )
    )
    heap.labels += [Label("Stade", c.shifted(0.0, 0.0)), Label("Tennis", t.shifted(0.0, 0.0))]


def station(heap: Heap) -> None:
    """The passenger building, a canopy over the platform, a goods shed, the yard with its bays."""
    c = STATION
    heap.paint("gravel", c.box(-46.0, -8.0, 95.0, 14.0))
    heap.paint("asphalt", plan.STATION_YARD.buffer(2.5))
    roofs = (
        Roof(c.shifted(-13.0, 0.0), 10.0, 7.0, "gable", 4.0, 5.2, (170, 122, 96), "tile"),
        Roof(c.shifted(13.0, 0.0), 10.0, 7.0, "gable", 4.0, 5.2, (170, 122, 96), "tile"),
        Roof(c, 17.0, 9.5, "hip", 8.0, 10.2, (176, 128, 100), "tile", ((-5.0, 0.8), (5.0, -0.8))),
    )
    doors = (c.line(((-1.0, 4.75), (1.0, 4.75))), c.line(((-1.0, -4.75), (1.0, -4.75))))
    heap.houses.append(building(roofs, doors, (Prominence("marquise", c.box(-11.0, -7.6, 11.0, -4.75)),)))
    heap.houses.append(building((_gable(c.shifted(62.0, 1.0), 30.0, 11.0, 6.0, (150, 154, 156), "metal"),)))
    yard = Frame(520.0, 240.2, 0.0)
    rng = np.random.default_rng(3)
    for k in range(14):
        u = -32.0 + k * 2.5
        heap.paint("paint", yard.box(u - 0.06, -2.4, u + 0.06, 2.6))
        if k < 13 and rng.random() < 0.6:
            heap.cars.append(car(rng, yard.shifted(u + 1.25, 0.1, pi / 2)))
    for u in (8.0, 18.0, 28.0, 38.0):
        x, y = yard.at(u, -1.0)
        heap.paint("soil", Point(x, y).buffer(0.9))
        heap.trees.append(Tree(x, y, 3.3, 8.5, "plane", public=True))
    heap.labels.append(Label("Gare de Saint-Fictif", c.shifted(0.0, 0.0)))


def outskirts(heap: Heap) -> None:
    """Mill, farm, wine cellar, shop with its car park, water tower."""
    m = MILL
    heap.paint("gravel", m.box(-16.0, -7.0, 18.0, 14.0))
    heap.houses.append(
        building(
            (
                _gable(m.shifted(9.5, 2.0, pi / 2), 9.0, 7.0, 5.0, _BROWN),
                _gable(m, 17.0, 9.5, 8.0, (164, 118, 92)),
            )
        )
    )
    heap.labels.append(Label("Moulin", m))
    f = FARM
    heap.paint("track", f.box(-26.0, -20.0, 30.0, 24.0).buffer(4.0))
    heap.houses.append(
        building(
            (_gable(f.shifted(-16.0, 12.0), 17.0, 9.5, 5.8, (186, 138, 108)),),
            (f.line(((-17.0, 7.2), (-15.8, 7.2))),),
        )
    )
    heap.houses.append(
        building((_gable(f.shifted(14.0, 14.0), 34.0, 16.0, 6.0, (168, 172, 172), "metal", 0.2),))
    )
    heap.houses.append(building((_gable(f.shifted(16.0, -12.0, 0.2), 26.0, 11.0, 5.0, (170, 124, 98)),)))
    heap.extras += [
        Roof(
            f.shifted(-20.0 + 1.4 * (k % 5), -14.0 + 1.4 * (k // 5)),
            1.3,
            1.3,
            "cone",
            1.3,
            1.4,
            (212, 194, 136),
            "metal",
        )
        for k in range(15)
    ]
    heap.labels.append(Label("Borde Neuve", f))
    v = CELLAR
    heap.paint("gravel", v.box(-24.0, -18.0, 24.0, 20.0).buffer(3.0))
    heap.houses.append(
        building(
            (_gable(v.shifted(0.0, 6.0), 38.0, 15.0, 6.5, (188, 140, 110)),),
            (v.line(((-2.0, -1.5), (2.0, -1.5))),),
        )
    )
    heap.labels.append(Label("Chai des Lavandes", v))
    tower = Roof(TOWER, 13.0, 13.0, "cone", 26.0, 28.0, (188, 186, 180), "metal")
    heap.paint("gravel", Point(TOWER.x, TOWER.y).buffer(13.0))
    heap.houses.append(building((tower,)))
    heap.labels.append(Label("Château d'eau", TOWER))
    _shop(heap)


def _shop(heap: Heap) -> None:
    c, rng = SHOP, np.random.default_rng(9)
    heap.paint("asphalt_new", c.box(-40.0, -24.0, 38.0, 24.0))
    roof = Roof(c.shifted(18.0, -4.0), 34.0, 26.0, "flat", 6.5, 6.5, (172, 172, 168), "gravel")
    heap.houses.append(
        building(
            (roof,),
            (c.line(((1.0, -6.0), (1.0, -3.0))),),
            (Prominence("marquise", c.box(-1.0, -10.0, 1.0, 2.0)),),
        )
    )
    for v, turn in ((-18.0, 0.0), (-7.5, pi), (5.0, 0.0), (15.5, pi)):
        for k in range(12):
            u = -37.0 + 2.5 * k
            heap.paint("paint", c.box(u - 0.05, v - 2.5, u + 0.05, v + 2.5))
            if k < 11 and rng.random() < 0.5:
                heap.cars.append(car(rng, c.shifted(u + 1.25, v, pi / 2 + turn)))
    for u in (-36.0, -24.0, -12.0):
        x, y = c.at(u, 20.5)
        heap.trees.append(Tree(x, y, 2.2, 6.0, "round"))
    heap.labels.append(Label("Épicerie du Causse", c.shifted(18.0, -4.0)))


def odd_pillars(heap: Heap) -> None:
    """Pillars of all sections: round ones at the square, oblong and odd ones at the cemetery and the cellar."""
    for u in (-2.6, 2.6):
        f = CHURCH.shifted(-24.0, u * 2)
        heap.pillars.append(gate_pillar(f, 0.5, circular=True))
        g = CELLAR.shifted(u, -20.0)
        heap.pillars.append(
            Pillar("rectangulaire", g, 0.9, 0.5, g.box(-0.45, -0.25, 0.45, 0.25), "stone_light")
        )
        h = CEMETERY.shifted(u * 1.2, -22.6)
        star = h.shape(
            [
                (0.45 * cos(a) * (1.0 if k % 2 else 0.6), 0.45 * sin(a) * (1.0 if k % 2 else 0.6))
                for k, a in enumerate(np.arange(8) * pi / 4)
            ]
        )
        heap.pillars.append(Pillar("autre", h, 0.9, 0.9, star, "stone_light"))
