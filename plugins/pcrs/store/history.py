"""Former versions of objects, and what was valid at a date.

A layer has a second table, of the same columns, in which an object that a dated transaction replaces or
removes keeps its former version: valid from a moment (null: since ever) until another, that one not included.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

from pcrs.errors import InputError
from pcrs.standard.crs import BBox
from pcrs.store.base import Layer

PREFIX = "pcrs_history_"
EVERYWHERE = BBox(-1e12, -1e12, 1e12, 1e12)
"""Former versions may lie outside the layer as it is now."""


def former(layer: Layer) -> Layer:
    """The layer of former versions."""
    return replace(layer, name=PREFIX + layer.name)


def instant(text: str) -> str:
    """A moment of UTC to the millisecond; a day stands for its last one: the state in which it ended.

    Raises:
        InputError: the text is neither a day nor a moment of ISO 8601.
    """
    try:
        if len(text) == len("2025-06-01"):
            return f"{date.fromisoformat(text).isoformat()}T23:59:59.999Z"
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{text!r} is neither a date nor a moment of ISO 8601") from error
    return moment.isoformat(timespec="milliseconds") + "Z"
