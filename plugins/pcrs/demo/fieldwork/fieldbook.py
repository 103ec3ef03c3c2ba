"""The surveyor's book: objects of the village as CNIG features, with ids, heights, Lambert-93 coordinates."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import degrees, floor, pi
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiLineString, MultiPoint, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from pcrs.demo.village import plan
from pcrs.demo.village.curves import lines_of
from pcrs.standard.crs import L93
from pcrs.standard.model import Feature

PRODUCER = "pcrs démo – données fictives"
SURVEYED = "2025-06-18"
FLOWN = "2025-06-12"
ACCEPTED = "2025-09-01"
PREFIX = "FR_000000000_demo"
"""The standard's prefix, with a SIREN that nobody has."""
CELL_M = 200.0

Cell = tuple[int, int]


def azimuth(angle: float) -> float:
    """A direction (radians counter-clockwise from east) as degrees clockwise from north, to a tenth."""
    return round((90.0 - degrees(angle)) % 360.0, 1)


def readable(angle: float) -> float:
    """The direction of a text along `angle`, turned so that it does not stand on its head."""
    turned = (angle + pi / 2) % (2 * pi)
    return angle if turned < pi else angle + pi


def lifted(shape: BaseGeometry, above: float = 0.0) -> BaseGeometry:
    """A shape of the village in EPSG:2154 with heights (IGN69), to the millimetre, `above` the ground."""

    def lift(points: NDArray[np.float64]) -> NDArray[np.float64]:
        heights = [plan.height(float(x), float(y)) + above for x, y in points]
        return np.round(np.column_stack([points + plan.ORIGIN, heights]), 3)

    return shapely.transform(shapely.force_3d(shape), lambda p: lift(p[:, :2]), include_z=True)


def flat(shape: BaseGeometry) -> BaseGeometry:
    """A shape of the village in EPSG:2154, without heights."""
    return shapely.transform(shape, lambda points: np.round(points + plan.ORIGIN, 3))


def inside(line: LineString) -> list[LineString]:
    """The parts of a line that lie in the village, thinned to 1 cm."""
    cut = line if plan.GROUND.contains(line) else line.intersection(plan.GROUND)
    thin = [LineString(part).simplify(0.01) for part in lines_of(cut)]
    return [part for part in thin if part.length > 0.05]


def cell_of(shape: BaseGeometry) -> Cell:
    """The 200 m square that a shape is listed in: column and row from the south-west."""
    spot = shape.representative_point() if shape.geom_type != "Point" else shape
    last = int(plan.SIDE_M / CELL_M) - 1
    return min(floor(spot.x / CELL_M), last), min(floor(spot.y / CELL_M), last)


@dataclass(frozen=True, slots=True)
class _Listed:
    objects: list[str]
    dressing: list[str]


class Fieldbook:
    """Takes objects in, gives features out, and remembers which square each lies in."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = defaultdict(int)
        self._features: list[Feature] = []
        self._squares: dict[Cell, _Listed] = defaultdict(lambda: _Listed([], []))

    def __iter__(self) -> Iterator[Feature]:
        return iter(self._features)

    def new_id(self, class_name: str) -> str:
        """A `gml:id` that no object has yet."""
        self._counts[class_name] += 1
        return f"{PREFIX}_{class_name.removesuffix('PCRS')}_{self._counts[class_name]:05d}"

    def add(self, class_name: str, geometry: BaseGeometry | None, gml_id: str = "", **attributes: Any) -> str:
        """One feature, geometry in EPSG:2154; returns its id."""
        name = gml_id or self.new_id(class_name)
        self._features.append(Feature(class_name, name, attributes, geometry, L93))
        return name

    def objet(self, class_name: str, shape: BaseGeometry, theme: str, **attributes: Any) -> str:
        """One ObjetVecteurPCRS with the attributes that all have; `shape` in the village's frame."""
        name = self.new_id(class_name)
        self._squares[cell_of(shape)].objects.append(name)
        common = {
            "dateLeve": SURVEYED,
            "idObjet": name,
            "thematique": theme,
            "qualiteCategorisation": "01",
            "precisionPlanimetrique": "005",
            "precisionAltimetrique": "005",
            "producteur": PRODUCER,
        }
        return self.add(class_name, lifted(shape), name, **(common | attributes))

    def affleurant(self, shape: BaseGeometry, **attributes: Any) -> str:
        """One AffleurantPCRS, which has no geometry of its own; `shape` says in which square it lies."""
        name = self.objet("AffleurantPCRS", shape, "10", **attributes)
        self._features[-1] = replace(self._features[-1], geometry=None)
        return name

    def habillage(self, class_name: str, shape: BaseGeometry, theme: str, **attributes: Any) -> str:
        """One HabillagePCRS; `shape` in the village's frame."""
        name = self.new_id(class_name)
        self._squares[cell_of(shape)].dressing.append(name)
        return self.add(class_name, lifted(shape), name, idHabillage=name, thematique=theme, **attributes)

    def listed(self, cell: Cell) -> tuple[list[str], list[str]]:
        """Links to the objects and to the dressing of a square."""
        square = self._squares[cell]
        return [f"#{one}" for one in square.objects], [f"#{one}" for one in square.dressing]


def multi_line(shapes: Iterable[BaseGeometry]) -> MultiLineString:
    """The outlines and lines of many shapes, cut at the village's edge."""
    lines: list[LineString] = []
    for shape in shapes:
        boundary = shape.boundary if shape.geom_type in ("Polygon", "MultiPolygon") else shape
        for line in lines_of(boundary):
            lines += inside(LineString(line))
    return MultiLineString(lines)


def multi_point(places: Iterable[tuple[float, float]]) -> MultiPoint:
    """Places as one geometry."""
    return MultiPoint(list(places))


def multi_polygon(shape: Polygon) -> MultiPolygon:
    """A polygon as the standard wants surfaces."""
    return MultiPolygon([shape])


def link(gml_id: str) -> str:
    """A link to an object of the same document."""
    return f"#{gml_id}"
