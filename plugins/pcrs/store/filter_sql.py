"""A checked filter as SQL: one compiler; a `Dialect` says what engines write differently.

A comparison with null is neither true nor false, and NOT leaves it so: an object without the value is in
neither answer. Where an engine's functions would say false, the condition says so itself.
"""

from collections.abc import Mapping
from typing import Protocol

from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.standard.fields import Field
from pcrs.store.base import Layer
from pcrs.store.filters import (
    ARRAYS,
    COMPARISONS,
    FOLDS,
    GEOMETRY,
    SPATIAL,
    TEMPORAL,
    Call,
    Expression,
    Filter,
    Instant,
    Interval,
    Property,
)
from pcrs.store.statement import Statement, joined, negated, quoted


class Dialect(Protocol):
    """What an engine writes in its own way. Every value is bound."""

    mark: str
    """Stands for a bound value: `?`, `%s`."""
    geometry: str
    """The column of geometries."""

    def value(self, value: str | float) -> Statement:
        """A text, a number or a truth value, bound."""
        ...

    def instant(self, value: Instant, *, by_day: bool) -> Statement:
        """An instant, bound; `by_day`: its day, else its moment."""
        ...

    def time(self, field: Field, *, by_day: bool) -> str:
        """A field that is a date or a moment, comparable with `instant` of the same `by_day`."""
        ...

    def fold(self, op: str, text: Statement) -> Statement:
        """A text without case (`casei`) or without accents (`accenti`)."""
        ...

    def like(self, text: Statement, pattern: Statement) -> Statement:
        r"""True where the text has the pattern: `%` any letters, `_` one, `\` before what means itself."""
        ...

    def relation(self, layer: Layer, op: str, geometry: BaseGeometry) -> Statement:
        """A spatial operator of CQL2 (`s_within`) between the column and a geometry of EPSG:2154.

        Exact, in the plane; true or false for every row that has a geometry.
        """
        ...

    def array(self, op: str, column: str, values: tuple[str, ...]) -> Statement:
        """An array operator of CQL2 between a list and texts. True or false for every row that has a list."""
        ...


_NEVER, _ALWAYS = Statement("1 = 0"), Statement("1 = 1")
_BEGINNING, _END = "-∞", "∞"
type _Bound = Statement | str
"""An instant in SQL, or one of the two ends of time."""


def compile_filter(layer: Layer, filter_: Filter, dialect: Dialect) -> Statement:
    """The condition of a filter, to stand in parentheses after WHERE.

    Raises:
        InputError: a property is unknown: the filter was checked against another layer.
    """
    return _Compiler(layer, dialect).condition(filter_.root, positive=True)


class _Compiler:
    def __init__(self, layer: Layer, dialect: Dialect) -> None:
        self._layer = layer
        self._dialect = dialect

    def condition(self, node: Expression, *, positive: bool) -> Statement:
        """The condition, or its contrary: NOT goes down to what can be null."""
        if isinstance(node, bool):
            return _ALWAYS if node is positive else _NEVER
        if not isinstance(node, Call):
            raise InputError(f"filter: {node!r} is no condition")
        if node.op == "not":
            return self.condition(node.args[0], positive=not positive)
        if node.op in ("and", "or"):
            word = "AND" if (node.op == "and") is positive else "OR"
            return joined(word, [self.condition(arg, positive=positive) for arg in node.args])
        if node.op in SPATIAL:
            return self._spatial(node, positive)
        if node.op in ARRAYS:
            column = self._column(node.args[0])
            found = self._dialect.array(node.op, column, node.args[1])  # type: ignore[arg-type]
            return _where_there_is(column, found if positive else negated(found))
        if node.op in TEMPORAL:
            return self._temporal(node, positive)
        found = self._plain(node)
        return found if positive else negated(found)

    def _plain(self, node: Call) -> Statement:
        first, *others = node.args
        if node.op == "isnull":
            return Statement(f"{self._column(first)} IS NULL")
        if node.op == "in":
            others = list(others[0])  # type: ignore[arg-type]
        by_day = self._by_day([first, *others])
        value, *rest = (self._scalar(arg, by_day=by_day) for arg in (first, *others))
        if node.op == "like":
            return self._dialect.like(value, rest[0])
        if node.op == "between":
            return _spliced("{} BETWEEN {} AND {}", value, *rest)
        if node.op == "in":
            return _spliced("{} IN (" + ", ".join(["{}"] * len(rest)) + ")", value, *rest)
        if node.op not in COMPARISONS:
            raise InputError(f"filter: there is no operator {node.op!r}")
        return _spliced(f"{{}} {node.op} {{}}", value, rest[0])

    def _scalar(self, node: Expression, *, by_day: bool) -> Statement:
        if isinstance(node, Call) and node.op in FOLDS:
            return self._dialect.fold(node.op, self._scalar(node.args[0], by_day=by_day))
        if isinstance(node, Property):
            field = self._field(node)
            if field.kind in ("date", "datetime"):
                return Statement(self._dialect.time(field, by_day=by_day))
            return Statement(quoted(field.name))
        if isinstance(node, Instant):
            return self._dialect.instant(node, by_day=by_day)
        if isinstance(node, str | int | float):
            return self._dialect.value(node)
        raise InputError(f"filter: {node!r} is no value")

    def _spatial(self, node: Call, positive: bool) -> Statement:
        geometry = node.args[1]
        if isinstance(geometry, BaseGeometry):
            found = self._dialect.relation(self._layer, node.op, geometry)
        else:
            found = _ALWAYS if node.op == "s_disjoint" else _NEVER
        return _where_there_is(self._dialect.geometry, found if positive else negated(found))

    def _temporal(self, node: Call, positive: bool) -> Statement:
        by_day = self._by_day(node.args)
        a, b = (self._period(arg, by_day=by_day) for arg in node.args)
        found = _RELATIONS[node.op](*a, *b)
        found = found if positive else negated(found)
        for bound in (*_bounds(node.args[0]), *_bounds(node.args[1])):
            if isinstance(bound, Property):
                found = _where_there_is(self._column(bound), found)
        return found

    def _period(self, node: Expression, *, by_day: bool) -> tuple[_Bound, _Bound]:
        if not isinstance(node, Interval):
            found = self._scalar(node, by_day=by_day)
            return found, found
        start = _BEGINNING if node.start is None else self._scalar(node.start, by_day=by_day)
        end = _END if node.end is None else self._scalar(node.end, by_day=by_day)
        return start, end

    def _by_day(self, nodes: list[Expression] | tuple[Expression, ...]) -> bool:
        """True when a day is among the instants: days are compared with days."""
        for node in nodes:
            for bound in _bounds(node):
                if isinstance(bound, Instant) and bound.is_day:
                    return True
                if isinstance(bound, Property) and self._field(bound).kind == "date":
                    return True
        return False

    def _field(self, node: Expression) -> Field:
        field = self._layer.field(node.name) if isinstance(node, Property) else None
        if field is None:
            raise InputError(f"filter: layer {self._layer.name} has no property {node!r}")
        return field

    def _column(self, node: Expression) -> str:
        if isinstance(node, Property) and node.name == GEOMETRY and self._layer.geometry is not None:
            return self._dialect.geometry
        return quoted(self._field(node).name)


def _bounds(node: Expression) -> tuple[Expression | None, ...]:
    return (node.start, node.end) if isinstance(node, Interval) else (node,)


def _where_there_is(column: str, condition: Statement) -> Statement:
    return joined("AND", [Statement(f"{column} IS NOT NULL"), condition])


def _spliced(template: str, *parts: Statement) -> Statement:
    text = template.format(*(part.text for part in parts))
    return Statement(text, tuple(value for part in parts for value in part.values))


def _before(a: _Bound, b: _Bound) -> Statement:
    """A < b; the two ends of time are before and after every instant, and no instant is one of them."""
    if isinstance(a, Statement) and isinstance(b, Statement):
        return _spliced("{} < {}", a, b)
    return _ALWAYS if a != b and (a == _BEGINNING or b == _END) else _NEVER


def _same(a: _Bound, b: _Bound) -> Statement:
    if isinstance(a, Statement) and isinstance(b, Statement):
        return _spliced("{} = {}", a, b)
    return _ALWAYS if a == b else _NEVER


def _all(*conditions: Statement) -> Statement:
    return joined("AND", conditions)


def _disjoint(a1: _Bound, a2: _Bound, b1: _Bound, b2: _Bound) -> Statement:
    return joined("OR", [_before(a2, b1), _before(b2, a1)])


class _Relation(Protocol):
    def __call__(self, a1: _Bound, a2: _Bound, b1: _Bound, b2: _Bound, /) -> Statement: ...


_RELATIONS: Mapping[str, _Relation] = {
    "t_after": lambda a1, a2, b1, b2: _before(b2, a1),
    "t_before": lambda a1, a2, b1, b2: _before(a2, b1),
    "t_contains": lambda a1, a2, b1, b2: _all(_before(a1, b1), _before(b2, a2)),
    "t_disjoint": _disjoint,
    "t_during": lambda a1, a2, b1, b2: _all(_before(b1, a1), _before(a2, b2)),
    "t_equals": lambda a1, a2, b1, b2: _all(_same(a1, b1), _same(a2, b2)),
    "t_finishedby": lambda a1, a2, b1, b2: _all(_before(a1, b1), _same(a2, b2)),
    "t_finishes": lambda a1, a2, b1, b2: _all(_before(b1, a1), _same(a2, b2)),
    "t_intersects": lambda *bounds: negated(_disjoint(*bounds)),
    "t_meets": lambda a1, a2, b1, b2: _same(a2, b1),
    "t_metby": lambda a1, a2, b1, b2: _same(a1, b2),
    "t_overlappedby": lambda a1, a2, b1, b2: _all(_before(b1, a1), _before(a1, b2), _before(b2, a2)),
    "t_overlaps": lambda a1, a2, b1, b2: _all(_before(a1, b1), _before(b1, a2), _before(a2, b2)),
    "t_startedby": lambda a1, a2, b1, b2: _all(_same(a1, b1), _before(b2, a2)),
    "t_starts": lambda a1, a2, b1, b2: _all(_same(a1, b1), _before(a2, b2)),
}
"""Allen's relations between the periods (a1, a2) and (b1, b2), whose ends may be one instant."""
