"""A request from an XML body: read without entities or network, checked, and made what pycsw accepts."""

import re
from typing import cast

from lxml import etree

from pcrs.serve.csw_faults import CswFault, Version, invalid, missing
from pcrs.serve.csw_kvp import (
    FAR,
    PAGE,
    VERSIONS,
    CswRequest,
    check_cql,
    check_format,
    check_operation,
    check_text,
    default_type,
    type_name,
    whole,
)
from pcrs.serve.csw_xml import parsed

_NAMESPACES: dict[str, Version] = {
    "http://www.opengis.net/cat/csw/2.0.2": "2.0.2",
    "http://www.opengis.net/cat/csw/3.0": "3.0.0",
}
_SOAP = {"http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"}
_ATTRIBUTES = {
    "service",
    "version",
    "requestId",
    "resultType",
    "outputFormat",
    "outputSchema",
    "startPosition",
    "maxRecords",
}
"""Of a GetRecords. Some releases of udata write `maxPosition`, which the schema refuses."""
_GMD = "http://www.isotc211.org/2005/gmd"


def read_body(body: bytes) -> CswRequest:
    """The request that an XML body makes; a SOAP envelope is opened.

    Raises:
        CswFault: it is none.
    """
    outer = parsed(body, "request")
    soap = etree.QName(outer).namespace in _SOAP
    root = _bound(_opened(outer) if soap else outer)
    version = _NAMESPACES.get(etree.QName(root).namespace or "")
    if version is None:
        known = " or ".join(_NAMESPACES)
        raise invalid("request", f"the root element must be of the namespace {known}")
    operation = check_operation(etree.QName(root).localname)
    _identity(root, version, operation)
    wanted = root.get("outputFormat")
    if wanted is not None:
        root.set("outputFormat", check_format(wanted, version))
    if operation == "GetRecords":
        _records(root)
    for element in root.iter():
        check_text(element.text or "", operation)
    return CswRequest(
        version,
        operation,
        body=etree.tostring(root, encoding="utf-8"),
        json=root.get("outputFormat") == "application/json",
        soap=soap,
    )


def version_of(body: bytes) -> Version:
    """The version in whose words a body that cannot be read is refused."""
    return "3.0.0" if b"cat/csw/3.0" in body else "2.0.2"


def _opened(envelope: etree._Element) -> etree._Element:
    """What a SOAP envelope holds, made a root of its own."""
    inner = envelope.find("{*}Body/*")
    if inner is None:
        raise CswFault("NoApplicableCode", "request", "the SOAP envelope is empty")
    return etree.fromstring(etree.tostring(inner, with_tail=False))


def _identity(root: etree._Element, version: Version, operation: str) -> None:
    """Service and version. GDAL posts 2.0.2 bodies that say 3.0.0: the namespace decides."""
    service = root.get("service")
    if service is None and not (version == "3.0.0" and operation != "GetCapabilities"):
        raise missing("service")
    if service is not None and service != "CSW":
        raise invalid("service", "service is CSW")
    said = root.get("version")
    if said is not None and said not in VERSIONS:
        raise invalid("version", f"version is one of {', '.join(VERSIONS)}")
    if operation == "GetCapabilities":
        accepted = [(element.text or "").strip() for element in root.findall("{*}AcceptVersions/{*}Version")]
        if accepted and version not in accepted:
            raise CswFault("VersionNegotiationFailed", "acceptversions", f"this is a request of {version}")
        for element in root.findall("{*}AcceptVersions"):
            root.remove(element)
        if root.get("updateSequence") is not None:
            whole(root.get("updateSequence", ""), "updatesequence", 0)
    else:
        root.set("version", version)


def _records(root: etree._Element) -> None:
    """The GetRecords with what the standard lets out, and without what this catalogue does not do."""
    if root.find("{*}ResponseHandler") is not None:
        raise CswFault("OptionNotSupported", "responsehandler", "answers go to the caller alone")
    for element in root.findall("{*}DistributedSearch"):
        root.remove(element)
    _page(root)
    query = root.find("{*}Query")
    if query is not None:
        _query(query, root.get("outputSchema", ""))
    for cql in root.iter("{*}CqlText"):
        check_cql(cql.text or "")


def _page(root: etree._Element) -> None:
    for name in map(str, root.keys()):
        if not name.startswith("{") and name not in _ATTRIBUTES:
            del root.attrib[name]
    for name in ("maxRecords", "startPosition"):
        text = root.get(name)
        if text == "":
            del root.attrib[name]
        elif name == "maxRecords" and text == "unlimited":
            root.set(name, str(FAR))
        elif text is not None:
            root.set(name, str(min(whole(text, name.lower(), 0), FAR)))
    if root.get("maxRecords") is None:
        root.set("maxRecords", str(PAGE))
    if root.get("startPosition") == "0":
        root.set("startPosition", "1")


def _bound(root: etree._Element) -> etree._Element:
    """The same element with the prefixes of type names bound: their schema wants it, clients forget it.

    pycsw takes any body that mentions the namespace of 2.0.2 for one of 2.0.2.
    """
    own = etree.QName(root).namespace
    prefixes = {"gmd": _GMD}
    if own is not None:
        prefixes["csw"] = own
    kept = {prefix: uri for prefix, uri in root.nsmap.items() if prefix not in prefixes}
    rebound = etree.Element(root.tag, nsmap=cast(dict[str, str], kept | prefixes))
    for name, value in root.attrib.items():
        rebound.set(name, value)
    rebound.text = root.text
    rebound.extend(list(root))
    return rebound


def _query(query: etree._Element, schema: str) -> None:
    """Types between spaces (GeoNetwork puts commas), a set of elements in any case."""
    names = query.get("typeNames") or default_type(schema)
    known = [type_name(name) for name in re.split(r"[\s,]+", names.strip())]
    query.set("typeNames", " ".join(dict.fromkeys(known)))
    for element in query.findall("{*}ElementSetName"):
        element.text = (element.text or "").strip().lower()
        if element.get("typeNames") is not None:
            del element.attrib["typeNames"]
    if query.find("{*}ElementSetName") is None and query.find("{*}ElementName") is None:
        made = etree.Element(f"{{{etree.QName(query).namespace}}}ElementSetName")
        made.text = "summary"
        query.insert(0, made)
