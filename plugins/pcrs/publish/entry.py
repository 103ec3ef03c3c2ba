"""An ISO 19139 record, read: the values that its other forms (OGC API Records, DCAT) are made of.

Records of other catalogues are read as well as ours: what is missing is empty, what is odd is left out.
"""

import math
import re
from dataclasses import dataclass

from lxml import etree

from pcrs.errors import InputError
from pcrs.publish.blocks import NO_VERSION
from pcrs.publish.elements import Element, qname
from pcrs.publish.rules import CITATION, code_of, every, level_of, value, words

_IDENTIFICATION = "gmd:identificationInfo/*"
_BOUNDS = ("west", "Longitude"), ("south", "Latitude"), ("east", "Longitude"), ("north", "Latitude")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ANY_GML = "*[local-name()='{0}']"


@dataclass(frozen=True, slots=True)
class Contact:
    """An organisation, its mailbox, and what it is to the resource (`custodian`, `pointOfContact`)."""

    organisation: str
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class Concept:
    """A keyword, the register's address of it and its vocabulary; a free keyword has neither."""

    label: str
    href: str = ""
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class OnLine:
    """One link of the distribution."""

    url: str
    protocol: str
    """The words of it: `OGC:WMTS`; of an anchored protocol, its address."""
    name: str
    description: str
    function: str
    octets: int
    """Of what is behind it; 0: not told."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the resource was held against, and whether it passed."""

    title: str
    href: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What a record says. Days are `YYYY-MM-DD`, boxes west, south, east, north in degrees."""

    identifier: str
    level: str
    """`dataset`, `series`, `service`."""
    title: str
    abstract: str
    language: str
    """ISO 639-2: `fre`."""
    stamped: str
    """Of the record itself, as it writes it."""
    created: str
    published: str
    revised: str
    uri: str
    """Identifier of the resource; empty: none."""
    parent: str
    concepts: tuple[Concept, ...]
    contacts: tuple[Contact, ...]
    licence: Concept
    access: str
    """Address of the restriction on public access."""
    mention: str
    links: tuple[OnLine, ...]
    formats: tuple[tuple[str, str], ...]
    """Name, and version where it has one."""
    box: tuple[float, float, float, float] | None
    period: tuple[str, str] | None
    resolution_m: float | None
    crs: tuple[str, ...]
    lineage: str
    frequency: str
    thumbnail: str
    verdicts: tuple[Verdict, ...]
    service_type: str
    endpoint: str
    operates_on: tuple[str, ...]
    """Identifiers of the records of what the service works on."""
    topics: tuple[str, ...]

    @property
    def searched(self) -> str:
        """The texts that a search for words looks in."""
        return "\n".join((self.title, self.abstract, *(concept.label for concept in self.concepts)))


def read_entry(document: bytes) -> Entry:
    """The record.

    Raises:
        InputError: the document is no ISO 19139 record with an identifier.
    """
    try:
        root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise InputError(f"this is no ISO 19139 record: {error}") from error
    identifier = value(root, "gmd:fileIdentifier")
    if not identifier:
        raise InputError("this record has no gmd:fileIdentifier")
    days = {kind: day for day, kind in _dates(root)}
    return Entry(
        identifier=identifier,
        level=level_of(root),
        title=value(root, f"{CITATION}/gmd:title"),
        abstract=value(root, f"{_IDENTIFICATION}/gmd:abstract"),
        language=code_of(root, "gmd:language/*") or "fre",
        stamped=value(root, "gmd:dateStamp"),
        created=days.get("creation", ""),
        published=days.get("publication", ""),
        revised=days.get("revision", ""),
        uri=_uri(root),
        parent=value(root, "gmd:parentIdentifier"),
        concepts=_concepts(root),
        contacts=_contacts(root),
        licence=_licence(root),
        access=_href(
            root, ".//gmd:MD_LegalConstraints[gmd:accessConstraints]/gmd:otherConstraints/gmx:Anchor"
        ),
        mention=value(root, f"{_IDENTIFICATION}/gmd:resourceConstraints//gmd:useLimitation"),
        links=_links(root),
        formats=_formats(root),
        box=_box(root),
        period=_period(root),
        resolution_m=_number(value(root, f"{_IDENTIFICATION}/gmd:spatialResolution//gco:Distance")),
        crs=_systems(root),
        lineage=value(root, "gmd:dataQualityInfo//gmd:lineage/gmd:LI_Lineage/gmd:statement"),
        frequency=code_of(root, ".//gmd:MD_MaintenanceFrequencyCode"),
        thumbnail=value(root, ".//gmd:MD_BrowseGraphic/gmd:fileName"),
        verdicts=_verdicts(root),
        service_type=value(root, f"{_IDENTIFICATION}/srv:serviceType"),
        endpoint=value(root, f"{_IDENTIFICATION}/srv:containsOperations//gmd:URL"),
        operates_on=tuple(str(one) for one in every(root, ".//srv:operatesOn/@uuidref")),
        topics=tuple(words(one) for one in every(root, f"{_IDENTIFICATION}/gmd:topicCategory")),
    )


def _dates(root: Element) -> list[tuple[str, str]]:
    found = every(root, f"{CITATION}/gmd:date/gmd:CI_Date")
    return [(value(one, "gmd:date")[:10], code_of(one, "gmd:dateType/*")) for one in found]


def _href(root: Element, path: str) -> str:
    found = every(root, path)
    return found[0].get(qname("xlink:href"), "") if found else ""


def _uri(root: Element) -> str:
    path = f"{CITATION}/gmd:identifier/*/gmd:code"
    return _href(root, f"{path}/gmx:Anchor") or value(root, path)


def _concepts(root: Element) -> tuple[Concept, ...]:
    found = []
    for block in every(root, f"{_IDENTIFICATION}/gmd:descriptiveKeywords/gmd:MD_Keywords"):
        title = "gmd:thesaurusName/gmd:CI_Citation/gmd:title"
        scheme = _href(block, f"{title}/gmx:Anchor") or value(block, title)
        for keyword in every(block, "gmd:keyword"):
            found.append(Concept(words(keyword), _href(keyword, "gmx:Anchor"), scheme))
    return tuple(concept for concept in found if concept.label)


def _contacts(root: Element) -> tuple[Contact, ...]:
    found = []
    for place in ("gmd:contact", f"{_IDENTIFICATION}/gmd:pointOfContact"):
        for one in every(root, f"{place}/gmd:CI_ResponsibleParty"):
            organisation = value(one, "gmd:organisationName") or value(one, "gmd:individualName")
            role = code_of(one, "gmd:role/*")
            found.append(Contact(organisation, value(one, ".//gmd:electronicMailAddress"), role))
    return tuple(dict.fromkeys(contact for contact in found if contact.organisation))


def _licence(root: Element) -> Concept:
    path = ".//gmd:MD_LegalConstraints[gmd:useConstraints]/gmd:otherConstraints"
    return Concept(value(root, path), _href(root, f"{path}/gmx:Anchor"))


def _links(root: Element) -> tuple[OnLine, ...]:
    found = []
    for options in every(root, "gmd:distributionInfo//gmd:MD_DigitalTransferOptions"):
        megabytes = _number(value(options, "gmd:transferSize")) or 0.0
        for link in every(options, "gmd:onLine/gmd:CI_OnlineResource"):
            found.append(
                OnLine(
                    url=value(link, "gmd:linkage"),
                    protocol=_href(link, "gmd:protocol/gmx:Anchor") or value(link, "gmd:protocol"),
                    name=value(link, "gmd:name"),
                    description=value(link, "gmd:description"),
                    function=code_of(link, "gmd:function/*"),
                    octets=round(megabytes * 1e6),
                )
            )
    return tuple(link for link in found if link.url.startswith(("http://", "https://")))


def _formats(root: Element) -> tuple[tuple[str, str], ...]:
    found = every(root, "gmd:distributionInfo//gmd:MD_Format")
    pairs = [(value(one, "gmd:name"), value(one, "gmd:version")) for one in found]
    return tuple(dict.fromkeys((name, "" if at == NO_VERSION else at) for name, at in pairs if name))


def _box(root: Element) -> tuple[float, float, float, float] | None:
    """What holds all boxes of the record."""
    boxes = []
    for one in every(root, ".//gmd:EX_GeographicBoundingBox"):
        sides = [_number(value(one, f"gmd:{side}Bound{axis}")) for side, axis in _BOUNDS]
        known = [side for side in sides if side is not None]
        if len(known) == 4 and known[0] <= known[2] and known[1] <= known[3]:
            boxes.append(known)
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _period(root: Element) -> tuple[str, str] | None:
    """Of any version of GML."""
    period = f"{_IDENTIFICATION}//gmd:EX_TemporalExtent//{_ANY_GML.format('TimePeriod')}"
    ends = [value(root, f"{period}//{_ANY_GML.format(end)}")[:10] for end in ("beginPosition", "endPosition")]
    if not _DAY.fullmatch(ends[0]):
        return None
    return ends[0], ends[1] if _DAY.fullmatch(ends[1]) else ".."


def _systems(root: Element) -> tuple[str, ...]:
    path = "gmd:referenceSystemInfo//gmd:RS_Identifier/gmd:code"
    return tuple(_href(one, "gmx:Anchor") or words(one) for one in every(root, path))


def _verdicts(root: Element) -> tuple[Verdict, ...]:
    found = []
    for one in every(root, "gmd:dataQualityInfo//gmd:DQ_ConformanceResult"):
        title = "gmd:specification/gmd:CI_Citation/gmd:title"
        passed = value(one, "gmd:pass") in ("true", "1")
        found.append(Verdict(value(one, title), _href(one, f"{title}/gmx:Anchor"), passed))
    return tuple(found)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
