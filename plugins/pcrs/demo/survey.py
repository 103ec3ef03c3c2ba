"""The village as CNIG PCRS v2.0: every class that has objects, from the values that are painted too."""

import shapely
from shapely.geometry import LineString, Point, Polygon

from pcrs.demo.fieldwork.affleurants import survey_covers
from pcrs.demo.fieldwork.dressing import dress, streets_axes
from pcrs.demo.fieldwork.fieldbook import PREFIX, PRODUCER, SURVEYED, Fieldbook, azimuth, inside, lifted, link
from pcrs.demo.fieldwork.sheets import publication_features, raster_features
from pcrs.demo.town import Town, town
from pcrs.demo.village import plan
from pcrs.demo.village.curves import frame_on
from pcrs.demo.village.things import Pillar
from pcrs.standard.model import Feature

_WALLS = {
    "mur": "01",
    "soutenement": "02",
    "bahut": "03",
    "cloture": "04",
    "parapet": "05",
    "enrochement": "06",
}
_SECTIONS = {"carre": "01", "circulaire": "02", "rectangulaire": "03"}
_SHED_M2 = 15.0
"""Smaller buildings without a street are garden sheds, which no surveyor measures."""
_POINTS_OF_A_KERB = 5


class _Points:
    """Points measured in the field, numbered as the instrument does."""

    def __init__(self, book: Fieldbook) -> None:
        self._book = book
        self._number = 1000

    def of(self, line: LineString) -> tuple[str, ...]:
        """Measures some vertices of a line; returns links to the points."""
        vertices = list(line.coords)
        step = max(1, len(vertices) // _POINTS_OF_A_KERB)
        return tuple(self._measure(x, y) for x, y in vertices[::step][:_POINTS_OF_A_KERB])

    def _measure(self, x: float, y: float) -> str:
        self._number += 1
        return link(
            self._book.add(
                "PointLevePCRS",
                lifted(Point(x, y)),
                numeroPoint=str(self._number),
                precisionXY=3,
                precisionZ=3,
                horodatage=SURVEYED,
                producteur=PRODUCER,
            )
        )


def _streets(book: Fieldbook, village: Town) -> None:
    """Kerbs (some with the points measured on them) and edges of asphalt."""
    points = _Points(book)
    for number, kerb in enumerate(village.network.kerbs):
        for part in inside(kerb):
            measured = {"pointLeve": points.of(part)} if number % 4 == 0 else {}
            book.objet("LimiteVoiriePCRS", part, "03", **measured)
    for edge in village.network.edges:
        for part in inside(edge):
            book.objet(
                "LimiteVoiriePCRS", part, "03", precisionPlanimetrique="010", precisionAltimetrique="010"
            )


def _buildings(book: Fieldbook, village: Town) -> None:
    """Façades, doors, what stands out of the walls, steps."""
    for house in village.houses:
        if not house.street and house.outline.area < _SHED_M2:
            continue
        for part in inside(house.facade):
            book.objet("FacadePCRS", part, "02")
        for prominence in house.prominences:
            book.objet("ProeminenceBatiPCRS", LineString(prominence.shape.exterior), "02")
        for door in house.doors:
            book.objet("SeuilPCRS", door, "02", symbole=link(_arrow(book, door, "SEUIL")))
    for gate in village.gates:
        for part in inside(gate):
            book.objet("SeuilPCRS", part, "02")
    for number, step in enumerate(village.steps):
        theme = "02" if number < 5 else "03"
        symbol = (
            {"symbole": link(_arrow(book, step, "MARCHE"))} if number in (0, len(village.steps) - 1) else {}
        )
        book.objet("MarcheEscalierPCRS", step, theme, **symbol)


def _arrow(book: Fieldbook, line: LineString, reference: str) -> str:
    f = frame_on(line, line.length / 2)
    return book.habillage(
        "HabillageSymbolePCRS",
        Point(f.x, f.y),
        "02",
        reference=reference,
        angleRotation=azimuth(f.angle),
        longueur_mm=1.0,
        largeur_mm=1.0,
    )


def _enclosures(book: Fieldbook, village: Town) -> None:
    for wall in village.walls:
        for part in inside(wall.line):
            book.objet("MurPCRS", part, "05", typeMur=_WALLS[wall.kind])
    for pillar in village.pillars:
        _pillar(book, pillar)


def _pillar(book: Fieldbook, pillar: Pillar) -> None:
    if pillar.section == "autre":
        book.objet("PilierParticulierPCRS", LineString(pillar.shape.exterior), "05")
        return
    book.objet(
        "PilierRegulierPCRS",
        Point(pillar.frame.x, pillar.frame.y),
        "05",
        section=_SECTIONS[pillar.section],
        angleRotation=azimuth(pillar.frame.angle),
        longueur=round(pillar.length * 1000.0, 1),
        largeur=round(pillar.width * 1000.0, 1),
    )


def _works(book: Fieldbook, village: Town) -> None:
    """Rails, platform, quay, bridge, trees, and what has no class of its own."""
    for rail in village.railway.rails:
        for part in inside(rail):
            book.objet("RailPCRS", part.simplify(0.02), "04")
    book.objet("QuaiRailPCRS", village.railway.platform_edge.simplify(0.01), "04")
    quay = village.riverside.quay
    for k in range(4):
        piece = shapely.ops.substring(quay, k * 0.25, (k + 1) * 0.25, normalized=True)
        book.objet("QuaiFluvioMaritimePCRS", piece.simplify(0.01), "07")
    for pile in village.riverside.piles:
        book.objet("PilePontPCRS", pile, "07")
    for tree in village.trees:
        if tree.public and plan.GROUND.contains(Point(tree.x, tree.y)):
            book.objet(
                "ArbrePCRS", Point(tree.x, tree.y), "06", reference=tree.species, precisionPlanimetrique="010"
            )
    for what, shape in village.monuments:
        book.objet("ObjetGeneriquePCRS", Polygon(shape.exterior), "00", identification=what)
    for pole in village.poles:
        if pole.kind in ("panneau", "mat"):
            what = "panneau" if pole.kind == "panneau" else "mât"
            book.objet("ObjetGeneriquePCRS", Point(pole.frame.x, pole.frame.y), "00", identification=what)


def _control_points(book: Fieldbook) -> None:
    for number, (x, y) in enumerate(plan.TARGETS, 1):
        name = f"FICTIF-{number:03d}"
        book.objet(
            "PointCanevasPCRS",
            Point(x, y),
            "01",
            precisionPlanimetrique="002",
            precisionAltimetrique="002",
            canevas="canevas local de démonstration",
            precisionXY=1,
            precisionZ=1,
            immatriculation=name,
            dateCreation="2025-05-20",
            fiche=f"https://pcrs.example.fr/demo/canevas/{name}",
        )


def features() -> list[Feature]:
    """The whole document, in EPSG:2154 with heights IGN69: ids unique, every link resolved in it."""
    book = Fieldbook()
    village = town()
    axes = streets_axes(book)
    raster_features(book)
    _streets(book, village)
    _buildings(book, village)
    _enclosures(book, village)
    _works(book, village)
    survey_covers(book, village.covers)
    _control_points(book)
    dress(book, village)
    publication_features(book, axes)
    return list(book)


DOCUMENT_ID = f"{PREFIX}_document"
