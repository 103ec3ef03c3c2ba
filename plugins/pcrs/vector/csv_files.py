"""Sheets as CSV (RFC 4180), for spreadsheets and scripts; geometries in column `WKT`, which GDAL reads."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely

from pcrs.files import placing
from pcrs.standard.crs import is_latlon
from pcrs.standard.fields import Field
from pcrs.vector.sheets import Record, Sheet

GEOMETRY = "WKT"


def write_csv(path: Path, sheet: Sheet, epsg: int) -> int:
    """The sheet is a CSV at `path`, when it is whole; returns how many lines it has besides the names.

    UTF-8 with a mark at the beginning, without which Excel takes it for another alphabet. Lists stand in one
    column, `; ` between their members; coordinates in `epsg`, x before y, to a tenth of a millimetre.
    """
    names = [column.name for column in sheet.columns]
    decimals = 9 if is_latlon(epsg) else 4
    count = 0
    with placing(path) as part, part.open("w", encoding="utf-8-sig", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(names if sheet.shape is None else [*names, GEOMETRY])
        for batch in sheet.batches():
            shapes = [()] * len(batch) if sheet.shape is None else _texts(batch, decimals)
            for (_, _, values), shape in zip(batch, shapes, strict=True):
                told = [_text(column, values.get(column.name)) for column in sheet.columns]
                lines.writerow([*told, *shape])
            count += len(batch)
    return count


def _texts(batch: Sequence[Record], decimals: int) -> list[tuple[str]]:
    shapes = np.empty(len(batch), dtype=object)
    shapes[:] = [geometry for _, geometry, _ in batch]
    return [(text or "",) for text in shapely.to_wkt(shapes, rounding_precision=decimals)]


def _text(column: Field, value: object) -> object:
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    if column.kind == "boolean" and value is not None:
        return "true" if value else "false"
    return value
