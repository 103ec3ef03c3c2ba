"""The shadows of the village: where the sun of a June morning does not reach."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from shapely.affinity import translate
from shapely.geometry import LineString, MultiPoint, Polygon

from pcrs.demo.imagery.sprites import PX_PER_M, SHADOW, Sprite, crown
from pcrs.demo.town import Town
from pcrs.demo.village.curves import polygons_of
from pcrs.demo.village.furniture import LAMP_HEIGHT_M
from pcrs.demo.village.plan import SIDE_M
from pcrs.demo.village.things import Hedge, Pole, Roof, Tree, Wall

_MARGIN = 6
_TINT = (118, 110, 98)
"""How much of red, green and blue a full shadow takes away, in 256ths: what is left is bluish."""
_CAR_HEIGHT_M = 1.4
_DECK_HEIGHT_M, _QUAY_HEIGHT_M = 5.5, 2.2


@dataclass(frozen=True, slots=True)
class _Shade:
    points: list[float]
    """Corners in pixels from the village's north-west corner: x, y, x, y…"""
    full: bool
    """False: the body of the thing, which lies in the sun."""


def swept(shape: Polygon, height: float) -> Polygon:
    """The ground between a convex outline and its shadow, for something `height` metres high."""
    return shapely.union_all([shape, translate(shape, SHADOW[0] * height, SHADOW[1] * height)]).convex_hull


def roof_shadow(roof: Roof) -> Polygon:
    """The shadow of a house under this roof."""
    corners = list(roof.footprint.exterior.coords)
    points = [*corners, *((x + SHADOW[0] * roof.eaves, y + SHADOW[1] * roof.eaves) for x, y in corners)]
    inset = roof.width / 2 if roof.form in ("hip", "cone") else 0.0
    half = max(roof.length / 2 - inset, 0.0)
    for u in (-half, half):
        x, y = roof.frame.at(u, 0.0)
        points.append((x + SHADOW[0] * roof.ridge, y + SHADOW[1] * roof.ridge))
    return MultiPoint(points).convex_hull


def _sweep_line(line: LineString, half: float, height: float) -> list[Polygon]:
    coords = list(line.coords)
    pieces = [LineString(pair) for pair in pairwise(coords)]
    return [swept(piece.buffer(half, cap_style="flat"), height) for piece in pieces if piece.length > 0]


def _low(town: Town) -> list[tuple[Polygon, bool]]:
    """Shadows of the low things, each followed by its own body, which stays in the sun."""
    found: list[tuple[Polygon, bool]] = []
    deck = town.riverside.deck
    found += [(piece, True) for piece in _sweep_line(town.riverside.quay, 0.05, _QUAY_HEIGHT_M)]
    found += [(town.riverside.promenade, False)]
    falls = swept(deck, _DECK_HEIGHT_M).intersection(town.riverside.water)
    found += [(part, True) for part in polygons_of(falls)]
    found += [(swept(pile, 2.0), True) for pile in town.riverside.piles]
    found += [(pile, False) for pile in town.riverside.piles] + [(deck, False)]
    lines: list[Wall | Hedge] = [*town.walls, *town.hedges]
    for thing in lines:
        found += [(piece, True) for piece in _sweep_line(thing.line, thing.width / 2, thing.height)]
    for thing in lines:
        body = thing.line.buffer(thing.width / 2, cap_style="flat")
        found += [(part, False) for part in shapely.get_parts(body)]
    for pillar in town.pillars:
        found += [(swept(pillar.shape, 2.0), True), (pillar.shape, False)]
    for car in town.cars:
        body = car.frame.box(-car.length / 2, -car.width / 2, car.length / 2, car.width / 2)
        found += [(swept(body, _CAR_HEIGHT_M), True), (body, False)]
    return found


def _post(x: float, y: float, height: float, width: float) -> Polygon:
    end = (x + SHADOW[0] * height, y + SHADOW[1] * height)
    return LineString([(x, y), end]).buffer(width / 2, cap_style="flat")


def _high(town: Town) -> list[tuple[Polygon, bool]]:
    """Shadows of houses, posts, lamps and canopies."""
    shapes = [roof_shadow(roof) for house in town.houses for roof in house.roofs]
    shapes += [_floating(roof) for roof in town.extras]
    shapes += [swept(part.shape, 2.6) for house in town.houses for part in house.prominences]
    heights: dict[str, float] = {
        "lampe": LAMP_HEIGHT_M,
        "poteau": 8.0,
        "coffret": 1.2,
        "armoire": 1.5,
        "hydrant": 0.9,
    }
    for cover in town.covers:
        height = heights.get(cover.kind)
        if height is None:
            continue
        if cover.kind in ("lampe", "poteau"):
            shapes.append(_post(cover.frame.x, cover.frame.y, height, 0.14))
            if cover.kind == "lampe":
                arm = cover.frame.box(0.0, -0.08, 1.5, 0.08)
                shapes.append(translate(arm, SHADOW[0] * height, SHADOW[1] * height))
        else:
            shapes.append(swept(cover.outline, height))
    shapes += [_pole_shadow(pole) for pole in town.poles]
    return [(shape, True) for shape in shapes]


def _floating(roof: Roof) -> Polygon:
    """Parasols stand on a thin foot; bales and monuments on the ground."""
    if roof.eaves > 2.0 and roof.form == "cone":
        return translate(roof.footprint, SHADOW[0] * roof.eaves, SHADOW[1] * roof.eaves)
    return roof_shadow(roof)


def _pole_shadow(pole: Pole) -> Polygon:
    if pole.kind == "banc":
        return swept(pole.frame.box(-0.9, -0.25, 0.9, 0.25), pole.height)
    return _post(pole.frame.x, pole.frame.y, pole.height, 0.14)


class Shadows:
    """Draws the shadows of any window. Made once a process."""

    def __init__(self, town: Town) -> None:
        made = [*_low(town), *_high(town)]
        self._shades = []
        for shape, full in made:
            coords = shapely.get_coordinates(shape.exterior)
            units = np.column_stack([coords[:, 0], SIDE_M - coords[:, 1]]) * PX_PER_M
            self._shades.append(_Shade((np.rint(units)).ravel().tolist(), full))
        self._tree = shapely.STRtree([shape for shape, _ in made])

    def draw(
        self, x_px: int, y_px: int, size: tuple[int, int], trees: list[Tree]
    ) -> NDArray[np.uint8] | None:
        """Depth of shadow of a window, 0 to 255 (h, w); None where all is sun. `trees` are those near it."""
        width, height = size
        x0, y0 = x_px - _MARGIN, y_px - _MARGIN
        image = Image.new("L", (width + 2 * _MARGIN, height + 2 * _MARGIN))
        pen = ImageDraw.Draw(image)
        west, north = x0 / PX_PER_M, SIDE_M - y0 / PX_PER_M
        window = shapely.box(west, north - image.size[1] / PX_PER_M, west + image.size[0] / PX_PER_M, north)
        near = np.sort(self._tree.query(window))
        if not len(near) and not trees:
            return None
        for number in near:
            shade = self._shades[number]
            points = [value - (x0, y0)[k % 2] for k, value in enumerate(shade.points)]
            pen.polygon(points, fill=255 if shade.full else 0)
        for tree in trees:
            _tree_shadow(image, crown(tree), tree, x0, y0)
        return _softened(np.asarray(image))


def _softened(depth: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean over 3 x 3 pixels, without the margin: shadows have no sharp edge."""
    wide = depth[_MARGIN - 1 : 1 - _MARGIN, _MARGIN - 1 : 1 - _MARGIN].astype(np.uint16)
    rows = wide[:-2] + wide[1:-1]
    rows += wide[2:]
    sums = rows[:, :-2] + rows[:, 1:-1]
    sums += rows[:, 2:]
    sums *= 28
    sums >>= 8
    return sums.astype(np.uint8)


def _tree_shadow(image: Image.Image, sprite: Sprite, tree: Tree, x0: int, y0: int) -> None:
    lift = max(tree.height - tree.radius, tree.radius * 0.4) * PX_PER_M
    x = sprite.x + round(SHADOW[0] * lift) - x0
    y = sprite.y - round(SHADOW[1] * lift) - y0
    mask = Image.fromarray((sprite.opacity << 1).astype(np.uint8))
    image.paste(235, (x, y), mask)


def darken(canvas: NDArray[np.uint8], depth: NDArray[np.uint8]) -> None:
    """Takes the shadows' light away from `canvas` (3, h, w), in place."""
    deep = depth.astype(np.uint16)
    for band, tint in zip(canvas, _TINT, strict=True):
        keep = (256 - ((deep * tint) >> 8)).astype(np.uint16)
        band[...] = (band * keep) >> 8
