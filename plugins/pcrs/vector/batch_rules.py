"""What valid objects are looked at for, many at a time: each rule gives its findings in French, all warnings.

The objects are read all the same: these are things that a surveyor corrects, not what the XSD refuses.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.findings import Finding
from pcrs.standard.model import Feature, is_a
from pcrs.vector.batch import Batch
from pcrs.vector.levels import VectorLevels
from pcrs.vector.positions import in_l93, middle

_LINES = ("LineString", "MultiLineString")
_LINE = 1
_FIRST_SURVEY = "1950-01-01"
_DATED = ("dateLeve", "horodatage", "dateAcquisition", "dateCreation", "datePublication")
Rule = Callable[[Batch, VectorLevels, str], Iterator[Finding]]


def _finding(feature: Feature, code: str, message: str, file: str, **more: Any) -> Finding:
    more.setdefault("attribute", "geometrie")
    return Finding(code, "warning", message, file, feature.line, feature.gml_id, feature.class_name, **more)


def tiny(batch: Batch, levels: VectorLevels, file: str) -> Iterator[Finding]:
    """Lines are longer than what a survey tells apart."""
    lengths = shapely.length(batch.plan)
    lines = shapely.get_dimensions(batch.plan) == 1
    for at in np.flatnonzero(lines & (lengths < levels.tiny_line_m)).tolist():
        message = "Ligne minuscule, sans doute un reste de saisie : la supprimer ou la rattacher."
        yield _finding(
            batch.features[at],
            "gml.tiny",
            message,
            file,
            measured=f"{lengths[at] * 100:.2g} cm",
            expected=f"au moins {levels.tiny_line_m * 100:g} cm",
            position=middle(batch.plan[at]),
        )


def crossing(batch: Batch, levels: VectorLevels, file: str) -> Iterator[Finding]:
    """No line crosses or retraces itself; each part of a multiple line is looked at by itself."""
    # In the CRS of the file: a line that goes back over itself does so to the last digit there alone.
    parts, owners = shapely.get_parts(batch.given, return_index=True)
    lines = shapely.get_type_id(parts) == _LINE
    bad = np.flatnonzero(lines & ~shapely.is_simple(parts))
    told: set[int] = set()
    for at in bad:
        owner = int(owners[at])
        if owner not in told:
            told.add(owner)
            message = "La ligne se recoupe elle-même : corriger ses sommets."
            yield _finding(
                batch.features[owner],
                "gml.crossing",
                message,
                file,
                measured="ligne qui se recoupe",
                expected="ligne simple",
                position=in_l93(_crossing_point(parts[at]), batch.features[owner].epsg),
            )


def _crossing_point(line: BaseGeometry) -> tuple[float, float]:
    """Where the line meets itself: a node that is none of its vertices, else one that it passes twice."""
    vertices = shapely.get_coordinates(line)
    nodes = shapely.get_coordinates(shapely.get_parts(shapely.node(line)))
    known = {tuple(vertex) for vertex in vertices}
    new = [node for node in map(tuple, nodes) if node not in known]
    seen, counts = np.unique(vertices, axis=0, return_counts=True)
    twice = seen[counts > 1]
    x, y = new[0] if new else twice[0] if len(twice) else vertices[len(vertices) // 2]
    return round(float(x), 3), round(float(y), 3)


def heights_have_a_class(batch: Batch, levels: VectorLevels, file: str) -> Iterator[Finding]:
    """Heights come with a class of precision, and a class of precision with heights."""
    high = shapely.has_z(batch.given)
    for at, feature in enumerate(batch.features):
        if feature.geometry is None or not is_a(feature.class_name, "ObjetVecteurPCRS"):
            continue
        said = feature.attributes.get("precisionAltimetrique")
        if high[at] == (said is not None):
            continue
        message = "L'objet a des hauteurs sans classe de précision altimétrique : la renseigner."
        measured, expected = "absente", "002, 005, 010, 040, 150 ou 999"
        if not high[at]:
            message = "Classe de précision altimétrique sans hauteurs : livrer la 3D, ou la retirer."
            measured, expected = str(said), "une géométrie en 3D"
        yield _finding(
            feature,
            "gml.precision",
            message,
            file,
            attribute="precisionAltimetrique",
            measured=measured,
            expected=expected,
            position=middle(batch.plan[at]),
        )


def dated(batch: Batch, levels: VectorLevels, file: str) -> Iterator[Finding]:
    """Dates are of the past, and of the time of such surveys."""
    latest = levels.today or date.max.isoformat()
    for at, feature in enumerate(batch.features):
        for name in _DATED:
            value = feature.attributes.get(name)
            if value is None or _FIRST_SURVEY <= value <= latest:
                continue
            message = f"La date « {name} » n'est pas plausible : la corriger."
            yield _finding(
                feature,
                "gml.date",
                message,
                file,
                attribute=name,
                measured=value,
                expected=f"de {_FIRST_SURVEY} à {latest}",
                position=middle(batch.plan[at]),
            )


def drawn(batch: Batch, levels: VectorLevels, file: str) -> Iterator[Finding]:
    """What groups the drawings of an affleurant has one at least."""
    for _, feature in batch.where("AffleurantGeometriquePCRS"):
        if not any(feature.attributes.get(name) for name in ("enveloppe", "ligne", "point")):
            message = "L'affleurant n'a ni enveloppe, ni lignes, ni point : lier sa représentation."
            yield _finding(
                feature,
                "gml.affleurant",
                message,
                file,
                attribute="enveloppe",
                measured="aucun lien",
                expected="enveloppe, ligne ou point",
            )


RULES: tuple[Rule, ...] = (tiny, crossing, heights_have_a_class, dated, drawn)


def check(batch: Batch, levels: VectorLevels, file: str) -> list[Finding]:
    """What every rule finds in a batch."""
    return [finding for rule in RULES for finding in rule(batch, levels, file)]
