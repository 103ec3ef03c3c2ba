"""pycsw, called: its mended parts put in, one request through it, its answer and its faults taken apart.

pycsw 3.0.0b2 is asked directly, never through its own WSGI application, which opens any file that `?config=`
names.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from lxml import etree
from pycsw.core import log, repository
from pycsw.ogc.csw import csw2, csw3
from pycsw.ogc.fes import fes1, fes2
from pycsw.plugins import outputschemas
from pycsw.plugins.profiles.apiso.apiso import APISO
from pycsw.server import Csw

from pcrs.serve.csw_capabilities import capabilities, description
from pcrs.serve.csw_faults import CswFault
from pcrs.serve.csw_iso import brief, summary
from pcrs.serve.csw_kvp import CswRequest
from pcrs.serve.csw_whole import filled, keeping, marked
from pcrs.store import csw_cql, csw_filters
from pcrs.store.csw_repository import CatalogueRepository, release

_ATOM = "http://www.w3.org/2005/Atom"
_OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
_MEDIA = {
    _ATOM: "application/atom+xml; charset=UTF-8",
    _OPENSEARCH: "application/opensearchdescription+xml; charset=UTF-8",
}
_XML = "application/xml; charset=UTF-8"
_JSON = "application/json; charset=UTF-8"
_BROKEN = ("Record serialization failed", "XSLT transformation failed")
_TOLD_2, _TOLD_3 = csw2.Csw2.getcapabilities, csw3.Csw3.getcapabilities
_UNEXPLAINED = ("Invalid Filter syntax", "Invalid Constraint: Invalid CQL request")
_UNKNOWN = "the constraint names an unknown property: the capabilities list the queryables"
_LOCATORS = (
    ("Invalid Constraint", "constraint"),
    ("Invalid Filter", "constraint"),
    ("Invalid ogc:SortProperty", "sortby"),
    ("Invalid fes20:SortProperty", "sortby"),
    ("Exception: ", "request"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    media: str
    body: bytes


def _write_iso(profile: APISO, row: Any, elements: str, *_pycsw: Any) -> etree._Element:
    """A record as ISO 19139: always cut from the stored document, so that every set of elements is valid."""
    if elements == "full" and (whole := marked(row.xml)) is not None:
        return whole
    root = etree.fromstring(row.xml, profile.context.parser)
    if elements == "brief":
        return brief(root)
    return summary(root) if elements == "summary" else root


def _keep_logging(_config: Any) -> None:
    """Nothing: pycsw would set up the root logger at each request."""


class _Xml:
    """lxml.etree as pycsw's servers see it: each schema is compiled once, not at each request."""

    def __getattr__(self, name: str) -> Any:
        return getattr(etree, name)

    @staticmethod
    @cache
    def XMLSchema(*, file: str) -> etree.XMLSchema:
        """The compiled schema of a file that pycsw ships."""
        return etree.XMLSchema(file=file)


def mend() -> None:
    """From now on pycsw reads our table, through our translation of filters, and leaves logging alone."""
    repository.Repository = CatalogueRepository
    fes1.parse = csw_filters.parse
    fes2.parse = csw_filters.parse
    csw2.cql2fes = csw_cql.to_filter
    csw3.cql2fes = csw_cql.to_filter
    csw2.etree = csw3.etree = _Xml()
    csw2.Csw2.getcapabilities = _set_right(_TOLD_2)
    csw3.Csw3.getcapabilities = _set_right(_TOLD_3)
    log.setup_logger = _keep_logging
    APISO.write_record = _write_iso
    outputschemas.__all__ = ["atom"]  # the others (FGDC, DIF, GM03, DataCite) fail on ISO 19139 records


def answer(config: Mapping[str, Any], request: CswRequest, schemas: Iterable[Any] = ()) -> Answer:
    """The answer of pycsw to a request that has been checked.

    `schemas` are output schemas beside pycsw's own, made as its plugins are.

    Raises:
        CswFault: pycsw, or the store under it, refuses.
    """
    own: dict[str, Any] = copy.deepcopy(dict(config))
    try:
        with nullcontext() if request.json else keeping():
            return _answered(own, request, schemas)
    finally:
        release(own["repository"]["database"])


def _answered(own: dict[str, Any], request: CswRequest, schemas: Iterable[Any]) -> Answer:
    server = Csw(own, _environ(request), request.version)
    server.outputschemas |= {schema.NAMESPACE: schema for schema in schemas}
    try:
        _, body = _dispatched(server, own["server"]["url"], request)
    except CswFault:
        raise
    except Exception as error:  # pycsw takes requests apart with exceptions of every kind
        _check_store(server)
        raise CswFault("NoApplicableCode", "request", "the request cannot be understood") from error
    _check_store(server)
    if server.exception:
        raise _fault(server.response)
    media = _media(server.response, json=request.json)
    if media == _MEDIA[_OPENSEARCH]:
        body = description(body, f"{own['metadata']['provider']['url']}/static/icon.svg")
    return Answer(200, media, filled(_without_signature(body)))


def _set_right(told: Callable[[Any], etree._Element]) -> Callable[[Any], etree._Element]:
    """What tells the capabilities of a version, set right."""

    def mended(face: Any) -> etree._Element:
        server = face.parent
        return capabilities(told(face), server.config["server"]["url"], server.repository.discovery())

    return mended


def _environ(request: CswRequest) -> dict[str, Any]:
    """What pycsw may know of the HTTP request: nothing that a client wrote."""
    return {"REQUEST_METHOD": "GET" if request.body is None else "POST", "QUERY_STRING": ""}


def _dispatched(server: Any, url: str, request: CswRequest) -> Any:
    """[status, body] by pycsw's dispatcher, with the request set as its WSGI front would."""
    if hasattr(server, "response"):
        raise CswFault("InternalError", "service", "the catalogue is not configured")
    server.soap = request.soap
    if request.body is not None:
        server.requesttype = "POST"
        server.request = request.body
    else:
        server.requesttype = "GET"
        server.kvp = dict(request.kvp)
        server.request = f"{url}?{urlencode(request.kvp)}"
    return server.dispatch()


def _check_store(server: Any) -> None:
    """A store that failed is no fault of the client: harvesters delete what a successful answer lacks."""
    held = getattr(server, "repository", None)
    if held is None or held.failure is not None:
        raise CswFault("ServiceUnavailable", "service", "the catalogue does not answer; try again later")


def _fault(response: etree._Element) -> CswFault:
    """The first exception of pycsw's report, with the parameter that its text is about."""
    exception = next(response.iter("{*}Exception"), None)
    if exception is None:
        return CswFault("InternalError", "service", "the catalogue failed")
    text = " ".join((exception.findtext("{*}ExceptionText") or "").split())
    code = exception.get("exceptionCode", "NoApplicableCode")
    locator = exception.get("locator", "service")
    if text.startswith(_BROKEN):
        return CswFault("InternalError", "service", "a record of the catalogue cannot be written")
    if text.startswith(_UNEXPLAINED):
        return CswFault("InvalidParameterValue", "constraint", _UNKNOWN)
    for beginning, about in _LOCATORS:
        if text.startswith(beginning):
            return CswFault("InvalidParameterValue", about, text)
    return CswFault(code, locator, text)


def _media(response: etree._Element, *, json: bool) -> str:
    if json:
        return _JSON
    return _MEDIA.get(etree.QName(response).namespace or "", _XML)


def _without_signature(body: bytes) -> bytes:
    """The body without pycsw's comment, which gives its version away."""
    start = body.find(b"<!-- pycsw ")
    end = body.find(b"-->\n", start)
    if not 0 <= start < 200 or end < 0:
        return body
    return body[:start] + body[end + 4 :]
