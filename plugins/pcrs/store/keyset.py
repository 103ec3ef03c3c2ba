"""Where a sorted page begins: after a row, by its values; the last page costs no more than the first."""

from collections.abc import Sequence

from pcrs.errors import InputError
from pcrs.store.base import Layer, Query
from pcrs.store.statement import Statement, joined
from pcrs.store.values import to_sql

type Key = tuple[str, bool, Statement | None]
"""A sorted column in SQL, ascending, and the value of the row, bound; None where it is null."""


def last_values(layer: Layer, query: Query) -> list[str | int | float | None]:
    """`Query.beyond` as SQL stores it: one value for each field of `Query.sort`.

    Raises:
        InputError: there are more or fewer of them, or one is not of its field's kind.
    """
    if query.sort and query.after is not None and not query.beyond:
        raise InputError("after and sort go together with beyond alone: else page a sorted query by offset")
    if len(query.beyond) != len(query.sort) or query.after is None:
        raise InputError(f"beyond has {len(query.beyond)} values for {len(query.sort)} sorted fields")
    found = []
    for (name, _), value in zip(query.sort, query.beyond, strict=True):
        field = layer.field(name)
        if field is None:
            raise InputError(f"layer {layer.name} has no field {name!r}")
        found.append(to_sql(layer, field, value))
    return found


def beyond(keys: Sequence[Key], after: Statement) -> Statement:
    """Rows after the one that has these values and that fid: nulls come last, ties go by fid."""
    same = [_same(key) for key in keys]
    ways = []
    for n, (column, ascending, value) in enumerate(keys):
        if value is None:
            continue  # nothing comes after null but null
        sign = ">" if ascending else "<"
        further = Statement(f"{column} {sign} {value.text} OR {column} IS NULL", value.values)
        ways.append(joined("AND", [*same[:n], further]))
    last = Statement(f"fid > {after.text}", after.values)
    found = joined("OR", [*ways, joined("AND", [*same, last])])
    return Statement(f"({found.text})", found.values)


def _same(key: Key) -> Statement:
    column, _, value = key
    if value is None:
        return Statement(f"{column} IS NULL")
    return Statement(f"{column} = {value.text}", value.values)
