"""The records as DCAT-AP 3 with terms of GeoDCAT-AP: catalogue, datasets, distributions and services.

Every node has an address of its own, so that a graph is the same each time it is made, and pages can be put
together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, XSD

from pcrs.publish.entry import Contact, Entry, OnLine
from pcrs.publish.media_types import file_type_of, media_type_of

FORMATS = {
    "jsonld": ("json-ld", "application/ld+json"),
    "rdf": ("xml", "application/rdf+xml"),
    "ttl": ("turtle", "text/turtle"),
}
"""By the ending of an address: name in rdflib, media type."""
_EU = "http://publications.europa.eu/resource/authority"
DCAT = Namespace("http://www.w3.org/ns/dcat#")
"""Of version 3; rdflib knows the terms of version 2."""
GEODCAT = Namespace("http://data.europa.eu/930/")
GEOSPARQL = Namespace("http://www.opengis.net/ont/geosparql#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
LOCN = Namespace("http://www.w3.org/ns/locn#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
_PREFIXES = {
    "dcat": DCAT,
    "dct": Namespace(str(DCTERMS)),
    "foaf": Namespace(str(FOAF)),
    "geodcatap": GEODCAT,
    "gsp": GEOSPARQL,
    "hydra": HYDRA,
    "locn": LOCN,
    "vcard": VCARD,
}
_LANGUAGES = {"fre": ("fr", "FRA"), "eng": ("en", "ENG")}
_FREQUENCIES = {
    "continual": "CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "fortnightly": "BIWEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "biannually": "ANNUAL_2",
    "annually": "ANNUAL",
    "asNeeded": "AS_NEEDED",
    "irregular": "IRREG",
    "notPlanned": "NOT_PLANNED",
    "unknown": "UNKNOWN",
}
_NO_LIMITS = "/LimitationsOnPublicAccess/noLimitations"
_PLAIN = ("OGC:", "WWW:", "OGC API")
"""Beginnings of protocols in words, which tell more to a reader than an anchored twin of the same link."""


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


@dataclass(frozen=True, slots=True)
class Part:
    """One page of the catalogue."""

    entries: Sequence[Entry]
    number: int
    """From 1."""
    pages: int
    total: int
    """Records of all pages."""
    ending: str
    """Of its address."""
    uris: dict[str, str]
    """Identifier of each record of the whole catalogue → identifier of its resource."""


def catalogue_graph(site: Site, part: Part) -> Graph:
    """A page: the catalogue, what is on the page, and, when there are several, where the next one is."""
    graph = _graph()
    catalogue = URIRef(site.catalogue)
    graph.add((catalogue, RDF.type, DCAT.Catalog))
    graph.add((catalogue, DCTERMS.title, Literal(f"Catalogue : {site.title}", "fr")))
    graph.add((catalogue, DCTERMS.description, Literal(f"Données et services de {site.title}", "fr")))
    graph.add((catalogue, DCTERMS.language, URIRef(f"{_EU}/language/FRA")))
    graph.add((catalogue, DCTERMS.license, URIRef(site.licence_url)))
    graph.add((catalogue, FOAF.homepage, URIRef(f"{site.public_url}/")))
    publisher = URIRef(f"{site.catalogue}#editeur")
    _agent(graph, publisher, Contact(site.operator, site.email, "publisher"))
    graph.add((catalogue, DCTERMS.publisher, publisher))
    for entry in part.entries:
        node = _entry(graph, site, entry, part.uris)
        kinds = {"service": DCAT.service, "series": DCAT.dataset}
        graph.add((catalogue, kinds.get(entry.level, DCAT.dataset), node))
        graph.add((catalogue, DCAT.record, _record(site, entry)))
    if part.pages > 1:
        _paged(graph, site, catalogue, part)
    return graph


def entry_graph(site: Site, entry: Entry, uris: dict[str, str]) -> Graph:
    """One record."""
    graph = _graph()
    _entry(graph, site, entry, uris)
    return graph


def written(graph: Graph, ending: str) -> bytes:
    """The graph in one of `FORMATS`."""
    name, _ = FORMATS[ending]
    if name != "json-ld":
        return graph.serialize(format=name, encoding="utf-8")
    context = {prefix: str(space) for prefix, space in _PREFIXES.items()}
    return graph.serialize(format=name, encoding="utf-8", context=context, auto_compact=True)


def _graph() -> Graph:
    graph = Graph(bind_namespaces="none")
    for prefix, space in _PREFIXES.items():
        graph.bind(prefix, space)
    return graph


def _paged(graph: Graph, site: Site, catalogue: URIRef, part: Part) -> None:
    """As Hydra pages collections: data.gouv.fr follows it."""

    def address(number: int) -> URIRef:
        return URIRef(f"{site.catalogue}/catalog.{part.ending}?page={number}")

    here = address(part.number)
    graph.add((catalogue, RDF.type, HYDRA.Collection))
    graph.add((catalogue, HYDRA.totalItems, Literal(part.total)))
    graph.add((catalogue, HYDRA.view, here))
    graph.add((here, RDF.type, HYDRA.PartialCollectionView))
    graph.add((here, HYDRA.first, address(1)))
    graph.add((here, HYDRA.last, address(part.pages)))
    if part.number > 1:
        graph.add((here, HYDRA.previous, address(part.number - 1)))
    if part.number < part.pages:
        graph.add((here, HYDRA.next, address(part.number + 1)))


def _node(site: Site, entry: Entry) -> URIRef:
    return URIRef(entry.uri or _record(site, entry))


def _record(site: Site, entry: Entry) -> URIRef:
    return URIRef(f"{site.catalogue}/{quote(entry.identifier, safe='')}")


def _entry(graph: Graph, site: Site, entry: Entry, uris: dict[str, str]) -> URIRef:
    node = _node(site, entry)
    code, authority = _LANGUAGES.get(entry.language, ("", ""))

    def said(text: str) -> Literal:
        return Literal(text, code or None)

    graph.add((node, DCTERMS.title, said(entry.title)))
    graph.add((node, DCTERMS.description, said(entry.abstract)))
    graph.add((node, DCTERMS.identifier, Literal(str(node), datatype=XSD.anyURI)))
    if authority:
        graph.add((node, DCTERMS.language, URIRef(f"{_EU}/language/{authority}")))
    days = (
        (DCTERMS.created, entry.created),
        (DCTERMS.issued, entry.published),
        (DCTERMS.modified, entry.revised),
    )
    for name, day in days:
        if day:
            graph.add((node, name, Literal(day, datatype=XSD.date)))
    for concept in entry.concepts:
        graph.add((node, DCAT.keyword, said(concept.label)))
        if concept.href and "SpatialDataServiceCategory" not in concept.href:
            graph.add((node, DCAT.theme, URIRef(concept.href)))
    _people(graph, node, entry.contacts)
    _place_and_time(graph, node, entry)
    _rights(graph, node, entry)
    _described(graph, site, node, entry)
    if entry.level == "service":
        _service(graph, node, entry, uris)
    else:
        _dataset(graph, node, entry, uris)
    return node


def _people(graph: Graph, node: URIRef, contacts: Sequence[Contact]) -> None:
    """The first contact answers for the resource; each is a way to reach somebody."""
    for number, one in enumerate(dict.fromkeys((each.organisation, each.email) for each in contacts)):
        organisation, email = one
        card = URIRef(f"{node}#contact-{number + 1}")
        graph.add((node, DCAT.contactPoint, card))
        graph.add((card, RDF.type, VCARD.Organization))
        graph.add((card, VCARD.fn, Literal(organisation)))
        if email:
            graph.add((card, VCARD.hasEmail, URIRef(f"mailto:{email}")))
        if not number:
            agent = URIRef(f"{node}#editeur")
            graph.add((node, DCTERMS.publisher, agent))
            _agent(graph, agent, Contact(organisation, email, "publisher"))


def _agent(graph: Graph, agent: URIRef, one: Contact) -> None:
    graph.add((agent, RDF.type, FOAF.Organization))
    graph.add((agent, FOAF.name, Literal(one.organisation)))
    if one.email:
        graph.add((agent, FOAF.mbox, URIRef(f"mailto:{one.email}")))


def _place_and_time(graph: Graph, node: URIRef, entry: Entry) -> None:
    if entry.box is not None:
        place = URIRef(f"{node}#emprise")
        west, south, east, north = entry.box
        corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
        wkt = f"POLYGON(({','.join(f'{x} {y}' for x, y in corners)}))"
        graph.add((node, DCTERMS.spatial, place))
        graph.add((place, RDF.type, DCTERMS.Location))
        graph.add((place, DCAT.bbox, Literal(wkt, datatype=GEOSPARQL.wktLiteral)))
        graph.add((place, LOCN.geometry, Literal(wkt, datatype=GEOSPARQL.wktLiteral)))
    if entry.period is not None:
        period = URIRef(f"{node}#periode")
        graph.add((node, DCTERMS.temporal, period))
        graph.add((period, RDF.type, DCTERMS.PeriodOfTime))
        graph.add((period, DCAT.startDate, Literal(entry.period[0], datatype=XSD.date)))
        if entry.period[1] != "..":
            graph.add((period, DCAT.endDate, Literal(entry.period[1], datatype=XSD.date)))


def _rights(graph: Graph, node: URIRef, entry: Entry) -> None:
    if entry.licence.href:
        licence = URIRef(entry.licence.href)
        graph.add((node, DCTERMS.license, licence))
        graph.add((licence, RDF.type, DCTERMS.LicenseDocument))
        graph.add((licence, DCTERMS.title, Literal(entry.licence.label)))
    if entry.access.endswith(_NO_LIMITS):
        graph.add((node, DCTERMS.accessRights, URIRef(f"{_EU}/access-right/PUBLIC")))
    if entry.mention:
        rights = URIRef(f"{node}#mention")
        graph.add((node, DCTERMS.rights, rights))
        graph.add((rights, RDF.type, DCTERMS.RightsStatement))
        graph.add((rights, RDFS.label, Literal(entry.mention)))


def _described(graph: Graph, site: Site, node: URIRef, entry: Entry) -> None:
    """The record of the resource, and the page that shows it."""
    record = _record(site, entry)
    page = f"{site.public_url}/ogcapi/collections/catalogue/items/{quote(entry.identifier, safe='')}?f=html"
    graph.add((record, RDF.type, DCAT.CatalogRecord))
    graph.add((record, DCTERMS.identifier, Literal(entry.identifier)))
    graph.add((record, FOAF.primaryTopic, node))
    if entry.stamped:
        kind = XSD.dateTime if "T" in entry.stamped else XSD.date
        graph.add((record, DCTERMS.modified, Literal(entry.stamped, datatype=kind)))
    graph.add((node, FOAF.isPrimaryTopicOf, record))
    graph.add((node, DCAT.landingPage, URIRef(page)))
    for verdict in entry.verdicts:
        if verdict.passed and verdict.href:
            graph.add((node, DCTERMS.conformsTo, URIRef(verdict.href)))


def _dataset(graph: Graph, node: URIRef, entry: Entry, uris: dict[str, str]) -> None:
    graph.add((node, RDF.type, DCAT.Dataset))
    if entry.level == "series":
        graph.add((node, RDF.type, DCAT.DatasetSeries))
    if entry.parent in uris:
        graph.add((node, DCAT.inSeries, URIRef(uris[entry.parent])))
    for topic in entry.topics:
        register = "http://inspire.ec.europa.eu/metadata-codelist/TopicCategory"
        graph.add((node, GEODCAT.topicCategory, URIRef(f"{register}/{topic}")))
    for system in entry.crs:
        if system.startswith("http"):
            graph.add((node, GEODCAT.referenceSystem, URIRef(system)))
    if entry.resolution_m is not None:
        metres = Literal(f"{entry.resolution_m:g}", datatype=XSD.decimal)
        graph.add((node, DCAT.spatialResolutionInMeters, metres))
    if entry.frequency in _FREQUENCIES:
        frequency = URIRef(f"{_EU}/frequency/{_FREQUENCIES[entry.frequency]}")
        graph.add((node, DCTERMS.accrualPeriodicity, frequency))
    if entry.lineage:
        lineage = URIRef(f"{node}#genealogie")
        graph.add((node, DCTERMS.provenance, lineage))
        graph.add((lineage, RDF.type, DCTERMS.ProvenanceStatement))
        graph.add((lineage, RDFS.label, Literal(entry.lineage, "fr")))
    for link in _told_once(entry.links):
        _distribution(graph, node, entry, link)


def _told_once(links: Sequence[OnLine]) -> list[OnLine]:
    """One link for each address and name: portals that find two would show two."""
    found: dict[tuple[str, str], OnLine] = {}
    for link in links:
        key = (link.url, link.name if "GetCapabilities" in link.url else "")
        if key not in found or link.protocol.startswith(_PLAIN):
            found[key] = link
    return list(found.values())


def _distribution(graph: Graph, node: URIRef, entry: Entry, link: OnLine) -> None:
    mark = sha256(f"{link.url} {link.name}".encode()).hexdigest()[:12]
    one = URIRef(f"{node}#distribution-{mark}")
    graph.add((node, DCAT.distribution, one))
    graph.add((one, RDF.type, DCAT.Distribution))
    graph.add((one, DCTERMS.title, Literal(link.name or link.description, "fr")))
    if link.description and link.description != "accessPoint":
        graph.add((one, DCTERMS.description, Literal(link.description, "fr")))
    graph.add((one, DCAT.accessURL, URIRef(link.url)))
    if entry.licence.href:
        graph.add((one, DCTERMS.license, URIRef(entry.licence.href)))
    if link.octets:
        graph.add((one, DCAT.byteSize, Literal(link.octets, datatype=XSD.nonNegativeInteger)))
    if "GetCapabilities" in link.url:
        _access_service(graph, URIRef(f"{node}#service-{mark}"), one, link)
        return
    for name, _ in entry.formats:
        if file_type_of(name):
            graph.add((one, DCTERMS["format"], URIRef(file_type_of(name))))
    if len(entry.formats) == 1:
        media_type = media_type_of(entry.formats[0][0]).partition(";")[0]
        address = f"https://www.iana.org/assignments/media-types/{media_type}"
        graph.add((one, DCAT.mediaType, URIRef(address)))


def _access_service(graph: Graph, service: URIRef, one: URIRef, link: OnLine) -> None:
    """The service behind a distribution. Not the one that has a record: data.gouv.fr leaves such ones out."""
    graph.add((one, DCAT.accessService, service))
    graph.add((one, DCTERMS["format"], Literal(link.protocol.removeprefix("OGC:").lower())))
    graph.add((service, RDF.type, DCAT.DataService))
    graph.add((service, DCTERMS.title, Literal(link.name, "fr")))
    graph.add((service, DCAT.endpointURL, URIRef(link.url.partition("?")[0])))
    graph.add((service, DCAT.endpointDescription, URIRef(link.url)))


def _service(graph: Graph, node: URIRef, entry: Entry, uris: dict[str, str]) -> None:
    graph.add((node, RDF.type, DCAT.DataService))
    if entry.endpoint:
        graph.add((node, DCAT.endpointURL, URIRef(entry.endpoint.partition("?")[0])))
        graph.add((node, DCAT.endpointDescription, URIRef(entry.endpoint)))
    if entry.service_type:
        register = "http://inspire.ec.europa.eu/metadata-codelist/SpatialDataServiceType"
        graph.add((node, GEODCAT.serviceType, URIRef(f"{register}/{entry.service_type}")))
    for identifier in entry.operates_on:
        if identifier in uris:
            dataset = URIRef(uris[identifier])
            graph.add((node, DCAT.servesDataset, dataset))
            graph.add((dataset, DCTERMS.identifier, Literal(str(dataset), datatype=XSD.anyURI)))
