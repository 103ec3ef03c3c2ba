"""Houses on their plots: roofs, doors, canopies, and the outline that the surveyor sees from the street."""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from pcrs.demo.curves import Frame
from pcrs.demo.parcels import Plot
from pcrs.demo.things import Colour, House, Prominence, Roof

TILES: tuple[Colour, ...] = (
    (186, 128, 96), (198, 142, 106), (172, 112, 84), (204, 156, 120), (164, 118, 94), (192, 148, 122),
    (180, 136, 110), (160, 104, 80), (210, 168, 134), (176, 124, 98), (150, 112, 92),
)  # fmt: skip
_SLATE: Colour = (102, 106, 114)
_SLOPE = 0.34
"""Rise over run of a roof of canal tiles."""


@dataclass(frozen=True, slots=True)
class Build:
    """A house in progress: the plot, its random numbers, and where the main roof stands in its frame."""

    plot: Plot
    rng: np.random.Generator
    u: float
    v: float
    length: float
    width: float
    turn: float = 0.0
    """Angle of the house against its street."""

    def frame(self) -> Frame:
        """Middle of the house; u along the street, v away from it."""
        return self.plot.frame.shifted(self.u, self.v, self.turn)


def _colour(rng: np.random.Generator) -> Colour:
    base = TILES[int(rng.integers(len(TILES)))]
    shift = int(rng.integers(-9, 10))
    return (base[0] + shift, base[1] + shift, base[2] + shift)


def _chimneys(rng: np.random.Generator, length: float, width: float) -> tuple[tuple[float, float], ...]:
    count = int(rng.integers(0, 3))
    return tuple(
        (
            float(rng.uniform(-0.42, 0.42)) * length,
            float(rng.choice((-1.0, 1.0))) * float(rng.uniform(0.06, 0.2)) * width,
        )
        for _ in range(count)
    )


def main_roof(build: Build, form: str, eaves: float) -> Roof:
    """The roof of the house itself, its ridge along the longer side."""
    rng, frame = build.rng, build.frame()
    length, width = build.length, build.width
    if width > length:
        frame, length, width = frame.shifted(0.0, 0.0, np.pi / 2), width, length
    slate = rng.random() < 0.05
    return Roof(
        frame,
        length,
        width,
        form,  # type: ignore[arg-type]
        eaves,
        eaves + _SLOPE * width / 2,
        _SLATE if slate else _colour(rng),
        "slate" if slate else "tile",
        _chimneys(rng, length, width),
        panels=bool(rng.random() < 0.09) and build.plot.style == "pavillon",
    )


def _part(base: Roof, frame: Frame, length: float, width: float, lower: float) -> Roof:
    """A lower part with the tiles of `base`."""
    return Roof(
        frame,
        length,
        width,
        "gable",
        base.eaves - lower,
        base.eaves - lower + _SLOPE * width / 2,
        base.colour,
        base.cover,
    )


def outline_of(roofs: tuple[Roof, ...]) -> Polygon:
    """The union of the footprints, as one polygon."""
    union = shapely.union_all([roof.footprint.buffer(0.01, join_style="mitre") for roof in roofs])
    whole = union.buffer(-0.01, join_style="mitre").simplify(0.03)
    parts = shapely.get_parts(whole)
    return Polygon(max(parts, key=lambda part: part.area).exterior)


def facade_of(outline: Polygon, street: Frame, reach: float) -> LineString:
    """The part of the outline that lies within `reach` metres behind the front line of `street`."""
    seen = street.box(-80.0, -6.0, 80.0, reach)
    line = outline.exterior.intersection(seen)
    parts = [part for part in shapely.get_parts(shapely.line_merge(line)) if part.length > 0.3]
    return LineString(max(parts, key=lambda part: part.length)) if parts else LineString(outline.exterior)


def _number_frame(frame: Frame, side: int) -> Frame:
    return frame.shifted(0.0, 0.0, 0.0 if side > 0 else np.pi)


def town_house(plot: Plot, number: int) -> House:
    """A house of the centre: as wide as its plot, on the street, two or three storeys."""
    rng = np.random.default_rng(plot.seed)
    depth = min(float(rng.uniform(9.2, 12.6)), plot.depth - 4.0)
    build = Build(plot, rng, 0.0, depth / 2, plot.front + 0.04, depth)
    eaves = float(rng.uniform(6.0, 8.8))
    frame = build.frame()
    form = "hip" if (plot.first and plot.last) or rng.random() < 0.1 else "gable"
    base = main_roof(build, form, eaves)
    main = Roof(
        frame,
        build.length,
        depth,
        base.form,
        eaves,
        eaves + _SLOPE * depth / 2,
        base.colour,
        base.cover,
        base.chimneys,
    )  # the ridge of a row runs along its street, whatever the depth
    roofs: list[Roof] = []
    if rng.random() < 0.45:
        width = min(float(rng.uniform(3.4, 5.0)), plot.front * 0.6)
        side = float(rng.choice((-1.0, 1.0))) * (plot.front - width) / 2
        length = float(rng.uniform(3.0, 6.0))
        roofs.append(
            _part(
                main, plot.frame.shifted(side, depth + length / 2 - 0.6, np.pi / 2), length + 1.2, width, 2.2
            )
        )
    roofs.append(main)
    entrance = float(rng.uniform(-0.4, -0.1)) * plot.front
    doors = [_door(plot.frame, entrance, 1.0)]
    prominent: list[Prominence] = []
    if plot.street in ("centre", "quai") and rng.random() < 0.5:
        u = float(rng.uniform(0.0, 0.12)) * plot.front
        awning = plot.frame.box(u, -1.35, u + 0.34 * plot.front, 0.0)
        prominent.append(Prominence("store", awning))
        doors.append(_door(plot.frame, u + 0.17 * plot.front, 1.4))
    elif rng.random() < 0.3:
        u = float(rng.uniform(0.02, 0.15)) * plot.front
        prominent.append(Prominence("balcon", plot.frame.box(u, -0.62, u + 2.6, 0.0)))
    outline = outline_of(tuple(roofs))
    reach = 2.4 if plot.first or plot.last else 0.02
    return House(
        tuple(roofs),
        outline,
        facade_of(outline, plot.frame, reach),
        tuple(doors),
        plot.street,
        number,
        _number_frame(plot.frame.shifted(entrance, 1.2), plot.side),
        tuple(prominent),
    )


def _door(front: Frame, u: float, width: float) -> LineString:
    return front.line(((u - width / 2, 0.0), (u + width / 2, 0.0)))


def villa(plot: Plot, number: int) -> tuple[House, Build]:
    """A house in its garden; with the build, for the garden to know where it stands."""
    rng = np.random.default_rng(plot.seed)
    town = plot.style == "maison"
    length = min(float(rng.uniform(9.8, 13.0) if town else rng.uniform(10.5, 15.5)), plot.front - 4.6)
    width = float(rng.uniform(8.4, 10.6))
    back = float(rng.uniform(3.6, 5.4) if town else rng.uniform(5.0, 9.0))
    free = (plot.front - length) / 2 - 1.2
    slack = float(rng.choice((-1.0, 1.0))) * float(rng.uniform(0.3, 1.0)) * max(free - 0.4, 0.0)
    turn = 0.0 if town else float(rng.uniform(-0.06, 0.06))
    build = Build(plot, rng, slack, back + width / 2, length, width, turn)
    eaves = float(
        rng.uniform(5.4, 6.8) if town else rng.uniform(2.9, 3.6) + (2.5 if rng.random() < 0.3 else 0.0)
    )
    form = "hip" if rng.random() < (0.7 if town else 0.4) else "gable"
    main = main_roof(build, form, eaves)
    roofs = [*_wings(build, main), main]
    outline = outline_of(tuple(roofs))
    door = build.frame().shifted(float(rng.uniform(-0.25, 0.25)) * length, -width / 2)
    number_at = _number_frame(build.frame(), plot.side)
    porch = door.box(-1.3, -1.2, 1.3, 0.0) if rng.random() < 0.4 else None
    house = House(
        tuple(roofs),
        outline,
        facade_of(outline, plot.frame, back + width * 0.55),
        (door.line(((-0.5, 0.0), (0.5, 0.0))),),
        plot.street,
        number,
        number_at,
        (Prominence("marquise", porch),) if porch is not None else (),
    )
    return house, build


def _wings(build: Build, main: Roof) -> list[Roof]:
    """A wing towards the garden and a garage at the side, by chance and where there is room."""
    rng, frame, found = build.rng, build.frame(), []
    if build.plot.style == "pavillon" and rng.random() < 0.55:
        span = float(rng.uniform(5.0, 6.4))
        out = float(rng.uniform(2.4, 4.2))
        side = float(rng.choice((-1.0, 1.0))) * (build.length - span) / 2
        to_rear = 1.0 if rng.random() < 0.7 else -1.0
        middle = to_rear * (build.width / 2 + out / 2 - 1.5)
        found.append(_part(main, frame.shifted(side, middle, np.pi / 2), out + 3.0, span, 0.25))
    room = build.plot.front / 2 + build.u - build.length / 2
    left = build.plot.front / 2 - build.u - build.length / 2
    gap = max(room, left) - 0.6
    if gap > 3.6:
        away = -1.0 if room > left else 1.0
        wide = min(gap, float(rng.uniform(3.4, 4.2)))
        place = frame.shifted(
            away * (build.length / 2 + wide / 2 - 0.05), float(rng.uniform(-1.0, 1.5)), np.pi / 2
        )
        found.insert(0, _part(main, place, float(rng.uniform(6.0, 7.4)), wide, 0.6))
    return found
