"""Covers of the networks as the standard models them: object, representation, envelope, lines, symbol."""

from shapely.geometry import LineString, MultiLineString, Point

from pcrs.demo.fieldwork.fieldbook import PREFIX, PRODUCER, Fieldbook, azimuth, lifted, link
from pcrs.demo.village.things import Cover

_SYMBOLS = {
    "bouche_a_cle": "AEP01",
    "plaque_gaz": "GAZ01",
    "hydrant": "INC01",
    "poteau": "ELE01",
    "lampe": "ECL01",
}
"""Kinds that are drawn as a symbol at a point; the others are surveyed by their outline."""


def survey_covers(book: Fieldbook, covers: tuple[Cover, ...]) -> None:
    """Adds every cover with its whole chain of links."""
    for number, cover in enumerate(covers, 1):
        base = f"{PREFIX}_aff_{number:05d}"
        place = Point(cover.frame.x, cover.frame.y)
        symbol = _symbol(book, cover, base) if cover.kind in _SYMBOLS else None
        geometric = _at_point(book, place, base) if symbol else _by_outline(book, cover, base)
        attributes = {"symbolisation": link(symbol)} if symbol else {}
        book.affleurant(
            place,
            gestionnaire=cover.manager,
            nature=cover.nature,
            reseau=cover.network,
            source=PRODUCER,
            idSource=f"{cover.network}-{number:05d}",
            representation=link(geometric),
            **attributes,
        )


def _symbol(book: Fieldbook, cover: Cover, base: str) -> str:
    return book.add(
        "AffleurantSymbolePCRS",
        lifted(Point(cover.frame.x, cover.frame.y)),
        f"{base}.symb",
        reference=_SYMBOLS[cover.kind],
        angleRotation=azimuth(cover.frame.angle),
        longueur_mm=1.0,
        largeur_mm=1.0,
    )


def _at_point(book: Fieldbook, place: Point, base: str) -> str:
    point = book.add("AffleurantPointPCRS", lifted(place), f"{base}.pts")
    return book.add("AffleurantGeometriquePCRS", None, f"{base}.geom", point=(link(point),))


def _by_outline(book: Fieldbook, cover: Cover, base: str) -> str:
    attributes: dict[str, tuple[str, ...]] = {}
    if cover.kind in ("chambre", "chambre_double"):
        inner = _plates(cover)
        attributes["habillage"] = (link(book.habillage("HabillageLignesPCRS", inner, "10")),)
    envelope = book.add("AffleurantEnveloppePCRS", lifted(cover.outline), f"{base}.env", **attributes)
    parts = {"enveloppe": (link(envelope),)}
    if cover.kind in ("avaloir", "grille"):
        lines = book.add("AffleurantLignesPCRS", lifted(_opening(cover)), f"{base}.lig")
        parts["ligne"] = (link(lines),)
    return book.add("AffleurantGeometriquePCRS", None, f"{base}.geom", **parts)


def _plates(cover: Cover) -> MultiLineString:
    """The joints between the plates of a chamber."""
    u, v = (0.78, 0.375) if cover.kind == "chambre_double" else (0.45, 0.30)
    count = 3 if cover.kind == "chambre_double" else 2
    steps = [-u + 2 * u * k / count for k in range(1, count)]
    return MultiLineString([cover.frame.line(((step, -v), (step, v))) for step in steps])


def _opening(cover: Cover) -> MultiLineString:
    """The slot of a gully, or the bars of a grate."""
    if cover.kind == "avaloir":
        return MultiLineString([cover.frame.line(((-0.42, 0.14), (0.42, 0.14)))])
    bars: list[LineString] = [cover.frame.line(((0.095 * k, -0.21), (0.095 * k, 0.21))) for k in range(-2, 3)]
    return MultiLineString(bars)
