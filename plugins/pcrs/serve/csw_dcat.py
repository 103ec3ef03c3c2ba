"""Records of the catalogue service as DCAT: what data.gouv.fr's `csw-dcat` asks for, one graph a record."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lxml import etree

from pcrs.publish.entry import Entry
from pcrs.serve.csw_faults import CswFault
from pcrs.serve.csw_settings import CatalogueSite
from pcrs.serve.csw_whole import marked
from pcrs.serve.entries import Entries, Shelf

NAMESPACES = ("http://www.w3.org/ns/dcat#", "http://data.europa.eu/930/")
"""The output schemas DCAT and GeoDCAT-AP: the graphs have the terms of both."""
_KEPT = 500
"""Graphs that are held: writing one takes 5 ms, and a harvester reads all again each day."""


class Graphs:
    """The graphs of a catalogue's records, from any thread."""

    def __init__(self, site: CatalogueSite, entries: Entries) -> None:
        self._site = site
        self._entries = entries
        self._lock = threading.Lock()
        self._uris: tuple[str, dict[str, str]] = ("", {})
        self._kept: OrderedDict[str, tuple[Entry, str]] = OrderedDict()

    def document(self, identifier: str) -> str:
        """RDF/XML of a record, without a declaration.

        Raises:
            CswFault: the record has just been withdrawn.
        """
        shelf = self._entries.shelf()
        entry = shelf.get(identifier)
        if entry is None:
            raise CswFault("ServiceUnavailable", "service", "the catalogue is changing; try again")
        with self._lock:
            uris = self._known(shelf)
            held, document = self._kept.get(identifier, (None, ""))
        if held is entry:
            return document
        document = self._written(entry, uris)
        with self._lock:
            self._kept[identifier] = entry, document
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return document

    def _known(self, shelf: Shelf) -> dict[str, str]:
        """Identifier of each record → of its resource. When one is another, services tell of it anew."""
        if self._uris[0] != shelf.revision:
            uris = {one.entry.identifier: one.entry.uri for one in shelf.held if one.entry.uri}
            if uris != self._uris[1]:
                services = [name for name, (entry, _) in self._kept.items() if entry.level == "service"]
                for name in services:
                    del self._kept[name]
            self._uris = shelf.revision, uris
        return self._uris[1]

    def _written(self, entry: Entry, uris: dict[str, str]) -> str:
        # rdflib takes a quarter of a second to import, and most catalogues are never asked for a graph.
        from pcrs.publish import dcat
        from pcrs.publish.dcat_resource import Site

        at = self._site
        site = Site(at.public_url, at.title, at.operator, at.contact_email, at.licence_url)
        return dcat.written(dcat.entry_graph(site, entry, uris), "rdf").decode().partition("?>")[2]


class GraphSchema:
    """An output schema of pycsw over graphs, by one of `NAMESPACES`; sets of elements make no difference."""

    XPATH_MAPPINGS: Mapping[str, str] = MappingProxyType({})

    def __init__(self, namespace: str, graphs: Graphs) -> None:
        self.NAMESPACE = namespace
        self._graphs = graphs

    def write_record(self, row: Any, *_pycsw: Any) -> etree._Element:
        """The graph of a record, `rdf:RDF`."""
        document = self._graphs.document(row.identifier)
        whole = marked(document)
        return etree.fromstring(document) if whole is None else whole
