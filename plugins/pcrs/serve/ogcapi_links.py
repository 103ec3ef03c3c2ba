"""Links of the documents: addresses from parameters, titles in the language of the answer."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from pcrs.serve.ogcapi_config import Configuration
from pcrs.serve.ogcapi_host import Document, Host

_NOT_SERVED = "application/ld+json"


def links_in(host: Host, links: list[Document], language: str) -> list[Document]:
    """The links without what is not served (JSON-LD), with French titles in French."""
    kept = [link for link in links if not link.get("type", "").startswith(_NOT_SERVED)]
    if language != "fr":
        return kept
    french: Configuration = host.base["french_links"]
    return [_titled(link, french) for link in kept]


def items_address(host: Host, name: str, id_: str | None = None) -> str:
    """The address of the objects of a collection, or of one of them."""
    path = f"{host.address}/collections/{quote(name)}/items"
    return path if id_ is None else f"{path}/{quote(id_, safe='')}"


def with_parameters(address: str, params: Mapping[str, str]) -> str:
    """The address with its parameters; those that are lists and addresses stay readable."""
    query = urlencode(params, safe=",:/()")
    return f"{address}?{query}" if query else address


def _titled(link: Document, titles: Mapping[str, Any]) -> Document:
    title = link.get("title")
    return link | {"title": titles.get(title, title)} if title else link
