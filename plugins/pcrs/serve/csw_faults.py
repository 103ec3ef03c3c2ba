"""What the catalogue service refuses, in the words of OWS: 1.0 for CSW 2.0.2, 2.0 for CSW 3.0.0."""

import re
from typing import Literal

from lxml import etree

from pcrs.errors import InputError

type Version = Literal["2.0.2", "3.0.0"]
_OWS = {
    "2.0.2": ("http://www.opengis.net/ows", "1.2.0"),
    "3.0.0": ("http://www.opengis.net/ows/2.0", "3.0.0"),
}
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_STATUS = {"NotFound": 404, "ServiceUnavailable": 503, "InternalError": 500, "TooLarge": 413}
_OURS = {"ServiceUnavailable", "InternalError", "TooLarge"}
_PATH = re.compile(r"(?<![\w:/.])(?:file://)?(?:/[\w.+@-]+){2,}")
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class CswFault(InputError):
    """A request that is refused: an OWS code, the parameter at fault, and why.

    `ServiceUnavailable`, `InternalError` and `TooLarge` are no OWS codes: they give the HTTP status, and are
    written `NoApplicableCode`.
    """

    def __init__(self, code: str, locator: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.locator = locator

    @property
    def status(self) -> int:
        """The HTTP status: 400 for what a client got wrong, whatever the version says it may be."""
        return _STATUS.get(self.code, 400)

    def report(self, version: Version) -> bytes:
        """The ows:ExceptionReport. Paths of files are left out of the text."""
        namespace, number = _OWS[version]
        root = etree.Element(f"{{{namespace}}}ExceptionReport", nsmap={"ows": namespace})
        root.set("version", number)
        root.set("language" if version == "2.0.2" else _LANG, "en")
        exception = etree.SubElement(root, f"{{{namespace}}}Exception")
        exception.set("exceptionCode", "NoApplicableCode" if self.code in _OURS else self.code)
        exception.set("locator", _written(self.locator))
        text = etree.SubElement(exception, f"{{{namespace}}}ExceptionText")
        text.text = _written(_PATH.sub("…", str(self)))
        return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def invalid(locator: str, message: str) -> CswFault:
    """A parameter with a value that cannot be."""
    return CswFault("InvalidParameterValue", locator, message)


def missing(locator: str) -> CswFault:
    """A parameter that must be there."""
    return CswFault("MissingParameterValue", locator, f"parameter {locator} is missing")


def _written(text: str) -> str:
    return _UNWRITABLE.sub("�", text)
