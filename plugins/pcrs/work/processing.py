"""Functions that a user may run: what each takes and gives, and the task that it is handed.

The words are those of OGC API Processes. A process is a pure function of its task: run again after an
interruption, it makes the same files in the same folder.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from pcrs.errors import InputError
from pcrs.work.access import Principal, Readable
from pcrs.work.progress import Progress, silent

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """A text in French and in English."""

    fr: str
    en: str


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that is given."""

    title: Words
    schema: Schema
    """JSON Schema 2020-12, without references."""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """One thing that comes back: a value, or a file."""

    title: Words
    schema: Schema
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made, in the folder of its task."""

    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Task:
    """A process at work."""

    inputs: Mapping[str, Any]
    folder: Path
    """For its files: empty, or left by a try that was interrupted."""
    readable: Readable = field(default_factory=Readable)
    who: Principal = field(default_factory=Principal)
    progress: Progress = silent


Outputs = Mapping[str, Any]
"""Values by name of output; a file is a `Made`."""


@dataclass(frozen=True, slots=True)
class Process:
    """A function, described."""

    id: str
    title: Words
    description: Words
    inputs: Mapping[str, Input]
    outputs: Mapping[str, Output]
    run: Callable[[Task], Outputs]
    quick: bool = False
    """True: within a second or so, without a file: it may be waited for."""
    version: str = "1.0.0"

    def check(self, inputs: Mapping[str, Any]) -> None:
        """Nothing, when these inputs can be taken.

        Raises:
            InputError: one is missing, unknown, or not of its schema.
        """
        for name in inputs:
            if name not in self.inputs:
                raise InputError(f"input {name!r} is not known: {self.id} takes {', '.join(self.inputs)}")
        for name, each in self.inputs.items():
            if name not in inputs:
                if each.required:
                    raise InputError(f"input {name!r} is missing: {each.title.en}")
                continue
            fault = next(Draft202012Validator(each.schema).iter_errors(inputs[name]), None)
            if fault is not None:
                place = "".join(f"[{part!r}]" for part in fault.absolute_path)
                raise InputError(f"input {name}{place}: {_short(fault.message)}")


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:300]}…"
