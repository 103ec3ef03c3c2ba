"""What a request wants, read from its method and path: an action, and the layers whose data it takes.

Descriptions (capabilities, collections, records, lists of files) are open always: catalogues read them, and
INSPIRE wants them open. Addresses are read here as the most lenient of the services would read them: empty
parts of a path count for nothing, and what might be data is taken for it.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.publish.addresses import RECORDS
from pcrs.serve.answers import Scope
from pcrs.serve.ows import OwsError, parameters
from pcrs.serve.wms_request import map_box, spoken_version
from pcrs.serve.wmts_request import CAPABILITIES_PATH
from pcrs.standard.crs import CRS84, L93, BBox, transform_bbox
from pcrs.standard.grid import LAMB93, PM, Tile, TileMatrixSet
from pcrs.standard.names import parse
from pcrs.standard.regions import box_region
from pcrs.vector.drawing import AFFLEURANTS
from pcrs.vector.formats import FORMATS, ONE_CLASS_FORMATS
from pcrs.work.access import VECTOR, Action, Ask, Spread

_OPEN = Ask()
_ORTHO = Ask(layers=frozenset({"ortho"}))
_PIXEL = Ask(layers=frozenset({"ortho", "dalles"}))
"""What GetFeatureInfo tells of a place is what the index of dalles does."""
_CLASSES = Ask(layers=frozenset({VECTOR}))
_FILE_TYPES = frozenset(
    form.media_type.partition(";")[0].encode() for form in (*FORMATS.values(), *ONE_CLASS_FORMATS.values())
)
_GRIDS: dict[str, TileMatrixSet] = {grid.id: grid for grid in (LAMB93, PM)}
_ACTIONS: dict[str, Action] = {"metrics": "observe"}
"""First words of paths that are an action of their own."""
_WMS_OPEN = ("getcapabilities", "capabilities", "getlegendgraphic")
_WMS_MAPS = ("getmap", "map")
_TILE_WORDS = 5
"""Of an address of a tile after `/wmts`: layer, grid, level, column, row; one of GetFeatureInfo goes on."""
_UNCUT = frozenset({"listing", "telechargement", "stac", "data", "stockages", "archives"})
"""First words of addresses whose answers are whole, whatever the area of who asks."""
_DESCRIBED = frozenset({"", "schema", "queryables"})
"""What of a collection tells about it and holds none of its data."""
_KVP_TILE = ("tilematrixset", "tilematrix", "tilecol", "tilerow")
_REST_TILE = re.compile(r"/wmts/[^/]+/([\w.]+)/(\d{1,2})/(\d{1,9})/(\d{1,9})(?:/\d+/\d+)?\.\w+")
_API_TILE = re.compile(r"/ogcapi/collections/\w+/map/tiles/([\w.]+)/(\d{1,2})/(\d{1,9})/(\d{1,9})")


def asks(scope: Scope) -> Ask:
    """What a request wants, without a place: `placed` adds it."""
    first, *rest = _words(scope) or [""]
    reader = _READERS.get(first)
    if reader is not None:
        return reader(scope, rest)
    action = _ACTIONS.get(first)
    return Ask(action) if action is not None else _OPEN


def _words(scope: Scope) -> list[str]:
    return [word for word in scope["path"].split("/") if word]


def _wmts(scope: Scope, rest: list[str]) -> Ask:
    """The address of the capabilities takes requests by key and value too."""
    capabilities = "/".join(rest) == CAPABILITIES_PATH
    if rest and not capabilities:
        return _ORTHO if len(rest) <= _TILE_WORDS else _PIXEL
    operation = _operation(scope)
    if operation == "getcapabilities" or (capabilities and operation == ""):
        return _OPEN
    return _ORTHO if operation == "gettile" else _PIXEL


def _wms(scope: Scope, rest: list[str]) -> Ask:
    operation = _operation(scope)
    if operation in _WMS_OPEN and not rest:
        return _OPEN
    return _ORTHO if operation in _WMS_MAPS else _PIXEL


def _operation(scope: Scope) -> str | None:
    return _parameter(scope, "request")


def _embeds(scope: Scope) -> bool:
    """True when objects come with those of other classes that they name, and when that cannot be told."""
    return _parameter(scope, "embed") in ("true", None)


def _files(scope: Scope) -> bool:
    """True when a file may be asked: covers are drawn in it as the objects that they belong to say."""
    wanted = _parameter(scope, "f")
    if wanted != "":
        return wanted not in ("json", "html")
    accepted = next((value for name, value in scope["headers"] if name == b"accept"), b"").lower()
    return any(each in accepted for each in _FILE_TYPES)


def _parameter(scope: Scope, name: str) -> str | None:
    """Its value in lower case; None: the query is too long to be read here."""
    try:
        return parameters(scope["query_string"]).get(name, "").lower()
    except OwsError:
        return None


def _ogcapi(scope: Scope, rest: list[str]) -> Ask:
    match rest:
        case ["extract"]:
            return _CLASSES if _files(scope) else _OPEN
        case ["collections", name, *more]:
            if name == RECORDS or (more[0] if more else "") in _DESCRIBED:
                return _OPEN
            action: Action = "read" if scope["method"] in ("GET", "HEAD", "OPTIONS") else "edit"
            spread: Spread = "within" if more[0] == "coverage" else "touches"
            with_others = _embeds(scope) or name in AFFLEURANTS
            layers = {name, VECTOR} if with_others else {name}
            return Ask(action, frozenset(layers), spread=spread)
        case ["processes", _, "execution"] | ["jobs", *_]:
            return Ask("process")
        case ["map" | "tiles", *_]:
            return _ORTHO
    return _OPEN


def _listing(_scope: Scope, rest: list[str]) -> Ask:
    if not rest or "." not in rest[-1]:
        return _OPEN
    return _CLASSES if rest[0] == "vecteur" else _ORTHO


def _download(_scope: Scope, rest: list[str]) -> Ask:
    match rest:
        case ["download", name, *_]:
            return _CLASSES if name.endswith("VECTEUR") else _ORTHO
    return _OPEN


def _portal(_scope: Scope, rest: list[str]) -> Ask:
    return Ask(layers=frozenset({"ortho", VECTOR})) if rest == ["plan.pdf"] else _OPEN


def _archives(_scope: Scope, _rest: list[str]) -> Ask:
    return Ask(layers=frozenset({"archives"}))


def _stac(scope: Scope, rest: list[str]) -> Ask:
    """A search is of all collections, unless its address names some."""
    match rest:
        case ["collections", "archives", *_]:
            return _archives(scope, rest)
        case ["search", *_]:
            named = {name for name in (_parameter(scope, "collections") or "").split(",") if name}
            if scope["method"] == "POST" or not named:
                return Ask(layers=frozenset({"dalles", "archives"}))
            return Ask(layers=frozenset("archives" if name == "archives" else "dalles" for name in named))
    return _index(scope, rest)


def _index(_scope: Scope, _rest: list[str]) -> Ask:
    return Ask(layers=frozenset({"dalles"}))


def _admin(scope: Scope, rest: list[str]) -> Ask:
    """The page itself tells nothing; what it asks is for those who watch, who decide, who administer."""
    match rest:
        case []:
            return _OPEN
        case ["livraisons", _, "rapport"] | ["copies" | "taches"] | ["copies", "relecture"]:
            return Ask("observe")
        case ["usage" | "usage.csv"]:
            return Ask("statistics")
        case ["livraisons", *_]:
            return Ask("observe" if scope["method"] in ("GET", "HEAD") else "decide")
        case ["commandes", *_]:
            return Ask("decide")
    return Ask("administer")


_READERS: dict[str, Callable[[Scope, list[str]], Ask]] = {
    "wmts": _wmts,
    "wms": _wms,
    "ogcapi": _ogcapi,
    "listing": _listing,
    "telechargement": _download,
    "stac": _stac,
    "archives": _archives,
    "data": _index,
    "stockages": _index,
    "portail": _portal,
    "admin": _admin,
}


def placed(scope: Scope, ask: Ask) -> Ask:
    """The same with the place that the request names, where it names one that can be read.

    What nobody cuts down to an area (files, STAC) has to lie within it, then, when it names none.
    """
    words = _words(scope)
    try:
        box = _box("/" + "/".join(words), scope)
    except (InputError, ValueError):
        box = None  # the service itself says what is wrong with it
    if box is None and words[:1] and words[0] in _UNCUT:
        return replace(ask, spread="within")
    return replace(ask, box=box)


def _box(path: str, scope: Scope) -> BBox | None:
    tile = _REST_TILE.fullmatch(path)
    if tile is not None:
        set_id, level, col, row = tile.groups()
        return _tile_box(set_id, level, col, row)
    tile = _API_TILE.fullmatch(path)
    if tile is not None:
        set_id, level, row, col = tile.groups()
        return _tile_box(set_id, level, col, row)
    if path.startswith(("/listing/", "/telechargement/")):
        name = parse(path.rsplit("/", 1)[-1])
        return BBox(name.x_m, name.y_m - name.size_m, name.x_m + name.size_m, name.y_m)
    params = parameters(scope["query_string"])
    if path.startswith("/wmts"):
        return _tile_box(
            *(params.get(key, "") for key in ("tilematrixset", "tilematrix", "tilecol", "tilerow"))
        )
    if path.startswith("/wms"):
        return _in_l93(*map_box(params, spoken_version(params)))
    if "bbox" not in params:
        return None
    numbers = [float(number) for number in params["bbox"].split(",")]
    return _bounds(box_region(numbers, params.get("bbox-crs", CRS84))) if len(numbers) in (4, 6) else None


def _tile_box(set_id: str, level: str, col: str, row: str) -> BBox | None:
    grid, tile = _GRIDS.get(set_id), Tile(int(level), int(col), int(row))
    if grid is None or not grid.contains(tile):
        return None
    return _in_l93(grid.epsg, grid.bbox(tile))


def _in_l93(epsg: int, box: tuple[float, float, float, float]) -> BBox:
    return transform_bbox(BBox(*box), epsg, L93)


def _bounds(region: BaseGeometry | None) -> BBox | None:
    return None if region is None else BBox(*region.bounds)
