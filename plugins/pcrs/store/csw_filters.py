"""Catalogue filters as SQL: OGC Filter 1.1 and FES 2.0 elements to one expression on the table of records.

pycsw's own translation nests And, Or and Not one level deep, writes distances and coordinates into the text
of the SQL, and rounds boxes to a kilometre. Here every value is bound, and what is not understood is refused.
Patterns and words are looked for in folded texts (`standard.folding`); `=` compares letter by letter.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Boolean, ColumnElement, Float, and_, false, func, literal, not_, or_, true

from pcrs.errors import InputError
from pcrs.standard.folding import folded
from pcrs.store.csw_geometry import read_geometry
from pcrs.store.record_functions import MICRO
from pcrs.store.record_tables import RECORDS, near

MAX_CONDITIONS = 200
MAX_LITERAL = 1000
MAX_DEPTH = 50
_WORLD = 360 * MICRO
_NUMERIC = {"denominator", "distancevalue", "cloudcover", "vert_extent_min", "vert_extent_max"}
_MULTIPLE = {"keywords", "topicategory", "operatesonidentifier", "operatesoname"}
_FUNCTIONS = {"length", "lower", "ltrim", "rtrim", "trim", "upper"}
_SPATIAL = {
    "BBOX": "intersects",
    "Beyond": "beyond",
    "Contains": "contains",
    "Crosses": "crosses",
    "Disjoint": "disjoint",
    "DWithin": "dwithin",
    "Equals": "equals",
    "Intersects": "intersects",
    "Overlaps": "overlaps",
    "Touches": "touches",
    "Within": "within",
}
_COMPARE: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "PropertyIsEqualTo": lambda column, value: column == value,
    "PropertyIsNotEqualTo": lambda column, value: column != value,
    "PropertyIsLessThan": lambda column, value: column < value,
    "PropertyIsLessThanOrEqualTo": lambda column, value: column <= value,
    "PropertyIsGreaterThan": lambda column, value: column > value,
    "PropertyIsGreaterThanOrEqualTo": lambda column, value: column >= value,
}

type Condition = ColumnElement[bool]
type Queryables = Mapping[str, Any]


def parse(element: etree._Element, queryables: Queryables, *_pycsw: Any) -> tuple[Condition, tuple[()]]:
    """The condition that a Filter element states; the second value stands where pycsw expects loose values.

    A property that a record does not have makes a comparison false, and its Not true.

    Raises:
        InputError: an unknown property or operator, a wrong literal, too many conditions.
    """
    operators = [child for child in element if isinstance(child.tag, str)]
    if not operators:
        raise InputError("the filter is empty")
    if sum(1 for _ in element.iter("{*}Literal", "{*}ResourceId", "{*}FeatureId")) > MAX_CONDITIONS:
        raise InputError(f"the filter has more than {MAX_CONDITIONS} conditions")
    return or_(*(_condition(one, queryables) for one in operators)), ()


def _condition(element: etree._Element, queryables: Queryables, depth: int = 0) -> Condition:
    if depth > MAX_DEPTH:
        raise InputError(f"the filter is nested more than {MAX_DEPTH} deep")
    name = etree.QName(element).localname
    if name in ("And", "Or"):
        parts = [_condition(child, queryables, depth + 1) for child in element if isinstance(child.tag, str)]
        if not parts:
            raise InputError(f"{name} without conditions")
        return and_(*parts) if name == "And" else or_(*parts)
    if name == "Not":
        inner = next((child for child in element if isinstance(child.tag, str)), None)
        if inner is None:
            raise InputError("Not without a condition")
        return not_(_condition(inner, queryables, depth + 1))
    if name in ("FeatureId", "ResourceId"):
        return RECORDS.c.identifier == (element.get("fid") or element.get("rid") or "")
    if name in _SPATIAL:
        return _spatial(element, _SPATIAL[name], queryables)
    return _comparison(element, name, queryables)


def _comparison(element: etree._Element, name: str, queryables: Queryables) -> Condition:
    column = _column(element, queryables)
    subject = _called(element, RECORDS.c[column])
    if name in ("PropertyIsNull", "PropertyIsNil"):
        return or_(subject.is_(None), subject == "")
    if name == "PropertyIsBetween":
        low, high = (_literal(element.find(f"{{*}}{side}Boundary")) for side in ("Lower", "Upper"))
        return _present(subject, _number(column, subject).between(_bound(column, low), _bound(column, high)))
    if name == "PropertyIsLike" or (column == "anytext" and name == "PropertyIsEqualTo"):
        return _present(subject, _like(element, column, subject))
    if name not in _COMPARE:
        raise InputError(f"unknown operator {name}")
    text = _literal(element)
    if element.get("matchCase") == "false":
        subject, text = func.pcrs_fold(subject), folded(text)
    if name == "PropertyIsEqualTo" and column in _MULTIPLE:
        return _present(subject, func.pcrs_lists(subject, text, type_=Boolean))
    return _present(subject, _COMPARE[name](_number(column, subject), _bound(column, text)))


def _present(subject: ColumnElement[Any], condition: Condition) -> Condition:
    """The condition, false where the property is absent: SQL's null would pass through Not."""
    return and_(subject.is_not(None), condition)


def _number(column: str, subject: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.pcrs_number(subject, type_=Float) if column in _NUMERIC else subject


def _bound(column: str, text: str) -> ColumnElement[Any]:
    if column not in _NUMERIC:
        return literal(text)
    try:
        return literal(float(text), Float)
    except ValueError:
        raise InputError(f"{text!r} is compared with a number: give a number") from None


def _like(element: etree._Element, column: str, subject: ColumnElement[Any]) -> Condition:
    """LIKE, with the wildcards that the element declares; without any, text is searched for word by word."""
    text = _literal(element)
    if etree.QName(element).localname != "PropertyIsLike":
        return _holds_words(subject, text)
    pattern, wild = _pattern(text, element)
    if column != "anytext":
        return func.pcrs_fold(subject).like(pattern, escape="\\")
    return subject.like(f"%{pattern.strip('%')}%", escape="\\") if wild else _holds_words(subject, text)


def _pattern(text: str, element: etree._Element) -> tuple[str, bool]:
    """The folded text in the wildcards of SQL, and whether it has any."""
    any_run = element.get("wildCard", "%")
    any_one = element.get("singleChar", "_")
    escape = element.get("escapeChar") or element.get("escape") or "\\"
    pattern, escaped = "", False
    for letter in text:
        if not escaped and letter == escape:
            escaped = True
            continue
        if not escaped and letter in (any_run, any_one):
            pattern += "%" if letter == any_run else "_"
        else:
            pattern += f"\\{letter}" if letter in "%_\\" else letter
        escaped = False
    return folded(pattern), any(sign in text for sign in (any_run, any_one, escape))


def _holds_words(subject: ColumnElement[Any], text: str) -> Condition:
    """The folded text has each of the words, somewhere, as a part of a word perhaps."""
    return and_(true(), *(subject.contains(word, autoescape=True) for word in folded(text).split()))


def _spatial(element: etree._Element, relation: str, queryables: Queryables) -> Condition:
    named = _name(element)
    if named and _resolve(named, queryables) != RECORDS.c.wkt_geometry.name:
        raise InputError(f"{named} is no box: spatial operators work on ows:BoundingBox")
    distance = element.find("{*}Distance")
    text = "0" if distance is None else (distance.text or "").strip()
    try:
        reach = float(text)
    except ValueError:
        raise InputError(f"distance {text!r} is no number") from None
    geometry = read_geometry(element)
    if geometry is None:
        return false()
    columns = RECORDS.c
    if relation in ("disjoint", "beyond"):
        return _present(columns.west, _meets(geometry, relation, reach))
    candidates = _near(geometry, reach if relation == "dwithin" else 0.0)
    if relation == "intersects" and geometry.equals(geometry.envelope):
        return candidates
    return and_(candidates, _meets(geometry, relation, reach))


def _near(geometry: BaseGeometry, reach: float) -> Condition:
    """By the spatial index: the box of a record meets that of the geometry, widened by the reach."""
    west, south, east, north = geometry.bounds
    low = [max(math.ceil((side - reach) * MICRO), -_WORLD) for side in (west, south)]
    high = [min(math.floor((side + reach) * MICRO), _WORLD) for side in (east, north)]
    return near(*low, *high)


def _meets(geometry: BaseGeometry, relation: str, reach: float) -> Condition:
    sides = (RECORDS.c.west, RECORDS.c.south, RECORDS.c.east, RECORDS.c.north)
    return func.pcrs_meets(*sides, geometry.wkt, relation, literal(reach, Float), type_=Boolean)


def _called(element: etree._Element, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column, inside the function that the element names, if any."""
    function = element.find("{*}Function")
    if function is None:
        return column
    name = (function.get("name") or "").lower()
    if name not in _FUNCTIONS:
        raise InputError(f"unknown function {name!r}")
    called: ColumnElement[Any] = getattr(func, name)(column)
    return called


def _name(element: etree._Element) -> str:
    """The property that an operator names, whatever the version calls it."""
    for tag in ("PropertyName", "ValueReference"):
        found = element.find(f".//{{*}}{tag}")
        if found is not None:
            return (found.text or "").strip()
    return ""


def _column(element: etree._Element, queryables: Queryables) -> str:
    name = _name(element)
    if not name:
        operator = etree.QName(element).localname
        raise InputError(f"{operator} names no property, or is no operator of this service")
    return _resolve(name, queryables)


def _resolve(name: str, queryables: Queryables) -> str:
    try:
        found = queryables[name]
    except KeyError:
        raise InputError(f"unknown property {name}: the capabilities list the queryables") from None
    column = str(found["dbcol"] if isinstance(found, Mapping) else found)
    if column not in RECORDS.c:
        raise InputError(f"unknown property {name}: the capabilities list the queryables")
    return column


def _literal(element: etree._Element | None) -> str:
    found = None if element is None else element.find("{*}Literal")
    if found is None:
        raise InputError("a comparison has no literal")
    text = found.text or ""
    if len(text) > MAX_LITERAL:
        raise InputError(f"a literal has more than {MAX_LITERAL} characters")
    return text
