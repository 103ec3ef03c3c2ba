"""Catalogue CQL (CSW 2.0.2 § 6.2.2) as a Filter element, for `csw_filters`.

Read here because the readers at hand give And and Or the same rank: `a or b and c` selects other records.
"""

import re
from collections.abc import Mapping

from lxml import etree

from pcrs.errors import InputError
from pcrs.store.words import Cursor

MAX_DEPTH = 50
_OGC = "http://www.opengis.net/ogc"
_GML = "http://www.opengis.net/gml"
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"[^"]*")
      | (?P<literal>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?
                   |[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>[^\W\d][\w:./-]*)
      | (?P<sign><=|>=|<>|!=|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_OPERATORS = {
    "=": "PropertyIsEqualTo",
    "<>": "PropertyIsNotEqualTo",
    "!=": "PropertyIsNotEqualTo",
    "<": "PropertyIsLessThan",
    "<=": "PropertyIsLessThanOrEqualTo",
    ">": "PropertyIsGreaterThan",
    ">=": "PropertyIsGreaterThanOrEqualTo",
}
_VALUES = ("text", "quoted", "literal")


def to_filter(
    cql: str, namespaces: Mapping[str, str] | None = None, fes_version: str = "1.0"
) -> etree._Element:
    """The Filter 1.1 element that says what `cql` says; keywords in any case. The rest is pycsw's signature.

    Texts stand between quotes, single (a quote is doubled) or double; And binds before Or.

    Raises:
        InputError: it is no CQL, or uses what the catalogue does not know.
    """
    del namespaces, fes_version
    reader = _Reader(cql)
    root = etree.Element(f"{{{_OGC}}}Filter", nsmap={"ogc": _OGC, "gml": _GML})
    root.append(reader.either(0))
    reader.finish()
    return root


class _Reader(Cursor):
    """Each method takes what it is named after and gives its element."""

    pattern = _TOKEN
    subject = "this is no CQL"

    def either(self, depth: int) -> etree._Element:
        """Conditions between Or."""
        parts = [self._both(depth)]
        while self._take("OR"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else _node("Or", *parts)

    def _both(self, depth: int) -> etree._Element:
        parts = [self._one(depth)]
        while self._take("AND"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else _node("And", *parts)

    def _one(self, depth: int) -> etree._Element:
        if depth > MAX_DEPTH:
            raise InputError(f"this CQL is nested deeper than {MAX_DEPTH}")
        if self._take("NOT"):
            return _node("Not", self._one(depth + 1))
        if self._take("("):
            inner = self.either(depth + 1)
            self._must(")")
            return inner
        if self._next.says("BBOX") and self._is_call():
            return self._bbox()
        return self._comparison()

    def _bbox(self) -> etree._Element:
        self._place += 2
        name = self._property()
        sides = [self._after_comma() for _ in range(4)]
        envelope = etree.Element(f"{{{_GML}}}Envelope")
        if self._next.says(","):
            envelope.set("srsName", self._after_comma())
        self._must(")")
        for corner, (x, y) in (("lowerCorner", sides[:2]), ("upperCorner", sides[2:])):
            etree.SubElement(envelope, f"{{{_GML}}}{corner}").text = f"{x} {y}"
        return _node("BBOX", name, envelope)

    def _after_comma(self) -> str:
        self._must(",")
        return self._value()

    def _comparison(self) -> etree._Element:
        name = self._property()
        operator = _OPERATORS.get(self._next.text) if self._next.kind == "sign" else None
        if operator is not None:
            self._place += 1
            return _node(operator, name, self._literal())
        if self._take("IS"):
            negated = self._take("NOT")
            self._must("NULL")
            return _negated(negated, _node("PropertyIsNull", name))
        return _negated(self._take("NOT"), self._set(name))

    def _set(self, name: etree._Element) -> etree._Element:
        """What may follow NOT: LIKE, BETWEEN, IN."""
        if self._take("LIKE") or self._take("ILIKE"):
            wildcards = {"wildCard": "%", "singleChar": "_", "escapeChar": "\\"}
            return _node("PropertyIsLike", name, self._literal(), **wildcards)
        if self._take("BETWEEN"):
            low = _node("LowerBoundary", self._literal())
            self._must("AND")
            return _node("PropertyIsBetween", name, low, _node("UpperBoundary", self._literal()))
        self._must("IN")
        self._must("(")
        values = [self._value()]
        while self._next.says(","):
            values.append(self._after_comma())
        self._must(")")
        label = name.text
        equals = [
            _node("PropertyIsEqualTo", _node("PropertyName", text=label), _node("Literal", text=value))
            for value in values
        ]
        return equals[0] if len(equals) == 1 else _node("Or", *equals)

    def _property(self) -> etree._Element:
        token = self._next
        if token.kind not in ("word", "quoted"):
            raise self._unexpected("a property")
        self._place += 1
        return _node("PropertyName", text=token.text.strip('"'))

    def _literal(self) -> etree._Element:
        return _node("Literal", text=self._value())

    def _value(self) -> str:
        token = self._next
        if token.kind not in _VALUES:
            raise self._unexpected("a text or a number")
        self._place += 1
        if token.kind == "text":
            return token.text[1:-1].replace("''", "'")
        return token.text.strip('"')


def _node(name: str, *children: etree._Element, text: str | None = None, **attributes: str) -> etree._Element:
    made = etree.Element(f"{{{_OGC}}}{name}", attributes)
    try:
        made.text = text
    except ValueError:
        raise InputError("a CQL text has control characters") from None
    made.extend(children)
    return made


def _negated(negated: bool, element: etree._Element) -> etree._Element:
    return _node("Not", element) if negated else element
