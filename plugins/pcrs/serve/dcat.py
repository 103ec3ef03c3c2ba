"""The catalogue as DCAT at `/dcat`, as JSON-LD, RDF/XML and Turtle, by address or by what the client accepts.

Where a resource's identifier leads depends on the client too: a page, a graph, or the ISO record.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from math import ceil
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pcrs.errors import InputError, NotFoundError
from pcrs.publish.addresses import KINDS, RECORDS, Addresses
from pcrs.serve.accept import preferred
from pcrs.serve.answers import KEPT_A_MINUTE
from pcrs.serve.conditional import headers_alone, unchanged
from pcrs.serve.context import Served
from pcrs.serve.entries import Entries, Shelf
from pcrs.serve.parameters import closed
from pcrs.serve.problems import Handler, guarded

MEDIA_TYPES = {"jsonld": "application/ld+json", "rdf": "application/rdf+xml", "ttl": "text/turtle"}
PAGE = 100
"""Records of a page."""
_KEPT = 32
"""Documents that are held: writing a page costs a second."""
_ENDINGS = {name: ending for ending, name in MEDIA_TYPES.items()}
_OTHERS = {"application/json": "jsonld", "application/xml": "rdf", "text/xml": "rdf", "text/n3": "ttl"}
_HTML = ("text/html", "application/xhtml+xml")
_ISO = ("application/xml", "text/xml")


class DcatService:
    """Graphs of the records of a site."""

    def __init__(self, served: Served, entries: Entries) -> None:
        self._served = served
        self._entries = entries
        self._at = Addresses(served.public_url, served.departement, served.identifier_base)
        self._kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        """`/dcat`, `/dcat/catalog.ttl`, `/dcat/PCRS_D046.ttl`, and the identifiers under `/id/`."""
        paths: dict[str, Callable[[Request], Response]] = {
            "/dcat": self._catalogue,
            "/dcat/catalog.{ending}": self._catalogue,
            "/dcat/{identifier}": self._record,
            "/id/{kind}/{identifier}": self._identified,
        }
        made = (Route(path, _told(tell), methods=["GET", "HEAD"]) for path, tell in paths.items())
        return closed(made, {"/dcat": ("page",), "/dcat/catalog.{ending}": ("page",)})

    def _catalogue(self, request: Request) -> Response:
        ending = _ending(request, request.path_params.get("ending"))
        number = _page(request.query_params.get("page", "1"))
        shelf = self._entries.shelf()
        pages = max(1, ceil(len(shelf.held) / PAGE))
        if number > pages:
            raise NotFoundError(f"page={number}: the catalogue has {pages}")
        return self._sent(request, shelf, ("catalog", str(number), ending), ending)

    def _record(self, request: Request) -> Response:
        identifier, _, suffix = request.path_params["identifier"].rpartition(".")
        shelf = self._entries.shelf()
        if suffix not in MEDIA_TYPES or not identifier:
            identifier, suffix = request.path_params["identifier"], None
        if shelf.get(identifier) is None:
            raise NotFoundError(f"there is no record {identifier!r} here")
        ending = _ending(request, suffix)
        return self._sent(request, shelf, ("record", identifier, ending), ending)

    def _identified(self, request: Request) -> Response:
        """303 to what the client reads best: a page, a graph, or the ISO record."""
        kind, identifier = request.path_params["kind"], request.path_params["identifier"]
        if kind not in KINDS or self._entries.shelf().get(identifier) is None:
            raise NotFoundError("Aucune ressource de ce nom. No resource of this name.")
        named = quote(identifier, safe="")
        page = f"{self._at.collection(RECORDS)}/items/{named}"
        address = self._at.record(identifier)
        for wanted in preferred(request.headers.get("accept", "")):
            if wanted in _HTML:
                address = f"{page}?f=html"
            elif wanted in _ENDINGS:
                address = f"{self._at.public_url}/dcat/{named}.{_ENDINGS[wanted]}"
            elif wanted.endswith("json"):
                address = f"{page}?f=json"
            elif wanted not in _ISO:
                continue
            break
        return RedirectResponse(address, 303, headers={"Vary": "Accept"})

    def _sent(self, request: Request, shelf: Shelf, name: tuple[str, ...], ending: str) -> Response:
        public = self._served.public_url
        tag = f'"{sha256(repr((shelf.revision, public, name)).encode()).hexdigest()[:32]}"'
        headers = {
            "ETag": tag,
            "Cache-Control": KEPT_A_MINUTE.decode(),
            "Vary": "Accept",
            "Access-Control-Allow-Origin": "*",
        }
        if (known := unchanged(request, headers)) is not None:
            return known
        body = self._made((shelf.revision, *name), lambda: self._written(shelf, name, ending))
        return headers_alone(request, Response(body, headers=headers, media_type=MEDIA_TYPES[ending]))

    def _made(self, key: tuple[str, ...], make: Callable[[], bytes]) -> bytes:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _written(self, shelf: Shelf, name: tuple[str, ...], ending: str) -> bytes:
        # rdflib takes a quarter of a second to import, and most sites are never asked for a graph.
        from pcrs.publish import dcat
        from pcrs.publish.dcat_resource import Site

        served = self._served
        site = Site(
            served.public_url, served.title, served.operator, served.contact_email, served.licence_url
        )
        every = [one.entry for one in shelf.held]
        uris = {entry.identifier: entry.uri for entry in every if entry.uri}
        if name[0] == "record":
            entry = shelf.get(name[1])
            assert entry is not None  # noqa: S101 - looked for above, in the same shelf
            return dcat.written(dcat.entry_graph(site, entry, uris), ending)
        number = int(name[1])
        part = dcat.Part(
            entries=every[(number - 1) * PAGE : number * PAGE],
            number=number,
            pages=max(1, ceil(len(every) / PAGE)),
            total=len(every),
            ending=ending,
            uris=uris,
        )
        return dcat.written(dcat.catalogue_graph(site, part), ending)


def _ending(request: Request, wanted: str | None) -> str:
    """The form that the address names, or the one that the client prefers; JSON-LD without a word."""
    if wanted is not None:
        if wanted not in MEDIA_TYPES:
            raise NotFoundError(f".{wanted} is not served: {', '.join(MEDIA_TYPES)} are")
        return wanted
    known = _ENDINGS | _OTHERS
    for offer in preferred(request.headers.get("accept", "")):
        if offer in known:
            return known[offer]
    return "jsonld"


def _page(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 8 and int(text)):
        raise InputError(f"page={text!r}: expected a whole number of at least 1")
    return int(text)


def _told(tell: Callable[[Request], Response]) -> Handler:
    async def handle(request: Request) -> Response:
        return await run_in_threadpool(tell, request)

    return guarded(handle)
