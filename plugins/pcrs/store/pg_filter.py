"""Filters as PostGIS writes them."""

import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.standard.crs import L93
from pcrs.standard.fields import Field
from pcrs.store.base import Layer
from pcrs.store.filters import Instant
from pcrs.store.statement import Statement, joined, negated, quoted

_DAY_LETTERS = len("2025-06-01")
_ACCENTS = "".join(map(chr, range(0x300, 0x370)))
"""Unicode's combining diacritical marks."""
_RELATIONS = {
    "s_intersects": "ST_Intersects",
    "s_equals": "ST_Equals",
    "s_touches": "ST_Touches",
    "s_within": "ST_Within",
    "s_overlaps": "ST_Overlaps",
    "s_crosses": "ST_Crosses",
    "s_contains": "ST_Contains",
}


def storable(text: str) -> bool:
    """True when PostgreSQL can hold the text: no null character, no half of a surrogate pair."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


class PostGisDialect:
    """The `Dialect` of PostgreSQL in UTF-8, with ICU and PostGIS."""

    mark = "%s"
    geometry = "geom"

    def value(self, value: str | float) -> Statement:
        """The value, bound; texts in the order of their letters' codes, as the columns."""
        if not isinstance(value, str):
            return Statement("%s", (value,))
        if not storable(value):
            raise InputError(f"filter: {value!r} is no text that can be stored")
        return Statement('(%s::text COLLATE "C")', (value,))

    def instant(self, value: Instant, *, by_day: bool) -> Statement:
        """The day, or the moment of UTC."""
        if by_day:
            return Statement("%s::date", (value.text[:_DAY_LETTERS],))
        return Statement("%s::timestamptz", (value.text,))

    def time(self, field: Field, *, by_day: bool) -> str:
        """The column; of moments the day of UTC where days are compared."""
        column = quoted(field.name)
        return f"({column} AT TIME ZONE 'UTC')::date" if by_day and field.kind == "datetime" else column

    def fold(self, op: str, text: Statement) -> Statement:
        """The text in lower case by ICU, or without its combining accents."""
        if op == "casei":
            return Statement(f'(lower({text.text} COLLATE "und-x-icu") COLLATE "C")', text.values)
        return Statement(f"translate(normalize({text.text}, NFD), %s, '')", (*text.values, _ACCENTS))

    def like(self, text: Statement, pattern: Statement) -> Statement:
        r"""By LIKE; a `\` at the end of the pattern means itself."""
        written, *rest = pattern.values
        stripped = written.rstrip("\\")
        if (len(written) - len(stripped)) % 2:
            written += "\\"
        return Statement(f"{text.text} LIKE {pattern.text}", (*text.values, written, *rest))

    def relation(self, layer: Layer, op: str, geometry: BaseGeometry) -> Statement:
        """PostGIS's function, which asks the index by itself."""
        if op == "s_disjoint":
            return negated(self.relation(layer, "s_intersects", geometry))
        return Statement(f"{_RELATIONS[op]}(geom, ST_GeomFromWKB(%s, {L93}))", (shapely.to_wkb(geometry),))

    def array(self, op: str, column: str, values: tuple[str, ...]) -> Statement:
        """By the members of the JSON text."""
        for value in values:
            if not storable(value):
                raise InputError(f"filter: {value!r} is no text that can be stored")
        member = f"SELECT FROM json_array_elements_text({column}) AS member WHERE member"
        each = [Statement(f"EXISTS ({member} = %s)", (value,)) for value in values]
        only = Statement(f"NOT EXISTS ({member} <> ALL (%s))", (list(values),))
        contains = joined("AND", each) if each else Statement("true")
        if op == "a_contains":
            return contains
        if op == "a_containedby":
            return only
        if op == "a_overlaps":
            return joined("OR", each) if each else Statement("false")
        return joined("AND", [contains, only])
