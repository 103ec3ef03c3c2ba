"""`/telechargement/…` on the wire: levels, search and files; refusals are problem documents (RFC 9457)."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pcrs.errors import InputError
from pcrs.serve.answers import Answer, send_answer, send_preflight
from pcrs.serve.atom import as_html, as_json, as_xml
from pcrs.serve.atom.feed import ATOM, Feed
from pcrs.serve.atom.levels import OPENSEARCH, Levels
from pcrs.serve.atom.opensearch import description
from pcrs.serve.atom.selection import COMMON, FILTERS, PageError, Selection, selection
from pcrs.serve.conditional import headers_alone
from pcrs.serve.context import Served
from pcrs.serve.listing import public_file, sent
from pcrs.serve.ows import OwsError, invalid, parameters, shown
from pcrs.serve.problems import problem
from pcrs.standard.crs import epsg_of
from pcrs.work.downloads import Part, Resource, Shelf

_HTML, _JSON = "text/html", "application/json"
_WRITERS: dict[str, Callable[[Feed], bytes]] = {
    ATOM: as_xml.document,
    _JSON: as_json.document,
    _HTML: as_html.document,
}
_METHODS = "GET, HEAD, OPTIONS"
_OPERATIONS = ("DescribeSpatialDataSet", "GetSpatialDataSet")
_SEARCH = (
    *COMMON, "q", "language", "request", "crs",
    "spatial_dataset_identifier_code", "spatial_dataset_identifier_namespace",
)  # fmt: skip
_FRAME = {name.lower() for name in COMMON}
_VARY = ((b"vary", b"Accept"),)
type _Reply = Answer | Response


class _Nothing(InputError):
    """There is nothing at this address."""


class AtomService:
    """An ASGI application. `shelf` gives what can be downloaded now; it is asked at each request."""

    def __init__(self, served: Served, shelf: Callable[[], Shelf]) -> None:
        self._served = served
        self._shelf = shelf
        self._levels = Levels(served)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        if scope["method"] == "OPTIONS":
            await send_preflight(send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            refused = problem(405, f"{_METHODS} only")
            refused.headers["Allow"] = _METHODS
            await refused(scope, receive, send)
            return
        reply = await run_in_threadpool(self._reply, request)
        if isinstance(reply, Answer):
            await send_answer(scope, send, reply)
            return
        await headers_alone(request, reply)(scope, receive, send)

    def _reply(self, request: Request) -> _Reply:
        try:
            values = parameters(request.scope["query_string"])
            return self._found(request, {name: value for name, value in values.items() if name})
        except (_Nothing, PageError) as error:
            return problem(404, str(error))
        except OwsError as error:
            return problem(error.status, error.text)
        except InputError as error:
            return problem(400, str(error))

    def _found(self, request: Request, values: Mapping[str, str]) -> _Reply:
        match request.scope["path"].removeprefix("/telechargement").strip("/").split("/"):
            case [""]:
                return _moved(self._levels.at.atom_capabilities)
            case ["capabilities"]:
                asked = selection(values, FILTERS)
                return _written(request, values, self._levels.capabilities(self._shelf(), asked))
            case ["resource", name]:
                shelf, asked = self._shelf(), selection(values, FILTERS)
                feed = self._levels.resource(shelf, _resource(shelf, name), asked)
                return _written(request, values, feed)
            case ["resource", name, part]:
                shelf, asked = self._shelf(), selection(values, FILTERS)
                resource = _resource(shelf, name)
                feed = self._levels.part(shelf, resource, _part(resource, part), asked)
                return _written(request, values, feed)
            case ["download", name, part, file]:
                selection(values, COMMON)
                return self._file(request, name, part, file)
            case ["search"]:
                return self._search(request, values)
            case ["opensearch.xml"]:
                return Answer(description(self._served, self._levels, self._shelf()), OPENSEARCH)
        raise _Nothing("no such address: /telechargement/capabilities is where the tree begins")

    def _file(self, request: Request, name: str, part: str, file: str) -> Response:
        resource = _resource(self._shelf(), name)
        item = _part(resource, part).item(file)
        found = public_file(self._served.site, item.place, self._served.hot) if item is not None else None
        if found is None:
            raise _Nothing(
                f"no file {shown(file)} in {shown(part)}: {self._levels.at.resource(resource.kind)}"
            )
        return sent(request, found)

    def _search(self, request: Request, values: Mapping[str, str]) -> _Reply:
        """A search in words, or one of INSPIRE's operations on a dataset that is named."""
        told = dict(values)
        code, text = told.get("spatial_dataset_identifier_code", ""), told.get("q", "")
        operation = told.get("request", "") or _OPERATIONS["crs" in told]
        selection(told, _SEARCH)
        if operation.casefold() not in (known.casefold() for known in _OPERATIONS):
            raise invalid("request", operation, f"one of {', '.join(_OPERATIONS)}")
        kept = {name: value for name, value in told.items() if name in _FRAME}
        kept.setdefault("lang", told.get("language", ""))
        asked = selection(kept, COMMON)
        shelf = self._shelf()
        if not code:
            kept.setdefault("outputformat", _HTML)
            return _written(request, kept, self._levels.search(shelf, text, asked))
        resource, part = self._dataset(shelf, code)
        if operation.casefold() == _OPERATIONS[0].casefold():
            return _written(request, kept, self._told(shelf, resource, part, asked))
        return self._whole(request, kept, (shelf, resource, part, asked), told.get("crs", ""))

    def _dataset(self, shelf: Shelf, code: str) -> tuple[Resource, Part | None]:
        """The resource, or the part of one, whose dataset has this identifier (its record's serves too)."""
        for resource in shelf.resources:
            for part in (None, *resource.parts):
                known = self._levels.dataset_of(resource, part), self._levels.record_of(resource, part)
                if code in known:
                    return resource, part
        raise _Nothing(f"no dataset {shown(code)}: the feed of the service and its OpenSearch list them")

    def _told(self, shelf: Shelf, resource: Resource, part: Part | None, asked: Selection) -> Feed:
        if part is None:
            return self._levels.resource(shelf, resource, asked)
        return self._levels.part(shelf, resource, part, asked)

    def _whole(
        self,
        request: Request,
        values: Mapping[str, str],
        dataset: tuple[Shelf, Resource, Part | None, Selection],
        crs: str,
    ) -> _Reply:
        """The dataset itself: its file, or a feed of its files when it has several."""
        shelf, resource, part, asked = dataset
        part = part or resource.whole
        codes = part.crs if part is not None else tuple(code for p in resource.parts for code in p.crs)
        if crs and epsg_of(crs) not in codes:
            raise _Nothing(
                f"the dataset is not in {shown(crs)}: known are {', '.join(map(str, codes))} (EPSG)"
            )
        if part is not None and len(part.items) == 1:
            return _moved(self._levels.at.download(resource.kind, part.name, part.items[0].name))
        return _written(request, values, self._told(shelf, resource, part, asked))


def _resource(shelf: Shelf, name: str) -> Resource:
    found = shelf.resource(name)
    if found is None:
        listed = ", ".join(resource.name for resource in shelf.resources) or "none yet"
        raise _Nothing(f"no resource {shown(name)}: known are {listed}")
    return found


def _part(resource: Resource, name: str) -> Part:
    found = resource.part(name)
    if found is None:
        listed = ", ".join(part.name for part in resource.parts[:10])
        raise _Nothing(f"no part {shown(name)} in {resource.name}: known are {listed}")
    return found


def _written(request: Request, values: Mapping[str, str], feed: Feed) -> Answer:
    """The feed in the form that is asked for: `outputFormat`, then `Accept`; Atom otherwise."""
    form = values.get("outputformat", "")
    if not form:
        accepted = request.headers.get("accept", "").lower()
        form = _JSON if _JSON in accepted and "atom" not in accepted else ATOM
    if form not in _WRITERS:
        raise invalid("outputFormat", form, f"one of {', '.join(_WRITERS)}")
    charset = "; charset=utf-8" if form == _HTML else ""
    return Answer(_WRITERS[form](feed), form + charset, headers=_VARY)


def _moved(address: str) -> Response:
    """Another address, under the public URL; never one that the request names."""
    headers = {"Location": quote(address, safe=":/?&=%"), "Access-Control-Allow-Origin": "*"}
    return Response(status_code=303, headers=headers)
