"""The control of a GML: what reading finds, then what many objects, and the whole document, tell."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pcrs.findings import Finding, has_errors
from pcrs.garbage import seldom_collected
from pcrs.standard.crs import BBox
from pcrs.standard.french import number
from pcrs.standard.model import Feature
from pcrs.vector import batch_rules, whole_rules
from pcrs.vector.batch import SIZE, Batch, gather
from pcrs.vector.extent import Extent
from pcrs.vector.gml import read
from pcrs.vector.ledger import Ledger
from pcrs.vector.levels import VectorLevels
from pcrs.vector.named import named
from pcrs.vector.schema import MAIN, load_schema
from pcrs.vector.sketch import Sketch

MOST = 5000
"""Findings of one code and level that are kept; the others are counted."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a check of a document found."""

    counts: Mapping[str, int]
    """Valid objects per class."""
    findings: tuple[Finding, ...]
    bbox: BBox | None
    """Box of the valid objects in EPSG:2154; None when none has a geometry."""
    tally: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """How many findings of each code, level and class, those that are not kept too."""
    sketch: Sketch | None = None
    """A drawing of the document, where one was asked for."""
    schema: str | None = None
    """The schemas that were applied; None: none was given, the rules alone were."""

    @property
    def valid(self) -> bool:
        """True when no finding is an error."""
        return not has_errors(self.findings)


@dataclass(frozen=True, slots=True)
class GmlControl:
    """What a control goes by."""

    levels: VectorLevels = VectorLevels()  # noqa: RUF009  frozen
    xsd: Path | None = None
    """The operator's folder of schemas; None: the rules alone are applied."""
    schemas: tuple[Path, ...] = ()
    """Folders with what those schemas import (`pcrs.vector.schema`)."""
    sketch: bool = False
    """Whether a drawing is made."""


def check_gml(path: Path, control: GmlControl | None = None, *, shown_as: str = "") -> Summary:
    """What `read` gives, counted and gathered, with what is found beyond single objects; in order of lines.

    Raises:
        GmlError: as `read`.
        InputError: as `pcrs.vector.schema.load_schema`.
    """
    check = _Check(path, shown_as or path.name, control or GmlControl())
    try:
        with seldom_collected():
            return check.summary()
    finally:
        check.extent.close()


class _Check:
    """One control, from the first object to the summary."""

    def __init__(self, path: Path, file: str, control: GmlControl) -> None:
        self._path, self._file, self._control = path, file, control
        self._schema = load_schema(control.xsd, control.schemas) if control.xsd else None
        self._kept: list[Finding] = []
        self._tally: Counter[tuple[str, str, str]] = Counter()
        self._spoken: Counter[tuple[str, str]] = Counter()
        self._counts: Counter[str] = Counter()
        self._ledger = Ledger()
        self._sketch = Sketch() if control.sketch else None
        self._box: np.ndarray | None = None
        self.extent = Extent(control.levels.outside_m)

    def summary(self) -> Summary:
        """Reads the document and judges it."""
        for batch in self._batches():
            self._look(batch)
        if not any(each.code == "gml.xml" for each in self._kept):
            self._whole()
        findings = named(self._kept, self._path, self._ledger)
        findings += self._closing()
        findings.sort(key=lambda each: (each.line is None, each.line or 0))
        return Summary(
            dict(self._counts),
            tuple(findings),
            None if self._box is None else BBox(*map(float, self._box)),
            dict(self._tally),
            self._sketch,
            self._schema.checked if self._schema else None,
        )

    def _batches(self) -> Iterator[Batch]:
        """The valid objects; what reading finds is kept on the way."""
        waiting: list[Feature] = []
        for item in read(self._path, shown_as=self._file, schema=self._schema):
            if isinstance(item, Finding):
                self._keep(item)
                continue
            waiting.append(item)
            if len(waiting) == SIZE:
                yield gather(waiting)
                waiting = []
        if waiting:
            yield gather(waiting)

    def _look(self, batch: Batch) -> None:
        self._counts.update(feature.class_name for feature in batch.features)
        for finding in batch_rules.check(batch, self._control.levels, self._file):
            self._keep(finding)
        self._ledger.add(batch)
        self.extent.add(batch)
        if self._sketch is not None:
            self._sketch.add(batch)
        there = batch.bounds[~np.isnan(batch.bounds[:, 0])]
        if len(there):
            own = np.concatenate([there[:, :2].min(axis=0), there[:, 2:].max(axis=0)])
            if self._box is None:
                self._box = own
            low, high = np.minimum(self._box, own), np.maximum(self._box, own)
            self._box = np.concatenate([low[:2], high[2:]])

    def _whole(self) -> None:
        refused = {each.class_name or "" for each in self._kept if each.level == "error"}
        whole = whole_rules.Whole(self._file, self._ledger, self._counts, refused)
        for finding in whole.check(self.extent, self._control.levels):
            self._keep(finding)

    def _keep(self, finding: Finding) -> None:
        self._tally[finding.code, finding.level, finding.class_name or ""] += 1
        self._spoken[finding.code, finding.level] += 1
        if self._spoken[finding.code, finding.level] <= MOST:
            self._kept.append(finding)

    def _closing(self) -> Iterator[Finding]:
        """What is said of the file as a whole."""
        invalid = self._spoken["gml.xsd", "warning"]
        if invalid:
            message = f"Le fichier n'est pas valide selon {MAIN} : le corriger aux lignes dites."
            measured = f"{number(invalid)} écart(s) au-delà des constats des règles"
            yield Finding(
                "gml.schema", "error", message, self._file, measured=measured, expected="aucun écart"
            )
        for (code, level), count in self._spoken.items():
            if count > MOST:
                message = f"{number(count)} constats « {code} », dont {number(MOST)} sont donnés."
                yield Finding("gml.more", "info", message, self._file, measured=level)
