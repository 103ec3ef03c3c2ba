"""The control of a whole delivery: file by file, dalle beside dalle, against the area and the ground.

It adds to `pcrs.work.receive.check` what only the pixels and the neighbours tell, and changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from shapely.geometry.base import BaseGeometry

from pcrs.findings import Finding
from pcrs.publish.control.result import Card, Completeness, ControlResult, SeamRow, Signature
from pcrs.raster.inspect import Inspection
from pcrs.raster.qc import Control
from pcrs.standard.crs import BBox
from pcrs.standard.grid import DALLE_RES_M
from pcrs.vector.check import GmlControl
from pcrs.work.checkpoints import judge_points, read_points
from pcrs.work.completeness import against_extent, against_grid, against_itself, read_area
from pcrs.work.control import Checked
from pcrs.work.levels import Levels
from pcrs.work.measures import Piece, inspect_all, measure_seams
from pcrs.work.misfits import discoloured, misfits, misplaced, told
from pcrs.work.neighbours import Placed, overlaps
from pcrs.work.outliers import blurred, dark, saturated
from pcrs.work.progress import Mill, Progress
from pcrs.work.receive import check
from pcrs.work.whole import of_the_area, of_the_form


@dataclass(frozen=True, slots=True)
class Dossier:
    """What a control goes by."""

    control: Control
    levels: Levels
    category: str
    """The class of planimetric precision to keep to, a CategoriePrecision code."""
    area: Path | None = None
    """A file of polygons: what should be covered."""
    area_is: Literal["extent", "grid"] = "extent"
    points: Path | None = None
    """A CSV of GNSS check points (`pcrs.work.checkpoints`)."""
    vector: GmlControl = GmlControl(sketch=True)  # noqa: RUF009  frozen


class _Entry(NamedTuple):
    """One delivered file under a name that no other has."""

    name: str
    checked: Checked

    @property
    def box(self) -> BBox | None:
        facts = self.checked.facts
        if "x_m" not in facts:
            return None
        x, y, size = facts["x_m"], facts["y_m"], facts["size_m"]
        return BBox(x, y - size, x + size, y)

    @property
    def first(self) -> bool:
        """True unless another file stands for the same dalle: what is said of twins is said once."""
        return self.name == self.checked.facts.get("stem")

    @property
    def readable(self) -> bool:
        """True when every pixel was read by the control of the file."""
        return self.checked.facts.get("nodata_share") is not None


def examine(
    path: Path, dossier: Dossier, signature: Signature, mill: Mill, progress: Progress
) -> ControlResult:
    """The control of the delivery at `path`: a file or a folder.

    Raises:
        InputError: nothing is there, or the area or the points cannot be used.
    """
    # What is given beside the delivery is looked at first: a wrong file is said before an hour of work.
    area = read_area(dossier.area) if dossier.area else []
    if dossier.points:
        read_points(dossier.points)
    entries = list(_entries(check(path, dossier.control, mill, progress, vector=dossier.vector)))
    placed = [Placed(entry.name, entry.box) for entry in entries if entry.box is not None and entry.first]
    inspections, rows, looks = _look(entries, placed, dossier.levels, mill, progress)
    complete = replace(_complete(placed, area, dossier), overlaps=tuple(overlaps(placed)))
    planimetry = (
        judge_points(
            dossier.points,
            [one.box for one in placed],
            dossier.category,
            points_m=dossier.levels.points_precision_cm / 100,
            per_km2=dossier.levels.points_per_km2,
        )
        if dossier.points
        else None
    )
    return ControlResult(
        delivery=path.resolve().name,
        cards=tuple(_card(entry, inspections.get(entry.name), looks[entry.name]) for entry in entries),
        seams=rows,
        completeness=complete,
        planimetry=planimetry,
        findings=(*of_the_area(complete), *of_the_form(inspections)),
        levels={**asdict(dossier.levels), "max_nodata_share": dossier.control.max_nodata_share},
        signature=signature,
        vector_levels=tuple(dossier.vector.levels.told()),
    )


def _entries(checked: Sequence[Checked]) -> Iterator[_Entry]:
    """Each file by the name of its dalle; of several with one name, the first that is accepted has it."""
    owners: dict[str, str] = {}
    for one in sorted(checked, key=lambda one: not one.accepted):
        owners.setdefault(one.facts.get("stem", one.item.name), one.item.name)
    for one in checked:
        stem = one.facts.get("stem", one.item.name)
        yield _Entry(stem if owners[stem] == one.item.name else one.item.name, one)


def _look(
    entries: Sequence[_Entry], placed: Sequence[Placed], levels: Levels, mill: Mill, progress: Progress
) -> tuple[dict[str, Inspection], tuple[SeamRow, ...], Mapping[str, list[Finding]]]:
    """What was measured on the dalles and between them, and what was found by it on each file."""
    looks: dict[str, list[Finding]] = defaultdict(list)
    inspections: dict[str, Inspection] = {}
    with TemporaryDirectory(prefix="pcrs-") as folder:
        pieces = [Piece(e.name, e.checked.item.path, e.checked.item.name) for e in entries if e.readable]
        for name, found in inspect_all(pieces, Path(folder), mill, progress):
            if isinstance(found, Finding):
                looks[name].append(found)
            else:
                inspections[name] = found
        seen = [one for one in placed if one.name in inspections and _fits(one, inspections[one.name])]
        rows = measure_seams(seen, Path(folder), mill, progress)
    unsharp = dict(blurred(inspections, levels))
    account = misfits(rows, unsharp, levels)
    joined = {end for row in rows for end in (row.first, row.second)}
    light = {name: account.step(name) if name in joined else None for name in inspections}
    sombre = dict(dark(inspections, light, levels))
    # A dark dalle is of another light than its neighbours too: it is said once.
    coloured = ((name, one) for name, one in discoloured(account, levels) if name not in sombre)
    shifted = misplaced(account, levels)
    for name, one in (
        *unsharp.items(),
        *sombre.items(),
        *saturated(inspections, levels),
        *shifted,
        *coloured,
    ):
        looks[name].append(one)
    codes = {e.name: {f.code for f in (*e.checked.findings, *looks[e.name])} for e in entries}
    return inspections, tuple(told(rows, codes, levels)), looks


def _fits(dalle: Placed, inspection: Inspection) -> bool:
    """True when the image has the pixels of its place: the edges of another have no neighbours."""
    side = round(dalle.box.width / DALLE_RES_M)
    return inspection.facts.width == inspection.facts.height == side


def _complete(placed: Sequence[Placed], area: Sequence[BaseGeometry], dossier: Dossier) -> Completeness:
    if not area:
        return against_itself(placed, dossier.levels.rectangle_share)
    return against_grid(placed, area) if dossier.area_is == "grid" else against_extent(placed, area)


def _card(entry: _Entry, inspection: Inspection | None, found: Sequence[Finding]) -> Card:
    item = entry.checked.item
    return Card(
        name=entry.name,
        file=item.name,
        kind=item.kind,
        findings=(*entry.checked.findings, *(replace(one, file=item.name) for one in found)),
        box=entry.box,
        inspection=inspection,
        document=entry.checked.document,
    )
