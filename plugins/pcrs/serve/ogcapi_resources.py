"""The resources of the OGC API of objects: their addresses, their parameters, and what they are made from."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from pyproj import CRS

from pcrs.errors import InputError
from pcrs.serve import (
    feature_files,
    feature_items,
    feature_placeless,
    feature_query,
    ogcapi_documents,
    ogcapi_openapi,
)
from pcrs.serve.feature_document import Shown, as_mapping, as_text
from pcrs.serve.feature_files import EXTRACT, FileAsked
from pcrs.serve.feature_items import GEOJSON
from pcrs.serve.feature_links import can_embed
from pcrs.serve.feature_query import ItemsAsked, Limits
from pcrs.serve.feature_schema import answered_fields, schema
from pcrs.serve.ogcapi_answer import Told
from pcrs.serve.ogcapi_config import PATH
from pcrs.serve.ogcapi_documents import communes, layer_of
from pcrs.serve.ogcapi_host import Document, Host
from pcrs.serve.ogcapi_request import COMMON, EMBED, ITEM, ITEMS, Asked, HostRequest
from pcrs.standard.crs import CRS84, PCRS_CRS, uri
from pcrs.store.base import Layer
from pcrs.vector.formats import FORMATS, ONE_CLASS_FORMATS

_JSON_SCHEMA = "application/schema+json"
_OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


@dataclass(frozen=True, slots=True)
class View:
    """What a resource is made from."""

    host: Host
    asked: Asked
    path: Mapping[str, str]
    """Parameters in the path."""

    @property
    def request(self) -> HostRequest:
        """The request as pygeoapi takes it."""
        return HostRequest(self.asked, PATH)


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of address."""

    path: str
    tell: Callable[[View], Told]
    allowed: Callable[[Host, Mapping[str, str]], Collection[str]] = lambda _host, _path: COMMON
    files: Mapping[str, str] = field(default_factory=dict)
    """Media types by the names of the formats of files in which it can be had."""
    file: Callable[[View], FileAsked] | None = None


def _landing(view: View) -> Told:
    return Told(ogcapi_documents.landing(view.host, view.request), "landing.html")


def _openapi(view: View) -> Told:
    document = ogcapi_openapi.document(view.host, view.asked.language)
    return Told(document, "openapi.html", _OPENAPI)


def _conformance(view: View) -> Told:
    return Told(ogcapi_documents.conformance(view.host), "conformance.html")


def _collections(view: View) -> Told:
    return Told(ogcapi_documents.collections(view.host, view.request), "collections.html")


def _collection(view: View) -> Told:
    document = ogcapi_documents.collection(view.host, view.request, view.path["name"])
    layer = view.host.layers.get(view.path["name"])
    return Told(document, "collection.html", context={"fields": layer.fields if layer else ()})


def _schema(resource: str) -> Callable[[View], Told]:
    def tell(view: View) -> Told:
        name = view.path["name"]
        document = schema(view.host, layer_of(view.host, name), view.asked.language, resource)
        return Told(document, "schema.html", _JSON_SCHEMA, context={"name": name})

    return tell


def _items_asked(view: View, limits: Limits) -> tuple[Layer, ItemsAsked]:
    layer = view.host.layers[view.path["name"]]
    asked = feature_query.read(layer, view.asked.params, limits)
    return layer, feature_placeless.within(view.host.served.store, layer, asked, view.asked.area)


def _items_file(view: View) -> FileAsked:
    layer, asked = _items_asked(view, feature_files.WHOLE)
    return feature_files.items_file(view.host, layer, asked, view.asked)


def _item_file(view: View) -> FileAsked:
    return feature_files.item_file(
        view.host, view.host.layers[view.path["name"]], view.path["id"], view.asked
    )


def _area_file(view: View) -> FileAsked:
    return feature_files.area_file(view.host.served, view.asked)


def _extract(view: View) -> Told:
    given = sorted({*view.asked.params} - {*COMMON})
    if given:
        raise InputError(f"{', '.join(given)}: an extract is a file, say which by f={'|'.join(FORMATS)}")
    document = ogcapi_documents.extract(view.host, view.asked.language)
    context = {"communes": communes(view.host), "formats": FORMATS, "systems": _SYSTEMS}
    return Told(document, "extract.html", context=context)


def _items(view: View) -> Told:
    limits = view.host.base["server"]["limits"]
    layer, asked = _items_asked(view, Limits(limits["default_items"], limits["max_items"]))
    document = feature_items.items(view.host, layer, asked, view.asked, _shown(view))
    return _objects(view, document, asked.crs, "items.html")


def _item(view: View) -> Told:
    layer = view.host.layers[view.path["name"]]
    crs = feature_query.crs(view.asked.params, "crs")
    document = feature_items.item(view.host, layer, view.path["id"], crs, view.asked, _shown(view))
    return _objects(view, document, crs, "item.html")


def _shown(view: View) -> Shown:
    """Geometries as the representation takes them."""
    return as_text if view.asked.format == "json" else as_mapping


def _objects(view: View, document: Document, crs: str, template: str) -> Told:
    name = view.path["name"]
    layer = view.host.layers[name]
    fields = answered_fields(layer)
    context = {
        "name": name,
        "title": view.host.api.config["resources"][name]["title"][view.asked.language],
        "titles": {field.name: field.title or field.name for field in fields},
        "codes": {field.name: field.codes for field in fields if field.codes},
        "id_field": layer.id_field,
        "drawable": crs == CRS84,
        "params": view.asked.params,
        "time_field": layer.time_field,
    }
    return Told(document, template, GEOJSON, {"Content-Crs": f"<{crs}>"}, context)


def _item_parameters(found: Host, path: Mapping[str, str]) -> Collection[str]:
    name = layer_of(found, path["name"]).name
    return (*ITEM, EMBED) if can_embed(name) else ITEM


def _items_parameters(found: Host, path: Mapping[str, str]) -> Collection[str]:
    layer = layer_of(found, path["name"])
    carrying = (EMBED,) if can_embed(layer.name) else ()
    return {*ITEMS, *carrying, *(field.name for field in layer.fields)}


_SYSTEMS = [(uri(epsg), f"EPSG:{epsg} – {CRS.from_epsg(epsg).name}") for epsg in PCRS_CRS]
_ONE_CLASS, _ANY_CLASS = feature_files.media_types(ONE_CLASS_FORMATS), feature_files.media_types(FORMATS)
RESOURCES = (
    Resource("/", _landing),
    Resource("/openapi", _openapi),
    Resource("/conformance", _conformance),
    Resource("/collections", _collections),
    Resource("/collections/{name}/items", _items, _items_parameters, _ONE_CLASS, _items_file),
    Resource("/collections/{name}/items/{id:path}", _item, _item_parameters, _ONE_CLASS, _item_file),
    Resource("/extract", _extract, lambda _host, _path: (*COMMON, *EXTRACT), _ANY_CLASS, _area_file),
    Resource("/collections/{name}/queryables", _schema("queryables")),
    Resource("/collections/{name}/schema", _schema("schema")),
    Resource("/collections/{name}", _collection),
)
