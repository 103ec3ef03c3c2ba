"""The catalogue of a site as DCAT-AP 3: pages that follow each other, in the forms that harvesters read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, XSD

from pcrs.publish.dcat_resource import Site, add_agent, add_entry, add_place, linked, record_of
from pcrs.publish.dcat_terms import DCAT, EU, HYDRA, PREFIXES
from pcrs.publish.entry import Entry
from pcrs.publish.record_geojson import moment_of

FORMATS = {"jsonld": "json-ld", "rdf": "xml", "ttl": "turtle"}
"""Names in rdflib, by the ending of an address."""


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
    uris: Mapping[str, str]
    """Identifier of each record of the whole catalogue → identifier of its resource."""


def catalogue_graph(site: Site, part: Part) -> Graph:
    """A page: the catalogue, what is on the page, and, when there are several, where the next one is."""
    graph = _graph()
    catalogue = URIRef(site.catalogue)
    graph.add((catalogue, RDF.type, DCAT.Catalog))
    graph.add((catalogue, DCTERMS.title, Literal(f"Catalogue : {site.title}", "fr")))
    graph.add((catalogue, DCTERMS.description, Literal(f"Données et services de {site.title}", "fr")))
    linked(graph, catalogue, DCTERMS.language, f"{EU}/language/FRA", DCTERMS.LinguisticSystem)
    linked(graph, catalogue, DCTERMS.license, site.licence_url, DCTERMS.LicenseDocument)
    linked(graph, catalogue, FOAF.homepage, f"{site.public_url}/", FOAF.Document)
    add_agent(graph, catalogue, site.operator, site.email)
    _told_by_entries(graph, catalogue, part.entries)
    for entry in part.entries:
        node = add_entry(graph, site, entry, part.uris)
        graph.add((catalogue, DCAT.service if entry.level == "service" else DCAT.dataset, node))
        graph.add((catalogue, DCAT.record, record_of(site, entry)))
    if part.pages > 1:
        _paged(graph, site, catalogue, part)
    return graph


def entry_graph(site: Site, entry: Entry, uris: Mapping[str, str]) -> Graph:
    """One record."""
    graph = _graph()
    add_entry(graph, site, entry, uris)
    return graph


def written(graph: Graph, ending: str) -> bytes:
    """The graph in one of `FORMATS`, UTF-8; JSON-LD has its context in itself."""
    name = FORMATS[ending]
    if name != "json-ld":
        return graph.serialize(format=name, encoding="utf-8")
    context = {prefix: str(space) for prefix, space in PREFIXES.items()}
    return graph.serialize(format=name, encoding="utf-8", context=context, auto_compact=True)


def _graph() -> Graph:
    graph = Graph(bind_namespaces="none")
    for prefix, space in PREFIXES.items():
        graph.bind(prefix, space)
    return graph


def _told_by_entries(graph: Graph, catalogue: URIRef, entries: Sequence[Entry]) -> None:
    """Where the catalogue lies, and when it began and changed."""
    boxes = [entry.box for entry in entries if entry.box is not None]
    if boxes:
        west, south, east, north = zip(*boxes, strict=True)
        add_place(graph, catalogue, (min(west), min(south), max(east), max(north)))
    stamps = [moment_of(entry.stamped) for entry in entries if entry.stamped]
    if stamps:
        for name, moment in ((DCTERMS.issued, min(stamps)), (DCTERMS.modified, max(stamps))):
            graph.add((catalogue, name, Literal(moment, datatype=XSD.dateTime)))


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
