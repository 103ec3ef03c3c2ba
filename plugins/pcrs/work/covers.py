"""What an AffleurantPCRS says, beside each geometry and symbol that shows it: drawings need its network."""

from collections.abc import Mapping
from typing import Any

from pcrs.standard.codes import CODES
from pcrs.standard.fields import Field
from pcrs.work.selection import Selection

COVER_COLUMNS = (
    Field("affleurant", "string", "gml:id de l'affleurant"),
    Field("reseau", "string", "nature du réseau", CODES["NatureReseauPCRSType"].values),
    Field("nature", "string", "nature de l'affleurant", CODES["NatureAffleurantPCRSType"].values),
    Field("gestionnaire", "string", "gestionnaire"),
)
"""Columns that exports add to the layers of geometries and symbols of affleurants."""
_PARTS = ("enveloppe", "ligne", "point")


COVER_CLASSES = ("AffleurantGeometriquePCRS", "AffleurantPCRS")
"""The classes that tell them."""


def covers(selection: Selection) -> Mapping[str, Mapping[str, str | None]]:
    """By gml:id of a geometry or symbol: the values of `COVER_COLUMNS`. In memory, some 300 bytes each."""
    shown: dict[str, tuple[str, ...]] = {}
    if "AffleurantGeometriquePCRS" in selection.layers:
        for rows in selection.rows("AffleurantGeometriquePCRS"):
            for row in rows:
                shown[row.id] = tuple(_target(link) for part in _PARTS for link in row.values[part] or ())
    found: dict[str, Mapping[str, str | None]] = {}
    if "AffleurantPCRS" not in selection.layers:
        return found
    for rows in selection.rows("AffleurantPCRS"):
        for row in rows:
            values = {
                "affleurant": row.id,
                **{column.name: row.values.get(column.name) for column in COVER_COLUMNS[1:]},
            }
            for target in shown.get(_target(row.values.get("representation")), ()):
                found[target] = values
            if row.values.get("symbolisation"):
                found[_target(row.values["symbolisation"])] = values
    return found


def _target(link: Any) -> str:
    return str(link or "").removeprefix("#")
