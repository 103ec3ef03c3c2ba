"""What OGC services have in common on the wire: parameters of a query string, and errors in XML."""

from collections.abc import Mapping
from urllib.parse import unquote_plus
from xml.sax.saxutils import escape, quoteattr

from pcrs.errors import InputError

XML = "text/xml; charset=utf-8"
_MAX_QUERY = 8192
_MAX_SHOWN = 80
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class OwsError(InputError):
    """A request that cannot be answered, as OGC services tell it.

    Args:
        code: exception code of the standard (`MissingParameterValue`, `TileOutOfRange`…).
        locator: name of the parameter at fault, in the standard's own case.
        text: what is wrong, what was expected.
        status: HTTP status.
    """

    def __init__(self, code: str, locator: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.code = code
        self.locator = locator
        self.text = text
        self.status = status


def missing(name: str) -> OwsError:
    """The error of a request without parameter `name`."""
    return OwsError("MissingParameterValue", name, f"parameter {name} is missing")


def invalid(name: str, value: str, expected: str) -> OwsError:
    """The error of a parameter whose value is none of those expected."""
    return OwsError("InvalidParameterValue", name, f"{name}={shown(value)}: {expected}")


def shown(value: str) -> str:
    """A client's text, fit to be shown back: short, and with characters that XML can hold."""
    kept = value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + "…"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in kept)


def parameters(query: bytes) -> dict[str, str]:
    """Values by name in lower case; the first one stands where a name comes several times.

    Raises:
        OwsError: the query string is longer than any sound request.
    """
    if len(query) > _MAX_QUERY:
        text = f"the query string has {len(query)} bytes: {_MAX_QUERY} at the most"
        raise OwsError("NoApplicableCode", "", text, 414)
    values: dict[str, str] = {}
    for part in query.decode("latin-1").split("&"):
        name, _, value = part.partition("=")
        if "%" in part or "+" in part:
            name, value = unquote_plus(name), unquote_plus(value)
        values.setdefault(name.lower(), value)
    return values


def required(params: Mapping[str, str], name: str) -> str:
    """The value of parameter `name`.

    Raises:
        OwsError: it is missing or empty.
    """
    value = params.get(name.lower(), "")
    if not value:
        raise missing(name)
    return value


def exception_report(error: OwsError) -> bytes:
    """OWS Common 1.1 `ExceptionReport`, as WMTS 1.0.0 has it."""
    locator = f" locator={quoteattr(error.locator)}" if error.locator else ""
    return (
        f'{_DECLARATION}<ExceptionReport xmlns="http://www.opengis.net/ows/1.1"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:schemaLocation="http://www.opengis.net/ows/1.1'
        ' http://schemas.opengis.net/ows/1.1.0/owsExceptionReport.xsd" version="1.0.0" xml:lang="en">'
        f"<Exception exceptionCode={quoteattr(error.code)}{locator}>"
        f"<ExceptionText>{escape(error.text)}</ExceptionText></Exception></ExceptionReport>\n"
    ).encode()


def service_exception(error: OwsError, version: str) -> bytes:
    """WMS `ServiceExceptionReport` of version 1.1.1 or 1.3.0."""
    code = f" code={quoteattr(error.code)}" if error.code else ""
    text = escape(error.text)
    if version == "1.1.1":
        return (
            f"{_DECLARATION}<!DOCTYPE ServiceExceptionReport SYSTEM"
            ' "http://schemas.opengis.net/wms/1.1.1/exception_1_1_1.dtd">\n'
            f'<ServiceExceptionReport version="1.1.1"><ServiceException{code}>{text}</ServiceException>'
            "</ServiceExceptionReport>\n"
        ).encode()
    locator = f" locator={quoteattr(error.locator)}" if error.locator else ""
    return (
        f'{_DECLARATION}<ServiceExceptionReport xmlns="http://www.opengis.net/ogc"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.opengis.net/ogc'
        ' http://schemas.opengis.net/wms/1.3.0/exceptions_1_3_0.xsd" version="1.3.0">'
        f"<ServiceException{code}{locator}>{text}</ServiceException></ServiceExceptionReport>\n"
    ).encode()
