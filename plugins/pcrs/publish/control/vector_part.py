"""What the page of a report shows of GML files: figures, map, classes, findings rule by rule."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from pcrs.findings import Finding
from pcrs.publish.control.layer import geojson
from pcrs.publish.control.result import ControlResult, Verdict, verdict_of
from pcrs.publish.control.vector_map import VectorMap, vector_map
from pcrs.publish.control.vector_summary import RULES, ClassRow, class_rows, figures, schemas

_MOST_ROWS = 100
"""Findings of one rule on the page: the rest is in the document and in the layer."""
_MOST_IN_LAYER = 20_000


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule."""

    title: str
    english: str
    verdict: Verdict
    total: int
    """Those that were counted, shown or not."""
    rows: Sequence[tuple[int | None, Finding]]
    """Number on the map, if it has a place there, and the finding."""

    @property
    def left_out(self) -> int:
        """How many are not shown."""
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True)
class VectorPart:
    """All that the templates ask for."""

    figures: Sequence[tuple[str, str, str, str]]
    schemas: Sequence[str]
    map: VectorMap | None
    classes: Sequence[ClassRow]
    groups: Sequence[Group]
    levels: Sequence[tuple[str, str]]
    several: bool
    """More than one file: findings say which."""
    layer: str | None
    """The layer of findings as an address that holds it; None: nothing to show, or too much for a page."""


def vector_part(result: ControlResult) -> VectorPart:
    """What there is to show."""
    findings = [each for card in result.documents for each in card.findings]
    shown = {title: _of(findings, codes) for title, _, codes, _ in RULES}
    drawn = vector_map(result, [each for rows in shown.values() for each in rows[:_MOST_ROWS]])
    numbers = drawn.numbers if drawn else {}
    groups = [
        Group(
            title,
            english,
            verdict_of(shown[title]),
            max(len(shown[title]), _counted(result, codes)),
            [(numbers.get(id(each)), each) for each in shown[title][:_MOST_ROWS]],
        )
        for title, english, codes, _ in RULES
        if shown[title]
    ]
    layer = None
    if any(each.position for each in findings) and len(findings) <= _MOST_IN_LAYER:
        layer = "data:application/geo+json;base64," + b64encode(geojson(result).encode()).decode()
    return VectorPart(
        figures(result),
        schemas(result),
        drawn,
        class_rows(result),
        groups,
        result.vector_levels,
        len(result.documents) > 1,
        layer,
    )


def _of(findings: Sequence[Finding], codes: Sequence[str]) -> list[Finding]:
    """Those of a rule, the gravest first, in order of files and lines."""
    own = [each for each in findings if each.code in codes]
    ranks = {"error": 0, "warning": 1, "info": 2}
    return sorted(own, key=lambda each: (ranks[each.level], each.file, each.line or 0))


def _counted(result: ControlResult, codes: Sequence[str]) -> int:
    tallies = (card.document.tally for card in result.documents if card.document)
    return sum(amount for tally in tallies for (code, _, _), amount in tally.items() if code in codes)
