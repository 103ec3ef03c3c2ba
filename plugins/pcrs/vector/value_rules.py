"""The values of an object: codes of their list, dates and numbers as XML Schema writes them, the theme.

One function per rule; each takes the `RawObject` and gives its findings in French.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date

from pcrs.findings import Finding
from pcrs.standard.codes import CODES
from pcrs.vector.parse import RawObject

_DOUBLE = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?", re.ASCII)


def enumerated(raw: RawObject) -> Iterator[Finding]:
    """Codes are of their list; spaces around a code count, as in the XSD."""
    for attribute, written in raw.attributes:
        if attribute.codelist is None:
            continue
        codes = CODES[attribute.codelist]
        for element in written:
            value = element.text or ""
            if not len(element) and not codes.accepts(value):
                message = (
                    f"Code non admis pour « {attribute.name} » ({attribute.label}) : choisir dans la liste."
                )
                yield raw.finding(
                    "gml.enumeration",
                    "error",
                    message,
                    element,
                    attribute=attribute.name,
                    measured=value,
                    expected=codes.expected,
                )


def lexical(raw: RawObject) -> Iterator[Finding]:
    """Dates, numbers and integers are written as XML Schema writes them."""
    for attribute, written in raw.attributes:
        form = FORMS.get(attribute.kind)
        if form is None:
            continue
        fits, expected = form
        for element in written:
            value = (element.text or "").strip()
            if not len(element) and not fits(value):
                message = f"La valeur de « {attribute.name} » n'est pas du bon type : la récrire."
                yield raw.finding(
                    "gml.type",
                    "error",
                    message,
                    element,
                    attribute=attribute.name,
                    measured=value[:80],
                    expected=expected,
                )


def _is_double(text: str) -> bool:
    return _DOUBLE.fullmatch(text) is not None and abs(float(text)) != float("inf")


def _is_integer(text: str) -> bool:
    return _INTEGER.fullmatch(text) is not None


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    try:
        date.fromisoformat(found[1])
    except ValueError:
        return False
    return True


FORMS: dict[str, tuple[Callable[[str], bool], str]] = {
    "double": (_is_double, "un nombre, point décimal : 12.5"),
    "integer": (_is_integer, "un entier : 5"),
    "date": (_is_date, "une date : 2025-06-30"),
}


def thematic(raw: RawObject) -> Iterator[Finding]:
    """The theme is one that the standard expects of the class."""
    expected = raw.model.expected_thematique
    written = raw.properties.get("thematique")
    codes = CODES["CategorieThematiquePCRSType"]
    if not expected or not written or not codes.accepts(written[0].text or ""):
        return
    value = written[0].text or ""
    if value not in expected:
        message = (
            f"La thématique ({codes.label(value)}) n'est pas celle qu'attend la classe {raw.model.name}."
        )
        yield raw.finding(
            "gml.thematique",
            "warning",
            message,
            written[0],
            attribute="thematique",
            measured=value,
            expected=" ou ".join(expected),
        )
