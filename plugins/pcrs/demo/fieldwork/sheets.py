"""The dalles of the delivery, and the features that speak of the delivery itself."""

from dataclasses import dataclass
from pathlib import Path

from shapely.geometry import Polygon, box

from pcrs.demo.fieldwork.fieldbook import (
    ACCEPTED,
    CELL_M,
    FLOWN,
    PREFIX,
    PRODUCER,
    Cell,
    Fieldbook,
    flat,
    lifted,
    link,
    multi_polygon,
)
from pcrs.demo.village import plan
from pcrs.standard.names import DalleName, format_name

YEAR = 2025
MASK = box(584.0, 356.0, 616.0, 404.0)
"""Where the image is veiled so that the vector shows: two dalles share it."""

_FORMS: dict[Cell, str] = {
    (0, 0): "lzw",
    (3, 1): "lzw",
    (0, 4): "jpeg",
    (4, 4): "jpeg",
    (4, 2): "deflate",
    (1, 4): "deflate",
    (3, 0): "bands",
}
"""Dalles that are delivered in another form than most."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One dalle of 200 m to be delivered: its square, its name, and the way its file is written."""

    cell: Cell
    name: DalleName
    form: str
    """plain, deflate, lzw (in strips, with a world file), bands (deflate, band after band) or jpeg."""

    @property
    def file_name(self) -> str:
        """The file's name, as the GML gives it."""
        return f"{format_name(self.name)}.tif"

    def path(self, folder: Path) -> Path:
        """Where the file goes."""
        return folder / self.file_name


def sheets() -> tuple[Sheet, ...]:
    """The 25 dalles, from the south-west."""
    count, side = int(plan.SIDE_M / CELL_M), int(CELL_M)
    found = []
    for row in range(count):
        for column in range(count):
            x = int(plan.ORIGIN[0]) + column * side
            y = int(plan.ORIGIN[1]) + (row + 1) * side
            found.append(
                Sheet((column, row), DalleName(YEAR, x, y, side), _FORMS.get((column, row), "plain"))
            )
    return tuple(found)


def _square(cell: Cell) -> Polygon:
    x, y = cell[0] * CELL_M, cell[1] * CELL_M
    return box(x, y, x + CELL_M, y + CELL_M)


def raster_features(book: Fieldbook) -> None:
    """Adds the record of each dalle and the mask of opacity, linked both ways."""
    mask_id = f"{PREFIX}_MasqueOpacite_00001"
    masked = []
    for sheet in sheets():
        square = _square(sheet.cell)
        touches = MASK.intersection(square).area > 0
        gml_id = f"{PREFIX}_Raster_{format_name(sheet.name)}"
        masked += [link(gml_id)] if touches else []
        book.add(
            "RasterPCRS",
            flat(square),
            gml_id,
            producteur=PRODUCER,
            nomImage=sheet.file_name,
            typeImage="image/tiff",
            idPCRS=gml_id,
            resolution=5,
            dateAcquisition=FLOWN,
            dateRecette=ACCEPTED,
            precisionPlanimetriqueCorpsDeRue="010",
            precisionPlanimetriqueZoneNaturelle="040",
            descriptionElementsQualite="Image de synthèse : ni dévers ni nuage. Données fictives.",
            **({"masque": (link(mask_id),)} if touches else {}),
        )
    book.add(
        "MasqueOpacitePCRS",
        lifted(MASK),
        mask_id,
        idHabillage=mask_id,
        thematique="11",
        transparence=40,
        raster=tuple(masked),
    )


def publication_features(book: Fieldbook, axes: list[str]) -> None:
    """Adds commune, exchange extents (each square, and the commune), initiative and availability."""
    whole = multi_polygon(box(0.0, 0.0, plan.SIDE_M, plan.SIDE_M))
    commune = book.add(
        "Commune", flat(whole), codeINSEE=plan.INSEE, nom=plan.COMMUNE, reference="commune fictive (démo)"
    )
    common = {"fournisseur": PRODUCER, "datePublication": ACCEPTED}
    for sheet in sheets():
        objects, dressing = book.listed(sheet.cell)
        name = format_name(sheet.name)
        book.add(
            "EmpriseEchangePCRS",
            flat(multi_polygon(_square(sheet.cell))),
            complement=name,
            type="Carreau",
            idEmprise=f"{PREFIX}_{name}",
            raster=(f"#{PREFIX}_Raster_{name}",),
            objet=tuple(objects),
            habillage=tuple(dressing),
            **common,
        )
    book.add(
        "EmpriseEchangePCRS",
        flat(whole),
        complement=plan.NOTICE,
        type="Limite administrative",
        idEmprise=f"{PREFIX}_{plan.INSEE}",
        commune=(link(commune),),
        troncon=tuple(map(link, axes)),
        **common,
    )
    initiative = book.add(
        "InitiativePCRS",
        flat(whole),
        partenaires=("Commune fictive", "Syndicat d'énergie fictif"),
        gestionnaire=PRODUCER,
        description="Démonstration du logiciel pcrs ; aucun de ces objets n'existe.",
        commune=(link(commune),),
    )
    book.add(
        "EmpriseDisponibilitePCRS",
        flat(whole),
        dateActualite=ACCEPTED,
        calendrier="01",
        troncon=tuple(map(link, axes)),
        commune=(link(commune),),
        initiative=link(initiative),
    )
