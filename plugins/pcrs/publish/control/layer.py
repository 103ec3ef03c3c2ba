"""The findings of a control as a layer of points: what QGIS opens over the delivery."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from pcrs.files import placing
from pcrs.findings import Finding
from pcrs.publish.control.result import Card, ControlResult
from pcrs.publish.control.style import findings_style
from pcrs.standard.crs import L93, transformer
from pcrs.vector.styles import add_styles

DRIVERS: Mapping[str, str] = {".geojson": "GeoJSON", ".gpkg": "GPKG"}
"""What a layer is written as, by the end of its name."""
LAYER = "constats"
_WGS84 = 4326
_LEVELS = {"error": "erreur", "warning": "avertissement", "info": "information"}


def write_layer(result: ControlResult, path: Path) -> None:
    """The layer is at its place, whole: GeoJSON in CRS84, or GeoPackage in EPSG:2154 with its style."""
    with placing(path) as part:
        if DRIVERS[path.suffix.lower()] == "GeoJSON":
            part.write_text(geojson(result), encoding="utf-8")
        else:
            part.write_bytes(_geopackage(result))
            with closing(sqlite3.connect(part, isolation_level=None)) as db:
                db.execute("BEGIN")
                add_styles(db, [(LAYER, findings_style(), "Constats du contrôle")])
                db.execute("COMMIT")


def geojson(result: ControlResult) -> str:
    """The layer as RFC 7946 has it. A finding without a place is there too, without geometry."""
    forward = transformer(L93, _WGS84)
    features = []
    for finding, place in _placed(result):
        geometry = None
        if place is not None:
            x, y = forward.transform(*place)
            geometry = {"type": "Point", "coordinates": [round(x, 8), round(y, 8)]}
        features.append({"type": "Feature", "geometry": geometry, "properties": _properties(finding)})
    return json.dumps({"type": "FeatureCollection", "name": LAYER, "features": features}, ensure_ascii=False)


def _geopackage(result: ControlResult) -> bytes:
    rows = list(_placed(result))
    points = np.array([None if at is None else shapely.Point(at) for _, at in rows], dtype=object)
    columns: dict[str, list[Any]] = {name: [] for name in _properties(Finding("", "info", ""))}
    for finding, _ in rows:
        for name, value in _properties(finding).items():
            columns[name].append(value)
    lines = np.array([value or 0 for value in columns["ligne"]], dtype=np.int32)
    data = [lines if name == "ligne" else np.array(held, dtype=object) for name, held in columns.items()]
    made = BytesIO()
    pyogrio.raw.write(
        made,
        shapely.to_wkb(points),
        data,
        np.array(list(columns), dtype=object),
        layer=LAYER,
        driver="GPKG",
        geometry_type="Point",
        crs=f"EPSG:{L93}",
        dataset_options={"VERSION": "1.3"},
        layer_options={"GEOMETRY_NAME": "geom"},
    )
    return made.getvalue()


def _placed(result: ControlResult) -> Iterator[tuple[Finding, tuple[float, float] | None]]:
    """Every finding with its position, else the middle of its dalle."""
    for finding in result.findings:
        yield finding, finding.position
    for card in result.cards:
        for finding in card.findings:
            yield finding, finding.position or _middle(card)


def _middle(card: Card) -> tuple[float, float] | None:
    if card.box is None:
        return None
    return (card.box.xmin + card.box.xmax) / 2, (card.box.ymin + card.box.ymax) / 2


def _properties(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "niveau": _LEVELS[finding.level],
        "message": finding.message,
        "fichier": finding.file,
        "ligne": finding.line,
        "classe": finding.class_name,
        "gml_id": finding.object_id,
        "attribut": finding.attribute,
        "lu": finding.measured,
        "attendu": finding.expected,
    }
