"""Findings that speak of an object by its line alone are given its id; all are given a position."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pcrs.findings import Finding
from pcrs.standard.model import BY_TAG
from pcrs.vector.coordinates import line_of
from pcrs.vector.ids import Link, target_of
from pcrs.vector.ledger import Ledger
from pcrs.vector.parse import ID, links_of, nested_in, take_apart
from pcrs.vector.stream import elements

_STEPS = 3
"""An affleurant is drawn by what its drawings' group links to: two links away."""


class _Known(NamedTuple):
    gml_id: str
    links: tuple[Link, ...]
    """Its internal links."""

    @property
    def targets(self) -> list[str]:
        """The ids that its links name."""
        return [target for link in self.links if (target := target_of(link.href))]


def named(findings: Sequence[Finding], path: Path, ledger: Ledger) -> list[Finding]:
    """The findings with the id and a position of their object, wherever the document tells them.

    The file is read a second time only when something is lacking, and only as elements.
    """
    lacking = [each for each in findings if _lacks(each)]
    if not lacking:
        return list(findings)
    known = _known(path, {each.line for each in lacking}, {each.object_id for each in lacking})
    return [_completed(each, known, ledger) if _lacks(each) else each for each in findings]


def _lacks(finding: Finding) -> bool:
    return finding.class_name is not None and (finding.object_id is None or finding.position is None)


def _known(path: Path, lines: set[int | None], ids: set[str | None]) -> Mapping[str | int, _Known]:
    """What the document says of these objects and of the groups of drawings, by id and by line."""
    found: dict[str | int, _Known] = {}
    for element in elements(path, path.name):
        if isinstance(element, Finding):
            continue
        waiting = [element]
        while waiting:
            each = waiting.pop()
            model = BY_TAG.get(each.tag)
            if model is None:
                continue
            line, gml_id = line_of(each), each.get(ID)
            wanted = line in lines or gml_id in ids or model.name == "AffleurantGeometriquePCRS"
            if not wanted and not _nests(each):
                continue
            raw = take_apart(each, model, path.name)
            waiting += nested_in(raw)
            if wanted and gml_id:
                known = _Known(str(gml_id), tuple(links_of(raw)))
                found[known.gml_id] = known
                if line is not None:
                    found.setdefault(line, known)
    return found


def _nests(element: Iterable[Iterable[object]]) -> bool:
    """True when an object may be written inside one of the element's links."""
    return any(getattr(inner, "tag", None) in BY_TAG for child in element for inner in child)


def _completed(finding: Finding, known: Mapping[str | int, _Known], ledger: Ledger) -> Finding:
    own = known.get(finding.object_id or "") or known.get(finding.line or -1)
    gml_id = finding.object_id or (own.gml_id if own else None)
    position = finding.position
    reached = [gml_id] if gml_id else []
    for _ in range(_STEPS):
        position = position or next((at for each in reached if (at := ledger.position(each))), None)
        reached = [target for each in reached if each in known for target in known[each].targets]
    line = _line_of_link(finding, own, ledger) if finding.code == "gml.link" and own else finding.line
    return replace(finding, object_id=gml_id, position=position, line=line)


def _line_of_link(finding: Finding, own: _Known, ledger: Ledger) -> int | None:
    """Where the link stands that a finding speaks of, by its attribute and the class that it leads to."""
    for link in own.links:
        target = target_of(link.href)
        if link.attribute == finding.attribute and target and ledger.class_of(target) == finding.measured:
            return link.line
    return finding.line
