"""The lines of a control report's first page: each control, what it gave, and against what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pcrs.publish.control.result import ControlResult, Verdict, verdict_of
from pcrs.standard.french import centimetres, count, number, packing, percent

_MEASURES = {
    "grid": "dallage donné",
    "extent": "étendue donnée",
    "rectangle": "rectangle englobant",
    "inside": "intérieur de la livraison",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One control."""

    title: str
    english: str
    codes: tuple[str, ...]
    """What the codes of its findings begin with."""
    measured: str
    expected: str = ""
    done: bool = True
    """False: what it needs was not given."""
    verdict: Verdict = "conforme"


def lines(result: ControlResult) -> list[Line]:
    """Every control, in the order of the report; a finding that no control names belongs to the files."""
    drafts = list(_drafts(result))
    named = tuple(code for line in drafts for code in line.codes)
    judged = []
    for line in drafts:
        own = [f for f in result.every_finding if f.code.startswith(line.codes)] if line.codes else []
        if not line.codes:
            own = [f for f in result.every_finding if not f.code.startswith((*named, "gml."))]
        judged.append(
            Line(
                line.title, line.english, line.codes, line.measured, line.expected, line.done, verdict_of(own)
            )
        )
    return judged


def _drafts(result: ControlResult) -> Iterator[Line]:
    yield _completeness(result)
    yield _doubles(result)
    yield _files(result)
    yield _form(result)
    yield from _pixels(result)
    yield from _seams(result)
    yield from _planimetry(result)


def _completeness(result: ControlResult) -> Line:
    complete = result.completeness
    there = complete.expected - len(complete.missing)
    measured = f"{number(there)} places couvertes sur {number(complete.expected)}"
    expected = f"toutes ({_MEASURES[complete.measure]})"
    return Line("Complétude", "Completeness", ("delivery.missing", "delivery.outside"), measured, expected)


def _doubles(result: ControlResult) -> Line:
    twins = sum(f.code in ("delivery.twin", "delivery.copy") for f in result.every_finding)
    measured = f"{count(twins, 'doublon')}, {count(len(result.completeness.overlaps), 'recouvrement')}"
    codes = ("delivery.twin", "delivery.copy", "delivery.overlap")
    return Line("Doublons et recouvrements", "Duplicates and overlaps", codes, measured, "aucun")


def _files(result: ControlResult) -> Line:
    beside = [c.inspection.facts.worldfile_path for c in result.dalles if c.inspection]
    worldfiles = sum(path is not None for path in beside)
    measured = (
        f"{count(len(result.cards), 'fichier')}, dont {count(worldfiles, 'dalle')} avec fichier de calage"
    )
    expected = "nom, calage, taille, bandes et pixels selon le standard"
    return Line("Fichiers", "Files: names, georeference, content", (), measured, expected)


def _form(result: ControlResult) -> Line:
    facts = [card.inspection.facts for card in result.dalles if card.inspection]
    packings = sorted({packing(fact.compression) for fact in facts})
    overviews = sum(bool(fact.overviews) for fact in facts)
    measured = (
        f"{', '.join(packings) or 'sans objet'} ; aperçus dans {number(overviews)} sur {number(len(facts))}"
    )
    codes = ("delivery.compression", "delivery.overviews")
    return Line("Compression et aperçus", "Compression and overviews", codes, measured, "constat")


def _pixels(result: ControlResult) -> Iterator[Line]:
    seen = [card.inspection for card in result.dalles if card.inspection]
    widths = [one.sharpness.width_px for one in seen if one.sharpness]
    yield Line(
        "Netteté",
        "Sharpness",
        ("raster.blurred",),
        f"contours de {_range(widths, 1)} px" if widths else "non mesurable",
        f"moins de {number(result.levels['edge_examine_px'], 1)} px, et proche de la médiane",
        bool(widths),
    )
    lights = [one.luminance for one in seen if one.luminance is not None]
    yield Line(
        "Exposition",
        "Exposure",
        ("raster.dark",),
        f"luminance moyenne de {_range(lights, 0)} sur 255" if lights else "non mesurable",
        f"plus de {number(result.levels['dark_examine'])}, et proche des voisines",
        bool(lights),
    )
    saturated = max((one.share(one.saturated) for one in seen), default=0.0)
    yield Line(
        "Saturation",
        "Saturated pixels",
        ("raster.saturated",),
        f"au plus {percent(saturated)} d’une dalle",
        f"moins de {percent(result.levels['saturated_examine'])}",
        bool(seen),
    )
    plain = max((one.share(max(one.white, one.black)) for one in seen), default=0.0)
    empty = max((one.nodata_share for one in seen), default=0.0)
    yield Line(
        "Blanc, noir et vide",
        "Pure white, pure black, no data",
        ("raster.white", "raster.black", "raster.nodata", "raster.blank"),
        f"au plus {percent(plain)} d’une dalle ; sans donnée : {percent(empty)}",
        f"sans donnée : {percent(result.levels['max_nodata_share'])} au plus",
        bool(seen),
    )


def _seams(result: ControlResult) -> Iterator[Line]:
    own = [row for row in result.seams if not row.explained_by]
    others = [row for row in result.seams if row.explained_by]
    offsets, explained = (
        [row.offset_m for row in rows if row.offset_m is not None] for rows in (own, others)
    )
    measured = f"{count(len(result.seams), 'joint')} ; "
    measured += f"décalage jusqu’à {centimetres(max(offsets))}" if offsets else "décalage non mesurable"
    yield Line(
        "Joints : continuité des lignes",
        "Seams: offset",
        ("seam.offset", "raster.shifted"),
        measured + (f" ({centimetres(max(explained))} avec une dalle en défaut)" if explained else ""),
        f"moins de {centimetres(result.levels['offset_examine_m'], 0)}",
        bool(offsets or explained),
    )
    jumps, explained = [row.jump for row in own], [row.jump for row in others]
    measured = f"saut jusqu’à {_levels(max(jumps))}" if jumps else "saut non mesurable"
    yield Line(
        "Joints : radiométrie",
        "Seams: radiometric jump",
        ("seam.radiometry", "raster.radiometry"),
        measured + (f" ({_levels(max(explained))} avec une dalle en défaut)" if explained else ""),
        f"moins de {number(result.levels['jump_examine'])} niveaux",
        bool(jumps or explained),
    )


def _levels(jump: float) -> str:
    return count(round(jump), "niveau", "niveaux")


def _planimetry(result: ControlResult) -> Iterator[Line]:
    codes = ("precision.class", "precision.height", "precision.sample", "points.")
    title, english = "Précision planimétrique", "Planimetric test"
    found = result.planimetry
    if found is None or found.test is None:
        yield Line(
            title, english, codes, "aucun point de contrôle fourni", "arrêté du 16 septembre 2003", False
        )
        return
    test = found.test
    gaps = f"écart moyen {centimetres(test.mean_m)}, maximal {centimetres(test.max_m)}"
    yield Line(
        title,
        english,
        codes,
        f"{count(test.count, 'point')} ; {gaps}",
        f"classe de {centimetres(test.class_m, 0)} (arrêté du 16 septembre 2003)",
    )


def _range(values: Sequence[float], digits: int) -> str:
    low, high = (number(float(bound), digits) for bound in (np.min(values), np.max(values)))
    return low if low == high else f"{low} à {high}"
