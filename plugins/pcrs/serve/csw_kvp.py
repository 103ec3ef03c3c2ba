"""A GetRecords and its like, from a query string: read, checked, and made what pycsw understands.

pycsw compares values to the letter, turns numbers with `int` wherever it needs them, and copies
`outputFormat` into a header: nothing reaches it that is not checked here.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args
from urllib.parse import parse_qsl

from pcrs.errors import InputError
from pcrs.serve.csw_faults import CswFault, Version, invalid, missing
from pcrs.serve.csw_xml import parsed
from pcrs.standard.crs import epsg_of
from pcrs.store.csw_cql import to_filter

VERSIONS: tuple[Version, ...] = get_args(Version.__value__)
OPERATIONS = (
    "GetCapabilities",
    "DescribeRecord",
    "GetDomain",
    "GetRecords",
    "GetRecordById",
    "GetRepositoryItem",
)
REFUSED = ("Transaction", "Harvest")
FORMATS = ("application/xml", "application/json", "application/atom+xml")
PAGE = 10
"""Records of an answer when a request does not say how many, as both versions want it."""
FAR = 10**9
"""Beyond any record: what a larger start position is read as."""
_MAX_FIELDS = 60
_KNOWN = frozenset(
    "service version request acceptversions acceptformats sections updatesequence outputformat"
    " outputschema resulttype typenames elementsetname elementname constraint constraintlanguage sortby"
    " startposition maxrecords requestid id typename schemalanguage parametername propertyname valuereference"
    " mode q bbox time start stop recordids".split()
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_WHOLE = re.compile(r"\d{1,30}")
_TYPES = {"record": "csw:Record", "md_metadata": "gmd:MD_Metadata"}
_GMD = "http://www.isotc211.org/2005/gmd"


@dataclass(frozen=True, slots=True)
class CswRequest:
    """A request that pycsw can take: parameters by their names in lower case, or a body."""

    version: Version
    operation: str
    kvp: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    json: bool = False
    """The answer is asked in JSON."""
    soap: bool = False
    """The answer goes back in a SOAP envelope, as the request came."""


def read_query(query: str) -> CswRequest:
    """The request that a query string makes; an empty one asks for the capabilities of the latest version.

    Raises:
        CswFault: it is none.
    """
    kvp = _parameters(query)
    if not kvp:
        return CswRequest("3.0.0", "GetCapabilities")
    operation = _operation(kvp)
    version = _version(kvp, operation)
    kvp |= {"service": "CSW", "request": operation, "version": version}
    _format(kvp, version)
    if kvp.get("mode") not in (None, "opensearch"):
        raise invalid("mode", "mode is opensearch or nothing")
    if operation == "GetCapabilities":
        _capabilities(kvp, version)
    elif operation == "GetRecords":
        _records(kvp, version)
    if "elementsetname" in kvp:
        kvp["elementsetname"] = kvp["elementsetname"].lower()
    json = kvp.get("outputformat") == "application/json"
    return CswRequest(version, operation, kvp=kvp, json=json)


def whole(text: str, locator: str, lowest: int) -> int:
    """The number that `text` writes.

    Raises:
        CswFault: it is no whole number, or is below `lowest`.
    """
    if not _WHOLE.fullmatch(text.strip()) or int(text) < lowest:
        raise invalid(locator, f"{locator} is a whole number from {lowest}: {text[:40]!r} is not")
    return int(text)


def check_operation(name: str) -> str:
    """The operation of that name, in the standard's writing.

    Raises:
        CswFault: there is none, or it writes.
    """
    for known in OPERATIONS:
        if known.lower() == name.lower():
            return known
    if name in REFUSED:
        raise CswFault("OperationNotSupported", "request", f"{name}: this catalogue is read only")
    raise invalid("request", f"request is one of {', '.join(OPERATIONS)}")


def check_format(text: str, version: Version) -> str:
    """The media type of that name, without its parameters.

    Raises:
        CswFault: records are not given in it.
    """
    plain = text.partition(";")[0].strip().lower().replace(" ", "+")
    plain = "application/xml" if plain in ("", "text/xml") else plain
    if plain not in (FORMATS if version == "3.0.0" else FORMATS[:2]):
        raise invalid("outputformat", f"outputFormat is one of {', '.join(FORMATS)}")
    return plain


def type_name(text: str) -> str:
    """A type of records as pycsw writes it; unknown ones as they are, for pycsw to refuse."""
    return _TYPES.get(text.rpartition(":")[2].lower(), text)


def default_type(schema: str) -> str:
    """The type of records to ask for when none is named."""
    return "gmd:MD_Metadata" if schema == _GMD else "csw:Record"


def check_text(text: str, locator: str) -> str:
    """The text, when it can stand in XML and in a header.

    Raises:
        CswFault: it has control characters.
    """
    if _CONTROL.search(text):
        raise invalid(locator, f"{locator} has control characters")
    return text


def check_cql(text: str) -> None:
    """Nothing, when the text is CQL.

    Raises:
        CswFault: it is not.
    """
    try:
        to_filter(text)
    except InputError as error:
        raise invalid("constraint", str(error)) from None


def _parameters(query: str) -> dict[str, str]:
    """The parameters that are known, by their names in lower case.

    `config` is not, nor `language`: there is one, and INSPIRE wants it given whatever is asked.
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise CswFault("NoApplicableCode", "request", f"the query string cannot be read: {error}") from None
    kvp: dict[str, str] = {}
    for key, text in pairs:
        name = key.lower()
        if name == "responsehandler":
            raise CswFault("OptionNotSupported", "responsehandler", "answers go to the caller alone")
        if name in _KNOWN:
            kvp[name] = check_text(text, name)
    return kvp


def _operation(kvp: Mapping[str, str]) -> str:
    if "service" not in kvp:
        raise missing("service")
    if kvp["service"].upper() != "CSW":
        raise invalid("service", "service is CSW")
    if not kvp.get("request"):
        raise missing("request")
    return check_operation(kvp["request"])


def _version(kvp: dict[str, str], operation: str) -> Version:
    """The version asked for; of the capabilities, the first acceptable one, else the latest."""
    asked = [text.strip() for text in kvp.pop("acceptversions", "").split(",") if text.strip()]
    if operation == "GetCapabilities" and asked:
        for version in asked:
            if version in VERSIONS:
                return _known(version)
        raise CswFault("VersionNegotiationFailed", "acceptversions", f"versions are {', '.join(VERSIONS)}")
    if not kvp.get("version"):
        if operation == "GetCapabilities":
            return VERSIONS[-1]
        raise missing("version")
    return _known(kvp["version"])


def _known(text: str) -> Version:
    for version in VERSIONS:
        if version == text:
            return version
    raise invalid("version", f"version is one of {', '.join(VERSIONS)}")


def _format(kvp: dict[str, str], version: Version) -> None:
    if "outputformat" in kvp:
        kvp["outputformat"] = check_format(kvp["outputformat"], version)


def _capabilities(kvp: dict[str, str], version: Version) -> None:
    if version == "3.0.0":
        kvp["acceptversions"] = version
    if "updatesequence" in kvp:
        kvp["updatesequence"] = str(whole(kvp["updatesequence"], "updatesequence", 0))


def _records(kvp: dict[str, str], version: Version) -> None:
    _page(kvp, version)
    names = kvp.get("typenames") or kvp.get("typename") or default_type(kvp.get("outputschema", ""))
    kvp["typenames"] = ",".join(type_name(name) for name in re.split(r"[\s,]+", names.strip()))
    if not kvp.get("elementname"):
        kvp.pop("elementname", None)
        kvp.setdefault("elementsetname", "summary")
    elif version == "3.0.0":
        kvp["namespace"] = "xmlns(csw=http://www.opengis.net/cat/csw/3.0)"
    if "resulttype" in kvp:
        kvp["resulttype"] = kvp["resulttype"].lower()
    if kvp.get("bbox"):
        _check_bbox(kvp["bbox"])
    language = kvp.get("constraintlanguage")
    if language == "CQL_TEXT":
        check_cql(kvp.get("constraint", ""))
    elif language == "FILTER":
        parsed(kvp.get("constraint", "").encode(), "constraint")


def _page(kvp: dict[str, str], version: Version) -> None:
    if kvp.get("maxrecords") == "unlimited" and version == "3.0.0":
        kvp["maxrecords"] = str(FAR)
    for name in ("maxrecords", "startposition"):
        if not kvp.get(name, "0"):
            del kvp[name]
        elif name in kvp:
            kvp[name] = str(min(whole(kvp[name], name, 0), FAR))
    kvp.setdefault("maxrecords", str(PAGE))
    if kvp.get("startposition") == "0":
        kvp["startposition"] = "1"


def _check_bbox(text: str) -> None:
    """Four numbers in longitude and latitude, then a CRS perhaps."""
    parts = [part.strip() for part in text.split(",")]
    try:
        numbers = [float(part) for part in parts[:4]]
        if len(numbers) != 4 or len(parts) > 5 or not all(math.isfinite(number) for number in numbers):
            raise InputError("four numbers, and a CRS perhaps")
        if len(parts) == 5:
            epsg_of(parts[4])
    except ValueError as error:
        raise invalid("bbox", f"bbox is west,south,east,north: {error}") from None
