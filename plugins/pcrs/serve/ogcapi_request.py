"""What an OGC API request asks: its parameters judged, its language and representation chosen.

pygeoapi ignores what it does not know and stumbles over some of what it knows (nan, six numbers, odd
headers): it gets a request in which everything has been looked at.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from babel import Locale
from pygeoapi.api import APIRequest
from shapely.geometry.base import BaseGeometry
from starlette.requests import Request

from pcrs.errors import InputError
from pcrs.serve.accept import weight_of, weights
from pcrs.serve.context import AREA
from pcrs.serve.parameters import each_once, refuse_unknown
from pcrs.standard.crs import CRS84, epsg_of

Language = Literal["fr", "en"]
COMMON = ("f", "lang", "apikey")
"""Parameters of every resource; `apikey` is read by the access control."""
ITEM = (*COMMON, "crs", "valid-at")
ITEMS = (
    *ITEM,
    *("limit", "offset", "cursor", "bbox", "bbox-crs", "datetime", "filter", "filter-lang", "filter-crs"),
    *("sortby", "properties", "skipGeometry", "resulttype"),
)
EMBED = "embed"
"""Of the collections whose objects may carry those that they name."""
LOCALES: Mapping[Language, Locale] = {"fr": Locale("fr", "FR"), "en": Locale("en", "US")}
_HTML = ("text/html", "application/xhtml+xml")
_JSON = ("application/json", "application/geo+json", "application/schema+json")
_MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, judged."""

    format: str
    """`json`, `html`, or the name of a format of files."""
    language: Language
    params: Mapping[str, str]
    area: BaseGeometry | None = None
    """EPSG:2154: nothing that lies outside is told of; None: there is no such limit."""


class HostRequest(APIRequest):  # type: ignore[misc]
    """The request as pygeoapi sees it: always for JSON, which we render as HTML where that was asked."""

    def __init__(self, asked: Asked, path: str) -> None:
        self._data = b""
        self._args = {name: value for name, value in asked.params.items() if name != "f"}
        self._path_info = path.strip("/")
        self._raw_locale = asked.language
        self._locale = LOCALES[asked.language]
        self._format = None
        self._headers: dict[str, Any] = {}


def read(request: Request, files: Mapping[str, str] = MappingProxyType({})) -> Asked:
    """Representation, language and parameters of a request; what they mean is judged by `check`.

    `files`: media types by the names of the formats that the resource has besides JSON and HTML.

    Raises:
        InputError: `f` or `lang` is wrong, or a parameter is given twice.
    """
    params = each_once(request.query_params.multi_items())
    return Asked(
        _format(params.get("f"), request.headers.get("accept", ""), files),
        _language(params.get("lang"), request.headers.get("accept-language", "")),
        params,
        request.scope.get(AREA),
    )


def language_of(request: Request) -> Language:
    """The language that a request prefers.

    Raises:
        InputError: `lang` is not one that is spoken.
    """
    return _language(request.query_params.get("lang"), request.headers.get("accept-language", ""))


def check(params: Mapping[str, str], allowed: Collection[str]) -> None:
    """Nothing, when every parameter is known and well formed.

    Raises:
        InputError: one is not; the message says what was expected.
    """
    refuse_unknown(params, allowed)
    for name, value in params.items():
        if name in _CHECKS:
            _CHECKS[name](value)
    if "bbox" in params:
        _box(params["bbox"], params.get("bbox-crs", CRS84))
    elif "bbox-crs" in params:
        raise InputError("bbox-crs is given without a bbox")


def _format(wanted: str | None, accept: str, files: Mapping[str, str]) -> str:
    names = ("json", "html", *files)
    if wanted in names:
        return str(wanted)
    if wanted is not None:
        raise InputError(f"f={wanted!r}: this resource is served as {', '.join(names)}")
    offers = weights(accept)
    html, json = (max(weight_of(offers, kind) for kind in kinds) for kinds in (_HTML, _JSON))
    named = {kind: weight for kind, weight in offers if weight > max(html, json)}
    bare = {name: media_type.partition(";")[0] for name, media_type in files.items()}
    file = max((name for name in bare if bare[name] in named), key=lambda n: named[bare[n]], default=None)
    return file or ("html" if html > json else "json")


def _language(wanted: str | None, accept: str) -> Language:
    if wanted is not None:
        if not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", wanted):
            raise InputError(f"lang={wanted!r}: expected fr or en")
        return "en" if wanted[:2].lower() == "en" else "fr"
    offers = weights(accept)
    french, english = (
        max((weight for tag, weight in offers if tag[:2] == language), default=0.0)
        for language in ("fr", "en")
    )
    return "en" if english > french else "fr"


def _whole(name: str, smallest: int) -> Callable[[str], None]:
    def check_whole(value: str) -> None:
        if not re.fullmatch(rf"[0-9]{{1,{_MAX_DIGITS}}}", value) or int(value) < smallest:
            raise InputError(f"{name}={value!r}: expected a whole number, {smallest} or more")

    return check_whole


def _one_of(name: str, words: Sequence[str]) -> Callable[[str], None]:
    def check_word(value: str) -> None:
        if value not in words:
            raise InputError(f"{name}={value!r}: expected {' or '.join(words)}")

    return check_word


def _not_empty(name: str) -> Callable[[str], None]:
    def check_names(value: str) -> None:
        if not all(value.split(",")):
            raise InputError(f"{name}={value!r}: expected names separated by commas")

    return check_names


_CHECKS: Mapping[str, Callable[[str], None]] = {
    "limit": _whole("limit", 1),
    "offset": _whole("offset", 0),
    "skipGeometry": _one_of("skipGeometry", ("true", "false")),
    "resulttype": _one_of("resulttype", ("results", "hits")),
    "embed": _one_of("embed", ("true", "false")),
    "clip": _one_of("clip", ("true", "false")),
    "collections": _not_empty("collections"),
    "properties": _not_empty("properties"),
    "sortby": _not_empty("sortby"),
}


def _box(text: str, crs: str) -> None:
    """Nothing, when `text` is a box; whether `crs` is served is for pygeoapi to say."""
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (4, 6) or not all(map(math.isfinite, numbers)):
        raise InputError(
            f"bbox={text!r}: expected four finite numbers, or six with heights, and commas between"
        )
    half = len(numbers) // 2
    low, high = numbers[:half], numbers[half:]
    across_antimeridian = epsg_of(crs) in (4326, 4258)
    ordered = [a <= b for a, b in zip(low, high, strict=True)]
    if across_antimeridian:
        ordered[0 if crs == CRS84 else 1] = True
    if not all(ordered):
        raise InputError(f"bbox={text!r}: the lower corner must come first, in the axis order of {crs}")
