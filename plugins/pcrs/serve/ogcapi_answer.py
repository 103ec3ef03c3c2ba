"""Answers of the OGC API: a document as JSON or as a page, a refusal as problem details, caching."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pygeoapi.util import json_serial
from starlette.requests import Request
from starlette.responses import Response

from pcrs.serve.answers import KEPT_A_MINUTE
from pcrs.serve.ogcapi_host import Document, Host
from pcrs.serve.ogcapi_request import Asked
from pcrs.work.site import Site

TEMPLATES = Path(__file__).with_name("ogcapi_templates")
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Crs, Content-Disposition, Content-Language, ETag, Link",
}
_log = logging.getLogger(__name__)
_pages = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True, slots=True)
class Told:
    """A document, its page, and how it is sent."""

    document: Document
    template: str
    """Of the page that shows it."""
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    """What the page needs besides."""


def headers_of(host: Host, request: Request, asked: Asked, *, exact: bool = True) -> dict[str, str]:
    """The headers of a whole answer: its ETag is known before the answer is made.

    `exact` False: the same objects do not give the same bytes each time, the tag is weak.
    """
    said = sorted((name, value) for name, value in asked.params.items() if name != "apikey")
    identity = repr((host.mark, request.url.path, said, asked.format, asked.language))
    tag = f'"{hashlib.sha256(identity.encode()).hexdigest()[:32]}"'
    return {
        "ETag": tag if exact else f"W/{tag}",
        "Cache-Control": KEPT_A_MINUTE.decode(),
        "Vary": "Accept, Accept-Language",
        "Content-Language": "fr-FR" if asked.language == "fr" else "en-US",
        **_CORS,
    }


def answer(
    host: Host, request: Request, asked: Asked, told: Told, headers: Mapping[str, str] | None = None
) -> Response:
    """The document as it was asked; `headers` are those of `headers_of`, when they are known already."""
    sent = {**(headers or headers_of(host, request, asked)), **told.headers}
    if asked.format == "html":
        return Response(_page(host, request, asked, told), headers=sent, media_type="text/html")
    body = orjson.dumps(told.document, default=json_serial, option=orjson.OPT_NON_STR_KEYS)
    return Response(body, headers=sent, media_type=told.media_type)


def _page(host: Host, request: Request, asked: Asked, told: Told) -> bytes:
    french = asked.language == "fr"
    kept = {"lang": asked.language} if "lang" in asked.params else {}
    public = host.served.public_url

    def say(in_french: str, in_english: str) -> str:
        return in_french if french else in_english

    def link(path: str = "", **params: str) -> str:
        query = urlencode(params | kept)
        return f"{host.address}{path}" + (f"?{query}" if query else "")

    def translated(language: str) -> str:
        here = {name: value for name, value in asked.params.items() if name != "apikey"}
        return f"{public}{quote(request.url.path)}?{urlencode(here | {'lang': language})}"

    page = _pages.get_template(told.template).render(
        document=told.document,
        say=say,
        link=link,
        translated=translated,
        language=asked.language,
        home=public,
        assets=f"{host.address}/assets",
        site_title=host.served.title,
        operator=host.served.operator,
        demo=Site(host.served.site).demo_marker.exists(),
        layer=host.served.layer,
        **told.context,
    )
    return page.encode()
