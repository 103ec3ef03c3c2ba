"""What users run on a site's data: an extract, figures of an area, the control of a GML, and an echo."""

from collections.abc import Mapping
from typing import Any
from zipfile import ZIP_STORED, ZipFile

from pcrs.errors import InputError, TooLargeError
from pcrs.files import placing
from pcrs.raster.qc import Control
from pcrs.store.base import Query
from pcrs.work.asked_area import AREA_INPUTS, POLYGON_CRS, area_of
from pcrs.work.control import Item, check_file
from pcrs.work.dalle_files import add_dalle
from pcrs.work.extraction import ORTHO, ZIP, ZIP_SCHEMA, extraction, refuse_closed
from pcrs.work.figures import dalles_of, estimated, objects_of
from pcrs.work.layers import DALLES
from pcrs.work.process_means import Means
from pcrs.work.processing import Input, Made, Output, Outputs, Process, Task, Words
from pcrs.work.progress import Step
from pcrs.work.selection import pages

_GML_CHARS = 20_000_000


def processes(means: Means) -> Mapping[str, Process]:
    """The processes of a site, by their identifiers."""
    every = (extraction(means), _bundle(means), _statistics(means), _control(means), ECHO)
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


def _statistics(means: Means) -> Process:
    def run(task: Task) -> Outputs:
        area = area_of(task.inputs, means.store)
        objects = objects_of(means.store, area, task.readable)
        dalles = dalles_of(means.store, area)
        told: dict[str, Any] = {
            "emprise": area.title,
            "surface_m2": round(area.region.area, 1),
            "objets": objects,
            "dalles": dalles.told() if task.readable.reads(DALLES.name, area.region) else None,
            "estimations": estimated(area, objects, dalles, task.readable),
        }
        return {"chiffres": told}

    return Process(
        id="statistiques",
        title=Words("Chiffres d'une emprise", "Figures of an area"),
        description=Words(
            "Ce qu'il y a dans une emprise : objets par classe, dalles, volumes, dates et précision, taille "
            "estimée d'un extrait dans chaque format.",
            "What an area holds: objects by class, dalles, volumes, dates and precision, and the estimated "
            "size of an extract in each format.",
        ),
        inputs={**AREA_INPUTS, **POLYGON_CRS},
        outputs={"chiffres": Output(Words("les chiffres", "the figures"), {"type": "object"})},
        run=run,
        quick=True,
    )


def _bundle(means: Means) -> Process:
    def run(task: Task) -> Outputs:
        area = area_of(task.inputs, means.store)
        refuse_closed(ORTHO, area, task)
        rows = [row for page in pages(means.store, DALLES.name, Query(within=area.region)) for row in page]
        octets = sum(row.values["octets"] or 0 for row in rows)
        if not rows:
            raise InputError(f"{area.title}: no dalle there")
        if octets > means.bytes_max:
            told = f"{len(rows)} dalles, {octets} bytes; {means.bytes_max} at the most"
            raise TooLargeError(f"{area.title}: {told}: take a smaller area, or the files one by one")
        name = f"dalles-{area.stem}.zip"
        hot = means.ground().hot
        with placing(task.folder / name) as part, ZipFile(part, "w", ZIP_STORED) as packed:
            for number, row in enumerate(rows):
                task.progress(Step("dalles", number, len(rows)))
                add_dalle(packed, hot, str(row.values["href"]), str(row.values["fichier"]))
        return {"archive": Made(name, ZIP)}

    return Process(
        id="dalles",
        title=Words("Prendre les dalles", "Take the dalles"),
        description=Words(
            "Les dalles actuelles d'une emprise, fichiers entiers, en une archive ZIP sans recompression.",
            "The current dalles of an area, whole files, in one ZIP without compression.",
        ),
        inputs={**AREA_INPUTS, **POLYGON_CRS},
        outputs={"archive": Output(Words("l'archive", "the archive"), ZIP_SCHEMA, ZIP)},
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
