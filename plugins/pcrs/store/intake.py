"""New rows as a layer holds them: checked, fitted, their values made SQL."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.store.base import Layer, NewRow
from pcrs.store.gpkg_geometry import fit
from pcrs.store.gpkg_values import to_sql


class Taken(NamedTuple):
    """One row: its id, its geometry, the values of the layer's fields in order."""

    id: str
    geometry: BaseGeometry | None
    values: list[Any]


def taken(layer: Layer, rows: Iterable[NewRow]) -> list[Taken]:
    """The rows, each id once: the last of an id stands at the place of its first.

    Raises:
        InputError: an id is empty, a field is unknown, a value is not of its field's kind, or a geometry does
            not suit the layer.
    """
    known = {field.name for field in layer.fields}
    found: dict[str, Taken] = {}
    for id_, geometry, values in rows:
        if not id_:
            raise InputError(f"layer {layer.name}: an object has no id")
        unknown = values.keys() - known
        if unknown:
            raise InputError(f"layer {layer.name}, {id_}: no field {', '.join(sorted(unknown))}")
        try:
            if layer.geometry is None and geometry is not None:
                raise InputError("a geometry was given to a layer without geometry")
            fitted = fit(layer.geometry or "Any", geometry)
            given = {**values, layer.id_field: id_}
            record = [to_sql(layer, field, given.get(field.name)) for field in layer.fields]
        except InputError as error:
            raise InputError(f"layer {layer.name}, {id_}: {error}") from error
        found[id_] = Taken(id_, fitted, record)
    return list(found.values())


def differs(layer: Layer, old: Sequence[Any], new: Sequence[Any], aside: Collection[str]) -> bool:
    """True when two records (geometry, if the layer has one, then the fields) are not the same object.

    Fields of `aside` are not compared.
    """
    if not aside:
        return list(old) != list(new)
    shift = 0 if layer.geometry is None else 1
    if list(old[:shift]) != list(new[:shift]):
        return True
    pairs = zip(layer.fields, old[shift:], new[shift:], strict=True)
    return any(a != b and field.name not in aside for field, a, b in pairs)
