"""The documents of the API: pygeoapi's, completed and corrected, and those that we make whole."""

import pygeoapi.api as core

from pcrs.errors import NotFoundError
from pcrs.serve.ogcapi_host import Document, Host, call
from pcrs.serve.ogcapi_links import links_in, with_parameters
from pcrs.serve.ogcapi_request import HostRequest
from pcrs.standard.crs import L93, uri
from pcrs.store.base import Layer, Query
from pcrs.vector.formats import FORMATS, ONE_CLASS_FORMATS
from pcrs.work.layers import COMMUNES

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
        "ogcapi-features-3/1.0/conf/filter",
        "ogcapi-features-3/1.0/conf/features-filter",
        "ogcapi-features-5/1.0/conf/schemas",
        "ogcapi-features-5/1.0/conf/core-roles-features",
        "cql2/1.0/conf/cql2-text",
        "cql2/1.0/conf/cql2-json",
        "cql2/1.0/conf/basic-cql2",
        "cql2/1.0/conf/advanced-comparison-operators",
        "cql2/1.0/conf/case-insensitive-comparison",
        "cql2/1.0/conf/accent-insensitive-comparison",
        "cql2/1.0/conf/basic-spatial-functions",
        "cql2/1.0/conf/basic-spatial-functions-plus",
        "cql2/1.0/conf/spatial-functions",
        "cql2/1.0/conf/temporal-functions",
        "cql2/1.0/conf/array-functions",
        "cql2/1.0/conf/property-property",
    )
)
"""What the features do; CQL2 by the standard's own predicates. Arithmetic and functions of our own are not
among it, nor is any writing (Part 4)."""
_NOT_SERVED = ("/processes", "/jobs", "/TileMatrixSets", "/asyncapi")


def landing(host: Host, request: HostRequest) -> Document:
    """The landing page: what is served here, and the site's other services."""
    document, _ = call(host, core.landing_page, request)
    public = host.served.public_url
    links = [link for link in document["links"] if not _leads_nowhere(host, link["href"])]
    links += [dict(link) for extension in host.extensions for link in extension.links]
    links += [
        extract_link(host, request.locale.language),
        {"rel": "license", "title": host.served.licence_title, "href": host.served.licence_url},
        _related("WMTS", "application/xml", f"{public}/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"),
        _related("CSW", "application/xml", f"{public}/csw?service=CSW&request=GetCapabilities"),
    ]
    document["links"] = links_in(host, links, request.locale.language)
    return document | {"attribution": host.served.operator}


def extract_link(host: Host, language: str) -> Document:
    """The link to the extracts."""
    title = "Extraire une commune, une dalle ou un rectangle" if language == "fr" else "Extract an area"
    return {"rel": "related", "type": "text/html", "title": title, "href": f"{host.address}/extract"}


def extract(host: Host, language: str) -> Document:
    """What an extract is, and the addresses of those of each format."""
    said = {
        "fr": (
            "Extraire",
            "Tous les objets d'une commune, d'une dalle ou d'un rectangle, entiers, avec ce à quoi ils se "
            "réfèrent et un lisez-moi.",
        ),
        "en": (
            "Extract",
            "Every object of a commune, a tile or a box, whole, with what it refers to and a notice.",
        ),
    }
    title, text = said["en" if language == "en" else "fr"]
    here = f"{host.address}/extract"
    offered = [("self", "application/json", title, "f=json"), ("alternate", "text/html", title, "f=html")]
    links: list[Document] = [
        {"rel": rel, "type": kind, "title": name, "href": f"{here}?{query}"}
        for rel, kind, name, query in offered
    ]
    for form in FORMATS.values():
        href = f"{here}?f={form.name}{{&commune,dalle,bbox,bbox-crs,crs,clip,collections,valid-at}}"
        link = {"rel": "item", "type": form.media_type, "title": form.title, "href": href, "templated": True}
        links.append(link)
    return {"title": title, "description": text, "links": links}


def communes(host: Host) -> list[tuple[str, str]]:
    """Codes and names of the communes of the site, by name."""
    if COMMUNES.name not in host.layers:
        return []
    query = Query(sort=(("nom", True),), limit=2000, geometry=False)
    return [(row.id, row.values["nom"]) for row in host.served.store.query(COMMUNES.name, query).rows]


def conformance(host: Host) -> Document:
    """The conformance classes that are met, those of extensions included."""
    added = (name for extension in host.extensions for name in extension.conformance)
    return {"conformsTo": sorted({*CONFORMANCE, *added})}


def collections(host: Host, request: HostRequest) -> Document:
    """Every collection that holds something, extensions' first."""
    document, _ = call(host, core.describe_collections, request)
    ours = [_collection(host, entry, request) for entry in document["collections"]]
    document["collections"] = [*_added(host), *ours]
    document["links"] = links_in(host, document["links"], request.locale.language)
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


def layer_of(host: Host, name: str) -> Layer:
    """The layer of a collection.

    Raises:
        NotFoundError: there is no such collection of objects.
    """
    try:
        return host.layers[name]
    except KeyError:
        raise NotFoundError(f"there is no collection {name!r} here: see {host.address}/collections") from None


def _collection(host: Host, document: Document, request: HostRequest) -> Document:
    """The description, with the dates of the objects, without the box of what has no geometry."""
    name = document["id"]
    if host.layers[name].geometry is None:
        del document["extent"]["spatial"]
    if name in host.spans:
        first, last = host.spans[name]
        document["extent"]["temporal"] = {"interval": [[_moment(first), _moment(last)]]}
    licence = {"rel": "license", "title": host.served.licence_title, "href": host.served.licence_url}
    items = f"{host.address}/collections/{name}/items"
    files = [
        {
            "rel": "items",
            "type": form.media_type,
            "title": form.title,
            "href": with_parameters(items, {"f": form.name, "crs": uri(L93)}),
        }
        for form in ONE_CLASS_FORMATS.values()
    ]
    ours = [link for link in document["links"] if not link.get("type", "").startswith("text/csv")]
    document["links"] = links_in(host, [*ours, *files, licence], request.locale.language)
    return document


def _moment(day: str) -> str:
    return day if "T" in day else f"{day}T00:00:00Z"


def _added(host: Host) -> list[Document]:
    return [dict(entry) for extension in host.extensions for entry in extension.collections()]


def _related(title: str, media_type: str, href: str) -> dict[str, str]:
    return {"rel": "related", "type": media_type, "title": title, "href": href}


def _leads_nowhere(host: Host, href: str) -> bool:
    served = {route.path for extension in host.extensions for route in extension.routes}
    return any(href.startswith(host.address + path) and path not in served for path in _NOT_SERVED)
