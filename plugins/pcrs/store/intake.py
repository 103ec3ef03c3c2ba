"""New rows as a layer holds them: checked, fitted, their values made SQL."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.store.base import Layer, NewRow
from pcrs.store.fitting import are_fit, fit
from pcrs.store.values import column_to_sql


class Taken(NamedTuple):
    """One row: its id, its geometry, the values of the layer's fields in order."""

    id: str
    geometry: BaseGeometry | None
    values: tuple[Any, ...]


def taken(layer: Layer, rows: Iterable[NewRow]) -> list[Taken]:
    """The rows, each id once: the last of an id stands at the place of its first.

    Raises:
        InputError: an id is empty, a field is unknown, a value is not of its field's kind, or a geometry does
            not suit the layer.
    """
    found: dict[str, NewRow] = {}
    for row in rows:
        if not row[0]:
            raise InputError(f"layer {layer.name}: an object has no id")
        found[row[0]] = row
    given = list(found.values())
    try:
        return _together(layer, given)
    except InputError:
        for row in given:
            _alone(layer, row)
        raise


def _alone(layer: Layer, row: NewRow) -> None:
    """One row as `_together` takes it, for the fault of it.

    Raises:
        InputError: the row cannot be taken; its id is said.
    """
    try:
        _together(layer, [row])
    except InputError as error:
        raise InputError(f"layer {layer.name}, {row[0]}: {error}") from error


def _together(layer: Layer, rows: Sequence[NewRow]) -> list[Taken]:
    known = {field.name for field in layer.fields}
    for _, _, values in rows:
        if not known.issuperset(values):
            raise InputError(f"no field {', '.join(sorted(values.keys() - known))}")
    geometries = [geometry for _, geometry, _ in rows]
    if layer.geometry is None and any(geometry is not None for geometry in geometries):
        raise InputError("a geometry was given to a layer without geometry")
    fitted = _fitted(layer.geometry or "Any", geometries)
    ids = [id_ for id_, _, _ in rows]
    names = [field.name for field in layer.fields]
    given: Iterable[Iterable[Any]] = zip(*[map(values.get, names) for _, _, values in rows], strict=True)
    columns = [
        column_to_sql(layer, field, ids if field.name == layer.id_field else list(column))
        for field, column in zip(layer.fields, given, strict=False)
    ]
    return list(map(Taken, ids, fitted, zip(*columns, strict=True)))


def _fitted(kind: str, geometries: list[BaseGeometry | None]) -> list[BaseGeometry | None]:
    fitting = are_fit(kind, geometries)
    for at in np.flatnonzero(~fitting).tolist():
        geometries[at] = fit(kind, geometries[at])
    return geometries


class Difference:
    """Tells whether two records (geometry, if the layer has one, then the fields) are the same object."""

    def __init__(self, layer: Layer, aside: Collection[str]) -> None:
        """Fields of `aside` are not compared."""
        shift = 0 if layer.geometry is None else 1
        self._places = [
            *range(shift),
            *(at for at, field in enumerate(layer.fields, shift) if field.name not in aside),
        ]

    def __call__(self, old: Sequence[Any], new: Sequence[Any]) -> bool:
        """True when they are not."""
        return any(old[at] != new[at] for at in self._places)
