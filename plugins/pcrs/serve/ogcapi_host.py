"""pygeoapi, held ready: its `API` over one state of the store, and the calls to it.

`pygeoapi.starlette_app` is not used: it reads the environment when imported, holds one configuration per
process, and mounts routes (STAC files, EDR, admin) that we do not serve.
"""

import hashlib
import logging
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pygeoapi.api as core
from pygeoapi.api import itemtypes

from pcrs import __version__
from pcrs.errors import PcrsError
from pcrs.serve.context import Served
from pcrs.serve.feature_area import area
from pcrs.serve.feature_covers import Covers
from pcrs.serve.ogcapi_config import Configuration, configuration
from pcrs.serve.ogcapi_request import HostRequest
from pcrs.store.base import Layer

Document = dict[str, Any]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Extension:
    """What another adapter adds to the API."""

    routes: Sequence[Any] = ()
    """Starlette routes, relative to the API, asked before ours."""
    collections: Callable[[], Iterable[Document]] = tuple
    """Descriptions of collections that it answers, those that hold something."""
    conformance: Sequence[str] = ()
    links: Sequence[Mapping[str, str]] = ()
    """Links of the landing page."""
    paths: Mapping[str, Any] | None = None
    """Paths of the OpenAPI document, without references out of it."""
    revision: Callable[[], Hashable] = tuple
    """What changes with what it answers, beside the store and the editions."""


@dataclass(frozen=True, slots=True)
class Host:
    """One state of the API: it is replaced, never changed."""

    served: Served
    base: Configuration
    extensions: Sequence[Extension]
    api: Any
    layers: Mapping[str, Layer]
    """Layers that are collections now."""
    spans: Mapping[str, tuple[str, str]]
    """First and last date, for the layers that have dates."""
    mark: str
    """Of the store, the editions and the settings that this state was made from."""
    covers: Covers

    @property
    def address(self) -> str:
        """Of the landing page, without a slash at the end."""
        return str(self.api.base_url)


class HostError(PcrsError):
    """pygeoapi refused the request."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(description)
        self.status = status if status < 500 else 500
        self.code = code


def mark(served: Served, extensions: Sequence[Extension] = ()) -> str:
    """A text that changes with all that the documents are made of."""
    said = (served.store.revision(), served.editions(), __version__, served.public_url, served.title)
    settings = (served.operator, served.contact_email, served.licence_title, served.licence_url)
    added = tuple(extension.revision() for extension in extensions)
    return hashlib.sha256(repr((said, settings, added)).encode()).hexdigest()[:24]


def host(served: Served, base: Configuration, extensions: Sequence[Extension]) -> Host:
    """The API over the store as it is now.

    Raises:
        StoreError: the store cannot be read.
    """
    _mend()
    noted = mark(served, extensions)
    conf = configuration(base, served)
    layers = {name: served.store.layer(name) for name in conf["resources"]}
    spans = {name: span for name in layers if (span := served.store.span(name))}
    return Host(served, base, extensions, core.API(conf, {}), layers, spans, noted, Covers(served.store))


def call(
    host: Host, function: Callable[..., tuple[Any, int, Any]], request: HostRequest, *args: str
) -> tuple[Document, Mapping[str, str]]:
    """The document that a function of pygeoapi makes, and its headers.

    Raises:
        HostError: it refused, or failed: 5xx then, and logged.
    """
    headers, status, document = function(host.api, request, *args)
    if status >= HTTPStatus.BAD_REQUEST:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("pygeoapi, %s: %s", request.path_info, document["description"])
        raise HostError(int(status), document["code"], document["description"])
    return document, headers


def _as_it_is(document: Document, _pretty: bool = False) -> Document:
    return document


def _mend() -> None:
    """What pygeoapi does by names in its own modules, done our way; again and again without harm."""
    itemtypes.transform_bbox = area
    # Its `to_json` writes &lt; into values; and documents are still to be completed, or shown as HTML.
    itemtypes.to_json = core.to_json = _as_it_is
    # Each `API` would take the logging of the whole process over, and log refusals with a stack trace.
    core.setup_logger = lambda _: None
    logging.getLogger("pygeoapi").setLevel(logging.CRITICAL)
