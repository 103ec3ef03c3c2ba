"""Limits of communes, from what Admin Express and open data give."""

from collections.abc import Iterator
from pathlib import Path

import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from pcrs.errors import InputError
from pcrs.standard.crs import L93, epsg_of, transform_geometry
from pcrs.store.base import FeatureStore, NewRow
from pcrs.work.layers import COMMUNES

_CODES = ("code_insee", "insee_com", "insee_comm", "codeinsee", "insee", "code_commune", "code")
_CODE = 5
"""Letters of the INSEE code of a commune."""
_NAMES = ("nom", "nom_officiel", "nom_com", "nom_comm", "nom_commune", "libelle", "name")


def put_communes(store: FeatureStore, file: Path, departement: str) -> int:
    """The communes of the département that `file` holds are in the store, and no other. How many.

    Raises:
        InputError: the file cannot be read, has no column of INSEE codes, or no commune of the département.
    """
    rows = [row for row in _rows(file) if len(row[0]) == _CODE and row[0].startswith(departement)]
    if not rows:
        raise InputError(f"{file}: no commune whose INSEE code begins with {departement}")
    with store.transaction():
        store.ensure(COMMUNES)
        store.put(COMMUNES.name, rows)
    return len(rows)


def _rows(file: Path) -> Iterator[NewRow]:
    try:
        layer = _layer(file)
        meta, _, geometries, columns = pyogrio.raw.read(file, layer=layer)
    except (DataSourceError, DataLayerError) as error:
        raise InputError(f"{file} cannot be read: give a GeoPackage or a GeoJSON ({error})") from error
    by_name = {str(name).lower(): column for name, column in zip(meta["fields"], columns, strict=True)}
    codes, names = _column(by_name, _CODES, file), _column(by_name, _NAMES, file)
    if not meta["crs"]:
        raise InputError(f"{file}: the layer {layer} says no CRS")
    epsg = epsg_of(meta["crs"])
    for code, name, wkb in zip(codes, names, geometries, strict=True):
        geometry = shapely.make_valid(transform_geometry(shapely.from_wkb(wkb), epsg, L93))
        surfaces = [part for part in shapely.get_parts(geometry) if part.geom_type.endswith("Polygon")]
        yield str(code), shapely.union_all(surfaces), {"nom": str(name)}


def _layer(file: Path) -> str:
    """The layer of communes: the one so named, else the first."""
    layers = [str(name) for name in pyogrio.list_layers(file)[:, 0]]
    return next((name for name in layers if name.lower() in ("commune", "communes")), layers[0])


def _column[T](columns: dict[str, T], wanted: tuple[str, ...], file: Path) -> T:
    for name in wanted:
        if name in columns:
            return columns[name]
    raise InputError(f"{file}: none of the columns {', '.join(wanted)} (there are {', '.join(columns)})")
