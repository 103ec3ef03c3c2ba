"""One record as DCAT-AP 3 with terms of GeoDCAT-AP: a dataset with its distributions, or a service.

Every node has an address of its own, so that a graph is the same each time it is made, and pages can be put
together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, SKOS, XSD

from pcrs.publish.addresses import RECORDS
from pcrs.publish.dcat_terms import (
    DCAT,
    DCATAP,
    EU,
    FREQUENCIES,
    GEODCAT,
    GEOSPARQL,
    INSPIRE,
    LANGUAGES,
    LICENCE_TYPES,
    LOCN,
    PROFILE,
    STANDARDS,
    VCARD,
)
from pcrs.publish.entry import Concept, Entry, OnLine
from pcrs.publish.media_types import FILE_TYPES, file_type_of, media_type_of

_LIMITS = "/LimitationsOnPublicAccess/"
_NO_LIMITS = f"{_LIMITS}noLimitations"
_CAPABILITIES = "GetCapabilities"
_PLAIN = ("OGC:", "WWW:", "OGC API")
"""Beginnings of protocols in words, which tell more to a reader than an anchored twin of the same link."""
_IANA = "https://www.iana.org/assignments/media-types"


@dataclass(frozen=True, slots=True)
class Site:
    """Who publishes the catalogue, and under which addresses."""

    public_url: str
    title: str
    operator: str
    email: str
    licence_url: str

    @property
    def catalogue(self) -> str:
        """Address of the catalogue itself."""
        return f"{self.public_url}/dcat"


def record_of(site: Site, entry: Entry) -> URIRef:
    """The address of the record of a resource."""
    return URIRef(f"{site.catalogue}/{quote(entry.identifier, safe='')}")


def linked(graph: Graph, node: URIRef, name: URIRef, address: str, kind: URIRef) -> URIRef:
    """The node is linked to an address, of which the profile wants the kind told."""
    target = URIRef(address)
    graph.add((node, name, target))
    graph.add((target, RDF.type, kind))
    return target


def concept(graph: Graph, node: URIRef, name: URIRef, address: str, label: Literal) -> None:
    """The node is linked to a word of a register, with its label."""
    word = linked(graph, node, name, address, SKOS.Concept)
    graph.add((word, SKOS.prefLabel, label))


def add_agent(graph: Graph, node: URIRef, organisation: str, email: str) -> None:
    """Who publishes the node."""
    agent = linked(graph, node, DCTERMS.publisher, f"{node}#editeur", FOAF.Agent)
    graph.add((agent, RDF.type, FOAF.Organization))
    graph.add((agent, FOAF.name, Literal(organisation)))
    if email:
        graph.add((agent, FOAF.mbox, URIRef(f"mailto:{email}")))


def add_place(graph: Graph, node: URIRef, box: tuple[float, float, float, float]) -> None:
    """Where the node lies: west, south, east, north in degrees."""
    west, south, east, north = box
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    wkt = Literal(f"POLYGON(({','.join(f'{x} {y}' for x, y in corners)}))", datatype=GEOSPARQL.wktLiteral)
    place = linked(graph, node, DCTERMS.spatial, f"{node}#emprise", DCTERMS.Location)
    graph.add((place, DCAT.bbox, wkt))
    graph.add((place, LOCN.geometry, wkt))


def add_entry(graph: Graph, site: Site, entry: Entry, uris: Mapping[str, str]) -> URIRef:
    """What the record says is in the graph; the node of the resource."""
    node = URIRef(entry.uri or record_of(site, entry))
    code, authority = LANGUAGES.get(entry.language, ("", ""))
    graph.add((node, DCTERMS.title, Literal(entry.title, code or None)))
    graph.add((node, DCTERMS.description, Literal(entry.abstract, code or None)))
    graph.add((node, DCTERMS.identifier, Literal(str(node), datatype=XSD.anyURI)))
    if authority:
        linked(graph, node, DCTERMS.language, f"{EU}/language/{authority}", DCTERMS.LinguisticSystem)
    days = (
        (DCTERMS.created, entry.created),
        (DCTERMS.issued, entry.published),
        (DCTERMS.modified, entry.revised),
    )
    for name, day in days:
        if day:
            graph.add((node, name, Literal(day, datatype=XSD.date)))
    for one in entry.concepts:
        _keyword(graph, node, one, code)
    _people(graph, node, entry)
    _place_and_time(graph, node, entry)
    _rights(graph, node, entry)
    _described(graph, site, node, entry)
    if entry.level == "service":
        _service(graph, node, entry, uris)
    else:
        _dataset(graph, node, entry, uris)
    return node


def _keyword(graph: Graph, node: URIRef, one: Concept, code: str) -> None:
    label = Literal(one.label, code or None)
    graph.add((node, DCAT.keyword, label))
    if one.href and "SpatialDataServiceCategory" not in one.href:
        concept(graph, node, DCAT.theme, one.href, label)


def _people(graph: Graph, node: URIRef, entry: Entry) -> None:
    """The first contact answers for the resource; each is a way to reach somebody."""
    known = dict.fromkeys((one.organisation, one.email) for one in entry.contacts)
    for number, (organisation, email) in enumerate(known):
        card = linked(graph, node, DCAT.contactPoint, f"{node}#contact-{number + 1}", VCARD.Kind)
        graph.add((card, RDF.type, VCARD.Organization))
        graph.add((card, VCARD.fn, Literal(organisation)))
        if email:
            graph.add((card, VCARD.hasEmail, URIRef(f"mailto:{email}")))
        if not number:
            add_agent(graph, node, organisation, email)


def _place_and_time(graph: Graph, node: URIRef, entry: Entry) -> None:
    if entry.box is not None:
        add_place(graph, node, entry.box)
    if entry.period is None:
        return
    period = linked(graph, node, DCTERMS.temporal, f"{node}#periode", DCTERMS.PeriodOfTime)
    graph.add((period, DCAT.startDate, Literal(entry.period[0], datatype=XSD.date)))
    if entry.period[1] != "..":
        graph.add((period, DCAT.endDate, Literal(entry.period[1], datatype=XSD.date)))


def _rights(graph: Graph, node: URIRef, entry: Entry) -> None:
    if entry.licence.href:
        licence = linked(graph, node, DCTERMS.license, entry.licence.href, DCTERMS.LicenseDocument)
        graph.add((licence, DCTERMS.title, Literal(entry.licence.label)))
        if entry.licence.href in LICENCE_TYPES:
            address, label = LICENCE_TYPES[entry.licence.href]
            concept(graph, licence, DCTERMS.type, address, Literal(label, "en"))
    if entry.access.endswith(_NO_LIMITS):
        public = f"{EU}/access-right/PUBLIC"
        linked(graph, node, DCTERMS.accessRights, public, DCTERMS.RightsStatement)
    elif _LIMITS in entry.access:
        restricted = f"{EU}/access-right/RESTRICTED"
        linked(graph, node, DCTERMS.accessRights, restricted, DCTERMS.RightsStatement)
    if entry.mention:
        rights = linked(graph, node, DCTERMS.rights, f"{node}#mention", DCTERMS.RightsStatement)
        graph.add((rights, RDFS.label, Literal(entry.mention)))


def _described(graph: Graph, site: Site, node: URIRef, entry: Entry) -> None:
    """The record of the resource, the page that shows it, and what the resource conforms to."""
    record = record_of(site, entry)
    shown = f"{site.public_url}/ogcapi/collections/{RECORDS}/items/{quote(entry.identifier, safe='')}?f=html"
    graph.add((record, RDF.type, DCAT.CatalogRecord))
    graph.add((record, DCTERMS.identifier, Literal(entry.identifier)))
    graph.add((record, FOAF.primaryTopic, node))
    linked(graph, record, DCTERMS.conformsTo, PROFILE, DCTERMS.Standard)
    if entry.stamped:
        kind = XSD.dateTime if "T" in entry.stamped else XSD.date
        graph.add((record, DCTERMS.modified, Literal(entry.stamped, datatype=kind)))
    graph.add((node, FOAF.isPrimaryTopicOf, record))
    linked(graph, node, DCAT.landingPage, shown, FOAF.Document)
    for verdict in entry.verdicts:
        if verdict.passed and verdict.href:
            linked(graph, node, DCTERMS.conformsTo, verdict.href, DCTERMS.Standard)


def _dataset(graph: Graph, node: URIRef, entry: Entry, uris: Mapping[str, str]) -> None:
    graph.add((node, RDF.type, DCAT.Dataset))
    if entry.level == "series":
        graph.add((node, RDF.type, DCAT.DatasetSeries))
    if entry.parent in uris:
        graph.add((node, DCAT.inSeries, URIRef(uris[entry.parent])))
    for topic in entry.topics:
        graph.add((node, GEODCAT.topicCategory, URIRef(f"{INSPIRE}/TopicCategory/{topic}")))
    for system in entry.crs:
        if system.startswith("http"):
            linked(graph, node, GEODCAT.referenceSystem, system, DCTERMS.Standard)
    if entry.resolution_m is not None:
        metres = Literal(f"{entry.resolution_m:g}", datatype=XSD.decimal)
        graph.add((node, DCAT.spatialResolutionInMeters, metres))
    if entry.frequency in FREQUENCIES:
        frequency = f"{EU}/frequency/{FREQUENCIES[entry.frequency]}"
        linked(graph, node, DCTERMS.accrualPeriodicity, frequency, DCTERMS.Frequency)
    if entry.lineage:
        lineage = linked(graph, node, DCTERMS.provenance, f"{node}#genealogie", DCTERMS.ProvenanceStatement)
        graph.add((lineage, RDFS.label, Literal(entry.lineage, "fr")))
    for link in _told_once(entry.links):
        _distribution(graph, node, entry, link)


def _told_once(links: Sequence[OnLine]) -> list[OnLine]:
    """One link for each address and name: portals that find two would show two."""
    found: dict[tuple[str, str], OnLine] = {}
    for link in links:
        key = (link.url, link.name if _CAPABILITIES in link.url else "")
        if key not in found or link.protocol.startswith(_PLAIN):
            found[key] = link
    return list(found.values())


def _distribution(graph: Graph, node: URIRef, entry: Entry, link: OnLine) -> None:
    mark = sha256(f"{link.url} {link.name}".encode()).hexdigest()[:12]
    one = linked(graph, node, DCAT.distribution, f"{node}#distribution-{mark}", DCAT.Distribution)
    told = link.description if link.description not in ("", "accessPoint") else link.name
    graph.add((one, DCTERMS.title, Literal(link.name or told, "fr")))
    graph.add((one, DCTERMS.description, Literal(told, "fr")))
    linked(graph, one, DCAT.accessURL, link.url, RDFS.Resource)
    available = f"{EU}/planned-availability/AVAILABLE"
    concept(graph, one, DCATAP.availability, available, Literal("available", "en"))
    if entry.licence.href:
        graph.add((one, DCTERMS.license, URIRef(entry.licence.href)))
    if link.octets:
        graph.add((one, DCAT.byteSize, Literal(link.octets, datatype=XSD.nonNegativeInteger)))
    if _CAPABILITIES in link.url:
        service = URIRef(f"{node}#service-{mark}")
        graph.add((service, DCAT.servesDataset, node))
        _access_service(graph, service, one, link)
        return
    name = _format_of(entry, link)
    if file_type_of(name):
        linked(graph, one, DCTERMS["format"], file_type_of(name), DCTERMS.MediaTypeOrExtent)
        media_type = media_type_of(name).partition(";")[0]
        linked(graph, one, DCAT.mediaType, f"{_IANA}/{media_type}", DCTERMS.MediaType)


def _format_of(entry: Entry, link: OnLine) -> str:
    """The format behind a link: the one that its words name, else the only one; nothing when unsure."""
    said = f"{link.name} {link.description}".casefold()
    named = [name for name, _ in entry.formats if name.casefold() in said]
    only = [name for name, _ in entry.formats] if len(entry.formats) == 1 else []
    return next(iter(named or only), "")


def _access_service(graph: Graph, service: URIRef, one: URIRef, link: OnLine) -> None:
    """The service behind a distribution. Not the one that has a record: data.gouv.fr leaves such ones out."""
    graph.add((one, DCAT.accessService, service))
    graph.add((service, RDF.type, DCAT.DataService))
    graph.add((service, DCTERMS.title, Literal(link.name, "fr")))
    _endpoint(graph, service, link.url)
    kind = link.protocol.rpartition("/")[2].removeprefix("OGC:").lower()
    if kind in STANDARDS:
        code, standard = STANDARDS[kind]
        linked(graph, one, DCTERMS["format"], f"{FILE_TYPES}/{code}", DCTERMS.MediaTypeOrExtent)
        linked(graph, service, GEODCAT.serviceProtocol, standard, DCTERMS.Standard)


def _endpoint(graph: Graph, service: URIRef, url: str) -> None:
    linked(graph, service, DCAT.endpointURL, url.partition("?")[0], RDFS.Resource)
    linked(graph, service, DCAT.endpointDescription, url, RDFS.Resource)


def _service(graph: Graph, node: URIRef, entry: Entry, uris: Mapping[str, str]) -> None:
    graph.add((node, RDF.type, DCAT.DataService))
    if entry.endpoint:
        _endpoint(graph, node, entry.endpoint)
    if entry.service_type:
        kind = f"{INSPIRE}/SpatialDataServiceType/{entry.service_type}"
        graph.add((node, GEODCAT.serviceType, URIRef(kind)))
    for identifier in entry.operates_on:
        if identifier in uris:
            dataset = URIRef(uris[identifier])
            graph.add((node, DCAT.servesDataset, dataset))
            graph.add((dataset, DCTERMS.identifier, Literal(str(dataset), datatype=XSD.anyURI)))
