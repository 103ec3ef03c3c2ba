"""What a store notes of its layers: whether one can be held, how it is written down, how it grows."""

import json
from dataclasses import asdict, replace
from typing import Any, get_args

from pcrs.errors import ConflictError, InputError
from pcrs.standard.fields import Field
from pcrs.store.base import GeometryKind, Layer

_TAKEN = {"fid", "geom", "rowid", "oid", "_rowid_", "valid_from", "valid_to", "object"}
_TAKEN_PREFIXES = ("gpkg_", "rtree_", "sqlite_", "pcrs_", "pg_")
_LONGEST = 48
"""Bytes of a name: PostgreSQL cuts at 63, and indexes and triggers are named after it."""


def check(layer: Layer) -> None:
    """The layer can be a table.

    Raises:
        InputError: a name is no identifier, is too long or is taken, or the id field is missing.
    """
    names = [field.name for field in layer.fields]
    for name in (layer.name, *names):
        if not name.isidentifier() or len(name.encode()) > _LONGEST:
            raise InputError(f"layer {layer.name}: {name!r} cannot name a layer or a field")
    lowered = [name.lower() for name in names]
    twice = {name for name in lowered if name in _TAKEN or lowered.count(name) > 1}
    if twice or layer.name.lower().startswith(_TAKEN_PREFIXES):
        raise InputError(f"layer {layer.name}: {', '.join(sorted(twice)) or 'its name'} is taken")
    kinds = get_args(GeometryKind)
    if layer.geometry is not None and layer.geometry not in kinds:
        raise InputError(f"layer {layer.name}: geometry {layer.geometry!r}, not {', '.join(kinds)}")
    for role in (layer.id_field, layer.time_field, *layer.sought):
        if role is not None and role not in names:
            raise InputError(
                f"layer {layer.name} has no field {role!r}, which it names as id, date or sought"
            )


def to_json(layer: Layer) -> str:
    """The layer as a JSON text."""
    return json.dumps(asdict(layer), ensure_ascii=False)


def from_json(text: str) -> Layer:
    """The layer that `to_json` wrote."""
    values: dict[str, Any] = json.loads(text)
    fields = tuple(Field(**field) for field in values["fields"])
    return Layer(**{**values, "fields": fields, "sought": tuple(values.get("sought", ()))})


def widened(old: Layer, new: Layer) -> tuple[Layer, list[Field]]:
    """The layer with the fields of both, and the fields that the old one does not have.

    Raises:
        ConflictError: geometry, id or a field's kind differ.
    """
    if (old.geometry, old.id_field) != (new.geometry, new.id_field):
        raise ConflictError(
            f"layer {old.name} has geometry {old.geometry} and id {old.id_field}; "
            f"{new.geometry} and {new.id_field} were asked: empty the store or use another layer name"
        )
    added = []
    for field in new.fields:
        known = old.field(field.name)
        if known is not None and known.kind != field.kind:
            raise ConflictError(f"layer {old.name}: field {field.name} is {known.kind}, not {field.kind}")
        if known is None:
            added.append(field)
    kept = tuple(field for field in old.fields if new.field(field.name) is None)
    fields = (*new.fields, *kept)
    return replace(new, fields=fields), added
