"""Who may do what: roles, the floor of each action, and the one function that decides.

Open data stays open: without a setting that says otherwise, everyone reads everything. A setting names the
layers that are not open and the lowest role that reads them; a token may be bound to some layers, to an area,
to quotas and to a date.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Literal

import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.standard.crs import BBox


class Role(IntEnum):
    """Who someone is for the service. A higher role may do what a lower one may."""

    PUBLIC = 0
    PARTENAIRE = 1
    """Shares the cost or the data: communes, network operators."""
    TECHNIQUE = 2
    """Delivers, controls, runs the service."""
    APLC = 3
    """The competent local public authority: decides on deliveries and on cold data."""
    ADMIN = 4

    @property
    def label(self) -> str:
        """As settings and people write it."""
        return "APLC" if self is Role.APLC else self.name.lower()


Action = Literal[
    "read", "process", "report", "letter", "order", "observe", "statistics", "moderate", "edit", "decide",
    "administer",
]  # fmt: skip
LOWEST: Mapping[Action, Role] = {
    "read": Role.PUBLIC,  # what is not open is told by the settings, layer by layer
    "process": Role.PUBLIC,
    "report": Role.PUBLIC,
    "letter": Role.PARTENAIRE,
    "order": Role.PARTENAIRE,
    "observe": Role.TECHNIQUE,
    "statistics": Role.TECHNIQUE,
    "moderate": Role.TECHNIQUE,
    "edit": Role.TECHNIQUE,
    "decide": Role.APLC,
    "administer": Role.ADMIN,
}
"""The lowest role of each action: see data, run a process, report a change, have a letter sent when a job
has ended, order cold data, read metrics and deliveries, read figures of use, follow reports up, write records
and objects, accept and refuse deliveries, make tokens."""
ARCHIVES = "archives"
"""What is archived: closed with the classes, for it tells of their GML files, and closing none of them."""
VECTOR = "vecteur"
"""In settings and scopes: every layer of the CNIG classes."""
Spread = Literal["touches", "within"]
"""What an area asks of a request: pictures, dalles and objects touch it, a raster extract lies in it."""


def role(text: str) -> Role:
    """The role of that name, in any case.

    Raises:
        InputError: there is none.
    """
    for each in Role:
        if each.label.casefold() == text.strip().casefold():
            return each
    raise InputError(f"role {text!r}: expected one of {', '.join(each.label for each in Role)}")


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks. Without a token: the public."""

    role: Role = Role.PUBLIC
    token: str | None = None
    """Identifier of the token, never its secret; or of the account that logged in."""
    layers: frozenset[str] | None = None
    """The layers that it reads beyond what is open; None: all that its role reads. `vecteur`: all classes."""
    area: BaseGeometry | None = None
    """EPSG:2154; None: everywhere. It bounds what is not open."""
    name: str = ""
    """As people know who asks, for the journal."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request wants."""

    action: Action = "read"
    layers: frozenset[str] = frozenset()
    """Layers whose data it takes: `OTHERS` and CNIG classes; `vecteur`: of all classes."""
    box: BBox | None = None
    """EPSG:2154; None: it tells no limit."""
    spread: Spread = "touches"


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes; or no, and why. `area` is what an answer of objects has to be cut down to."""

    allowed: bool
    reason: str = ""
    known: bool = False
    """True: the client told who it is, and that is not enough (403, not 401)."""
    area: BaseGeometry | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of a site."""

    layers: Mapping[str, Role] = field(default_factory=dict)
    """The layers that are not open, with the lowest role that reads them."""

    def lowest(self, layer: str, *, classes: bool) -> Role:
        """The lowest role that reads a layer; `classes`: it is one of the CNIG classes."""
        wide = self.layers.get(VECTOR, Role.PUBLIC) if classes else Role.PUBLIC
        return max(self.layers.get(layer, Role.PUBLIC), wide)

    @property
    def raster_is_open(self) -> bool:
        """True when no tile needs a look at who asks."""
        return self.lowest("ortho", classes=False) is Role.PUBLIC


OTHERS = frozenset({"ortho", "dalles", "communes"})
"""Layers that are no CNIG classes."""
NOT_CLASSES = OTHERS | {ARCHIVES, VECTOR}
"""All names of layers beside those of the classes, as settings and scopes give them."""


@dataclass(frozen=True, slots=True)
class Readable:
    """What someone may read, written down for a job that runs later."""

    layers: frozenset[str] | None = None
    """Layers, by name; None: all."""
    bounded: frozenset[str] = frozenset()
    """Those of them that are read within the area alone."""
    area: BaseGeometry | None = None
    """EPSG:2154."""

    def reads(self, layer: str, region: BaseGeometry) -> bool:
        """True when the layer may be read all over a region (EPSG:2154)."""
        if self.layers is not None and layer not in self.layers:
            return False
        return layer not in self.bounded or self.area is None or bool(self.area.covers(region))


def readable(who: Principal, layers: Iterable[str], rules: Rules) -> Readable:
    """What `who` may read of these layers."""
    free = replace(who, area=None)
    kept = frozenset(name for name in layers if decide(free, Ask(layers=frozenset({name})), rules).allowed)
    if who.area is None:
        return Readable(kept)
    open_ = {name for name in kept if rules.lowest(name, classes=name not in OTHERS) is Role.PUBLIC}
    return Readable(kept, kept - open_, who.area)


def decide(who: Principal, ask: Ask, rules: Rules) -> Decision:
    """May `who` do what `ask` wants? All refusals are made here."""
    floor = LOWEST[ask.action]
    if who.role < floor:
        return _refused(who, f"{ask.action}: il faut le rôle {floor.label} / needs the role {floor.label}")
    area: BaseGeometry | None = None
    for layer in sorted(_spelled(ask.layers, rules)):
        lowest = rules.lowest(layer, classes=layer not in OTHERS)
        if lowest is Role.PUBLIC:
            continue
        if who.role < lowest:
            return _refused(
                who, f"{layer}: réservé au rôle {lowest.label} / reserved to the role {lowest.label}"
            )
        if not _named(who, layer):
            return _refused(who, f"{layer}: hors de la portée du jeton / not in the token's scope")
        area = who.area
    if area is not None and not _inside(area, ask):
        return _refused(who, "hors de l'emprise du jeton / outside the area of the token")
    return Decision(True, known=who.token is not None, area=area)


def _refused(who: Principal, reason: str) -> Decision:
    return Decision(False, reason, known=who.token is not None)


def _spelled(layers: frozenset[str], rules: Rules) -> frozenset[str]:
    """`vecteur` as each of the classes that a rule speaks of, and itself."""
    if VECTOR not in layers:
        return layers
    return layers | {name for name in rules.layers if name not in OTHERS and name != ARCHIVES}


def _named(who: Principal, layer: str) -> bool:
    if who.layers is None or layer in who.layers:
        return True
    return layer not in OTHERS and VECTOR in who.layers


def _inside(area: BaseGeometry, ask: Ask) -> bool:
    if ask.box is None:
        return ask.spread == "touches"  # objects: the answer is cut down to the area
    box = shapely.box(*ask.box)
    return bool(area.covers(box)) if ask.spread == "within" else bool(area.intersects(box))
