"""Sheets as files of GDAL's drivers: a GeoPackage by batches, and others streamed out of it.

Memory does not grow with the number of objects: a batch is written at once, and what other drivers take runs
through Arrow from file to file.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from pcrs.errors import StoreError
from pcrs.standard.fields import Field
from pcrs.vector.sheets import Extract, Record, Sheet

_TYPES: Mapping[str, str] = {
    "Point": "Point",
    "Curve": "LineString",
    "Polygon": "Polygon",
    "Surface": "MultiPolygon",
    "MultiPoint": "MultiPoint",
    "MultiCurve": "MultiLineString",
    "MultiSurface": "MultiPolygon",
}
_PLAIN: Mapping[int, tuple[str, str]] = {
    0: ("points", "MultiPoint"),
    1: ("lignes", "MultiCurve"),
    2: ("surfaces", "MultiSurface"),
}
"""By dimension: how the part of a sheet of any geometry is called, and its shape."""
_INTEGER_LIMIT = 2**63


@dataclass(frozen=True, slots=True)
class Table:
    """A layer that was written: its sheet, one kind of geometry."""

    name: str
    sheet: Sheet

    @property
    def geometry_type(self) -> str | None:
        """As pyogrio names it; None without geometry."""
        return geometry_type(self.sheet)


def geometry_type(sheet: Sheet) -> str | None:
    """The type of a sheet's geometries as pyogrio names it."""
    if sheet.shape is None:
        return None
    return _TYPES[sheet.shape] + (" Z" if sheet.has_z else "")


def single_kinds(sheet: Sheet) -> tuple[Sheet, ...]:
    """The sheet itself; one of any geometry becomes up to three, of points, lines and areas."""
    if sheet.shape != "Any":
        return (sheet,)
    parts = []
    for dimension, (word, shape) in _PLAIN.items():

        def batches(dimension: int = dimension) -> Iterator[list[Record]]:
            for batch in sheet.batches():
                yield list(_of_dimension(batch, dimension))

        count = sum(map(len, batches()))
        if count:
            parts.append(
                replace(sheet, name=f"{sheet.name}_{word}", shape=shape, count=count, batches=batches)
            )
    return tuple(parts)


def _of_dimension(batch: Sequence[Record], dimension: int) -> Iterator[Record]:
    """The records of that dimension; a collection gives the parts that have it."""
    for id_, geometry, values in batch:
        if geometry is None:
            continue
        parts = [
            part for part in shapely.get_parts(geometry, return_index=False) if _dimension(part) == dimension
        ]
        if parts and geometry.geom_type == "GeometryCollection":
            yield id_, _gathered(parts, dimension), values
        elif parts:
            yield id_, geometry, values


def _dimension(geometry: Any) -> int:
    return int(shapely.get_dimensions(geometry))


def _gathered(parts: Sequence[Any], dimension: int) -> Any:
    make = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)[dimension]
    return make(parts)


def write_geopackage(path: Path, extract: Extract) -> list[Table]:
    """The sheets are the layers of a new GeoPackage at `path`; returns them.

    Raises:
        StoreError: GDAL cannot write there.
    """
    tables = []
    for sheet in extract.sheets:
        for single in single_kinds(sheet):
            with as_store_errors(path):
                _write_layer(path, single, extract.epsg)
            tables.append(Table(single.name, single))
    return tables


def _write_layer(path: Path, sheet: Sheet, epsg: int) -> None:
    kind = geometry_type(sheet)
    begun = path.exists()
    for batch in sheet.batches():
        if not batch:
            continue
        fields, masks = _columns(sheet.columns, batch)
        shapes = None if kind is None else _shapes(sheet, batch)
        pyogrio.raw.write(
            path,
            shapes,
            fields,
            [column.name for column in sheet.columns],
            field_mask=masks,
            layer=sheet.name,
            driver="GPKG",
            geometry_type=kind,
            crs=None if kind is None else f"EPSG:{epsg}",
            append=begun,
            dataset_options={} if begun else {"VERSION": "1.3"},
            layer_options={} if kind is None else {"GEOMETRY_NAME": "geom"},
        )
        begun = True


def _shapes(sheet: Sheet, batch: Sequence[Record]) -> np.ndarray:
    array = np.array([geometry for _, geometry, _ in batch], dtype=object)
    wanted = _TYPES[sheet.shape or ""]
    if wanted.startswith("Multi"):
        single = np.array([not shape.geom_type.startswith("Multi") for shape in array])
        for at in single.nonzero()[0]:
            array[at] = _gathered([array[at]], _dimension(array[at]))
    result: np.ndarray = shapely.to_wkb(array, flavor="iso")
    return result


def _columns(columns: Sequence[Field], batch: Sequence[Record]) -> tuple[list[np.ndarray], list[Any]]:
    """The values column by column as numpy arrays, and masks of what is null."""
    fields, masks = [], []
    for column in columns:
        values = [record[2].get(column.name) for record in batch]
        null = np.array([value is None for value in values])
        fields.append(_array(column, values))
        masks.append(null if column.kind in ("integer", "boolean", "number") else None)
    return fields, masks


def _array(column: Field, values: Sequence[Any]) -> np.ndarray:
    if column.kind in ("integer", "boolean"):
        whole = [int(v) if v is not None and abs(int(v)) < _INTEGER_LIMIT else 0 for v in values]
        return np.array(whole, dtype=np.int64)
    if column.kind == "number":
        return np.array([np.nan if v is None else float(v) for v in values], dtype=np.float64)
    if column.kind == "date":
        return np.array([v[:10] if v else "NaT" for v in values], dtype="datetime64[D]")
    if column.kind == "list":
        texts = [None if v is None else "; ".join(map(str, v)) for v in values]
        return np.array(texts, dtype=object)
    return np.array([None if v is None else str(v) for v in values], dtype=object)


@dataclass(frozen=True, slots=True)
class Target:
    """How another driver writes a layer. `texts_max`: bytes of a text, longer ones are cut; 0: any."""

    driver: str
    options: Mapping[str, str]
    texts_max: int = 0


_WITHOUT_GEOMETRY: Mapping[str, dict[str, str]] = {"FlatGeobuf": {"SPATIAL_INDEX": "NO"}, "GeoJSON": {}}
"""Options of layers without geometry."""


def convert(
    source: Path, tables: Sequence[Table], target: Path, how: Target, epsg: int, names: Mapping[str, str]
) -> None:
    """Layers of the GeoPackage `source` as one file `target` of another driver, columns renamed.

    The tables are those that one sheet became: their columns are the same.

    Raises:
        StoreError: GDAL cannot write it.
    """
    first = tables[0]
    kinds = {table.geometry_type for table in tables}
    kind = first.geometry_type if len(kinds) == 1 else "Unknown"
    query = " UNION ALL ".join(_selected(table, how, names) for table in tables)
    options = dict(how.options)
    if kind is None:
        options = _WITHOUT_GEOMETRY.get(how.driver, options)
    with as_store_errors(target), pyogrio.raw.open_arrow(source, sql=query) as (meta, stream):
        pyogrio.raw.write_arrow(
            stream,
            target,
            layer=first.name if len(tables) == 1 else target.stem,
            driver=how.driver,
            geometry_type=kind,
            crs=f"EPSG:{epsg}" if kind else None,
            geometry_name=meta["geometry_name"] if kind else None,
            layer_options=options,
        )


def _selected(table: Table, how: Target, names: Mapping[str, str]) -> str:
    columns = [f'{_value(c, how)} AS "{names.get(c.name, c.name)}"' for c in table.sheet.columns]
    listed = ", ".join((["geom"] if table.geometry_type else []) + columns)
    return f'SELECT {listed} FROM "{table.name}"'  # noqa: S608 - names of our own sheets, quoted


def _value(column: Field, how: Target) -> str:
    """The column in SQL; long texts are cut at a third of the bytes, which no letter of ours passes."""
    name = f'"{column.name}"'
    if not how.texts_max or column.kind not in ("string", "list"):
        return name
    short = f"substr({name}, 1, {how.texts_max // 3 - 1}) || '…'"
    return f"CASE WHEN length(CAST({name} AS BLOB)) > {how.texts_max} THEN {short} ELSE {name} END"


@contextmanager
def as_store_errors(path: Path) -> Iterator[None]:
    """GDAL's own errors as ours."""
    try:
        yield
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FieldError,
            pyogrio.errors.FeatureError, pyogrio.errors.GeometryError) as error:  # fmt: skip
        raise StoreError(f"{path.name} cannot be written: {error}") from error
