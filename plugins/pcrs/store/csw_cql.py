"""Catalogue CQL as a Filter element, for `csw_filters`."""

import re
from collections.abc import Mapping
from typing import Any

from lark.exceptions import LarkError
from lxml import etree
from pygeofilter import ast
from pygeofilter.parsers.ecql import parse

from pcrs.errors import InputError

_OGC = "http://www.opengis.net/ogc"
_GML = "http://www.opengis.net/gml"
_KEYWORDS = re.compile(r"\b(and|or|not|like|ilike|between|in|is|null|bbox)\b", re.IGNORECASE)
_QUOTED = re.compile(r"""('(?:[^']|'')*'|"[^"]*")""")
_OPERATORS = {
    ast.Equal: "PropertyIsEqualTo",
    ast.NotEqual: "PropertyIsNotEqualTo",
    ast.LessThan: "PropertyIsLessThan",
    ast.LessEqual: "PropertyIsLessThanOrEqualTo",
    ast.GreaterThan: "PropertyIsGreaterThan",
    ast.GreaterEqual: "PropertyIsGreaterThanOrEqualTo",
}


def to_filter(
    cql: str, namespaces: Mapping[str, str] | None = None, fes_version: str = "1.0"
) -> etree._Element:
    """The Filter 1.1 element that says what `cql` says; keywords in any case. The rest is pycsw's signature.

    Raises:
        InputError: it is no CQL, or uses what the catalogue does not know.
    """
    del namespaces, fes_version
    pieces = _QUOTED.split(cql)
    loud = [
        piece if index % 2 else _KEYWORDS.sub(lambda found: found[0].upper(), piece)
        for index, piece in enumerate(pieces)
    ]
    try:
        tree = parse("".join(loud))
    except (LarkError, ValueError) as error:
        raise InputError("this is no CQL: see the queryables and operators in the capabilities") from error
    root = etree.Element(f"{{{_OGC}}}Filter", nsmap={"ogc": _OGC, "gml": _GML})
    root.append(_element(tree))
    return root


def _node(name: str, *children: etree._Element, text: str | None = None, **attributes: str) -> etree._Element:
    made = etree.Element(f"{{{_OGC}}}{name}", attributes)
    made.text = text
    made.extend(children)
    return made


def _element(tree: Any) -> etree._Element:
    if isinstance(tree, (ast.And, ast.Or)):
        return _node(type(tree).__name__, _element(tree.lhs), _element(tree.rhs))
    if isinstance(tree, ast.Not):
        return _node("Not", _element(tree.sub_node))
    if type(tree) in _OPERATORS:
        return _node(_OPERATORS[type(tree)], _property(tree.lhs), _value(tree.rhs))
    if isinstance(tree, ast.Like):
        return _negated(tree.not_, _like(tree))
    if isinstance(tree, ast.Between):
        low, high = _node("LowerBoundary", _value(tree.low)), _node("UpperBoundary", _value(tree.high))
        return _negated(tree.not_, _node("PropertyIsBetween", _property(tree.lhs), low, high))
    if isinstance(tree, ast.In):
        equals = [_node("PropertyIsEqualTo", _property(tree.lhs), _value(one)) for one in tree.sub_nodes]
        return _negated(tree.not_, _node("Or", *equals) if len(equals) > 1 else equals[0])
    if isinstance(tree, ast.IsNull):
        return _negated(tree.not_, _node("PropertyIsNull", _property(tree.lhs)))
    if isinstance(tree, ast.BBox):
        return _node("BBOX", _property(tree.lhs), _envelope(tree))
    raise InputError(f"the catalogue does not know {type(tree).__name__} in CQL")


def _negated(negated: bool, element: etree._Element) -> etree._Element:
    return _node("Not", element) if negated else element


def _like(tree: Any) -> etree._Element:
    wildcards = {"wildCard": "%", "singleChar": "_", "escapeChar": "\\"}
    pattern = _node("Literal", text=str(tree.pattern))
    return _node("PropertyIsLike", _property(tree.lhs), pattern, **wildcards)


def _envelope(tree: Any) -> etree._Element:
    made = etree.Element(f"{{{_GML}}}Envelope")
    if tree.crs:
        made.set("srsName", str(tree.crs))
    for name, corner in (("lowerCorner", (tree.minx, tree.miny)), ("upperCorner", (tree.maxx, tree.maxy))):
        child = etree.SubElement(made, f"{{{_GML}}}{name}")
        child.text = f"{corner[0]} {corner[1]}"
    return made


def _property(tree: Any) -> etree._Element:
    if not isinstance(tree, ast.Attribute):
        raise InputError("a CQL comparison begins with the name of a property")
    return _node("PropertyName", text=str(tree.name))


def _value(tree: Any) -> etree._Element:
    if isinstance(tree, (ast.Node, Mapping)):
        raise InputError("a CQL comparison ends with a text or a number")
    return _node("Literal", text=str(tree))
