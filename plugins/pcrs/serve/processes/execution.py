"""What a request to execute asks: inputs, which outputs, in which form, waited for or not."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pcrs.errors import InputError
from pcrs.work.processing import Process

MAX_BODY = 32 * 2**20
"""Bytes of a request: a GML may stand in it."""
_DEPTH = 40
_PREFERS = re.compile(r"\brespond-(async|sync)\b")
_QUALIFIED = {"value", "mediaType", "format", "schema"}
_KNOWN = {"inputs", "outputs", "response", "mode", "subscriber"}


@dataclass(frozen=True, slots=True)
class Execution:
    """A request to execute, judged."""

    inputs: Mapping[str, Any]
    outputs: tuple[str, ...]
    """The outputs that are asked for."""
    raw: bool
    """True: the output itself, not a document of outputs."""
    wait: bool
    """True: the answer is what comes of it; False: a job."""


def read(process: Process, body: bytes, prefer: str) -> Execution:
    """The request in `body`; `prefer` is its header Prefer.

    Raises:
        InputError: it is no JSON, or not as the process describes it.
    """
    document = _document(body)
    inputs = document.get("inputs", {})
    if not isinstance(inputs, dict):
        raise InputError("inputs: expected an object, values by name of input")
    inputs = {name: _value(value) for name, value in inputs.items()}
    process.check(inputs)
    response = document.get("response", "raw")
    if response not in ("raw", "document"):
        raise InputError(f"response: {str(response)[:40]!r} is neither raw nor document")
    return Execution(
        inputs, _outputs(process, document), response == "raw", _waits(process, document, prefer)
    )


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
        if _depth(document) > _DEPTH:
            raise InputError(f"the request is nested deeper than {_DEPTH}")
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError('the body is no JSON; expected {"inputs": {…}}') from None
    if not isinstance(document, dict):
        raise InputError('expected an object: {"inputs": {…}}')
    unknown = [str(name)[:40] for name in document if name not in _KNOWN]
    if unknown:
        raise InputError(f"{', '.join(unknown)}: not known here; there are {', '.join(sorted(_KNOWN))}")
    return document


def _depth(value: Any) -> int:
    """How deep a document is nested, counted level by level."""
    depth, level = 0, [value]
    while level and depth <= _DEPTH:
        depth += 1
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        level = [each for each in inner if isinstance(each, dict | list)]
    return depth


def _value(value: Any) -> Any:
    """A value, plain or qualified: {"value": …, "mediaType": …}."""
    if isinstance(value, dict) and "href" in value:
        raise InputError("inputs by reference (href) are not taken: give the value itself")
    if (
        isinstance(value, dict)
        and "value" in value
        and value.keys() <= {"value", "mediaType", "format", "schema"}
    ):
        return value["value"]
    return value


def _outputs(process: Process, document: Mapping[str, Any]) -> tuple[str, ...]:
    asked = document.get("outputs")
    if asked is None:
        return tuple(process.outputs)
    if not isinstance(asked, dict):
        raise InputError("outputs: expected an object, what is wanted by name of output")
    for name in asked:
        if name not in process.outputs:
            raise InputError(
                f"output {str(name)[:40]!r} is not known: {process.id} gives {', '.join(process.outputs)}"
            )
    return tuple(asked) or tuple(process.outputs)


def _waits(process: Process, document: Mapping[str, Any], prefer: str) -> bool:
    """A client that prefers nothing waits for what is quick."""
    found = _PREFERS.search(prefer.lower())
    wanted = found[1] if found else document.get("mode")
    return process.quick and wanted != "async"
