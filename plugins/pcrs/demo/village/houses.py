"""Houses on their plots: roofs, doors, what stands out, and the façade that is seen from the street."""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from pcrs.demo.village.curves import Frame
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.parcels import Plot
from pcrs.demo.village.things import Colour, House, Prominence, Roof, RoofForm

TILES: tuple[Colour, ...] = (
    (186, 128, 96), (198, 142, 106), (172, 112, 84), (204, 156, 120), (164, 118, 94), (192, 148, 122),
    (180, 136, 110), (160, 104, 80), (210, 168, 134), (176, 124, 98), (150, 112, 92),
)  # fmt: skip
_SLATE: Colour = (102, 106, 114)
_SLOPE = 0.34
"""Rise over run of a roof of canal tiles."""
_OVERLAP_M2 = 0.8
"""What a house may take of the ground next to its plot."""
_AWNING_STREETS = ("centre", "quai")


@dataclass(frozen=True, slots=True)
class Build:
    """A house in progress: its plot, its dice, and where its main part stands in the plot's frame."""

    plot: Plot
    dice: Dice
    u: float
    v: float
    length: float
    width: float
    turn: float = 0.0
    """Angle of the house against its street."""

    def frame(self) -> Frame:
        """Middle of the house; u along the street, v away from it."""
        return self.plot.frame.shifted(self.u, self.v, self.turn)


def _main_roof(build: Build, form: RoofForm, eaves: float) -> Roof:
    """The roof of the house itself, its ridge along the street."""
    dice, length, width = build.dice, build.length, build.width
    slate = dice.chance(0.05)
    tone = dice.count(-9, 10)
    tiles = dice.pick(TILES)
    return Roof(
        frame=build.frame(),
        length=length,
        width=width,
        form=form,
        eaves=eaves,
        ridge=eaves + _SLOPE * width / 2,
        colour=_SLATE if slate else (tiles[0] + tone, tiles[1] + tone, tiles[2] + tone),
        cover="slate" if slate else "tile",
        chimneys=tuple(
            (dice.between(-0.42, 0.42) * length, dice.side() * dice.between(0.06, 0.2) * width)
            for _ in range(dice.count(0, 3))
        ),
        panels=dice.chance(0.09) and build.plot.style == "pavillon",
    )


def _lower_part(base: Roof, frame: Frame, length: float, width: float, drop: float) -> Roof:
    """A part of the house under the same tiles, its eaves `drop` metres lower."""
    eaves = base.eaves - drop
    plain = replace(base, frame=frame, length=length, width=width, form="gable", chimneys=(), panels=False)
    return replace(plain, eaves=eaves, ridge=eaves + _SLOPE * width / 2)


def outline_of(roofs: tuple[Roof, ...]) -> Polygon:
    """The union of the footprints, as one polygon without holes."""
    union = shapely.union_all([roof.footprint.buffer(0.01, join_style="mitre") for roof in roofs])
    whole = union.buffer(-0.01, join_style="mitre").simplify(0.03)
    return Polygon(max(shapely.get_parts(whole), key=lambda part: part.area).exterior)


def facade_of(outline: Polygon, street: Frame, reach: float) -> LineString:
    """The part of the outline that lies within `reach` metres behind the front line of `street`."""
    line = outline.exterior.intersection(street.box(-80.0, -6.0, 80.0, reach))
    parts = [part for part in shapely.get_parts(shapely.line_merge(line)) if part.length > 0.3]
    return LineString(max(parts, key=lambda part: part.length)) if parts else LineString(outline.exterior)


def _door(front: Frame, u: float, width: float) -> LineString:
    return front.line(((u - width / 2, 0.0), (u + width / 2, 0.0)))


def town_house(plot: Plot, number: int) -> House:
    """A house of the centre: as wide as its plot, on the street, two or three storeys."""
    dice = Dice(plot.seed)
    depth = _fitting_depth(plot, min(dice.between(9.2, 12.6), plot.depth - 4.0))
    build = Build(plot, dice, 0.0, depth / 2, plot.front + 0.04, depth)
    form: RoofForm = "hip" if (plot.first and plot.last) or dice.chance(0.1) else "gable"
    main = _main_roof(build, form, dice.between(6.0, 8.8))
    roofs = (*_rear_wing(build, main), main)
    entrance = dice.between(-0.4, -0.1) * plot.front
    doors = [_door(plot.frame, entrance, 1.0)]
    prominent: list[Prominence] = []
    if plot.street in _AWNING_STREETS and dice.chance(0.5):
        u = dice.between(0.0, 0.12) * plot.front
        prominent.append(Prominence("store", plot.frame.box(u, -1.35, u + 0.34 * plot.front, 0.0)))
        doors.append(_door(plot.frame, u + 0.17 * plot.front, 1.4))
    elif dice.chance(0.3):
        u = dice.between(0.02, 0.15) * plot.front
        prominent.append(Prominence("balcon", plot.frame.box(u, -0.62, u + 2.6, 0.0)))
    outline = outline_of(roofs)
    reach = 2.4 if plot.first or plot.last else 0.02
    return House(
        roofs=roofs,
        outline=outline,
        facade=facade_of(outline, plot.frame, reach),
        doors=tuple(doors),
        street=plot.street,
        number=number,
        number_at=plot.frame.shifted(entrance, 1.2),
        prominences=tuple(prominent),
    )


def _fitting_depth(plot: Plot, depth: float) -> float:
    """The depth, made smaller where the plot narrows behind a bend."""
    half = plot.front / 2
    while depth > 7.0 and plot.frame.box(-half, 0.0, half, depth).difference(plot.ground).area > _OVERLAP_M2:
        depth -= 0.5
    return depth


def _rear_wing(build: Build, main: Roof) -> list[Roof]:
    """A lower wing towards the yard, for some."""
    dice, plot = build.dice, build.plot
    if not dice.chance(0.45):
        return []
    width = min(dice.between(3.4, 5.0), plot.front * 0.6)
    length = dice.between(3.0, 6.0)
    place = plot.frame.shifted(
        dice.side() * (plot.front - width) / 2, build.width + length / 2 - 0.6, np.pi / 2
    )
    wing = _lower_part(main, place, length + 1.2, width, 2.2)
    return [wing] if wing.footprint.difference(plot.ground).area < _OVERLAP_M2 else []


def villa(plot: Plot, number: int) -> tuple[House, Build]:
    """A house in its garden; with the build, for the garden to know where it stands."""
    dice = Dice(plot.seed)
    build, form, eaves = _villa_build(plot, dice)
    main = _main_roof(build, form, eaves)
    roofs = (*_side_parts(build, main), main)
    outline = outline_of(roofs)
    door = build.frame().shifted(dice.between(-0.25, 0.25) * build.length, -build.width / 2)
    porch = (Prominence("marquise", door.box(-1.3, -1.2, 1.3, 0.0)),) if dice.chance(0.4) else ()
    house = House(
        roofs=roofs,
        outline=outline,
        facade=facade_of(outline, plot.frame, build.v + build.width * 0.05),
        doors=(door.line(((-0.5, 0.0), (0.5, 0.0))),),
        street=plot.street,
        number=number,
        number_at=build.frame(),
        prominences=porch,
    )
    return house, build


def _villa_build(plot: Plot, dice: Dice) -> tuple[Build, RoofForm, float]:
    """Where the house stands, the form of its roof, the height of its eaves."""
    if plot.style == "maison":
        length, back, eaves = dice.between(9.8, 13.0), dice.between(3.6, 5.4), dice.between(5.4, 6.8)
        hipped, turn = 0.7, 0.0
    else:
        length, back, eaves = dice.between(10.5, 15.5), dice.between(5.0, 9.0), dice.between(2.9, 3.6)
        hipped, turn = 0.4, dice.between(-0.06, 0.06)
        eaves += 2.5 if dice.chance(0.3) else 0.0
    length = min(length, plot.front - 4.6)
    width = dice.between(8.4, 10.6)
    room = max((plot.front - length) / 2 - 1.6, 0.0)
    u = dice.side() * dice.between(0.3, 1.0) * room
    build = Build(plot, dice, u, back + width / 2, length, width, turn)
    return build, "hip" if dice.chance(hipped) else "gable", eaves


def _side_parts(build: Build, main: Roof) -> list[Roof]:
    """A garage at the side and a wing, by chance and where there is room."""
    dice, frame, found = build.dice, build.frame(), []
    right = build.plot.front / 2 + build.u - build.length / 2
    left = build.plot.front / 2 - build.u - build.length / 2
    gap = max(right, left) - 0.6
    if gap > 3.6:
        away = -1.0 if right > left else 1.0
        width = min(gap, dice.between(3.4, 4.2))
        place = frame.shifted(
            away * (build.length / 2 + width / 2 - 0.05), dice.between(-1.0, 1.5), np.pi / 2
        )
        found.append(_lower_part(main, place, dice.between(6.0, 7.4), width, 0.6))
    if build.plot.style == "pavillon" and dice.chance(0.55):
        span, out = dice.between(5.0, 6.4), dice.between(2.4, 4.2)
        rear = 1.0 if dice.chance(0.7) else -1.0
        place = frame.shifted(
            dice.side() * (build.length - span) / 2, rear * (build.width / 2 + out / 2 - 1.5), np.pi / 2
        )
        found.append(_lower_part(main, place, out + 3.0, span, 0.25))
    return found
