"""How the plan is drawn: pens, symbols and texts of each class, as values that QGIS and CAD writers share.

Widths and dashes are millimetres on paper at 1/200; symbols and texts are metres on the ground. The standard
has drawings in its annex and no style language: this is the sober plan of a surveyor, black on white, with
the covers in the colour of their network (NF P 98-332).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

SCALE = 200
BLACK, GREY, PALE, GREEN = "#000000", "#6e6e6e", "#a8a8a8", "#2f7d32"
BLUE, RED = "#1d4f91", "#b3261e"


@dataclass(frozen=True, slots=True)
class Look:
    """One way of drawing. `dash`: lengths on and off. `fill` None: the inside is not painted."""

    colour: str = BLACK
    width_mm: float = 0.18
    dash: tuple[float, ...] = ()
    fill: str | None = None
    ticks_mm: float = 0.0
    """Spacing of short strokes across the line, on its right; 0: none."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text whose words, azimuth, justification and factor of size are attributes of the object."""

    height_m: float
    """Of capitals, when the factor is 1."""
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """The drawing of a class. `by` names the attribute whose codes have looks (or symbols) of their own."""

    look: Look = Look()
    by: str | None = None
    looks: Mapping[str, Look] = field(default_factory=dict)
    network: bool = False
    """True: painted in the colour of the network, `reseau`."""
    symbol: str | None = None
    symbols: Mapping[str, str] = field(default_factory=dict)
    """Symbol by code of `by`."""
    size_m: float = 0.4
    text: Text | None = None
    shown: bool = True
    """False: in the file, but not drawn until it is asked for."""

    @property
    def sides(self) -> tuple[str, str] | None:
        """The attributes of length and width of a symbol; None where objects say neither, nor an azimuth."""
        if self.by == "section":
            return "longueur", "largeur"
        return ("longueur_mm", "largeur_mm") if self.by in ("nature", "reference") else None


_THIN, _MEDIUM, _BOLD = Look(), Look(width_mm=0.25), Look(width_mm=0.5)
_WALL = Look(width_mm=0.35)
_LIMIT = Look(RED, 0.25, (4.0, 1.2, 0.8, 1.2))
_COVER = Look(BLACK, 0.13)
_NATURES = {
    "01": "avaloir",
    "02": "coffret",
    "03": "tampon",
    "04": "bouche",
    "05": "hydrant",
    "06": "poteau",
    "07": "lampadaire",
}

DRAWINGS: Mapping[str, Drawing] = {
    "RasterPCRS": Drawing(Look(PALE, 0.13, (2.0, 1.0)), shown=False),
    "MasqueOpacitePCRS": Drawing(Look(PALE, 0.13, (2.0, 1.0)), shown=False),
    "InitiativePCRS": Drawing(_LIMIT, shown=False),
    "EmpriseDisponibilitePCRS": Drawing(_LIMIT, shown=False),
    "EmpriseEchangePCRS": Drawing(_LIMIT, shown=False),
    "Commune": Drawing(_LIMIT, shown=False),
    "TronconVoirie": Drawing(Look(BLUE, 0.18, (3.0, 1.0)), shown=False),
    "HabillageEnveloppePCRS": Drawing(
        Look(GREY, 0.13), by="thematique", looks={"06": Look(GREEN, 0.13, (0.8, 0.6))}
    ),
    "HabillageLignesPCRS": Drawing(
        Look(GREY, 0.13),
        by="thematique",
        looks={
            "03": Look(PALE, 0.13),
            "06": Look(GREEN, 0.18, (1.0, 0.7)),
            "08": Look(BLUE, 0.18),
            "09": Look("#7a5230", 0.13, (1.0, 0.7)),
            "10": Look(GREY, 0.1),
        },
    ),
    "LimiteVoiriePCRS": Drawing(_MEDIUM),
    "MarcheEscalierPCRS": Drawing(_THIN),
    "RailPCRS": Drawing(Look("#3a3a3a", 0.35)),
    "QuaiRailPCRS": Drawing(_MEDIUM),
    "QuaiFluvioMaritimePCRS": Drawing(Look(BLUE, 0.5)),
    "PilePontPCRS": Drawing(replace(_WALL, fill="#d9d9d9")),
    "MurPCRS": Drawing(
        _WALL,
        by="typeMur",
        looks={
            "01": _WALL,
            "02": replace(_WALL, ticks_mm=2.0),
            "03": _MEDIUM,
            "04": replace(_MEDIUM, dash=(4.0, 0.8, 0.8, 0.8)),
            "05": replace(_WALL, dash=(5.0, 1.0)),
            "06": replace(_MEDIUM, dash=(0.5, 0.8)),
        },
    ),
    "PilierParticulierPCRS": Drawing(_MEDIUM),
    "PilierRegulierPCRS": Drawing(
        symbol="pilier_rond",
        by="section",
        symbols={"00": "pilier_rond", "01": "pilier", "02": "pilier_rond", "03": "pilier"},
    ),
    "ProeminenceBatiPCRS": Drawing(_THIN),
    "SeuilPCRS": Drawing(Look(GREY, 0.25)),
    "FacadePCRS": Drawing(_BOLD),
    "ObjetGeneriquePCRS": Drawing(_THIN, symbol="generique", size_m=0.4),
    "ArbrePCRS": Drawing(Look(GREEN, 0.18), symbol="arbre", size_m=2.4),
    "AffleurantEnveloppePCRS": Drawing(_COVER, network=True),
    "AffleurantLignesPCRS": Drawing(_COVER),
    "AffleurantPointPCRS": Drawing(_COVER, symbol="point", size_m=0.08),
    "AffleurantSymbolePCRS": Drawing(
        _COVER, by="nature", network=True, symbol="inconnu", symbols=_NATURES, size_m=0.6
    ),
    "HabillagePointsPCRS": Drawing(Look(GREY, 0.13), symbol="point", size_m=0.18),
    "HabillageSymbolePCRS": Drawing(
        Look(GREY, 0.13),
        by="reference",
        symbol="repere",
        symbols={"SEUIL": "fleche", "MARCHE": "fleche", "BANC": "banc"},
        size_m=0.5,
    ),
    "PointLevePCRS": Drawing(Look(PALE, 0.1), symbol="croix", size_m=0.3, shown=False),
    "PointCanevasPCRS": Drawing(Look(RED, 0.18), symbol="canevas", size_m=1.6),
    "HabillageTextePCRS": Drawing(Look(GREY), text=Text(0.6, italic=True)),
    "NumeroVoiriePCRS": Drawing(Look(BLACK), text=Text(0.65)),
    "NomVoiriePCRS": Drawing(Look(BLACK), text=Text(1.0, bold=True)),
}
"""Every class that has a geometry, in the order in which it is drawn, lowest first."""

AFFLEURANTS = (
    "AffleurantEnveloppePCRS",
    "AffleurantLignesPCRS",
    "AffleurantPointPCRS",
    "AffleurantSymbolePCRS",
)
"""The classes that show an AffleurantPCRS, which has itself no geometry."""


def drawing_of(name: str) -> Drawing:
    """The drawing of a class or of another layer: thin black lines where nothing else is said."""
    return DRAWINGS.get(name, Drawing(symbol="point"))


def ground_size(value: float | None, usual_m: float) -> float:
    """The length of a symbol on the ground, metres, from `longueur_mm` and the like.

    Producers write either millimetres on the ground (420) or a factor (1): up to 10 it is a factor.
    """
    if value is None or value <= 0:
        return usual_m
    return value * usual_m if value <= FACTOR_MAX else value / 1000


FACTOR_MAX = 10
