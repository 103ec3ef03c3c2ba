"""The clauses of a SELECT that are the same in every engine, but for the mark of a bound value."""

from collections.abc import Callable, Sequence

from pcrs.errors import InputError
from pcrs.store.base import Query
from pcrs.store.statement import Statement, joined

_MAX = 2**62
"""Numbers beyond it are taken for it: an engine has 64 bits."""


def filtered(conditions: Sequence[Statement]) -> Statement:
    """WHERE all of these hold; nothing when there are none."""
    if not conditions:
        return Statement("")
    text = " AND ".join(condition.text for condition in conditions)
    return Statement(f" WHERE {text}", tuple(v for condition in conditions for v in condition.values))


def dated_or(column: str, conditions: Sequence[Statement]) -> Statement:
    """All of these conditions on a date hold, or there is no date."""
    both = joined("AND", conditions)
    found = joined("OR", [Statement(f"{column} IS NULL"), both])
    return Statement(f"({found.text})", found.values)


def united(selects: Sequence[Statement]) -> Statement:
    """FROM the rows of all of these, as `seen`."""
    values = tuple(value for select in selects for value in select.values)
    return Statement(f" FROM ({' UNION ALL '.join(select.text for select in selects)}) AS seen", values)


def ordered(query: Query, key: Callable[[str], str]) -> str:
    """ORDER BY the fields of the query: nulls last, ties by fid. `key`: what a field is sorted by."""
    keys = [f"{key(name)} {'ASC' if ascending else 'DESC'} NULLS LAST" for name, ascending in query.sort]
    return " ORDER BY " + ", ".join([*keys, "fid"])


def paged(query: Query, mark: str, *, extra: int = 0) -> Statement:
    """LIMIT and OFFSET of the query, with `extra` rows more than its limit.

    Raises:
        InputError: the limit or the offset is negative.
    """
    if query.limit < 0 or query.offset < 0:
        raise InputError(f"limit {query.limit} and offset {query.offset} must not be negative")
    values = (min(query.limit, _MAX) + extra, min(query.offset, _MAX))
    return Statement(f" LIMIT {mark} OFFSET {mark}", values)


def bounded(after: int) -> int:
    """A fid to page after, within what an engine can hold."""
    return max(-_MAX, min(after, _MAX))
