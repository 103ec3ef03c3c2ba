"""CQL2 for tests: trees made at random, written as text and as JSON, and judged in plain Python."""

import json
import unicodedata

import shapely
from hypothesis import strategies as st

from pcrs.store.base import Row
from pcrs.store.filters import (
    ARRAYS,
    COMPARISONS,
    FOLDS,
    SPATIAL,
    TEMPORAL,
    Box,
    Call,
    Expression,
    Instant,
    Interval,
    Property,
)

# ---- writers


def to_text(node: Expression) -> str:
    """The tree as CQL2 text."""
    match node:
        case bool():
            return "TRUE" if node else "false"
        case int() | float():
            return repr(node)
        case str():
            return "'" + node.replace("'", "''") + "'"
        case Property(name):
            return '"' + name.replace('"', '""') + '"'
        case Instant(text):
            return f"DATE('{text}')" if node.is_day else f"timestamp('{text}')"
        case Interval(start, end):
            return f"INTERVAL({_bound(start)}, {_bound(end)})"
        case Box(numbers):
            return f"BBOX({','.join(map(repr, numbers))})"
        case tuple():
            return "(" + ", ".join(map(to_text, node)) + ")"
        case Call(op, args):
            return _call_text(op, args)
    return shapely.to_wkt(node, rounding_precision=-1)


def _bound(bound) -> str:
    if bound is None:
        return "'..'"
    return f"'{bound.text}'" if isinstance(bound, Instant) else to_text(bound)


def _call_text(op, args) -> str:
    if op in ("and", "or"):
        return f" {op.upper()} ".join(f"({to_text(arg)})" for arg in args)
    if op == "not":
        return f"NOT ({to_text(args[0])})"
    if op in COMPARISONS or op == "like":
        return f"{to_text(args[0])} {op.upper()} {to_text(args[1])}"
    if op == "between":
        return f"{to_text(args[0])} BETWEEN {to_text(args[1])} AND {to_text(args[2])}"
    if op == "in":
        return f"{to_text(args[0])} IN {to_text(args[1])}"
    if op == "isnull":
        return f"{to_text(args[0])} IS NULL"
    return f"{op.upper()}({', '.join(map(to_text, args))})"


def to_json(node: Expression) -> object:
    """The tree as the document of CQL2 JSON."""
    match node:
        case bool() | int() | float() | str():
            return node
        case Property(name):
            return {"property": name}
        case Instant(text):
            return {"date" if node.is_day else "timestamp": text}
        case Interval(start, end):
            bounds = (start, end)
            return {
                "interval": [
                    ".." if b is None else b.text if isinstance(b, Instant) else to_json(b) for b in bounds
                ]
            }
        case Box(numbers):
            return {"bbox": list(numbers)}
        case tuple():
            return [to_json(each) for each in node]
        case Call(op, args):
            return {"op": "isNull" if op == "isnull" else op, "args": [to_json(arg) for arg in args]}
    return json.loads(shapely.to_geojson(node))


# ---- trees

DAYS = ("2023-12-31", "2024-01-01", "2024-01-02", "2024-06-15")
MOMENTS = ("2024-01-01T00:00:00.000Z", "2024-01-01T12:00:00.500Z", "2024-06-15T23:59:59.999Z")
TEXTS = ("", "a", "A", "É", "e", "été", "ab", "a'b", "a%b", "a_b", "a*b", "[a]", "\\", "x' OR 1=1 --")
X0, Y0 = 560_000.0, 6_370_000.0

_names = {
    "text": st.sampled_from(["texte", "autre"]),
    "number": st.sampled_from(["rang", "hauteur"]),
    "instant": st.sampled_from(["jour", "vu"]),
    "boolean": st.just("visible"),
}
texts = st.one_of(
    st.sampled_from(TEXTS), st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=3)
)
numbers = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -1.25, 1e300, 2**70, -(2**53)]))
instants = st.sampled_from([Instant(text) for text in (*DAYS, *MOMENTS)])
spots = st.tuples(*[st.integers(-2, 12).map(float)] * 2).map(lambda xy: (X0 + xy[0], Y0 + xy[1]))
boxes = st.tuples(spots, st.integers(1, 8), st.integers(1, 8)).map(
    lambda made: (*made[0], made[0][0] + made[1], made[0][1] + made[2])
)
shapes = st.one_of(
    spots.map(shapely.Point),
    st.lists(spots, min_size=2, max_size=4, unique=True).map(shapely.LineString),
    boxes.map(lambda box: shapely.box(*box)),
    boxes.map(lambda box: shapely.Point(box[:2]).buffer(box[2] - box[0])),
)
_values = {"text": texts, "number": numbers, "instant": instants, "boolean": st.booleans()}


def _scalar(sort: str) -> st.SearchStrategy:
    properties = _names[sort].map(Property)
    if sort != "text":
        return st.one_of(properties, _values[sort])
    plain = st.one_of(properties, texts)
    return st.one_of(plain, st.tuples(st.sampled_from(FOLDS), plain).map(lambda c: Call(c[0], (c[1],))))


def _comparison(sort: str) -> st.SearchStrategy:
    named, value = _names[sort].map(Property), _scalar(sort)
    ops = ("=", "<>") if sort == "boolean" else COMPARISONS
    plain = st.tuples(st.sampled_from(ops), named, value).map(lambda c: Call(c[0], c[1:]))
    several = st.tuples(named, st.lists(value, min_size=1, max_size=3).map(tuple)).map(
        lambda c: Call("in", c)
    )
    if sort == "boolean":
        return plain
    between = st.tuples(named, value, value).map(lambda c: Call("between", c))
    return st.one_of(plain, several, between)


_intervals = st.tuples(*[st.one_of(st.none(), instants)] * 2).map(
    lambda ends: Interval(*sorted(ends, key=lambda i: i.text)) if None not in ends else Interval(*ends)
)
_times = st.one_of(_names["instant"].map(Property), instants, _intervals)
leaves = st.one_of(
    *(_comparison(sort) for sort in _names),
    st.tuples(_scalar("text"), texts).map(lambda c: Call("like", c)),
    st.sampled_from(["texte", "rang", "jour", "visible", "liste", "geometry"]).map(
        lambda name: Call("isnull", (Property(name),))
    ),
    st.tuples(st.sampled_from(TEMPORAL), _names["instant"].map(Property), _times).map(
        lambda c: Call(c[0], c[1:])
    ),
    st.tuples(st.sampled_from(SPATIAL), shapes).map(lambda c: Call(c[0], (Property("geometry"), c[1]))),
    st.tuples(st.sampled_from(ARRAYS), st.lists(st.sampled_from("abc"), max_size=3).map(tuple)).map(
        lambda c: Call(c[0], (Property("liste"), c[1]))
    ),
    st.booleans(),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(lambda one: Call("not", (one,))),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple)).map(
            lambda c: Call(*c)
        ),
    ),
    max_leaves=6,
)


# ---- judgement: True, False, or None where a value is missing


def holds(node: Expression, row: Row) -> bool | None:
    """What the tree says of a row, null being neither true nor false."""
    if isinstance(node, bool):
        return node
    op, args = node.op, node.args
    if op == "not":
        inner = holds(args[0], row)
        return None if inner is None else not inner
    if op in ("and", "or"):
        said = [holds(arg, row) for arg in args]
        decisive = op == "or"
        return decisive if decisive in said else None if None in said else not decisive
    if op in SPATIAL:
        name = {"s_intersects": "intersects"}.get(op, op[2:])
        return None if row.geometry is None else bool(getattr(shapely, name)(row.geometry, args[1]))
    if op in ARRAYS:
        return _array(op, row.values["liste"], args[1])
    if op == "isnull":
        return (row.geometry if args[0].name == "geometry" else row.values[args[0].name]) is None
    return _temporal(op, args, row) if op in TEMPORAL else _plain(op, args, row)


def _array(op, has, asked) -> bool | None:
    if has is None:
        return None
    has, asked = set(has), set(asked)
    return {
        "a_equals": has == asked,
        "a_contains": has >= asked,
        "a_containedby": has <= asked,
        "a_overlaps": bool(has & asked),
    }[op]


def _value(node, row, by_day):
    if isinstance(node, Property):
        node = row.values[node.name]
        return node[:10] if by_day and node is not None else node
    if isinstance(node, Instant):
        return node.text[:10] if by_day else node.text
    if isinstance(node, Call):
        text = _value(node.args[0], row, by_day)
        if text is None:
            return None
        apart = unicodedata.normalize("NFD", text)
        return (
            text.lower() if node.op == "casei" else "".join(c for c in apart if not "\u0300" <= c <= "\u036f")
        )
    return node


def _days(nodes) -> bool:
    return any(node == Property("jour") or (isinstance(node, Instant) and node.is_day) for node in nodes)


def _plain(op, args, row) -> bool | None:
    flat = [args[0], *(args[1] if op == "in" else args[1:])]
    first, *others = (_value(node, row, _days(flat)) for node in flat)
    if op == "in":
        same = [None if other is None or first is None else first == other for other in others]
        return True if True in same else None if None in same else False
    if op == "between":
        low, high = (
            None if None in (first, o) else (o <= first, first <= o)[n] for n, o in enumerate(others)
        )
        return False if False in (low, high) else None if None in (low, high) else True
    other = others[0]
    if first is None or other is None:
        return None
    if op == "like":
        return _like(first, other)
    compared = {"=": first == other, "<>": first != other}
    return compared[op] if op in compared else {
        "<": first < other, ">": first > other, "<=": first <= other, ">=": first >= other
    }[op]  # fmt: skip


def _like(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(_like(text[n:], pattern[1:]) for n in range(len(text) + 1))
    if pattern[0] == "_":
        return bool(text) and _like(text[1:], pattern[1:])
    if pattern[0] == "\\" and len(pattern) > 1:
        return text[:1] == pattern[1] and _like(text[1:], pattern[2:])
    return text[:1] == pattern[0] and _like(text[1:], pattern[1:])


def _temporal(op, args, row) -> bool | None:
    bounds = [(a.start, a.end) if isinstance(a, Interval) else (a, a) for a in args]
    by_day = _days([each for pair in bounds for each in pair])
    ends = [
        [edge if b is None else _value(b, row, by_day) for b, edge in zip(pair, ("", "~"), strict=True)]
        for pair in bounds
    ]
    (a1, a2), (b1, b2) = ends
    if None in (a1, a2, b1, b2):
        return None
    return {
        "t_after": a1 > b2,
        "t_before": a2 < b1,
        "t_contains": a1 < b1 and a2 > b2,
        "t_disjoint": a1 > b2 or a2 < b1,
        "t_during": a1 > b1 and a2 < b2,
        "t_equals": a1 == b1 and a2 == b2,
        "t_finishedby": a1 < b1 and a2 == b2,
        "t_finishes": a1 > b1 and a2 == b2,
        "t_intersects": not (a1 > b2 or a2 < b1),
        "t_meets": a2 == b1,
        "t_metby": a1 == b2,
        "t_overlappedby": b1 < a1 < b2 < a2,
        "t_overlaps": a1 < b1 < a2 < b2,
        "t_startedby": a1 == b1 and a2 > b2,
        "t_starts": a1 == b1 and a2 < b2,
    }[op]
