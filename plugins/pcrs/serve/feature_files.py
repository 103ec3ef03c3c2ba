"""Objects as files: the formats of `pcrs export`, of one collection by its query, or of an area by its name.

A file is honest to the query: it has the objects of the collection that the parameters choose, all of them
unless `limit` is given. What an area shows, every class of it with what it refers to, is an extract.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pcrs.errors import InputError, NotFoundError, TooLargeError
from pcrs.serve.context import Served
from pcrs.serve.feature_items import row_of
from pcrs.serve.feature_query import ItemsAsked, Limits, crs, valid_at
from pcrs.serve.ogcapi_host import Host
from pcrs.serve.ogcapi_request import Asked
from pcrs.standard.crs import CRS84, epsg_of, uri
from pcrs.standard.names import format_name, parse
from pcrs.store.base import Layer, Query
from pcrs.vector.formats import FORMATS, ONE_CLASS_FORMATS, Format
from pcrs.work.areas import Area, box_area, commune_area, dalle_area
from pcrs.work.export import Order, export
from pcrs.work.notice import Credits
from pcrs.work.selection import EVERY

WHOLE = Limits(EVERY.limit, EVERY.limit)
"""A file holds everything that is asked, as far as the service gives so much at once."""
AREAS = ("commune", "dalle", "bbox")
EXTRACT = (*AREAS, "bbox-crs", "crs", "clip", "collections", "valid-at")
"""Parameters of an extract."""
_WGS84 = 4326


@dataclass(frozen=True, slots=True)
class FileAsked:
    """A file that can be made: how it is called, and what makes it at a path, or nothing."""

    name: str
    media_type: str
    crs: str
    """URI of its coordinates, x before y."""
    make: Callable[[Path], object]


def media_types(formats: Mapping[str, Format]) -> dict[str, str]:
    """Media types by the names that `f` takes."""
    return {name: each.media_type for name, each in formats.items()}


def items_file(host: Host, layer: Layer, asked: ItemsAsked, request: Asked) -> FileAsked:
    """The objects of a layer that were asked.

    Raises:
        InputError: the format cannot carry what is asked.
    """
    for name in ("embed", "resulttype"):
        if name in request.params:
            raise InputError(f"{name} is for f=json and f=html; a file has the collection's own objects")
    query = replace(asked.query, limit=0) if asked.nowhere else asked.query
    return _of_layer(host.served, layer, query, asked.fields, request)


def item_file(host: Host, layer: Layer, id_: str, request: Asked) -> FileAsked:
    """One object.

    Raises:
        NotFoundError: there is none of that id, or it lies outside the area of who asks.
        InputError: the format cannot carry what is asked.
    """
    if "embed" in request.params:
        raise InputError("embed is for f=json and f=html; a file has the object alone")
    row = row_of(host, layer, id_, request)
    query = replace(EVERY, equals=((layer.id_field, row.id),), at=valid_at(request.params))
    return _of_layer(host.served, layer, query, None, request)


def area_file(served: Served, request: Asked) -> FileAsked:
    """Every class of an area, or those that `collections` names, with what the objects refer to.

    Raises:
        InputError: not exactly one area is named, there is none of that name, or the format cannot carry it.
        NotFoundError: there is no such collection, or the area lies outside that of who asks.
    """
    params = request.params
    form = FORMATS[request.format]
    area = _area(served, params)
    if request.area is not None:
        area = replace(area, region=area.region.intersection(request.area))
        if area.region.is_empty:
            raise NotFoundError(f"{area.title}: outside the area of the token")
    named = params["collections"].split(",") if "collections" in params else ()
    order = replace(
        _order(served, form, replace(EVERY, at=valid_at(params)), _asked_epsg(params, form)),
        area=area,
        bound=request.area,
        clip=params.get("clip") == "true",
        layers=tuple(named),
    )
    suffix = f"-{form.name}.zip" if form.suffix == ".zip" else form.suffix
    return _file(served, order, f"{area.stem}-{order.target_epsg}{suffix}")


def file_crs(params: Mapping[str, str], form: Format) -> int:
    """The CRS of a file: the one asked, else CRS84 as for any answer, else the one that the format wants."""
    if "crs" in params:
        return epsg_of(crs(params, "crs"))
    return _WGS84 if form.crs is None else form.epsg


def _asked_epsg(params: Mapping[str, str], form: Format) -> int:
    """The CRS of an extract: the one asked, else the format's own."""
    return epsg_of(crs(params, "crs")) if "crs" in params else form.epsg


def _of_layer(
    served: Served, layer: Layer, query: Query, columns: frozenset[str] | None, request: Asked
) -> FileAsked:
    form = ONE_CLASS_FORMATS[request.format]
    order = _order(served, form, query, file_crs(request.params, form))
    return _file(served, replace(order, layers=(layer.name,), columns=columns), layer.name + form.suffix)


def _order(served: Served, form: Format, query: Query, epsg: int) -> Order:
    licence = f"{served.licence_title} – {served.licence_url}"
    return Order(
        form,
        Credits(served.title, served.operator, licence, served.public_url),
        datetime.now(UTC).date(),
        epsg=epsg,
        objects_max=served.max_export_objects,
        query=query,
    )


def _file(served: Served, order: Order, name: str) -> FileAsked:
    order.check()

    def make(path: Path) -> None:
        try:
            export(served.store, order, path)
        except TooLargeError:
            raise TooLargeError(_too_large(served, order)) from None

    said = CRS84 if order.target_epsg == _WGS84 else uri(order.target_epsg)
    return FileAsked(name, order.format.media_type, said, make)


def _too_large(served: Served, order: Order) -> str:
    most = served.max_export_objects
    return (
        f"plus de {most} objets en un fichier : restreindre par bbox, filter ou limit, choisir une emprise "
        f"plus petite, ou sur le serveur `pcrs export --format {order.format.name} …`, sans limite / "
        f"more than {most} objects in one file: narrow it by bbox, filter or limit, choose a smaller area, "
        "or run `pcrs export` on the server, which has no limit"
    )


def _area(served: Served, params: Mapping[str, str]) -> Area:
    given = [name for name in AREAS if name in params]
    if len(given) != 1:
        raise InputError(f"give one area: {', '.join(AREAS)} (given: {', '.join(given) or 'none'})")
    if "commune" in params:
        return commune_area(served.store, params["commune"])
    if "dalle" in params:
        name = parse(params["dalle"])
        return dalle_area(name, format_name(name))
    return box_area(params["bbox"], crs(params, "bbox-crs"))
