"""A filter held against a layer: names are known, values of their fields' kinds, geometries in EPSG:2154."""

import math
from collections.abc import Callable, Mapping
from typing import Literal

from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.standard.fields import Kind
from pcrs.standard.regions import box_region, geometry_region
from pcrs.store.base import Layer
from pcrs.store.filters import (
    ARRAYS,
    COMPARISONS,
    FOLDS,
    GEOMETRY,
    LOGIC,
    OPERATORS,
    SPATIAL,
    TEMPORAL,
    Box,
    Call,
    Expression,
    Filter,
    Instant,
    Interval,
    Property,
    instant,
)

Sort = Literal["text", "number", "boolean", "instant", "list", "geometry"]
"""What a value is; only values of one sort are compared."""
_SORTS: Mapping[Kind, Sort] = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "date": "instant",
    "datetime": "instant",
    "boolean": "boolean",
    "list": "list",
}
_TURNED = {"s_within": "s_contains", "s_contains": "s_within"}
_ARITY = {"not": 1, "like": 2, "between": 3, "in": 2, "isnull": 1}
_PATTERN_MAX = 200
_WORDS = {"text": "a text", "number": "a number", "boolean": "true or false", "instant": "a date or a moment"}


def checked(expression: Expression, layer: Layer, crs: str) -> Filter:
    """The filter, ready to be asked of that layer. `crs` is that of its coordinates.

    Raises:
        InputError: a property is unknown, values cannot be compared, a geometry is not valid.
    """
    return Filter(_Checker(layer, crs).condition(expression))


class _Checker:
    def __init__(self, layer: Layer, crs: str) -> None:
        self._layer = layer
        self._crs = crs

    def condition(self, node: Expression) -> Expression:
        """The node as a condition."""
        if isinstance(node, bool):
            return node
        if not isinstance(node, Call) or node.op in FOLDS:
            raise InputError(f"filter: {_shown(node)} stands where a condition is expected")
        for group, check in self._groups().items():
            if node.op in group:
                wanted = _ARITY.get(node.op, 2)
                enough = len(node.args) >= 2 if node.op in ("and", "or") else len(node.args) == wanted
                if not enough:
                    raise InputError(f"filter: {node.op} has {len(node.args)} arguments, not {wanted}")
                return check(node)
        raise InputError(f"filter: there is no operator {node.op!r}; there are {', '.join(OPERATORS)}")

    def _groups(self) -> Mapping[tuple[str, ...], Callable[[Call], Expression]]:
        return {
            LOGIC: lambda node: Call(node.op, tuple(map(self.condition, node.args))),
            (*COMPARISONS, "between"): self._comparison,
            ("in",): self._membership,
            ("like",): self._likeness,
            ("isnull",): self._nullity,
            SPATIAL: self._place,
            TEMPORAL: self._time,
            ARRAYS: self._array,
        }

    def _comparison(self, node: Call) -> Call:
        return Call(node.op, self._alike(node.op, node.args))

    def _membership(self, node: Call) -> Call:
        value, members = node.args
        if not isinstance(members, tuple) or not members:
            raise InputError("filter: in needs a list of values")
        first, *others = self._alike("in", (value, *members))
        return Call("in", (first, tuple(others)))

    def _alike(self, op: str, args: tuple[Expression, ...]) -> tuple[Expression, ...]:
        """The arguments, all of one sort, that of the first property among them."""
        named = [self._sort(arg) for arg in args if not isinstance(arg, str | bool | int | float | Instant)]
        sorts = named or [self._sort(arg) for arg in args if not isinstance(arg, str)] or ["text"]
        if sorts[0] in ("list", "geometry"):
            raise InputError(f"filter: {op} does not compare a {sorts[0]}: see the functions A_ and S_")
        return tuple(self._value(arg, sorts[0]) for arg in args)

    def _likeness(self, node: Call) -> Call:
        value, pattern = node.args
        inner = pattern
        while isinstance(inner, Call) and inner.op in FOLDS and len(inner.args) == 1:
            inner = inner.args[0]
        if not isinstance(inner, str) or len(inner) > _PATTERN_MAX:
            raise InputError(f"filter: like needs a pattern of at most {_PATTERN_MAX} letters after it")
        return Call("like", (self._value(value, "text"), self._value(pattern, "text")))

    def _nullity(self, node: Call) -> Call:
        (value,) = node.args
        if not isinstance(value, Property):
            raise InputError(f"filter: only a property may be null, not {_shown(value)}")
        self._sort(value)
        return node

    def _place(self, node: Call) -> Call:
        first, second = node.args
        op = node.op
        if not isinstance(first, Property):
            first, second, op = second, first, _TURNED.get(op, op)
        if not isinstance(first, Property) or self._sort(first) != "geometry":
            raise InputError(f"filter: {node.op} needs the property {GEOMETRY!r} and a geometry")
        if isinstance(second, Box):
            return Call(op, (first, self._box(second)))
        if not isinstance(second, BaseGeometry):
            raise InputError(f"filter: {_shown(second)} stands where a geometry is expected")
        return Call(op, (first, geometry_region(second, self._crs)))

    def _box(self, box: Box) -> BaseGeometry | None:
        half = len(box.numbers) // 2
        low, high = box.numbers[:half], box.numbers[half:]
        if not all(map(math.isfinite, box.numbers)):
            raise InputError("filter: a number of BBOX is not finite")
        if low[1] > high[1]:
            raise InputError(f"filter: BBOX {box.numbers}: the lower corner must come first")
        return box_region(box.numbers, self._crs)

    def _time(self, node: Call) -> Call:
        return Call(node.op, tuple(map(self._when, node.args)))

    def _when(self, node: Expression) -> Expression:
        if isinstance(node, Interval):
            for bound in (node.start, node.end):
                if bound is not None:
                    self._value(bound, "instant")
            start, end = node.start, node.end
            if isinstance(start, Instant) and isinstance(end, Instant) and start.text[:10] > end.text[:10]:
                raise InputError("filter: an interval ends before it begins")
            return node
        return self._value(node, "instant")

    def _array(self, node: Call) -> Call:
        first, second = node.args
        if not isinstance(first, Property) and node.op != "a_equals":
            raise InputError(f"filter: {node.op} needs a property, then a list of values")
        if not isinstance(first, Property):
            first, second = second, first
        if self._sort(first) != "list" or not isinstance(second, tuple):
            raise InputError(f"filter: {node.op} needs a property that is a list, then a list of values")
        return Call(node.op, (first, tuple(self._value(each, "text") for each in second)))

    def _sort(self, node: Expression) -> Sort:
        if isinstance(node, Property):
            if node.name == GEOMETRY and self._layer.geometry is not None:
                return "geometry"
            field = self._layer.field(node.name)
            if field is None:
                known = ", ".join(each.name for each in self._layer.fields)
                raise InputError(f"filter: {self._layer.name} has no property {node.name!r}; it has {known}")
            return _SORTS[field.kind]
        if isinstance(node, Call) and node.op in FOLDS:
            return "text"
        if isinstance(node, bool):
            return "boolean"
        if isinstance(node, str):
            return "text"
        if isinstance(node, int | float):
            return "number"
        if isinstance(node, Instant):
            return "instant"
        raise InputError(f"filter: {_shown(node)} stands where a property or a value is expected")

    def _value(self, node: Expression, wanted: Sort) -> Expression:
        """The node, when it is of that sort; a text may write an instant."""
        if wanted == "instant" and isinstance(node, str):
            return instant(node)
        if self._sort(node) != wanted:
            expected = _WORDS.get(wanted, wanted)
            raise InputError(f"filter: {_shown(node)} stands where {expected} is expected")
        if isinstance(node, Call):
            if len(node.args) != 1:
                raise InputError(f"filter: {node.op} takes one text")
            return Call(node.op, (self._value(node.args[0], "text"),))
        if isinstance(node, str):
            return _plain(node)
        if isinstance(node, int | float) and not isinstance(node, bool) and not math.isfinite(node):
            raise InputError("filter: a number is not finite")
        return node


def _plain(text: str) -> str:
    """The text, when a database can hold it."""
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InputError("filter: a text has letters that no text has (NUL, lone surrogates)")
    return text


def _shown(node: Expression) -> str:
    if isinstance(node, Property):
        return repr(node.name)
    if isinstance(node, Call):
        return f"{node.op}(…)"
    if isinstance(node, Instant):
        return node.text
    return repr(node)[:60]
