"""What stands on and under the streets: covers of the networks, lamps, posts, trees in rows, parked cars."""

from collections.abc import Iterator
from math import pi

import numpy as np
import shapely
from shapely.geometry import Point, Polygon, box

from pcrs.demo.village import plan
from pcrs.demo.village.curves import Frame, frame_on
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.streets import BAY_LENGTH_M, BAYS, bay_boxes, network
from pcrs.demo.village.things import Cover, CoverKind, House, Pole, Tree
from pcrs.demo.village.vehicles import car, parked

_KINDS: dict[CoverKind, tuple[float, float, str, str, str]] = {
    # kind: length, width (metres), nature, network, manager
    "tampon": (0.85, 0.85, "03", "ASSAEU", "Régie des eaux (démo)"),
    "tampon_pluvial": (0.85, 0.85, "03", "ASSAEP", "Régie des eaux (démo)"),
    "chambre": (0.90, 0.60, "03", "COM", "Opérateur télécom (démo)"),
    "chambre_double": (1.56, 0.75, "03", "COM", "Opérateur télécom (démo)"),
    "grille": (0.60, 0.60, "01", "ASSAEP", "Régie des eaux (démo)"),
    "avaloir": (0.95, 0.42, "01", "ASSAEP", "Régie des eaux (démo)"),
    "bouche_a_cle": (0.18, 0.18, "04", "AEP", "Régie des eaux (démo)"),
    "hydrant": (0.40, 0.40, "05", "INCE", "Service d'incendie (démo)"),
    "poteau": (0.30, 0.30, "06", "ELECBT", "Distributeur d'électricité (démo)"),
    "lampe": (0.24, 0.24, "07", "ELECECL", "Syndicat d'énergie (démo)"),
    "coffret": (0.60, 0.25, "02", "ELECBT", "Distributeur d'électricité (démo)"),
    "armoire": (1.30, 0.40, "02", "COM", "Opérateur fibre (démo)"),
    "plaque_gaz": (0.26, 0.26, "04", "GAZ", "Distributeur de gaz (démo)"),
    "regard": (0.45, 0.45, "03", "AEP", "Régie des eaux (démo)"),
}
ROUND: frozenset[CoverKind] = frozenset(
    ("tampon", "tampon_pluvial", "bouche_a_cle", "hydrant", "poteau", "lampe", "plaque_gaz")
)
LAMP_HEIGHT_M = 7.0


def cover(kind: CoverKind, frame: Frame) -> Cover:
    """A cover of a kind at a place, with its outline."""
    length, width, nature, network_, manager = _KINDS[kind]
    if kind in ROUND:
        outline = Polygon(Point(frame.x, frame.y).buffer(length / 2, quad_segs=6))
    else:
        outline = frame.box(-length / 2, -width / 2, length / 2, width / 2)
    return Cover(kind, frame, outline, nature, network_, manager)


def _along(street: plan.Street, first: float, step: float, dice: Dice) -> Iterator[Frame]:
    s = first
    while s < street.axis.length - 4.0:
        yield frame_on(street.axis, s)
        s += step * dice.between(0.85, 1.15)


def _sewers(heap: Heap, street: plan.Street, dice: Dice) -> None:
    shift = dice.between(-0.7, 0.7)
    for frame in _along(street, 9.0, 38.0, dice):
        heap.covers.append(cover("tampon", frame.shifted(0.0, shift, dice.between(0, pi))))
    for frame in _along(street, 22.0, 46.0, dice):
        heap.covers.append(cover("tampon_pluvial", frame.shifted(0.0, shift + 1.5, dice.between(0, pi))))


def _pavement_things(heap: Heap, street: plan.Street, dice: Dice) -> None:
    """Telecom chambers, lamps and small covers on the pavements."""
    near, far = street.footway
    middle = (near + far) / 2
    for frame in _along(street, 14.0, 62.0, dice):
        kind: CoverKind = "chambre_double" if far - near > 1.55 and dice.chance(0.5) else "chambre"
        heap.covers.append(cover(kind, frame.shifted(0.0, dice.side() * middle)))
    side = 1.0
    for frame in _along(street, 11.0, 25.0, dice):
        side = -side
        heap.covers.append(cover("lampe", frame.shifted(0.0, side * (far - 0.35), -side * pi / 2)))
    for frame in _along(street, 17.0, 55.0, dice):
        heap.covers.append(cover("plaque_gaz", frame.shifted(0.0, near + 0.4 * (far - near))))
    for frame in _along(street, 30.0, 70.0, dice):
        heap.covers.append(cover("regard", frame.shifted(0.0, -middle)))


def _gullies(heap: Heap, dice: Dice) -> None:
    """Gullies where the water goes: against the kerb stones, in the gutter."""
    carriageway = network().carriageway
    islands = shapely.union_all(network().islands).buffer(1.0)
    for kerb in network().kerbs:
        if islands.contains(kerb):
            continue
        for s in np.arange(12.0, kerb.length - 3.0, 27.0):
            frame = frame_on(kerb, float(s))
            inward = 1.0 if carriageway.contains(Point(frame.at(0.0, 0.4))) else -1.0
            turned = frame if inward > 0 else frame.shifted(0.0, 0.0, pi)
            kind: CoverKind = "avaloir" if dice.chance(0.5) else "grille"
            heap.covers.append(cover(kind, turned.shifted(0.0, 0.20 if kind == "avaloir" else 0.42)))


def _rural(heap: Heap, street: plan.Street, dice: Dice) -> None:
    """Wooden posts along roads without pavements."""
    side = -(street.width / 2 + 1.0)
    for frame in _along(street, 20.0, 38.0, dice):
        heap.covers.append(cover("poteau", frame.shifted(0.0, side)))


def _at_houses(heap: Heap, houses: list[House], dice: Dice) -> None:
    """A valve box on the pavement and a meter box at the wall of each house."""
    for house in houses:
        if not house.doors or not house.street:
            continue
        street = plan.STREETS[house.street]
        door = house.doors[0].interpolate(0.5, normalized=True)
        s = street.axis.project(door)
        axis = frame_on(street.axis, s)
        left = (door.x - axis.x) * -np.sin(axis.angle) + (door.y - axis.y) * np.cos(axis.angle)
        side = 1.0 if left > 0 else -1.0
        out = street.footway[0] * 0.4 + street.footway[1] * 0.6
        heap.covers.append(cover("bouche_a_cle", axis.shifted(dice.between(0.6, 1.6), side * out)))
        if dice.chance(0.4):
            wall = axis.shifted(dice.between(-2.6, -1.4), side * (street.frontage + 0.02))
            heap.covers.append(cover("coffret", wall))


def _cabinets(heap: Heap) -> None:
    for key, s, side in (("centre", 78.0, 1), ("gare", 146.0, 1), ("ouest", 338.0, 1), ("est", 112.0, -1)):
        street = plan.STREETS[key]
        frame = frame_on(street.axis, s).shifted(0.0, side * (street.frontage - 0.5))
        heap.covers.append(cover("armoire", frame))
    for key, s, side in (("ouest", 180.0, 1), ("centre", 120.0, 1), ("gare", 140.0, -1), ("lavoir", 98.0, -1),
                         ("stade", 112.0, 1), ("quai", 108.0, -1), ("causse", 60.0, 1)):  # fmt: skip
        street = plan.STREETS[key]
        frame = frame_on(street.axis, s).shifted(0.0, side * (street.width / 2 + 0.9))
        heap.covers.append(cover("hydrant", frame))


def _avenue_trees(heap: Heap) -> None:
    """Plane trees in the gaps between the bays of Avenue de la Gare."""
    axis = plan.STREETS["gare"].axis
    for key, side, start, count in BAYS:
        if key != "gare":
            continue
        for s in (start - 2.6, start + count * BAY_LENGTH_M + 2.6):
            frame = frame_on(axis, s).shifted(0.0, side * 4.6)
            near = any(
                (tree.x - frame.x) ** 2 + (tree.y - frame.y) ** 2 < 25.0 for tree in heap.trees if tree.public
            )
            if near:
                continue
            heap.paint("soil", frame.box(-0.75, -0.75, 0.75, 0.75))
            heap.trees.append(Tree(frame.x, frame.y, 3.1, 8.5, "plane", public=True))


_DRIVING = (
    # street, distance along it, side of the road (-1: along the axis)
    ("ouest", 120.0, -1), ("ouest", 390.0, 1), ("est", 70.0, -1), ("est", 200.0, 1), ("pont", 118.0, -1),
    ("pont", 226.0, 1), ("vignes", 64.0, -1), ("causse", 190.0, 1), ("gare", 172.0, 1), ("centre", 64.0, 1),
    ("quai", 60.0, 1), ("stade", 220.0, -1), ("plaine", 150.0, -1), ("tisserands", 150.0, 1),
)  # fmt: skip


def _cars(heap: Heap, dice: Dice) -> None:
    """Cars in the bays, on the road, and half on the pavement, as cars are."""
    heap.cars += parked(dice, [frame for _, _, _, frame in bay_boxes()], 0.66)
    for key, s, side in _DRIVING:
        street = plan.STREETS[key]
        place = frame_on(street.axis, s).shifted(0.0, side * street.width / 4, 0.0 if side < 0 else pi)
        heap.cars.append(car(dice, place))
    for key in ("tisserands", "four", "stade", "chenes", "impasse", "ecoles", "ouest", "est"):
        street = plan.STREETS[key]
        edge = street.width / 2 - 0.75
        heap.cars += parked(
            dice, [f.shifted(0.0, dice.side() * edge) for f in _along(street, 24.0, 48.0, dice)], 0.5
        )


def furnish(heap: Heap) -> None:
    """Adds everything that stands on the streets; after the houses, whose doors it looks at."""
    dice = Dice(71)
    for street in plan.STREETS.values():
        if street.pavement:
            _sewers(heap, street, dice)
            _pavement_things(heap, street, dice)
        else:
            _rural(heap, street, dice)
    _gullies(heap, dice)
    _at_houses(heap, heap.houses, dice)
    _cabinets(heap)
    _avenue_trees(heap)
    _cars(heap, dice)
    _bollards(heap)
    _tidy(heap)


def _bollards(heap: Heap) -> None:
    for key, s0, s1, side in (
        ("centre", 112.0, 180.0, 1),
        ("quai", 104.0, 114.0, 1),
        ("eglise", 112.0, 190.0, -1),
    ):
        street = plan.STREETS[key]
        for s in np.arange(s0, s1, 1.8):
            heap.poles.append(
                Pole(
                    "potelet",
                    frame_on(street.axis, float(s)).shifted(0.0, side * (street.width / 2 + 0.4)),
                    0.9,
                )
            )


def _tidy(heap: Heap) -> None:
    """Drops covers outside the village or on one another, and cars that stand in one another."""
    ground = box(1.0, 1.0, plan.SIDE_M - 1.0, plan.SIDE_M - 1.0)
    rails = plan.RAIL.buffer(7.0)
    kept: list[Cover] = []
    tree = shapely.STRtree([c.outline for c in heap.covers])
    for i, one in enumerate(heap.covers):
        earlier = [j for j in tree.query(one.outline.buffer(0.05), predicate="intersects") if j < i]
        if ground.contains(one.outline) and not earlier and not rails.intersects(one.outline):
            kept.append(one)
    heap.covers[:] = kept
    boxes = [c.frame.box(-c.length / 2, -c.width / 2, c.length / 2, c.width / 2) for c in heap.cars]
    index = shapely.STRtree(boxes)
    walls = shapely.STRtree([house.outline for house in heap.houses])
    heap.cars[:] = [
        one
        for i, one in enumerate(heap.cars)
        if not [j for j in index.query(boxes[i], predicate="intersects") if j < i]
        and not len(walls.query(boxes[i], predicate="intersects"))
    ]
