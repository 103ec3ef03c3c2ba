"""Names of dalles: read and written by the same table of patterns.

`46-2025-0576-6373-LA93-0M05-RVB` is a 1 km dalle (département, year, north-west corner in km);
`2025-05760-63730-LA93-0M05-RVB` is IGN's 200 m dalle (north-west corner in hectometres).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from pcrs.errors import InputError
from pcrs.standard.crs import BBox

_FIELDS = ("departement", "year", "x", "y")


@dataclass(frozen=True, slots=True)
class DalleName:
    """What a dalle's name says. Corner: north-west, whole metres, EPSG:2154."""

    year: int
    x_m: int
    y_m: int
    size_m: int
    departement: str = ""

    @property
    def bbox(self) -> BBox:
        """Box on the ground, EPSG:2154, metres."""
        return BBox(
            float(self.x_m), float(self.y_m - self.size_m), float(self.x_m + self.size_m), float(self.y_m)
        )

    @property
    def size_px(self) -> int:
        """Pixels along one side at 5 cm."""
        return self.size_m * 20


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way of naming: a template with the fields of `DalleName`, x and y in `unit_m`."""

    template: str
    size_m: int
    unit_m: int
    digits: int

    @property
    def regex(self) -> re.Pattern[str]:
        """The template as an anchored expression over a stem."""
        parts = {
            "departement": r"(?P<departement>\d{2,3}|2[AB])",
            "year": r"(?P<year>\d{4})",
            "x": rf"(?P<x>\d{{{self.digits}}})",
            "y": rf"(?P<y>\d{{{self.digits}}})",
        }
        pieces = re.split(r"\{(\w+)\}", self.template)
        text = "".join(parts[piece] if i % 2 else re.escape(piece) for i, piece in enumerate(pieces))
        return re.compile(text)

    def parse(self, stem: str) -> DalleName | None:
        """The name's fields, or None when the stem is not of this pattern."""
        found = self.regex.fullmatch(stem)
        if found is None:
            return None
        fields = found.groupdict()
        return DalleName(
            year=int(fields["year"]),
            x_m=int(fields["x"]) * self.unit_m,
            y_m=int(fields["y"]) * self.unit_m,
            size_m=self.size_m,
            departement=fields.get("departement") or "",
        )

    def format(self, name: DalleName) -> str:
        """The stem that `parse` reads back as `name`.

        Raises:
            InputError: the corner is no whole multiple of the pattern's unit, or a field is missing.
        """
        if name.size_m != self.size_m or name.x_m % self.unit_m or name.y_m % self.unit_m:
            raise InputError(f"{name} cannot be written as {self.template!r} ({self.size_m} m dalles)")
        if "{departement}" in self.template and not name.departement:
            raise InputError(f"{name} has no département, which {self.template!r} needs")
        return self.template.format(
            departement=name.departement,
            year=f"{name.year:04d}",
            x=f"{name.x_m // self.unit_m:0{self.digits}d}",
            y=f"{name.y_m // self.unit_m:0{self.digits}d}",
        )


KM = Pattern("{departement}-{year}-{x}-{y}-LA93-0M05-RVB", size_m=1000, unit_m=1000, digits=4)
HM = Pattern("{year}-{x}-{y}-LA93-0M05-RVB", size_m=200, unit_m=100, digits=5)
PATTERNS = (KM, HM)


_VERSION = re.compile(r"_v[1-9]\d*\Z")


def versioned(stem: str, version: int) -> str:
    """The stem of a version of a dalle within its edition: the first has the plain name, the next `…_v2`."""
    return stem if version == 1 else f"{stem}_v{version}"


def unversioned(stem: str) -> str:
    """The plain name of a dalle, whatever its version."""
    return _VERSION.sub("", stem)


def pattern(template: str, size_m: int, unit_m: int, digits: int) -> Pattern:
    """A pattern of a producer's own, from the settings.

    Raises:
        InputError: a field is unknown, or year, x or y is missing.
    """
    used = re.findall(r"\{(\w+)\}", template)
    unknown = set(used) - set(_FIELDS)
    missing = {"year", "x", "y"} - set(used)
    if unknown or missing or len(used) != len(set(used)):
        raise InputError(
            f"name pattern {template!r}: fields are {', '.join(_FIELDS)}, each once at the most; "
            f"unknown {sorted(unknown)}, missing {sorted(missing)}"
        )
    return Pattern(template, size_m, unit_m, digits)


def parse(filename: str, patterns: Iterable[Pattern] = PATTERNS) -> DalleName:
    """What the name of a dalle's file says (folder and suffix are left out).

    Raises:
        InputError: no pattern reads it.
    """
    stem = PurePath(filename).stem
    known = tuple(patterns)
    for candidate in known:
        name = candidate.parse(stem)
        if name is not None:
            return name
    shapes = " ou ".join(candidate.template for candidate in known)
    raise InputError(f"« {stem} » n'est pas un nom de dalle connu : {shapes}")


def format_name(name: DalleName) -> str:
    """The standard stem of a dalle: the 1 km form or IGN's 200 m form."""
    for candidate in PATTERNS:
        if candidate.size_m == name.size_m:
            return candidate.format(name)
    raise InputError(f"no standard name for a dalle of {name.size_m} m: sizes are 200 m and 1000 m")
