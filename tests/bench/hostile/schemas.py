"""Requests that Schemathesis makes out of our own OpenAPI document, valid ones and ones that are not."""

import json
import warnings
from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import urlopen

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import NonInteractiveExampleWarning
from schemathesis import Case, GenerationMode

from tests.bench.hostile.harm import Attack, Headers, request

_IN_API = {"processes": "processes", "jobs": "processes"}
_IN_COLLECTION = {"coverage": "coverage", "map": "maps"}


def attacks(url: str, count: int, number: int) -> Iterator[Attack]:
    """About so many requests, spread over the operations that `url` describes.

    Args:
        url: the public address of the site.
        count: how many.
        number: seed; the same requests for the same one and the same document.
    """
    with urlopen(f"{url}/ogcapi/openapi?f=json", timeout=60) as answer:
        document = json.load(answer)
    schema = schemathesis.openapi.from_dict(document)
    found = [result.ok() for result in schema.get_all_operations() if result.ok() is not None]
    found = found[number % 2 :: max(1, 2 * len(found) // max(count, 1))]
    each = -(-count // (2 * len(found)))
    base = f"{url}/ogcapi"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonInteractiveExampleWarning)
        for operation in found:
            for mode in (GenerationMode.NEGATIVE, GenerationMode.POSITIVE):
                for case in _cases(operation, mode, each, number):
                    raw = _raw(case, base)
                    if raw is not None:
                        yield Attack(_service(operation.path), f"schema {mode.value}", raw, unfinished=False)


def _cases(
    operation: schemathesis.schemas.APIOperation, mode: GenerationMode, count: int, number: int
) -> list[Case]:
    made: list[Case] = []

    @seed(number)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(mode))
    def collect(case: Case) -> None:
        made.append(case)

    try:
        collect()
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("hypothesis", "schemathesis"):
            raise
    return made


def _raw(case: Case, base: str) -> bytes | None:
    """The bytes of a case; None where no client could write it."""
    try:
        told = case.as_transport_kwargs(base_url=base)
        told.pop("allow_redirects", None)
        prepared = requests.Request(**{key: told[key] for key in told if key in _REQUEST}).prepare()
    except (ValueError, TypeError, UnicodeError, requests.RequestException):
        return None
    parts = urlsplit(prepared.url or "")
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    body = prepared.body or b""
    if not isinstance(body, (bytes, str)):
        return None
    headers: Headers = []
    for name, text in prepared.headers.items():
        if name.lower() not in ("content-length", "host", "connection"):
            as_bytes = [
                one if isinstance(one, bytes) else one.encode("latin-1", "replace") for one in (name, text)
            ]
            headers.append((as_bytes[0], as_bytes[1]))
    method = (prepared.method or "GET").encode()
    return request(
        method, target.encode("utf-8", "replace"), headers, body.encode() if isinstance(body, str) else body
    )


_REQUEST = frozenset({"method", "url", "headers", "files", "data", "params", "auth", "cookies", "json"})


def _service(path: str) -> str:
    words = path.strip("/").split("/")
    if words[0] == "stac":
        return "stac"
    if words[0] == "collections" and len(words) > 2:
        return _IN_COLLECTION.get(words[2], "ogcapi")
    return _IN_API.get(words[0], "ogcapi")
