"""The documents of the API: pygeoapi's, completed and corrected, and those that we make whole."""

from collections.abc import Mapping
from typing import Any

import pygeoapi.api as core
from pygeoapi.api import itemtypes

from pcrs.errors import NotFoundError
from pcrs.serve.features import json_type
from pcrs.serve.ogcapi_config import Configuration
from pcrs.serve.ogcapi_host import Document, Host, call
from pcrs.serve.ogcapi_request import HostRequest, Language
from pcrs.store.base import Field, Layer

_SPEC = "http://www.opengis.net/spec"
CONFORMANCE = tuple(
    f"{_SPEC}/{name}"
    for name in (
        "ogcapi-common-1/1.0/conf/core",
        "ogcapi-common-1/1.0/conf/landing-page",
        "ogcapi-common-1/1.0/conf/json",
        "ogcapi-common-1/1.0/conf/html",
        "ogcapi-common-1/1.0/conf/oas30",
        "ogcapi-common-2/1.0/conf/collections",
        "ogcapi-features-1/1.0/conf/core",
        "ogcapi-features-1/1.0/conf/oas30",
        "ogcapi-features-1/1.0/conf/html",
        "ogcapi-features-1/1.0/conf/geojson",
        "ogcapi-features-2/1.0/conf/crs",
        "ogcapi-features-3/1.0/conf/queryables",
        "ogcapi-features-3/1.0/conf/queryables-query-parameters",
    )
)
"""What the features do. No filter language is among them: `filter` is refused."""
_NOT_SERVED = ("/processes", "/jobs", "/TileMatrixSets", "/asyncapi")
_OTHER_FORMATS = ("application/ld+json", "text/csv")
_SHAPES = {
    "Point": "point",
    "Curve": "linestring",
    "Polygon": "polygon",
    "Surface": "polygon",
    "MultiPoint": "multipoint",
    "MultiCurve": "multilinestring",
    "MultiSurface": "multipolygon",
    "Any": "any",
}


def landing(host: Host, request: HostRequest) -> Document:
    """The landing page: what is served here, and the site's other services."""
    document, _ = call(host, core.landing_page, request)
    public = host.served.public_url
    links = [link for link in document["links"] if not _leads_nowhere(host, link["href"])]
    links += [dict(link) for extension in host.extensions for link in extension.links]
    links += [
        {"rel": "license", "title": host.served.licence_title, "href": host.served.licence_url},
        _related("WMTS", "application/xml", f"{public}/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"),
        _related("CSW", "application/xml", f"{public}/csw?service=CSW&request=GetCapabilities"),
    ]
    document["links"] = _links(host, links, request)
    return document | {"attribution": host.served.operator}


def conformance(host: Host) -> Document:
    """The conformance classes that are met, those of extensions included."""
    added = (name for extension in host.extensions for name in extension.conformance)
    return {"conformsTo": sorted({*CONFORMANCE, *added})}


def collections(host: Host, request: HostRequest) -> Document:
    """Every collection that holds something, extensions' first."""
    document, _ = call(host, core.describe_collections, request)
    ours = [_collection(host, entry, request) for entry in document["collections"]]
    document["collections"] = [*_added(host), *ours]
    document["links"] = _links(host, document["links"], request)
    return document


def collection(host: Host, request: HostRequest, name: str) -> Document:
    """One collection.

    Raises:
        HostError: there is none of that name.
    """
    for entry in _added(host):
        if entry["id"] == name:
            return entry
    document, _ = call(host, core.describe_collections, request, name)
    return _collection(host, document, request)


def items(host: Host, request: HostRequest, name: str) -> tuple[Document, str]:
    """A page of objects, and the CRS of its coordinates.

    Raises:
        HostError: the request cannot be answered.
    """
    document, headers = call(host, itemtypes.get_collection_items, request, name)
    document.pop("timeStamp", None)  # one state of the store has one representation, and one ETag
    offset = int(request.params.get("offset", 0))
    complete = offset + len(document["features"]) >= document["numberMatched"]
    hits = request.params.get("resulttype") == "hits"
    gone = {"next", "prev"} if hits else {"next"} if complete else set()
    links = [_at(link, offset) for link in document["links"] if link["rel"] not in gone]
    document["links"] = _links(host, links, request)
    return document, headers["Content-Crs"]


def item(host: Host, request: HostRequest, name: str, id_: str) -> tuple[Document, str]:
    """One object, and the CRS of its coordinates.

    Raises:
        HostError: there is none.
    """
    document, headers = call(host, itemtypes.get_collection_item, request, name, id_)
    document["links"] = _links(host, document["links"], request)
    return document, headers["Content-Crs"]


def schema(host: Host, name: str, language: Language, resource: str) -> Document:
    """The fields of a collection as JSON Schema; `resource` is `schema` or `queryables`.

    Raises:
        NotFoundError: there is no such collection.
    """
    layer = layer_of(host, name)
    properties: Document = {}
    if layer.geometry is not None:
        shape = {"x-ogc-role": "primary-geometry", "format": f"geometry-{_SHAPES[layer.geometry]}"}
        properties["geometry"] = {"title": "géométrie" if language == "fr" else "geometry"} | shape
    for position, field in enumerate(layer.fields, start=1):
        properties[field.name] = _property(layer, field) | {"x-ogc-propertySeq": position}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{host.address}/collections/{name}/{resource}",
        "type": "object",
        "title": host.api.config["resources"][name]["title"][language],
        "properties": properties,
        "additionalProperties": False,
    }


def layer_of(host: Host, name: str) -> Layer:
    """The layer of a collection.

    Raises:
        NotFoundError: there is no such collection of objects.
    """
    try:
        return host.layers[name]
    except KeyError:
        raise NotFoundError(f"there is no collection {name!r} here: see {host.address}/collections") from None


def _property(layer: Layer, field: Field) -> Document:
    found = json_type(field)
    if field.title:
        found["title"] = field.title
    if field.codes:
        found["description"] = " ; ".join(f"{code} : {label}" for code, label in field.codes.items())
    if field.name == layer.id_field:
        found["x-ogc-role"] = "id"
    if field.name == layer.time_field:
        found["x-ogc-role"] = "primary-instant"
    return found


def _collection(host: Host, document: Document, request: HostRequest) -> Document:
    """The description, with the dates of the objects, without the box of what has no geometry."""
    name = document["id"]
    if host.layers[name].geometry is None:
        del document["extent"]["spatial"]
    if name in host.spans:
        first, last = host.spans[name]
        document["extent"]["temporal"] = {"interval": [[_moment(first), _moment(last)]]}
    licence = {"rel": "license", "title": host.served.licence_title, "href": host.served.licence_url}
    document["links"] = _links(host, [*document["links"], licence], request)
    return document


def _at(link: Document, offset: int) -> Document:
    """The link with the offset of the page, which pygeoapi leaves out of the page's own addresses."""
    if not offset or link["rel"] not in ("self", "alternate"):
        return link
    return link | {"href": f"{link['href']}&offset={offset}"}


def _moment(day: str) -> str:
    return day if "T" in day else f"{day}T00:00:00Z"


def _added(host: Host) -> list[Document]:
    return [dict(entry) for extension in host.extensions for entry in extension.collections()]


def _related(title: str, media_type: str, href: str) -> dict[str, str]:
    return {"rel": "related", "type": media_type, "title": title, "href": href}


def _leads_nowhere(host: Host, href: str) -> bool:
    served = {route.path for extension in host.extensions for route in extension.routes}
    return any(href.startswith(host.address + path) and path not in served for path in _NOT_SERVED)


def _links(host: Host, links: list[Document], request: HostRequest) -> list[Document]:
    """The links without what is not served (JSON-LD, CSV), with French titles in French."""
    kept = [link for link in links if not link.get("type", "").startswith(_OTHER_FORMATS)]
    if request.locale.language != "fr":
        return kept
    french: Configuration = host.base["french_links"]
    return [_titled(link, french) for link in kept]


def _titled(link: Document, titles: Mapping[str, Any]) -> Document:
    title = link.get("title")
    return link | {"title": titles.get(title, title)} if title else link
