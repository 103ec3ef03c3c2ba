"""Objects as a control remembers them until the end of the file: line, class and middle of each."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pcrs.standard.model import CLASSES
from pcrs.vector.batch import Batch

NAMES = tuple(CLASSES)
"""The classes in the order of their numbers."""
NUMBERS: Mapping[str, int] = {name: number for number, name in enumerate(NAMES)}
FIELDS = (("line", "u4"), ("kind", "u1"), ("x", "f8"), ("y", "f8"))
"""Of a record: `kind` is the number of the class; x and y are EPSG:2154, NaN without geometry."""
type Columns = dict[str, NDArray[Any]]


class Place(NamedTuple):
    """An object of the file."""

    line: int
    class_name: str
    position: tuple[float, float] | None
    """EPSG:2154, metres."""


def places(batch: Batch) -> Columns:
    """The objects of a batch: a column of each of `FIELDS`."""
    middles = (batch.bounds[:, :2] + batch.bounds[:, 2:]) / 2
    return {
        "line": np.array([feature.line for feature in batch.features], dtype=np.uint32),
        "kind": np.array([NUMBERS[feature.class_name] for feature in batch.features], dtype=np.uint8),
        "x": middles[:, 0],
        "y": middles[:, 1],
    }


def chosen(columns: Columns, at: NDArray[Any]) -> Columns:
    """Those at some places (numbers, or a mask)."""
    return {name: column[at] for name, column in columns.items()}


def records_of(columns: Columns) -> NDArray[np.void]:
    """The same as records."""
    records = np.empty(len(columns["line"]), dtype=list(FIELDS))
    for name, column in columns.items():
        records[name] = column
    return records


def place_of(record: np.void) -> Place:
    """The object of one record that has `FIELDS`."""
    x, y = float(record["x"]), float(record["y"])
    position = None if np.isnan(x) else (round(x, 3), round(y, 3))
    return Place(int(record["line"]), NAMES[int(record["kind"])], position)
