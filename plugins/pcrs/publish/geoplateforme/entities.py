"""Bodies of the Entrepôt's API in which entities stand by what they are known as, not by ids."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

Kind = Literal["upload", "processing", "stored_data", "configuration", "endpoint"]
"""Names of entities, as the SDK's workflows write them."""
Body = Mapping[str, Any]
"""JSON in which a `Ref` may stand wherever the API wants an id."""


class Ref(NamedTuple):
    """An entity of an Entrepôt, by one of its properties. `others` are values that mean the same."""

    kind: Kind
    value: str
    by: str = "name"
    others: tuple[str, ...] = ()


def filled(body: Any, find: Callable[[Ref], str]) -> Any:
    """The body with what `find` gives for each `Ref`, as plain JSON."""
    if isinstance(body, Ref):
        return find(body)
    if isinstance(body, Mapping):
        return {key: filled(value, find) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return [filled(value, find) for value in body]
    return body


def digest(body: Any) -> str:
    """Sixteen hexadecimal digits that tell one body (without `Ref`) from another."""
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
