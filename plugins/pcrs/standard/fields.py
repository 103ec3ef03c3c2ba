"""What an object says of itself, as a column: of a layer in a store, of a sheet in an extract."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["string", "integer", "number", "date", "datetime", "boolean", "list"]
"""`date` and `datetime` are ISO 8601 text; `list` is a list of texts or of numbers."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column."""

    name: str
    kind: Kind
    title: str = ""
    """French."""
    codes: Mapping[str, str] | None = None
    """Code to French label, for a field whose values come from a list."""
