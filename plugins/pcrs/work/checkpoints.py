"""GNSS check points: the same places measured on the ground and on the image, from a CSV file.

The first line names the columns, in any order and case: `id`; `x`, `y` measured on the ground (EPSG:2154,
metres) and, optionally, `z`; `xi`, `yi` read on the image (and `zi` with `z`). Others are ignored.
Separators are `;`, tabulation or `,`; with the first two a comma may be the decimal mark. Lines that begin
with `#` and empty lines are skipped.
"""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from pcrs.errors import InputError
from pcrs.findings import Finding
from pcrs.publish.control.result import CheckPoint, Planimetry
from pcrs.standard.crs import BBox
from pcrs.standard.french import centimetres, count, number
from pcrs.standard.precision import GapTest, judge_gaps

_NEEDED = ("id", "x", "y", "xi", "yi")
_HEIGHTS = ("z", "zi")
_FRANCE = BBox(0.0, 6_000_000.0, 1_300_000.0, 7_200_000.0)
"""Lambert-93 over metropolitan France: numbers outside are of another CRS, or swapped."""
_MOST_BYTES = 2**24


def read_points(file: Path) -> tuple[list[CheckPoint], list[Finding]]:
    """The points of a file, and what is wrong with the lines that give none.

    Raises:
        InputError: no such file, no text, or a column is missing.
    """
    text = _text(file)
    numbered = [
        (place, line)
        for place, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not numbered:
        raise InputError(f"{file} est vide : {_columns()}")
    mark = next((sign for sign in ";\t" if sign in numbered[0][1]), ",")
    try:
        columns = _header(file, _cells(numbered[0][1], mark))
    except _Fault as fault:
        raise InputError(f"{file} : {fault} ; {_columns()}") from fault
    points: list[CheckPoint] = []
    findings: list[Finding] = []
    seen: set[str] = set()
    for place, line in numbered[1:]:
        try:
            point = _point(_cells(line, mark), columns, decimal=mark != ",")
            if point.id in seen:
                raise _Fault("id", f"le point {point.id} est déjà donné plus haut", point.id)
            seen.add(point.id)
            points.append(point)
        except _Fault as fault:
            findings.append(_bad_line(file.name, place, fault))
    return points, findings


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise InputError(f"{file} : plus de {_MOST_BYTES >> 20} Mo, ce n'est pas une liste de points")
        raw = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} ne se lit pas : {error.strerror}") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _cells(line: str, mark: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=mark))
    except csv.Error as error:
        raise _Fault("", f"la ligne ne se lit pas ({error})", "") from error


def _columns() -> str:
    return "la première ligne nomme les colonnes id ; x ; y ; xi ; yi (et z ; zi au besoin)"


def _header(file: Path, names: Sequence[str]) -> dict[str, int]:
    places = {name.strip().lower(): place for place, name in enumerate(names)}
    missing = [name for name in _NEEDED if name not in places]
    if missing:
        raise InputError(f"{file} : colonne(s) {', '.join(missing)} absente(s) ; {_columns()}")
    return {name: places[name] for name in (*_NEEDED, *_HEIGHTS) if name in places}


class _Fault(Exception):
    """Why a line gives no point: the column, the reason, what was read."""

    def __init__(self, column: str, reason: str, read: str) -> None:
        super().__init__(reason)
        self.column = column
        self.read = read


def _point(cells: Sequence[str], columns: dict[str, int], *, decimal: bool) -> CheckPoint:
    if len(cells) <= max(columns[name] for name in _NEEDED):
        raise _Fault("", f"{len(cells)} colonne(s) seulement", "")
    read = {name: cells[place].strip() for name, place in columns.items() if place < len(cells)}
    if not read["id"]:
        raise _Fault("id", "le point n'a pas de nom", "")
    numbers = {
        name: _number(name, text, decimal)
        for name, text in read.items()
        if name != "id" and (text or name in _NEEDED)
    }
    for east, north in (("x", "y"), ("xi", "yi")):
        if not (_FRANCE.xmin <= numbers[east] <= _FRANCE.xmax):
            raise _Fault(east, _foreign(east, north), read[east])
        if not (_FRANCE.ymin <= numbers[north] <= _FRANCE.ymax):
            raise _Fault(north, _foreign(east, north), read[north])
    return CheckPoint(read["id"], **numbers)


def _foreign(east: str, north: str) -> str:
    return f"{east}, {north} ne sont pas des coordonnées Lambert-93 (colonnes inversées, autre système ?)"


def _number(name: str, text: str, decimal: bool) -> float:
    plain = text.replace(" ", "").replace("\u00a0", "").replace("\u202f", "")
    try:
        value = float(plain.replace(",", ".") if decimal else plain)
    except ValueError:
        raise _Fault(name, f"{name} n'est pas un nombre", text) from None
    if not math.isfinite(value):
        raise _Fault(name, f"{name} n'est pas un nombre fini", text)
    return value


def _bad_line(file: str, number: int, fault: _Fault) -> Finding:
    return Finding(
        "points.line",
        "warning",
        f"Point de contrôle laissé de côté : {fault} ; corriger la ligne {number}.",
        file,
        line=number,
        attribute=fault.column or None,
        measured=fault.read or None,
    )


def judge_points(
    file: Path, covers: Sequence[BBox], category: str, *, points_m: float, per_km2: float
) -> Planimetry:
    """The test of the points that lie on the delivery.

    Args:
        file: the CSV.
        covers: the boxes of the delivered dalles.
        category: the class to keep to, a CategoriePrecision code.
        points_m: the precision of the points.
        per_km2: the density below which they are said to be few.

    Raises:
        InputError: the file cannot be used, or the points are not precise enough for the class.
    """
    points, findings = read_points(file)
    used = [point for point in points if _covered(point, covers)]
    findings += [_elsewhere(file.name, point) for point in points if not _covered(point, covers)]
    if not used:
        message = "Aucun point de contrôle utilisable : la précision planimétrique n'est pas vérifiée."
        findings.append(Finding("precision.sample", "warning", message, file.name))
        return Planimetry(file.name, (), None, None, tuple(findings))
    test = judge_gaps((point.gap for point in used), category, points_m=points_m)
    heights = [abs(point.dz) for point in used if point.dz is not None]
    height = None
    if len(heights) == len(used):
        height = judge_gaps(heights, category, points_m=points_m, dimensions=1)
    findings += _judged(file.name, test, "precision.class", "planimétrique")
    if height is not None:
        findings += _judged(file.name, height, "precision.height", "altimétrique")
    findings += _few(file.name, len(used), covers, per_km2)
    return Planimetry(file.name, tuple(used), test, height, tuple(findings))


def _covered(point: CheckPoint, covers: Sequence[BBox]) -> bool:
    return any(box.xmin <= point.x <= box.xmax and box.ymin <= point.y <= box.ymax for box in covers)


def _elsewhere(file: str, point: CheckPoint) -> Finding:
    message = f"Le point {point.id} n'est sur aucune dalle livrée : il est laissé de côté."
    return Finding("points.outside", "info", message, file, object_id=point.id)


def _judged(file: str, test: GapTest, code: str, kind: str) -> Iterator[Finding]:
    if test.conforming:
        return
    bounds = {
        "moyenne": f"écart moyen {centimetres(test.mean_m)} (au plus {centimetres(test.mean_bound_m)})",
        "nombre": f"{test.over} écarts au-delà de {centimetres(test.threshold_m)} (au plus {test.allowed})",
        "maximum": f"écart maximal {centimetres(test.max_m)} (au plus {centimetres(test.max_bound_m)})",
    }
    said = " ; ".join(bounds[name] for name in test.failures)
    yield Finding(
        code,
        "error",
        f"La classe de précision {kind} de {centimetres(test.class_m)} n'est pas tenue : {said}.",
        file,
        measured=centimetres(test.mean_m),
        expected=centimetres(test.mean_bound_m),
    )


def _few(file: str, amount: int, covers: Sequence[BBox], per_km2: float) -> Iterator[Finding]:
    area = sum(box.width * box.height for box in covers) / 1e6
    least = max(5, math.ceil(per_km2 * area))
    if amount < least:
        yield Finding(
            "precision.sample",
            "info",
            f"{count(amount, 'point')} de contrôle pour {number(area, 2)} km² : c'est peu pour conclure.",
            file,
            measured=str(amount),
            expected=f"{least} au moins",
        )
