"""Catalogue filters as SQL: OGC Filter 1.1 and FES 2.0 elements to one expression on the table of records.

pycsw's own translation nests And, Or and Not one level deep, writes distances and coordinates into the text
of the SQL, and rounds boxes to a kilometre. Here every value is bound, and what is not understood is refused.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree
from sqlalchemy import ColumnElement, Float, and_, cast, false, func, literal, not_, or_

from pcrs.errors import InputError
from pcrs.store.csw_geometry import read_geometry
from pcrs.store.records import RECORDS

MAX_CONDITIONS = 200
MAX_LITERAL = 1000
_NUMERIC = {"denominator", "distancevalue", "cloudcover", "vert_extent_min", "vert_extent_max"}
_MULTIPLE = {"keywords", "topicategory", "operatesonidentifier", "operatesoname"}
_FUNCTIONS = {"length", "lower", "ltrim", "rtrim", "trim", "upper"}
_SPATIAL = {
    "BBOX": "bbox",
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


def _condition(element: etree._Element, queryables: Queryables) -> Condition:
    name = etree.QName(element).localname
    if name in ("And", "Or"):
        parts = [_condition(child, queryables) for child in element if isinstance(child.tag, str)]
        if not parts:
            raise InputError(f"{name} without conditions")
        return and_(*parts) if name == "And" else or_(*parts)
    if name == "Not":
        inner = next((child for child in element if isinstance(child.tag, str)), None)
        if inner is None:
            raise InputError("Not without a condition")
        return not_(_condition(inner, queryables))
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
    if name == "PropertyIsEqualTo" and column in _MULTIPLE:
        return _present(subject, func.instr("," + subject + ",", f",{text},") > 0)
    if element.get("matchCase") == "false":
        return _present(subject, _COMPARE[name](func.lower(subject), func.lower(text)))
    return _present(subject, _COMPARE[name](_number(column, subject), _bound(column, text)))


def _present(subject: ColumnElement[Any], condition: Condition) -> Condition:
    """The condition, false where the property is absent: SQL's null would pass through Not."""
    return and_(subject.is_not(None), condition)


def _number(column: str, subject: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(subject, Float) if column in _NUMERIC else subject


def _bound(column: str, text: str) -> ColumnElement[Any]:
    if column not in _NUMERIC:
        return literal(text)
    try:
        return literal(float(text))
    except ValueError:
        raise InputError(f"{text!r} is compared with a number: give a number") from None


def _like(element: etree._Element, column: str, subject: ColumnElement[Any]) -> Condition:
    """LIKE, with the wildcards that the element declares; full text is searched for anywhere."""
    any_run = element.get("wildCard", "%")
    any_one = element.get("singleChar", "_")
    escape = element.get("escapeChar") or element.get("escape") or "\\"
    plain = etree.QName(element).localname != "PropertyIsLike"
    pattern, escaped = "", False
    for letter in _literal(element):
        if not (escaped or plain) and letter == escape:
            escaped = True
            continue
        if not (escaped or plain) and letter in (any_run, any_one):
            pattern += "%" if letter == any_run else "_"
        else:
            pattern += f"\\{letter}" if letter in "%_\\" else letter
        escaped = False
    if column == "anytext":
        pattern = f"%{pattern.strip('%')}%"
    return subject.like(pattern, escape="\\")


def _spatial(element: etree._Element, predicate: str, queryables: Queryables) -> Condition:
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
    column = RECORDS.c.wkt_geometry
    return _present(column, func.query_spatial(column, geometry.wkt, predicate, reach) == "true")


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
