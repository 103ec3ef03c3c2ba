"""CQL2 text (OGC 21-065) as a tree.

Read here because the readers at hand fall short: pygeofilter's grammar refuses `T_AFTER(a, b)`, doubled
quotes and names of one letter, and the one in Rust recurses without bound. Keywords may be in any case.
"""

import re
from collections.abc import Callable

import numpy as np
import shapely

from pcrs.errors import InputError
from pcrs.store.filters import (
    ARRAYS,
    COMPARISONS,
    FOLDS,
    MAX_COORDINATES,
    MAX_DEPTH,
    SPATIAL,
    TEMPORAL,
    Box,
    Call,
    Expression,
    Instant,
    Interval,
    Property,
    day,
    instant,
    moment,
)
from pcrs.store.words import Cursor, Token

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:''|\\'|[^'])*')
      | (?P<quoted>"(?:""|[^"])*")
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
      | (?P<word>(?:[^\W\d]|:)[\w:.]*)
      | (?P<sign><=|>=|<>|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_SHAPES = (
    *("POINT", "LINESTRING", "POLYGON", "GEOMETRYCOLLECTION"),
    *("MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON"),
)
_KEYWORDS = ("AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL")


def read(text: str) -> Expression:
    """The tree of a filter; names and values are not held against any layer yet.

    Raises:
        InputError: it is no CQL2 text; the message says where.
    """
    reader = _Reader(text)
    found = reader.either(0)
    reader.finish()
    return found


class _Reader(Cursor):
    """Each method takes what it is named after and gives its tree."""

    pattern = _TOKEN
    subject = "filter"

    def either(self, depth: int) -> Expression:
        """Conditions between OR."""
        return self._joined("or", self._both, depth)

    def _both(self, depth: int) -> Expression:
        return self._joined("and", self._one, depth)

    def _joined(self, word: str, part: Callable[[int], Expression], depth: int) -> Expression:
        parts = [part(depth)]
        while self._take(word.upper()):
            parts.append(part(depth))
        return parts[0] if len(parts) == 1 else Call(word, tuple(parts))

    def _one(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise InputError(f"filter: nested deeper than {MAX_DEPTH}")
        if self._take("NOT"):
            return Call("not", (self._one(depth + 1),))
        if self._take("("):
            inner = self.either(depth + 1)
            self._must(")")
            return inner
        name = self._next.text.lower()
        if self._is_call() and name in SPATIAL:
            return self._pair(name, self._geometry)
        if self._is_call() and name in TEMPORAL:
            return self._pair(name, self._temporal)
        if self._is_call() and name in ARRAYS:
            return self._pair(name, self._array)
        value = self._scalar(depth)
        alone = self._next.kind == "end" or any(map(self._next.says, (")", "AND", "OR")))
        return value if isinstance(value, bool) and alone else self._predicate(value, depth)

    def _predicate(self, value: Expression, depth: int) -> Expression:
        if self._next.kind == "sign" and self._next.text in COMPARISONS:
            sign = self._advance().text
            return Call(sign, (value, self._scalar(depth)))
        if self._take("IS"):
            negated = self._take("NOT")
            self._must("NULL")
            return _negated(negated, Call("isnull", (value,)))
        return _negated(self._take("NOT"), self._set(value, depth))

    def _set(self, value: Expression, depth: int) -> Expression:
        """What may follow NOT: LIKE, BETWEEN, IN."""
        if self._take("LIKE"):
            return Call("like", (value, self._scalar(depth)))
        if self._take("BETWEEN"):
            low = self._scalar(depth)
            self._must("AND")
            return Call("between", (value, low, self._scalar(depth)))
        if self._take("IN"):
            return Call("in", (value, self._list(lambda: self._scalar(depth))))
        raise self._unexpected("a comparison, LIKE, BETWEEN, IN or IS NULL")

    def _scalar(self, depth: int) -> Expression:
        token = self._next
        name = token.text.lower()
        if token.kind == "text":
            return _unquoted(self._advance())
        if token.kind == "number":
            return _number(self._advance().text)
        if token.kind == "word" and name in ("true", "false"):
            self._advance()
            return name == "true"
        if self._is_call() and name in ("date", "timestamp"):
            return self._instant()
        if self._is_call() and name in FOLDS:
            if depth > MAX_DEPTH:
                raise InputError(f"filter: nested deeper than {MAX_DEPTH}")
            self._place += 2
            inner = self._scalar(depth + 1)
            self._must(")")
            return Call(name, (inner,))
        return self._property()

    def _pair(self, name: str, part: Callable[[], Expression]) -> Expression:
        self._place += 2
        first = part()
        self._must(",")
        second = part()
        self._must(")")
        return Call(name, (first, second))

    def _list(self, part: Callable[[], Expression]) -> tuple[Expression, ...]:
        self._must("(")
        if self._take(")"):
            return ()
        values = [part()]
        while self._take(","):
            values.append(part())
        self._must(")")
        return tuple(values)

    def _array(self) -> Expression:
        return self._list(lambda: self._scalar(0)) if self._next.says("(") else self._property()

    def _temporal(self) -> Expression:
        name = self._next.text.lower()
        if self._is_call() and name in ("date", "timestamp"):
            return self._instant()
        if self._is_call() and name == "interval":
            self._place += 2
            start = self._bound()
            self._must(",")
            end = self._bound()
            self._must(")")
            return Interval(start, end)
        return self._property()

    def _bound(self) -> Instant | Property | None:
        if self._next.kind != "text":
            return self._instant() if self._is_call() else self._property()
        text = _unquoted(self._advance())
        return None if text == ".." else instant(text)

    def _instant(self) -> Instant:
        read_instant = {"date": day, "timestamp": moment}.get(self._next.text.lower())
        if read_instant is None:
            raise self._unexpected("DATE, TIMESTAMP, a text or a property")
        self._place += 2
        if self._next.kind != "text":
            raise self._unexpected("a text between quotes")
        found = read_instant(_unquoted(self._advance()))
        self._must(")")
        return found

    def _geometry(self) -> Expression:
        name = self._next.text.upper()
        if self._next.kind == "word" and name in ("BBOX", "ENVELOPE") and self._is_call():
            self._place += 1
            numbers = self._list(self._coordinate)
            if len(numbers) not in (4, 6):
                raise InputError(f"filter: {name} takes four numbers, or six with heights")
            return Box(tuple(numbers))  # type: ignore[arg-type]
        following = self._tokens[self._place + 1] if self._next.kind == "word" else self._next
        if name in _SHAPES and any(map(following.says, ("(", "Z", "M", "ZM", "EMPTY"))):
            return self._shape()
        return self._property()

    def _coordinate(self) -> float:
        if self._next.kind != "number":
            raise self._unexpected("a number")
        return _number(self._advance().text)

    def _shape(self) -> Expression:
        """The WKT up to the parenthesis that closes it."""
        start, depth = self._next.place, 0
        first = self._place
        while True:
            token = self._advance()
            if token.kind == "end":
                raise InputError(f"filter: {self._text[start : start + 20]!r} is not closed")
            depth += token.says("(") - token.says(")")
            if depth == 0 and (token.says(")") or token.says("EMPTY")):
                break
        if depth > MAX_DEPTH or self._place - first > 4 * MAX_COORDINATES:
            raise InputError(f"filter: a geometry has more than {MAX_COORDINATES} coordinates")
        wkt = self._text[start : token.place + len(token.text)]
        try:
            with np.errstate(over="ignore"):
                return shapely.from_wkt(wkt)
        except shapely.errors.GEOSException as error:
            raise InputError(f"filter: {wkt[:40]!r} is no geometry: {error}") from error

    def _property(self) -> Property:
        token = self._next
        if token.kind == "quoted":
            return Property(self._advance().text[1:-1].replace('""', '"'))
        if token.kind != "word" or token.text.upper() in _KEYWORDS:
            raise self._unexpected("a property or a value")
        if self._is_call():
            raise InputError(f"filter: there is no function {token.text!r}")
        return Property(self._advance().text)


def _unquoted(token: Token) -> str:
    return token.text[1:-1].replace("''", "'").replace("\\'", "'")


def _number(text: str) -> float:
    """Whole numbers stay whole: large ones are compared as they are."""
    return int(text) if text.lstrip("+-").isdigit() and len(text) < 20 else float(text)


def _negated(negated: bool, condition: Expression) -> Expression:
    return Call("not", (condition,)) if negated else condition
