"""The things of the village, as values. Metres in the village's frame (`plan.ORIGIN`); angles in radians."""

from dataclasses import dataclass
from typing import Literal

from shapely.geometry import LineString, MultiLineString, MultiPolygon, Point, Polygon

from pcrs.demo.village.curves import Frame

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Surface:
    """A flat area of one material (a key of `materials.MATERIALS`)."""

    material: str
    shape: Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class Strokes:
    """Many thin lines of one material and one width (metres): joints, crop rows, sleepers."""

    material: str
    width: float
    lines: MultiLineString


Layer = Surface | Strokes

Species = Literal["round", "dark", "olive", "cypress", "walnut", "plane"]
RoofForm = Literal["gable", "hip", "flat", "cone"]
RoofCover = Literal["tile", "slate", "metal", "gravel"]
CarKind = Literal["car", "estate", "van"]
WallKind = Literal["mur", "soutenement", "bahut", "cloture", "parapet", "enrochement"]


@dataclass(frozen=True, slots=True)
class Wall:
    """A wall of `width` metres on both halves of its line, `height` metres high."""

    kind: WallKind
    line: LineString
    width: float
    height: float
    material: str


@dataclass(frozen=True, slots=True)
class Hedge:
    """A trimmed hedge along a line."""

    line: LineString
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Pillar:
    """A gate or fence pillar: `section` is square, round, oblong or odd; `shape` its outline."""

    section: Literal["carre", "circulaire", "rectangulaire", "autre"]
    frame: Frame
    length: float
    width: float
    shape: Polygon
    material: str


@dataclass(frozen=True, slots=True)
class Roof:
    """A roof over a rectangle: ridge along the frame's u, slopes to both sides (hip: to all four)."""

    frame: Frame
    length: float
    width: float
    form: RoofForm
    eaves: float
    ridge: float
    colour: Colour
    cover: RoofCover
    chimneys: tuple[tuple[float, float], ...] = ()
    panels: bool = False

    @property
    def footprint(self) -> Polygon:
        """The rectangle on the ground."""
        u, v = self.length / 2, self.width / 2
        if self.form == "cone":
            return Point(self.frame.x, self.frame.y).buffer(u, quad_segs=6)
        return self.frame.box(-u, -v, u, v)


@dataclass(frozen=True, slots=True)
class Prominence:
    """What stands out of a house: an awning, a balcony, a porch or canopy, a buttress."""

    kind: Literal["store", "balcon", "marquise", "contrefort"]
    shape: Polygon


@dataclass(frozen=True, slots=True)
class House:
    """A building: roofs from the lowest to the highest, its outline, its doors and its street."""

    roofs: tuple[Roof, ...]
    outline: Polygon
    facade: LineString
    doors: tuple[LineString, ...]
    street: str
    number: int | None
    number_at: Frame | None
    prominences: tuple[Prominence, ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree: crown radius and height in metres; `public` trees are surveyed."""

    x: float
    y: float
    radius: float
    height: float
    species: Species
    public: bool = False


@dataclass(frozen=True, slots=True)
class Car:
    """A car or van, nose along the frame's u."""

    frame: Frame
    length: float
    width: float
    colour: Colour
    kind: CarKind


CoverKind = Literal[
    "tampon", "tampon_pluvial", "chambre", "chambre_double", "grille", "avaloir", "bouche_a_cle", "hydrant",
    "poteau", "lampe", "coffret", "armoire", "plaque_gaz", "regard",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cover:
    """What a buried network shows at the surface: kind, place, outline, network and manager."""

    kind: CoverKind
    frame: Frame
    outline: Polygon
    nature: str
    """Code of NatureAffleurantPCRSType."""
    network: str
    """Code of NatureReseauPCRSType."""
    manager: str


@dataclass(frozen=True, slots=True)
class Label:
    """A text of the plan: a street's name, a place's name."""

    text: str
    frame: Frame
    street: str = ""


@dataclass(frozen=True, slots=True)
class Pole:
    """A thin upright thing that casts a shadow: post, bollard, sign, mast."""

    kind: Literal["potelet", "panneau", "banc", "mat"]
    frame: Frame
    height: float
