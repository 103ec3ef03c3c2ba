"""Habillage, what dresses the plan: markings, hedges, points, symbols, texts, names and numbers."""

from collections import defaultdict

from shapely.geometry import LineString, Point

from pcrs.demo.fieldwork.fieldbook import (
    Fieldbook,
    azimuth,
    flat,
    inside,
    link,
    multi_line,
    multi_point,
    readable,
)
from pcrs.demo.town import Town
from pcrs.demo.village import plan
from pcrs.demo.village.curves import Frame
from pcrs.demo.village.landscape import GROUND_NOTICES
from pcrs.demo.village.things import House, Label

_TEXT = {"justification": "C", "taille": 1.0}


def dress(book: Fieldbook, town: Town) -> None:
    """Adds every kind of habillage."""
    _lines(book, town)
    _points(book, town)
    _areas(book, town)
    for label in town.labels:
        _street_name(book, label) if label.street else _text(book, label)
    for x, y, angle, size, _ in GROUND_NOTICES:
        attributes = {"angleRotation": azimuth(angle), "justification": "G", "taille": round(size, 1)}
        book.habillage("HabillageTextePCRS", Point(x, y), "99", libelle=plan.NOTICE, **attributes)
    for house in town.houses:
        _number(book, house)


def _lines(book: Fieldbook, town: Town) -> None:
    """Markings, each with a symbol that says what it is where it is a sign, and hedges."""
    for marking in town.markings:
        lines = multi_line([marking.shape])
        if lines.is_empty:
            continue
        attributes = {}
        if marking.kind in ("passage piéton", "flèche", "arrêt de bus"):
            attributes["habillage"] = (link(_symbol(book, lines.centroid, marking.kind)),)
        book.habillage("HabillageLignesPCRS", lines, "03", **attributes)
    for hedge in town.hedges:
        lines = multi_line([hedge.line])
        if not lines.is_empty:
            book.habillage("HabillageLignesPCRS", lines, "06")


def _symbol(book: Fieldbook, place: Point, reference: str) -> str:
    return book.habillage(
        "HabillageSymbolePCRS",
        place,
        "03",
        reference=reference,
        angleRotation=0.0,
        longueur_mm=1.0,
        largeur_mm=1.0,
    )


def _points(book: Fieldbook, town: Town) -> None:
    """Bollards in groups of a square; benches as symbols."""
    groups: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    for pole in town.poles:
        f = pole.frame
        if pole.kind == "banc":
            attributes = {"reference": "BANC", "longueur_mm": 1800.0, "largeur_mm": 500.0}
            book.habillage(
                "HabillageSymbolePCRS", Point(f.x, f.y), "03", angleRotation=azimuth(f.angle), **attributes
            )
        elif pole.kind == "potelet":
            groups[int(f.x // 50), int(f.y // 50)].append((f.x, f.y))
    for places in groups.values():
        book.habillage("HabillagePointsPCRS", multi_point(places), "03")


def _areas(book: Fieldbook, town: Town) -> None:
    for theme, what, outline in town.outlines:
        text = _text(book, Label(what, Frame(outline.centroid.x, outline.centroid.y, 0.0)), theme)
        book.habillage("HabillageEnveloppePCRS", outline, theme, habillage=(link(text),))
    for island in town.network.islands:
        book.habillage("HabillageEnveloppePCRS", island.simplify(0.02), "03")


def _text(book: Fieldbook, label: Label, theme: str = "02") -> str:
    f = label.frame
    angle = azimuth(readable(f.angle))
    return book.habillage(
        "HabillageTextePCRS", Point(f.x, f.y), theme, libelle=label.text, angleRotation=angle, **_TEXT
    )


def _street_name(book: Fieldbook, label: Label) -> None:
    f = label.frame
    name = book.new_id("idNomVoirie")
    book.habillage(
        "NomVoiriePCRS",
        Point(f.x, f.y),
        "01",
        libelle=label.text,
        angleRotation=azimuth(readable(f.angle)),
        idNomVoirie=name,
        positionnement="02",
        **_TEXT,
    )


def _number(book: Fieldbook, house: House) -> None:
    if house.number is None or house.number_at is None:
        return
    f = house.number_at
    book.habillage(
        "NumeroVoiriePCRS",
        Point(f.x, f.y),
        "01",
        libelle=str(house.number),
        angleRotation=azimuth(readable(f.angle)),
        idNumeroVoirie=book.new_id("idNumeroVoirie"),
        positionnement="05",
        **_TEXT,
    )


def streets_axes(book: Fieldbook) -> list[str]:
    """Adds the axes of the streets (TronconVoirie); returns their ids."""
    found = []
    for key, street in plan.STREETS.items():
        for part in inside(LineString(street.axis)):
            found.append(
                book.add(
                    "TronconVoirie",
                    flat(part.simplify(0.05)),
                    source="pcrs démo",
                    reference=f"{street.name} ({key})",
                    propriete="02" if street.surface == "track" else "01",
                )
            )
    return found
