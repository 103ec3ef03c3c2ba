"""What users run on a site's data: an extract, figures of an area, the control of a GML, and an echo."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

from pcrs.blobs import Blobs
from pcrs.errors import InputError, TooLargeError
from pcrs.files import placing
from pcrs.raster.qc import Control
from pcrs.standard.crs import PCRS_CRS
from pcrs.standard.model import CONCRETE
from pcrs.store.base import FeatureStore, Query
from pcrs.vector.check import GmlControl
from pcrs.vector.formats import FORMATS, format_of
from pcrs.vector.packs import zip_files
from pcrs.work.areas import Area
from pcrs.work.asked_area import AREA_INPUTS, area_of
from pcrs.work.control import Item, check_file
from pcrs.work.dalle_files import add_dalle
from pcrs.work.export import Order, export
from pcrs.work.layers import DALLES
from pcrs.work.notice import Credits
from pcrs.work.processing import Input, Made, Output, Outputs, Process, Task, Words
from pcrs.work.progress import Step
from pcrs.work.selection import pages

_ZIP = "application/zip"
_ZIP_SCHEMA = {"type": "string", "contentMediaType": _ZIP}
_CLASSES = [model.name for model in CONCRETE]
_GML_CHARS = 20_000_000


@dataclass(frozen=True, slots=True)
class Means:
    """What processes work with."""

    store: FeatureStore
    credits: Credits
    day: date
    control: GmlControl
    hot: Blobs
    objects_max: int
    bytes_max: int


def processes(means: Means) -> Mapping[str, Process]:
    """The processes of a site, by their identifiers."""
    every = (_extraction(means), _bundle(means), _statistics(means), _control(means), ECHO)
    return {each.id: each for each in every}


def _echo(task: Task) -> Outputs:
    return {"echo": task.inputs.get("message", "")}


ECHO = Process(
    id="echo",
    title=Words("Écho", "Echo"),
    description=Words("Rend ce qu'il reçoit : pour essayer.", "Gives back what it gets: to try."),
    inputs={
        "message": Input(Words("un texte", "a text"), {"type": "string", "maxLength": 10_000}, required=True)
    },
    outputs={"echo": Output(Words("le même texte", "the same text"), {"type": "string"}, "text/plain")},
    run=_echo,
    quick=True,
)


def _extraction(means: Means) -> Process:
    formats = sorted(FORMATS)

    def run(task: Task) -> Outputs:
        area = area_of(task.inputs, means.store)
        layers = _layers(means.store, area, task)
        made = []
        for name in task.inputs["formats"]:
            form = format_of(name)
            epsg = task.inputs.get("epsg")
            order = Order(
                form, means.credits, means.day, area, epsg, task.inputs.get("decoupe", False), layers,
                means.objects_max,
            )  # fmt: skip
            path = task.folder / f"{area.stem}-{order.target_epsg}-{form.name}.zip"
            exported = export(means.store, order, path, task.progress)
            if exported.counts:
                made.append(exported.path)
        if not made:
            raise InputError(f"{area.title}: no object there")
        return {"extrait": _one_file(task.folder, area.stem, made)}

    inputs = {
        **AREA_INPUTS,
        "formats": Input(
            Words("formats voulus", "formats wanted"),
            {"type": "array", "items": {"enum": formats}, "minItems": 1, "maxItems": len(formats),
             "uniqueItems": True},
            required=True,
        ),
        "epsg": Input(
            Words("CRS du fichier (celui du format, sinon)", "CRS of the file (the format's own, otherwise)"),
            {"type": "integer", "enum": [*PCRS_CRS, 4326, 3857]},
        ),
        "decoupe": Input(Words("couper à la limite", "cut at the limit"), {"type": "boolean"}),
        "classes": Input(
            Words("classes voulues (toutes, sinon)", "classes wanted (all, otherwise)"),
            {"type": "array", "items": {"enum": _CLASSES}, "minItems": 1, "uniqueItems": True},
        ),
    }  # fmt: skip
    return Process(
        id="extraction",
        title=Words("Extraire le plan", "Extract the map"),
        description=Words(
            "Les objets d'une commune, d'un rectangle, d'un polygone ou d'une dalle, dans les formats "
            "voulus, avec un lisez-moi (système de coordonnées, dates, précautions).",
            "The objects of a commune, a box, a polygon or a dalle, in the formats wanted, with a read-me "
            "(CRS, dates, cautions).",
        ),
        inputs=inputs,
        outputs={"extrait": Output(Words("l'archive", "the archive"), _ZIP_SCHEMA, _ZIP)},
        run=run,
    )


def _refuse_closed(layer: str, area: Area, task: Task) -> None:
    """Raises InputError when a layer may not be read there."""
    if not task.readable.reads(layer, area.region):
        raise InputError(f"{layer}: not open, and not in the scope of who asks, or not all over {area.title}")


def _layers(store: FeatureStore, area: Area, task: Task) -> tuple[str, ...]:
    """The classes that are asked, and may be read.

    Raises:
        InputError: one that is asked by its name may not, or none is left.
    """
    held = {layer.name for layer in store.layers()}
    asked = task.inputs.get("classes")
    for name in asked or ():
        _refuse_closed(name, area, task)
    kept = tuple(
        name
        for name in _CLASSES
        if name in held and task.readable.reads(name, area.region) and name in (asked or held)
    )
    if not kept:
        raise InputError("no class is left that the site holds and that may be read")
    return kept


def _one_file(folder: Path, stem: str, made: list[Path]) -> Made:
    if len(made) == 1:
        return Made(made[0].name, _ZIP)
    whole = folder / f"{stem}.zip"
    zip_files(whole, made)
    for part in made:
        part.unlink()
    return Made(whole.name, _ZIP)


def _statistics(means: Means) -> Process:
    def run(task: Task) -> Outputs:
        area = area_of(task.inputs, means.store)
        layers = {layer.name: layer for layer in means.store.layers()}
        query = Query(within=area.region)
        objects = {
            name: count
            for name in _CLASSES
            if name in layers and layers[name].geometry is not None and task.readable.reads(name, area.region)
            if (count := means.store.count(name, query))
        }
        told: dict[str, Any] = {
            "emprise": area.title,
            "surface_m2": round(area.region.area, 1),
            "objets": objects,
            "dalles": _dalles(means.store, query) if task.readable.reads(DALLES.name, area.region) else None,
        }
        return {"chiffres": told}

    return Process(
        id="statistiques",
        title=Words("Chiffres d'une emprise", "Figures of an area"),
        description=Words(
            "Ce qu'il y a dans une emprise : objets par classe, dalles, volumes, dates et précision.",
            "What an area holds: objects by class, dalles, volumes, dates and precision.",
        ),
        inputs=AREA_INPUTS,
        outputs={"chiffres": Output(Words("les chiffres", "the figures"), {"type": "object"})},
        run=run,
        quick=True,
    )


def _dalles(store: FeatureStore, query: Query) -> dict[str, Any]:
    """Number, bytes, dates and classes of precision of the dalles that meet a region."""
    if DALLES.name not in {layer.name for layer in store.layers()}:
        return {"nombre": 0, "octets": 0, "dates": None, "precisions": {}}
    number, octets, days = 0, 0, list[str]()
    classes: dict[str, int] = {}
    for rows in pages(store, DALLES.name, replace(query, geometry=False)):
        number += len(rows)
        octets += sum(row.values["octets"] or 0 for row in rows)
        days += [day for row in rows if (day := row.values["date_acquisition"])]
        for row in rows:
            classes[row.values["precision"]] = classes.get(row.values["precision"], 0) + 1
    dates = [min(days), max(days)] if days else None
    return {"nombre": number, "octets": octets, "dates": dates, "precisions": classes}


def _bundle(means: Means) -> Process:
    def run(task: Task) -> Outputs:
        area = area_of(task.inputs, means.store)
        _refuse_closed("ortho", area, task)
        rows = [row for page in pages(means.store, DALLES.name, Query(within=area.region)) for row in page]
        octets = sum(row.values["octets"] or 0 for row in rows)
        if not rows:
            raise InputError(f"{area.title}: no dalle there")
        if octets > means.bytes_max:
            told = f"{len(rows)} dalles, {octets} bytes; {means.bytes_max} at the most"
            raise TooLargeError(f"{area.title}: {told}: take a smaller area, or the files one by one")
        name = f"dalles-{area.stem}.zip"
        with placing(task.folder / name) as part, ZipFile(part, "w", ZIP_STORED) as packed:
            for number, row in enumerate(rows):
                task.progress(Step("dalles", number, len(rows)))
                add_dalle(packed, means.hot, str(row.values["href"]), str(row.values["fichier"]))
        return {"archive": Made(name, _ZIP)}

    return Process(
        id="dalles",
        title=Words("Prendre les dalles", "Take the dalles"),
        description=Words(
            "Les dalles actuelles d'une emprise, fichiers entiers, en une archive ZIP sans recompression.",
            "The current dalles of an area, whole files, in one ZIP without compression.",
        ),
        inputs=AREA_INPUTS,
        outputs={"archive": Output(Words("l'archive", "the archive"), _ZIP_SCHEMA, _ZIP)},
        run=run,
    )


def _control(means: Means) -> Process:
    def run(task: Task) -> Outputs:
        file = task.folder / "controle.gml"
        file.write_text(task.inputs["gml"], encoding="utf-8")
        checked = check_file(Item(file, file.name, "vecteur"), Control(), means.control)
        file.unlink()
        findings = [finding.to_dict() for finding in checked.findings]
        errors = sum(finding["level"] == "error" for finding in findings)
        objects = checked.facts.get("objects", 0)
        told = {"conforme": not errors, "objets": objects, "erreurs": errors, "constats": findings}
        return {"rapport": told}

    return Process(
        id="controle",
        title=Words("Contrôler un GML", "Control a GML"),
        description=Words(
            "Contrôle un fichier GML du standard CNIG PCRS v2.0 : chaque constat donne la ligne, l'objet, ce "
            "qui était attendu. Le fichier n'est pas gardé.",
            "Controls a GML file of the CNIG PCRS v2.0 standard: each finding gives line, object, and what "
            "was expected. The file is not kept.",
        ),
        inputs={
            "gml": Input(
                Words("le document GML", "the GML document"),
                {"type": "string", "maxLength": _GML_CHARS, "contentMediaType": "application/gml+xml"},
                required=True,
            )
        },
        outputs={"rapport": Output(Words("les constats", "the findings"), {"type": "object"})},
        run=run,
    )
