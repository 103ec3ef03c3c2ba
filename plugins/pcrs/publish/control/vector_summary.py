"""The rules of the control of GML as a report names them, and what each of them found."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pcrs.publish.control.result import ControlResult, Verdict
from pcrs.publish.control.summary import Line
from pcrs.standard.french import count, number
from pcrs.standard.model import CLASSES

RULES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("XML bien formé", "Well-formed XML", ("gml.xml", "gml.entity", "gml.document"), "un document lisible"),
    ("Schéma XSD", "XML schema", ("gml.xsd", "gml.schema"), "CNIG_PCRS_v2.0.xsd"),
    (
        "Structure du document",
        "Structure of the document",
        ("gml.version", "gml.member", "gml.class"),
        "objets du PCRS v2.0, chacun dans un membre",
    ),
    ("Identifiants", "Identifiers", ("gml.id",), "un gml:id unique par objet"),
    (
        "Attributs des classes",
        "Attributes",
        ("gml.required", "gml.unknown", "gml.repeated", "gml.order"),
        "ceux du standard, dans leur ordre",
    ),
    ("Types de valeurs", "Types of values", ("gml.type",), "dates, nombres et entiers"),
    ("Énumérations", "Code lists", ("gml.enumeration",), "codes des listes, fermées ou ouvertes"),
    ("Classe et thématique", "Class and theme", ("gml.thematique",), "la thématique de la classe"),
    ("Classes de précision", "Classes of precision", ("gml.precision",), "présentes et plausibles"),
    ("Valeurs plausibles", "Plausible values", ("gml.value", "gml.date"), "dimensions, angles, dates"),
    ("Liens entre objets", "Links", ("gml.link",), "vers un objet du fichier, de la bonne classe"),
    ("Coordonnées", "Coordinate systems", ("gml.crs",), "Lambert-93 ou CC42 à CC50, dans leur domaine"),
    ("Géométries", "Geometries", ("gml.geometry",), "du type de la classe, valides"),
    (
        "Lignes minuscules ou croisées",
        "Tiny and crossing lines",
        ("gml.tiny", "gml.crossing"),
        "des lignes simples",
    ),
    ("Doublons", "Duplicates", ("gml.duplicate",), "une géométrie par objet d’une classe"),
    ("Altitudes", "Heights", ("gml.height",), "proches du voisinage"),
    ("Emprise d’échange", "Exchange area", ("gml.extent",), "objets dans l’emprise"),
    (
        "Affleurants et habillage",
        "Covers and dressing",
        ("gml.affleurant", "gml.habillage", "gml.minimum"),
        "représentations liées, textes remplis",
    ),
)


@dataclass(frozen=True, slots=True)
class ClassRow:
    """What there is of a class, and what was found on it."""

    name: str
    title: str
    objects: int
    errors: int
    warnings: int

    @property
    def verdict(self) -> Verdict:
        """What the findings say."""
        return "non conforme" if self.errors else "à examiner" if self.warnings else "conforme"


def _tally(result: ControlResult) -> Counter[tuple[str, str, str]]:
    """How many findings of each code, level and class, over all documents."""
    tally: Counter[tuple[str, str, str]] = Counter()
    for card in result.documents:
        if card.document is None:
            tally.update((each.code, each.level, each.class_name or "") for each in card.findings)
            continue
        tally.update(card.document.tally)
        # What is said of the file as a whole is said after the counting.
        tally.update(
            (each.code, each.level, "") for each in card.findings if each.code in ("gml.schema", "gml.more")
        )
    return tally


def vector_lines(result: ControlResult) -> list[Line]:
    """A line for each rule, in the order in which a file is judged."""
    tally = _tally(result)
    applied = any(card.document and card.document.schema for card in result.documents)
    lines = []
    for title, english, codes, expected in RULES:
        errors, warnings = (
            sum(n for (code, level, _), n in tally.items() if code in codes and level == wanted)
            for wanted in ("error", "warning")
        )
        verdict: Verdict = "non conforme" if errors else "à examiner" if warnings else "conforme"
        done = applied or "gml.xsd" not in codes
        measured = count(errors + warnings, "constat")
        if errors and warnings:
            measured += f", dont {count(errors, 'refus', 'refus')}"
        if not done:
            measured = "schémas non fournis (--xsd) : ses règles sont vérifiées une à une ci-dessous"
        lines.append(Line(title, english, codes, measured, expected, done, verdict))
    return lines


def class_rows(result: ControlResult) -> list[ClassRow]:
    """The classes that there are or that findings speak of, in the order of the standard."""
    tally = _tally(result)
    counts: Counter[str] = Counter()
    for card in result.documents:
        if card.document is not None:
            counts.update(card.document.counts)
    found: Counter[tuple[str, str]] = Counter()
    for (_, level, name), amount in tally.items():
        found[name, level] += amount
    return [
        ClassRow(name, model.title, counts[name], found[name, "error"], found[name, "warning"])
        for name, model in CLASSES.items()
        if counts[name] or found[name, "error"] or found[name, "warning"]
    ]


def schemas(result: ControlResult) -> Sequence[str]:
    """What was applied of the XSD, and what was not."""
    applied = sorted(
        {card.document.schema for card in result.documents if card.document and card.document.schema}
    )
    if applied:
        return [
            f"Schémas appliqués à chaque objet : {each}. Identifiants et liens sont vérifiés par les règles."
            for each in applied
        ]
    return [
        "Aucun schéma XSD n’a été appliqué. Classes, attributs, cardinalités, types, énumérations et types "
        "de géométrie de CNIG_PCRS_v2.0.xsd et CNIG_PCRS-INFO_v2.0.xsd sont vérifiés par les règles ; ce que "
        "GML 3.2.1 demande en plus dans les géométries (ordre et attributs de leurs éléments) ne l’est pas."
    ]


def figures(result: ControlResult) -> list[tuple[str, str, str, str]]:
    """The figures of the whole: value, French, English, tone."""
    tally = _tally(result)
    errors, warnings = (
        sum(n for (_, level, _), n in tally.items() if level == at) for at in ("error", "warning")
    )
    objects = sum(sum(card.document.counts.values()) for card in result.documents if card.document)
    refused = {
        (card.file, each.object_id or each.line)
        for card in result.documents
        for each in card.findings
        if each.level == "error" and each.code != "gml.schema"
    }
    return [
        (
            number(len(result.documents)),
            "fichiers GML" if len(result.documents) > 1 else "fichier GML",
            "files",
            "",
        ),
        (number(objects), "objets valides", "valid objects", "good"),
        (number(len(refused)), "objets refusés", "refused objects", "bad" if refused else ""),
        (number(errors), "erreurs", "errors", "bad" if errors else ""),
        (number(warnings), "à examiner", "to examine", "look" if warnings else ""),
        (number(len(class_rows(result))), "classes", "classes", ""),
    ]
