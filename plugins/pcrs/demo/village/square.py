"""Place de l'Église: paving, church, plane trees, fountain, war memorial, the terrace of a café."""

from math import pi

import numpy as np
from shapely.geometry import LineString, Point

from pcrs.demo.village import plan
from pcrs.demo.village.buildings import gabled, raise_building
from pcrs.demo.village.curves import Frame, frames_on, rows
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.gardens import gate_pillar
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.things import Colour, Label, Pole, Prominence, Roof, Tree

CHURCH = Frame(560.0, 536.0, 0.06)
_GRID = 0.06
"""Direction of the paving."""
_TILES: Colour = (168, 120, 92)
_PLANE_TREES = (
    (517.0, 509.0), (526.5, 508.2), (536.0, 507.4), (545.5, 506.6),
    (518.0, 557.5), (518.6, 566.0), (538.0, 563.5), (548.0, 563.0),
)  # fmt: skip
_BENCHES = ((521.8, 511.0), (531.2, 510.0), (540.8, 509.2), (533.0, 548.0), (522.0, 548.0))
_CANVAS: tuple[Colour, ...] = (
    (186, 74, 60), (224, 214, 194), (70, 104, 136), (206, 168, 76), (94, 128, 96), (214, 208, 200),
)  # fmt: skip


def _paving(heap: Heap) -> None:
    ground = plan.SQUARE.buffer(6.5, join_style="mitre")
    heap.paint("paving", ground)
    for turn, joint in ((0.0, 0.6), (pi / 2, 0.9)):
        heap.stroke("paving_joint", 0.05, rows(ground, _GRID + turn, joint))
    for turn in (0.0, pi / 2):
        heap.stroke("paving_band", 0.5, rows(ground, _GRID + turn, 8.4))
    heap.paint("gravel", CHURCH.box(-13.5, -13.0, 26.0, 13.0))
    for u, v in ((-6.0, -11.6), (4.0, -11.6), (-6.0, 11.6), (4.0, 11.6)):
        bed = CHURCH.box(u - 3.4, v - 0.8, u + 3.4, v + 0.8)
        heap.paint("flowers", bed)
        heap.outlines.append(("06", "massif", bed))


def _church(heap: Heap) -> None:
    """Nave, aisles, transept, choir and apse, a west tower under slate, buttresses, steps."""
    c = CHURCH
    roofs = (
        gabled(c.shifted(0.0, -7.4), (22.0, 3.8), 5.5, _TILES),
        gabled(c.shifted(0.0, 7.4), (22.0, 3.8), 5.5, _TILES),
        Roof(c.shifted(20.0, 0.0), 7.6, 7.6, "cone", 8.0, 11.0, _TILES, "tile"),
        gabled(c.shifted(15.5, 0.0), (9.0, 7.6), 9.0, _TILES),
        gabled(c.shifted(8.0, 0.0, pi / 2), (21.0, 6.4), 9.5, _TILES),
        gabled(c, (25.0, 11.2), 11.0, _TILES),
        Roof(c.shifted(-15.2, 0.0), 7.4, 7.4, "hip", 19.0, 25.0, (104, 102, 108), "slate"),
    )
    buttresses = [
        c.box(u - 0.45, min(v, v * 1.1), u + 0.45, max(v, v * 1.1))
        for u in (-10.0, -5.0, 0.0, 5.0)
        for v in (-9.3, 9.3)
    ]
    portal = c.shifted(-18.9, 0.0)
    prominent = tuple(Prominence("contrefort", one) for one in buttresses)
    raise_building(heap, *roofs, doors=(portal.line(((0.0, -1.1), (0.0, 1.1))),), prominent=prominent)
    for buttress in buttresses:
        heap.paint("stone_light", buttress)
    for k in range(5):
        out, half = 0.38 * (5 - k), 2.2 + 0.38 * (5 - k)
        heap.paint("step_dark" if k % 2 else "step", portal.box(-out, -half, 0.0, half))
        heap.steps.append(portal.line(((0.0, half), (-out, half), (-out, -half), (0.0, -half))))
    heap.pillars += [gate_pillar(c.shifted(-24.0, v), 0.5, circular=True) for v in (-5.2, 5.2)]
    heap.labels.append(Label("Église Saint-Fictif", c))


def _monuments(heap: Heap) -> None:
    basin = Point(527.5, 548.0)
    for radius, material in ((3.2, "stone_light"), (2.6, "pool_deep"), (0.8, "stone_light"), (0.4, "foam")):
        heap.paint(material, basin.buffer(radius))
    heap.monuments.append(("fontaine", basin.buffer(3.2, quad_segs=8)))
    memorial = Frame(521.5, 521.0, _GRID)
    for half, material in ((2.0, "step_dark"), (1.5, "step"), (1.0, "step_dark")):
        heap.paint(material, memorial.box(-half, -half, half, half))
    heap.extras.append(Roof(memorial, 0.9, 0.9, "hip", 3.4, 4.6, (178, 176, 170), "metal"))
    heap.monuments.append(("monument aux morts", memorial.box(-2.0, -2.0, 2.0, 2.0)))


def _market(heap: Heap) -> None:
    """Parasols of the café's terrace, and the stalls of a market morning."""
    dice = Dice(12)
    for k in range(10):
        place = Frame(586.0 + (k % 2) * 3.4 + k * 0.35, 506.0 + (k // 2) * 3.4, 0.3 * k)
        heap.extras.append(Roof(place, 2.7, 2.7, "cone", 2.2, 2.7, dice.pick(_CANVAS), "metal"))
    row = Frame(553.0, 500.5, _GRID)
    for k in range(14):
        u = 3.9 * (k % 7) + dice.between(-0.2, 0.2)
        place = row.shifted(u, 6.2 * (k // 7), dice.between(-0.05, 0.05))
        if dice.chance(0.85):
            stall = gabled(place, (dice.between(2.6, 3.2), 2.4), 2.0, dice.pick(_CANVAS), "metal")
            heap.extras.append(stall)


def lay_square(heap: Heap) -> None:
    """Adds the square and all that stands on it."""
    _paving(heap)
    _church(heap)
    _monuments(heap)
    for x, y in _PLANE_TREES:
        heap.paint("soil", Frame(x, y, _GRID).box(-0.8, -0.8, 0.8, 0.8))
        heap.trees.append(Tree(x, y, 3.5, 9.0, "plane", public=True))
    _market(heap)
    edge = LineString([(513.6, 494.6), (581.5, 487.6)])
    posts = frames_on(edge, np.arange(1.0, edge.length, 2.2))
    heap.poles += [Pole("potelet", post, 0.9) for post in posts]
    heap.poles += [Pole("banc", Frame(x, y, _GRID), 0.5) for x, y in _BENCHES]
