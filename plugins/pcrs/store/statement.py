"""SQL text and what is bound to it: values never stand in the text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_IN_A_ROW = 50


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text and what is bound to it, in order."""

    text: str
    values: tuple[Any, ...] = ()


def quoted(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def joined(word: str, parts: Sequence[Statement]) -> Statement:
    """The conditions between AND or OR, each in parentheses; of many, halves of halves.

    SQLite takes an expression that is 1000 deep, and reads a row of conditions as one within the other.
    """
    if len(parts) > _IN_A_ROW:
        middle = len(parts) // 2
        return joined(word, [joined(word, parts[:middle]), joined(word, parts[middle:])])
    text = f" {word} ".join(f"({part.text})" for part in parts)
    return Statement(text, tuple(value for part in parts for value in part.values))


def negated(part: Statement) -> Statement:
    """NOT, before the condition."""
    return Statement(f"NOT ({part.text})", part.values)
