"""Filters as SQLite over a GeoPackage writes them: boxes by the R-tree, relations by shapely."""

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from sqlite3 import Connection

import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.standard.crs import BBox
from pcrs.standard.fields import Field
from pcrs.store.base import Layer
from pcrs.store.filters import Instant
from pcrs.store.gpkg_geometry import decode
from pcrs.store.statement import Statement, joined, negated, quoted

_INT64 = 2**63
_DAY_LETTERS = len("2025-06-01")
_KEPT_GEOMETRIES = 8


class GeoPackageDialect:
    """The `Dialect` of a connection that has been given `add_filter_functions`."""

    mark = "?"
    geometry = "geom"

    def value(self, value: str | float) -> Statement:
        """The value, bound; whole numbers beyond 64 bits as floats."""
        big = isinstance(value, int) and not -_INT64 <= value < _INT64
        return Statement("?", (float(value) if big else value,))

    def instant(self, value: Instant, *, by_day: bool) -> Statement:
        """The text of the instant, as the columns have it."""
        return Statement("?", (value.text[:_DAY_LETTERS] if by_day else value.text,))

    def time(self, field: Field, *, by_day: bool) -> str:
        """The column; of moments the day alone where days are compared."""
        column = quoted(field.name)
        return f"substr({column}, 1, {_DAY_LETTERS})" if by_day and field.kind == "datetime" else column

    def fold(self, op: str, text: Statement) -> Statement:
        """The text in lower case, or without accents."""
        return Statement(f"pcrs_{op}({text.text})", text.values)

    def like(self, text: Statement, pattern: Statement) -> Statement:
        """By GLOB, which minds case."""
        return Statement(f"{text.text} GLOB pcrs_glob({pattern.text})", text.values + pattern.values)

    def relation(self, layer: Layer, op: str, geometry: BaseGeometry) -> Statement:
        """Candidates by their boxes, then shapely."""
        if op == "s_disjoint":
            return negated(self.relation(layer, "s_intersects", geometry))
        exact = Statement("pcrs_relates(?, geom, ?)", (op, shapely.to_wkb(geometry)))
        return joined("AND", [candidates(layer, BBox(*geometry.bounds)), exact])

    def array(self, op: str, column: str, values: tuple[str, ...]) -> Statement:
        """By the members of the JSON text."""
        member = f"SELECT 1 FROM json_each({column}) WHERE CAST(json_each.value AS TEXT)"  # noqa: S608
        each = [Statement(f"EXISTS ({member} = ?)", (value,)) for value in values]
        marks = ", ".join("?" * len(values))
        only = Statement(f"NOT EXISTS ({member} NOT IN ({marks}))", values)
        contains = joined("AND", each) if each else Statement("1 = 1")
        if op == "a_contains":
            return contains
        if op == "a_containedby":
            return only
        if op == "a_overlaps":
            return joined("OR", each) if each else Statement("1 = 0")
        return joined("AND", [contains, only])


def candidates(layer: Layer, box: BBox, after: int | None = None, but: BBox | None = None) -> Statement:
    """Rows whose envelope meets the box, by the R-tree; its 32-bit floats are rounded outwards.

    `after`: rows of greater fid alone; `but`: none whose envelope lies within that box.
    """
    conditions = [
        Statement(
            "maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ?", (box.xmin, box.xmax, box.ymin, box.ymax)
        )
    ]
    if after is not None:
        conditions.append(Statement("id > ?", (after,)))
    if but is not None:
        conditions.append(Statement(f"NOT ({_LIES_WITHIN})", _sides(but)))
    text = " AND ".join(each.text for each in conditions)
    values = tuple(value for each in conditions for value in each.values)
    return Statement(f"fid IN (SELECT id FROM {_tree(layer)} WHERE {text})", values)  # noqa: S608  a layer's own


def lying_within(layer: Layer, box: BBox) -> Statement:
    """FROM and WHERE of the entries of the R-tree that lie within the box; `id` is the fid of each."""
    return Statement(f" FROM {_tree(layer)} WHERE {_LIES_WITHIN}", _sides(box))


_LIES_WITHIN = "minx >= ? AND maxx <= ? AND miny >= ? AND maxy <= ?"


def _sides(box: BBox) -> tuple[float, ...]:
    return box.xmin, box.xmax, box.ymin, box.ymax


def _tree(layer: Layer) -> str:
    return quoted(f"rtree_{layer.name}_geom")


_RELATIONS: Mapping[str, Callable[[BaseGeometry, BaseGeometry], bool]] = {
    # The geometry of the filter stands first where its preparation helps.
    "s_intersects": lambda theirs, row: shapely.intersects(theirs, row),
    "s_within": lambda theirs, row: shapely.contains(theirs, row),
    "s_contains": lambda theirs, row: shapely.within(theirs, row),
    "s_touches": lambda theirs, row: shapely.touches(theirs, row),
    "s_overlaps": lambda theirs, row: shapely.overlaps(theirs, row),
    "s_crosses": lambda theirs, row: shapely.crosses(row, theirs),
    "s_equals": lambda theirs, row: shapely.equals(row, theirs),
}


def add_filter_functions(connection: Connection) -> None:
    """The connection knows what the dialect writes.

    Prepared geometries are its own: one thread has it at a time.
    """

    @lru_cache(maxsize=_KEPT_GEOMETRIES)
    def prepared(wkb: bytes) -> BaseGeometry:
        geometry = shapely.from_wkb(wkb)
        shapely.prepare(geometry)
        return geometry

    def relates(op: str, blob: bytes | None, wkb: bytes) -> bool | None:
        (row,) = decode([blob])
        if row is None:
            return None
        theirs = prepared(wkb)
        try:
            return bool(_RELATIONS[op](theirs, row))
        except shapely.errors.GEOSException:
            # A ring that crosses itself: what it surrounds decides.
            return bool(_RELATIONS[op](theirs, shapely.make_valid(row)))

    connection.create_function("pcrs_relates", 3, relates, deterministic=True)
    connection.create_function("pcrs_casei", 1, casei, deterministic=True)
    connection.create_function("pcrs_accenti", 1, accenti, deterministic=True)
    connection.create_function("pcrs_glob", 1, glob, deterministic=True)


def casei(text: str | None) -> str | None:
    """The text in lower case."""
    return None if text is None else text.lower()


def accenti(text: str | None) -> str | None:
    """The text without its combining accents."""
    if text is None or text.isascii():
        return text
    apart = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in apart if not "\u0300" <= letter <= "\u036f")


def glob(pattern: str) -> str:
    r"""A CQL2 pattern (`%`, `_`, `\`) as GLOB writes it; what GLOB takes for itself stands in brackets."""
    made, literal = "", False
    for letter in pattern:
        if not literal and letter == "\\":
            literal = True
            continue
        if not literal and letter in "%_":
            made += "*" if letter == "%" else "?"
        else:
            made += f"[{letter}]" if letter in "*?[" else letter
        literal = False
    return made + ("\\" if literal else "")
