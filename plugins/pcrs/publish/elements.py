"""ISO 19139 elements: the small pieces that every block of a record is made of.

Everything is written in the 2006-05-04 family of schemas (`http://www.opengis.net/gml` for times): the one
that pycsw ships and that the French harvesters read.
"""

from collections.abc import Iterable
from datetime import date, datetime

from lxml import etree

GMD = "http://www.isotc211.org/2005/gmd"
NAMESPACES = {
    "gmd": GMD,
    "gco": "http://www.isotc211.org/2005/gco",
    "gmx": "http://www.isotc211.org/2005/gmx",
    "srv": "http://www.isotc211.org/2005/srv",
    "gfc": "http://www.isotc211.org/2005/gfc",
    "gml": "http://www.opengis.net/gml",
    "xlink": "http://www.w3.org/1999/xlink",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
CODELISTS = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml"
LANGUAGES = "http://www.loc.gov/standards/iso639-2/"

type Element = etree._Element
type Content = Element | str | Iterable[Element | None] | None


def qname(name: str) -> str:
    """`gmd:title` as lxml writes it: `{http://www.isotc211.org/2005/gmd}title`; a bare name stays bare."""
    prefix, colon, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}" if colon else name


def node(name: str, *content: Content, attributes: dict[str, str] | None = None) -> Element:
    """An element with its text or children, in the order given; None is an optional child left out."""
    made = etree.Element(qname(name), nsmap=NAMESPACES)
    for key, value in (attributes or {}).items():
        made.set(qname(key), value)
    for part in content:
        if part is None:
            continue
        if isinstance(part, str):
            made.text = part
        elif isinstance(part, etree._Element):
            made.append(part)
        else:
            made.extend(child for child in part if child is not None)
    return made


def text(name: str, value: str) -> Element:
    """A property with a character string."""
    return node(name, node("gco:CharacterString", value))


def anchor(name: str, href: str, label: str) -> Element:
    """A property whose words are a link: what INSPIRE asks wherever a register has the word."""
    return node(name, node("gmx:Anchor", label, attributes={"xlink:href": href}))


def code(name: str, codelist: str, value: str) -> Element:
    """A property with a value of an ISO code list (`MD_ScopeCode`, `CI_RoleCode`…)."""
    prefix = "srv" if codelist.startswith(("SV_", "DCP")) else "gmd"
    attributes = {"codeList": f"{CODELISTS}#{codelist}", "codeListValue": value}
    return node(name, node(f"{prefix}:{codelist}", attributes=attributes))


def language() -> Element:
    """French, as INSPIRE wants it coded: alone, another code list fails a fifth of the French records."""
    attributes = {"codeList": LANGUAGES, "codeListValue": "fre"}
    return node("gmd:language", node("gmd:LanguageCode", "fre", attributes=attributes))


def character_set() -> Element:
    """UTF-8."""
    return code("gmd:characterSet", "MD_CharacterSetCode", "utf8")


def dated(day: date, kind: str) -> Element:
    """A date of a citation: `creation`, `publication` or `revision`."""
    return node(
        "gmd:date",
        node(
            "gmd:CI_Date",
            node("gmd:date", node("gco:Date", day.isoformat())),
            code("gmd:dateType", "CI_DateTypeCode", kind),
        ),
    )


def stamp(moment: datetime) -> Element:
    """The record's own date, in UTC to the second: harvesters compare it, and a day hides edits."""
    return node("gmd:dateStamp", node("gco:DateTime", moment.strftime("%Y-%m-%dT%H:%M:%SZ")))


def citation(name: str, title: Element, *rest: Content) -> Element:
    """A cited thing: its title, then its dates and identifier."""
    return node(name, node("gmd:CI_Citation", title, *rest))


def party(name: str, organisation: str, email: str, role: str) -> Element:
    """An organisation with its functional mailbox; never a person."""
    address = node("gmd:address", node("gmd:CI_Address", text("gmd:electronicMailAddress", email)))
    return node(
        name,
        node(
            "gmd:CI_ResponsibleParty",
            text("gmd:organisationName", organisation),
            node("gmd:contactInfo", node("gmd:CI_Contact", address)),
            code("gmd:role", "CI_RoleCode", role),
        ),
    )
