"""What the catalogue service says of itself, set right where pycsw says it for every catalogue."""

import re
from urllib.parse import urlencode

from lxml import etree

from pcrs.serve.csw_kvp import PAGE

_COMMON = "{http://inspire.ec.europa.eu/schemas/common/1.0}"
_EXTENDED = "{http://inspire.ec.europa.eu/schemas/inspire_ds/1.0}ExtendedCapabilities"
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_LANGUAGES = ("SupportedLanguages", "ResponseLanguage")
_FOR_SATELLITES = re.compile(r"&eo:\w+=\{[^}]*\}")
_GMD = "http://www.isotc211.org/2005/gmd"


def capabilities(root: etree._Element, url: str, discovery: str | None) -> etree._Element:
    """The capabilities of either version.

    `discovery` is the identifier of this service's own record. With it INSPIRE's block refers to the record,
    which says all in French; without one, the block says the least itself.
    """
    for constraint in root.iter("{*}Constraint"):
        if constraint.get("name") == "MaxRecordDefault":
            for value in constraint.iter("{*}Value"):
                value.text = str(PAGE)
    for block in root.iter(_EXTENDED):
        if discovery is not None:
            _refer(block, url, discovery)
    return root


def _refer(block: etree._Element, url: str, discovery: str) -> None:
    """The address of the record instead of its contents; languages stay."""
    for child in list(block):
        if etree.QName(child).localname not in _LANGUAGES:
            block.remove(child)
    query = {
        "service": "CSW",
        "version": "2.0.2",
        "request": "GetRecordById",
        "id": discovery,
        "outputSchema": _GMD,
        "elementSetName": "full",
    }
    link = etree.Element(f"{_COMMON}MetadataUrl")
    etree.SubElement(link, f"{_COMMON}URL").text = f"{url}?{urlencode(query)}"
    etree.SubElement(link, f"{_COMMON}MediaType").text = "application/vnd.ogc.csw.GetRecordByIdResponse_xml"
    block.insert(0, link)


def description(body: bytes, icon: str) -> bytes:
    """The OpenSearch description, without what only catalogues of satellites answer."""
    root = etree.fromstring(body)
    for address in root.iter(f"{_OPENSEARCH}Url"):
        address.set("template", _FOR_SATELLITES.sub("", address.get("template", "")))
    for image in list(root.iter(f"{_OPENSEARCH}Image")):
        image.text = icon
        image.set("type", "image/svg+xml")
    for example in root.iter(f"{_OPENSEARCH}Query"):
        example.set("searchTerms", "orthophotographie")
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)
