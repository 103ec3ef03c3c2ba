"""What casts a shadow, and where it falls. Shapes carry heights above the ground as z, in metres."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry import LineString, MultiPoint, Polygon
from shapely.geometry.base import BaseGeometry

from pcrs.demo.imagery.sprites import SHADOW
from pcrs.demo.town import Town
from pcrs.demo.village.curves import polygons_of
from pcrs.demo.village.furniture import LAMP_HEIGHT_M
from pcrs.demo.village.things import Cover, Hedge, Pole, Roof, Wall

_CAR_M, _PILLAR_M, _PROMINENCE_M, _PILE_M = 1.4, 2.0, 2.6, 2.0
_DECK_M, _QUAY_M = 5.5, 2.2
_COVERS_M = {"lampe": LAMP_HEIGHT_M, "poteau": 8.0, "coffret": 1.2, "armoire": 1.5, "hydrant": 0.9}
_POST_HALF_M = 0.07


@dataclass(frozen=True, slots=True)
class Shade:
    """An area in the shadow; or, where `lit`, the body of a low thing, which the sun reaches."""

    shape: Polygon
    lit: bool = False


def fallen(shapes: Sequence[BaseGeometry]) -> NDArray[np.object_]:
    """The convex ground between each shape (z is its height) and its shadow."""
    points, owner = shapely.get_coordinates(
        np.asarray(shapes, dtype=object), include_z=True, return_index=True
    )
    foot = points[:, :2]
    both = np.concatenate([foot, foot + points[:, 2:] * SHADOW])
    twice = np.concatenate([owner, owner])
    order = np.argsort(twice, kind="stable")
    hulls = shapely.convex_hull(shapely.multipoints(both[order], indices=twice[order]))
    return np.asarray(hulls, dtype=object)


def _high(shape: BaseGeometry, height: float) -> BaseGeometry:
    return shapely.force_3d(shape, z=height)


def roof_cast(roof: Roof) -> MultiPoint:
    """Eaves and ridge of a roof with their heights."""
    inset = roof.width / 2 if roof.form in ("hip", "cone") else 0.0
    half = max(roof.length / 2 - inset, 0.0)
    eaves = [(x, y, roof.eaves) for x, y in roof.footprint.exterior.coords]
    return MultiPoint([*eaves, *((*roof.frame.at(u, 0.0), roof.ridge) for u in (-half, half))])


def _along(line: LineString, half: float, height: float) -> list[BaseGeometry]:
    """The pieces of a wall, each convex."""
    pieces = [LineString(pair) for pair in pairwise(line.coords) if pair[0] != pair[1]]
    return [_high(piece.buffer(half, cap_style="flat"), height) for piece in pieces]


def _post(x: float, y: float, height: float) -> BaseGeometry:
    return _high(shapely.box(x - _POST_HALF_M, y - _POST_HALF_M, x + _POST_HALF_M, y + _POST_HALF_M), height)


def _shades(shapes: Sequence[BaseGeometry], bodies: Iterable[Polygon] = ()) -> list[Shade]:
    """Shadows, then the bodies that stay in the sun."""
    return [*map(Shade, fallen(shapes)), *(Shade(body, lit=True) for body in bodies)]


def _by_the_water(town: Town) -> list[Shade]:
    """Quay, bridge and piles: their shadows lie on the water."""
    side = town.riverside
    found = _shades(_along(side.quay, 0.05, _QUAY_M), [side.promenade])
    below = fallen([_high(side.deck, _DECK_M)])[0].intersection(side.water)
    found += [Shade(part) for part in polygons_of(below)]
    return found + _shades([_high(pile, _PILE_M) for pile in side.piles], [*side.piles, side.deck])


def low_shades(town: Town) -> list[Shade]:
    """Shadows of low things, which other shadows may cover: walls, hedges, pillars, cars."""
    lines: list[Wall | Hedge] = [*town.walls, *town.hedges]
    casts = [piece for thing in lines for piece in _along(thing.line, thing.width / 2, thing.height)]
    casts += [_high(pillar.shape, _PILLAR_M) for pillar in town.pillars]
    bodies = [part for one in lines for part in polygons_of(one.line.buffer(one.width / 2, cap_style="flat"))]
    bodies += [pillar.shape for pillar in town.pillars]
    cars = [
        car.frame.box(-car.length / 2, -car.width / 2, car.length / 2, car.width / 2) for car in town.cars
    ]
    return _by_the_water(town) + _shades(casts, bodies) + _shades([_high(car, _CAR_M) for car in cars], cars)


def high_shades(town: Town) -> list[Shade]:
    """Shadows of houses, posts, lamps, awnings and parasols, which lie over everything on the ground."""
    casts: list[BaseGeometry] = [roof_cast(roof) for house in town.houses for roof in house.roofs]
    casts += [_high(part.shape, _PROMINENCE_M) for house in town.houses for part in house.prominences]
    casts += [_cover_cast(cover) for cover in town.covers if cover.kind in _COVERS_M]
    casts += [_pole_cast(pole) for pole in town.poles]
    casts += [roof_cast(roof) for roof in town.extras if not _parasol(roof)]
    found = _shades(casts)
    lamps = [cover for cover in town.covers if cover.kind == "lampe"]
    aloft = [(lamp.frame.box(0.0, -0.08, 1.5, 0.08), LAMP_HEIGHT_M) for lamp in lamps]
    aloft += [(roof.footprint, roof.eaves) for roof in town.extras if _parasol(roof)]
    return found + [Shade(translate(shape, SHADOW[0] * z, SHADOW[1] * z)) for shape, z in aloft]


def _parasol(roof: Roof) -> bool:
    """Parasols stand on a thin foot: only the cloth has a shadow. Bales and monuments are massive."""
    return roof.eaves > 2.0 and roof.form == "cone"


def _cover_cast(cover: Cover) -> BaseGeometry:
    height = _COVERS_M[cover.kind]
    if cover.kind in ("lampe", "poteau"):
        return _post(cover.frame.x, cover.frame.y, height)
    return _high(cover.outline, height)


def _pole_cast(pole: Pole) -> BaseGeometry:
    if pole.kind == "banc":
        return _high(pole.frame.box(-0.9, -0.25, 0.9, 0.25), pole.height)
    return _post(pole.frame.x, pole.frame.y, pole.height)
