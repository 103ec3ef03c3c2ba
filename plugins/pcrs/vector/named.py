"""Findings that speak of an object by its line alone are given its id; all are given a position."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pcrs.findings import Finding
from pcrs.standard.model import BY_TAG
from pcrs.vector.coordinates import line_of
from pcrs.vector.ids import Link, target_of
from pcrs.vector.ledger import Ledger, key_of
from pcrs.vector.parse import ID, links_of, nested_in, take_apart
from pcrs.vector.places import Place
from pcrs.vector.sorted_runs import SortedRuns
from pcrs.vector.stream import elements

_STEPS = 3
"""An affleurant is drawn by what its drawings' group links to: two links away."""
_GROUP = "AffleurantGeometriquePCRS"


class _Known(NamedTuple):
    gml_id: str
    links: tuple[Link, ...]
    """Its internal links."""

    @property
    def targets(self) -> list[str]:
        """The ids that its links name."""
        return [target for link in self.links if (target := target_of(link.href))]


class _Told(NamedTuple):
    """What the document and its ledger say of the objects that findings speak of."""

    objects: Mapping[str | int, _Known]
    """By id and by line."""
    hops: Mapping[int, Sequence[int]]
    """By the key of an object the keys of those that it links to."""
    places: Mapping[int, Place]
    """By the key of an object."""


def named(findings: Sequence[Finding], path: Path, ledger: Ledger) -> list[Finding]:
    """The findings with the id and a position of their object, wherever the document tells them.

    The file is read a second time only when something is lacking, and only as elements.
    """
    lacking = [each for each in findings if _lacks(each)]
    if not lacking:
        return list(findings)
    groups = SortedRuns([("target", "u8")])
    objects = _objects(path, {each.line for each in lacking}, {each.object_id for each in lacking}, groups)
    told = _told(objects, groups, ledger, [each.object_id for each in lacking if each.object_id])
    return [_completed(each, told) if _lacks(each) else each for each in findings]


def _lacks(finding: Finding) -> bool:
    return finding.class_name is not None and (finding.object_id is None or finding.position is None)


def _objects(
    path: Path, lines: set[int | None], ids: set[str | None], groups: SortedRuns
) -> Mapping[str | int, _Known]:
    """What the document says of these objects, by id and by line; `groups` gets the links of all groups."""
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
            wanted, is_group = line in lines or gml_id in ids, model.name == _GROUP
            if not wanted and not is_group and not _nests(each):
                continue
            raw = take_apart(each, model, path.name)
            waiting += nested_in(raw)
            known = _Known(str(gml_id or ""), tuple(links_of(raw)) if wanted or is_group else ())
            if gml_id and is_group and known.targets:
                targets = [key_of(target) for target in known.targets]
                groups.add([key_of(known.gml_id)] * len(targets), target=targets)
            if gml_id and wanted:
                found[known.gml_id] = known
                if line is not None:
                    found.setdefault(line, known)
    return found


def _told(
    objects: Mapping[str | int, _Known], groups: SortedRuns, ledger: Ledger, ids: Iterable[str]
) -> _Told:
    """Adds to the objects the groups that they link to, and where all these are."""
    hops = {key_of(each.gml_id): [key_of(target) for target in each.targets] for each in objects.values()}
    reached = np.array(sorted({key for keys in hops.values() for key in keys} - hops.keys()), dtype=np.uint64)
    for piece in groups.pieces():
        for record in piece[np.isin(piece["key"], reached)]:
            hops.setdefault(int(record["key"]), []).append(int(record["target"]))
    keys = {*map(key_of, ids), *hops, *(key for keys in hops.values() for key in keys)}
    return _Told(objects, hops, ledger.found(keys))


def _nests(element: Iterable[Iterable[object]]) -> bool:
    """True when an object may be written inside one of the element's links."""
    return any(getattr(inner, "tag", None) in BY_TAG for child in element for inner in child)


def _completed(finding: Finding, told: _Told) -> Finding:
    own = told.objects.get(finding.object_id or "") or told.objects.get(finding.line or -1)
    gml_id = finding.object_id or (own.gml_id if own else None)
    position = finding.position
    reached = [key_of(gml_id)] if gml_id else []
    for _ in range(_STEPS):
        position = position or next((at for each in reached if (at := _position(told, each))), None)
        reached = [target for each in reached for target in told.hops.get(each, ())]
    line = _line_of_link(finding, own, told) if finding.code == "gml.link" and own else finding.line
    return replace(finding, object_id=gml_id, position=position, line=line)


def _position(told: _Told, key: int) -> tuple[float, float] | None:
    return told.places[key].position if key in told.places else None


def _line_of_link(finding: Finding, own: _Known, told: _Told) -> int | None:
    """Where the link stands that a finding speaks of, by its attribute and the class that it leads to."""
    for link in own.links:
        target = target_of(link.href)
        place = told.places.get(key_of(target)) if target and link.attribute == finding.attribute else None
        if place is not None and place.class_name == finding.measured:
            return link.line
    return finding.line
