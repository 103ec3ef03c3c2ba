"""The report of a control: one HTML page that holds all it shows, without script, fit for A4."""

import json
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

import jinja2
from babel.dates import format_date

from pcrs.files import placing
from pcrs.publish.control.coverage_map import coverage_map, place
from pcrs.publish.control.document import document
from pcrs.publish.control.figures import histogram, target, vectors
from pcrs.publish.control.pictures import embedded
from pcrs.publish.control.result import ControlResult, SeamRow
from pcrs.publish.control.summary import lines
from pcrs.publish.control.vector_part import vector_part
from pcrs.publish.control.vector_summary import vector_lines
from pcrs.publish.report import environment
from pcrs.standard import french
from pcrs.standard.codes import CODES

_FEW = 36
"""A delivery of no more dalles has a card for each; a greater one for those that are not conforming."""
_MOST_CARDS, _MOST_THUMBS, _MOST_SEAMS, _MOST_FINDINGS = 120, 6000, 80, 600
_MOST_LETTERS = 120
_SLUGS = {"conforme": "good", "à examiner": "look", "non conforme": "bad"}
_SIGNS = {"conforme": "✓", "à examiner": "?", "non conforme": "✕"}
_LEVELS = {"error": "bad", "warning": "look", "info": "note"}


def write_report(result: ControlResult, page: Path, data: Path) -> None:
    """The page and the JSON document are at their places, whole."""
    with placing(page) as part:
        part.write_text(render(result), encoding="utf-8")
    with placing(data) as part:
        part.write_text(json.dumps(document(result), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def render(result: ControlResult) -> str:
    """The page."""
    dalles = [card for card in result.dalles if card.inspection is not None]
    faulty = [card for card in dalles if card.verdict != "conforme"]
    findings = [
        *result.findings,
        *(f for card in result.cards for f in card.findings if card.kind != "vecteur"),
    ]
    findings += [f for row in result.seams for f in row.findings]
    told = [finding for finding in findings if finding.level != "info"]
    planimetry = result.planimetry
    raster = bool(result.dalles) or not result.documents
    return _template().render(
        result=result,
        lines=[*(lines(result) if raster else ()), *(vector_lines(result) if result.documents else ())],
        raster=raster,
        vector=vector_part(result) if result.documents else None,
        map=coverage_map(result),
        thumbs=dalles if len(dalles) <= _MOST_THUMBS else faulty[:_MOST_THUMBS],
        cards=(dalles if len(dalles) <= _FEW else faulty)[:_MOST_CARDS],
        faulty=faulty,
        told=told[:_MOST_FINDINGS],
        notes=[finding for finding in findings if finding.level == "info"][:_MOST_FINDINGS],
        left_out=max(0, len(told) - _MOST_FINDINGS),
        seams=_worst(result.seams),
        target=None if planimetry is None else target(planimetry),
        vectors=None if planimetry is None else vectors(planimetry, [c.box for c in result.dalles if c.box]),
        area_km2=sum(c.box.width * c.box.height for c in result.dalles if c.box) / 1e6,
        category=CODES["CategoriePrecisionPCRSType"],
    )


def _worst(seams: Sequence[SeamRow]) -> list[SeamRow]:
    """Seams with findings first, then those that a dalle explains, then the others by what they measure."""

    def rank(row: SeamRow) -> tuple[bool, bool, float]:
        return not row.findings, not row.explained_by, -((row.offset_m or 0.0) * 100 + row.jump)

    return sorted(seams, key=rank)[:_MOST_SEAMS]


def _clipped(text: str) -> str:
    """The beginning of a long value."""
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"


def _day(iso: str) -> str:
    """`24 novembre 2026`; what is no ISO date stays as it is."""
    try:
        return format_date(date.fromisoformat(iso), "d MMMM y", locale="fr")
    except ValueError:
        return iso


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    made = environment("pcrs.publish.control")
    made.filters |= {
        "number": french.number,
        "cm": french.centimetres,
        "embedded": embedded,
        "histogram": histogram,
        "place": place,
        "packing": french.packing,
        "day": _day,
        "clipped": _clipped,
    }
    made.globals |= {"count": french.count, "slug": _SLUGS, "sign": _SIGNS, "level": _LEVELS}
    return made.get_template("report.html")
