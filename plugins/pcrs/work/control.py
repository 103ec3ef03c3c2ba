"""The control of files: each judged for itself, then beside the others. Nothing is changed by it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pcrs.errors import GmlError
from pcrs.files import sha256_of
from pcrs.findings import Finding, has_errors
from pcrs.raster.qc import Control, check_dalle
from pcrs.standard.names import format_name
from pcrs.store.index import FileKind
from pcrs.vector.check import GmlControl, Summary, check_gml
from pcrs.work.progress import Mill, Progress
from pcrs.work.register import COMPANIONS


@dataclass(frozen=True, slots=True)
class Item:
    """One file to control: where it lies, its name in the delivery, what it is, its sha256 when known."""

    path: Path
    name: str
    kind: FileKind
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the control of a file found and measured."""

    item: Item
    findings: tuple[Finding, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Raster: `stem`, `x_m`, `y_m`, `size_m`, `acquired`, `nodata_share`. Vector: `objects` and `classes`."""
    document: Summary | None = None
    """What was seen of a GML, for a report."""

    @property
    def accepted(self) -> bool:
        """True when there is something to take in: a whole dalle, or at least one valid object."""
        if self.item.kind == "vecteur":
            return bool(self.facts.get("objects"))
        return self.item.kind == "raster" and not has_errors(self.findings) and "copy_of" not in self.facts


def check_file(item: Item, control: Control, vector: GmlControl) -> Checked:
    """The control of one file."""
    if item.kind == "raster":
        return _check_raster(item, control)
    if item.kind == "vecteur":
        return _check_vector(item, vector)
    if item.path.suffix.lower() in COMPANIONS:
        return Checked(item, ())
    message = "Fichier d'un type que pcrs ne prend pas en charge : il est laissé de côté."
    return Checked(item, (Finding("delivery.ignored", "info", message, item.name),))


def _check_raster(item: Item, control: Control) -> Checked:
    verdict = check_dalle(item.path, control, shown_as=item.name)
    facts: dict[str, Any] = {"nodata_share": verdict.nodata_share}
    if verdict.name is not None:
        facts |= {
            "stem": format_name(verdict.name)
            if _standard(verdict.name.departement, verdict.name.size_m)
            else item.path.stem,
            "year": verdict.name.year,
            "departement": verdict.name.departement,
            "x_m": verdict.name.x_m,
            "y_m": verdict.name.y_m,
            "size_m": verdict.name.size_m,
        }
    if verdict.facts is not None and verdict.facts.acquired is not None:
        facts["acquired"] = verdict.facts.acquired
    return Checked(item, verdict.findings, facts)


def _standard(departement: str, size_m: int) -> bool:
    """True when the fields suffice for a standard name (a producer's own may lack the département)."""
    return size_m == 200 or bool(departement)


def _check_vector(item: Item, control: GmlControl) -> Checked:
    try:
        summary = check_gml(item.path, control, shown_as=item.name)
    except GmlError as error:
        return Checked(item, (Finding("gml.document", "error", str(error), item.name),))
    facts = {"objects": sum(summary.counts.values()), "classes": dict(summary.counts)}
    return Checked(item, summary.findings, facts, summary)


def check_files(
    items: Iterable[Item], control: Control, vector: GmlControl, mill: Mill, progress: Progress
) -> Iterator[Checked]:
    """Every file controlled for itself, as they end."""
    listed = list(items)
    for _, checked in mill.told(_Check(control, vector), listed, "contrôle", progress):
        yield checked


@dataclass(frozen=True, slots=True)
class _Check:
    """The control with its levels: a value that can be sent to another process."""

    control: Control
    vector: GmlControl

    def __call__(self, item: Item) -> Checked:
        return check_file(item, self.control, self.vector)


def twins(checked: Iterable[Checked]) -> list[Checked]:
    """The dalles that a delivery gives more than once, with what has to be said of each.

    The same bytes under one name are one dalle; other bytes are refused together, for nothing says which
    one is right.
    """
    groups: dict[str, list[Checked]] = defaultdict(list)
    for one in checked:
        if one.item.kind == "raster" and one.accepted and "stem" in one.facts:
            groups[one.facts["stem"]].append(one)
    spoken: list[Checked] = []
    for stem, group in groups.items():
        group.sort(key=lambda one: one.item.name)
        if len(group) > 1:
            spoken += _twin_findings(stem, group)
    return spoken


def _twin_findings(stem: str, group: list[Checked]) -> Iterator[Checked]:
    names = ", ".join(one.item.name for one in group)
    hashes = [one.item.sha256 or sha256_of(one.item.path) for one in group]
    if len(set(hashes)) > 1:
        message = (
            f"La dalle {stem} est livrée plusieurs fois avec des contenus différents ({names}) : "
            "aucune n'est prise ; ne livrer que la bonne."
        )
        for one, sha256 in zip(group, hashes, strict=True):
            finding = Finding("delivery.twin", "error", message, one.item.name, measured=sha256[:12])
            yield Checked(one.item, (*one.findings, finding), one.facts)
        return
    first = group[0].item.name
    message = f"Même contenu que {first} : la dalle {stem} n'est prise qu'une fois."
    for one in group[1:]:
        finding = Finding("delivery.copy", "warning", message, one.item.name)
        yield Checked(one.item, (*one.findings, finding), {**one.facts, "copy_of": first})
