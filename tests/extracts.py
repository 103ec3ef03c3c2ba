"""A store with the objects of the demo, and extracts of it, for tests."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import shapely

from pcrs.demo.survey import features
from pcrs.standard.crs import BBox
from pcrs.standard.model import Feature
from pcrs.store.base import NewRow
from pcrs.store.geopackage import GeoPackage
from pcrs.vector.formats import FORMATS
from pcrs.vector.gml import in_l93
from pcrs.work.areas import box_area
from pcrs.work.export import Exported, Order, export
from pcrs.work.layers import COMMUNES, cnig_layer
from pcrs.work.notice import Credits

GROUND = BBox(576_420.0, 6_372_420.0, 576_600.0, 6_372_540.0)
"""The commune of the store."""
SQUARE = "576470,6372440,576570,6372500"
"""The area of most extracts: kerbs, houses and covers cross its limit."""
DAY = date(2026, 11, 28)
CREDITS = Credits("PCRS d'essai", "APLC d'essai", "Licence Ouverte", "https://pcrs.example.fr")


def put(store: GeoPackage, objects: Iterable[Feature]) -> None:
    """The objects are in the store as an import puts them."""
    by_class: dict[str, list[NewRow]] = {}
    for feature in objects:
        local = in_l93(feature)
        row = (feature.gml_id, local.geometry, dict(local.attributes))
        by_class.setdefault(feature.class_name, []).append(row)
    with store.transaction():
        for name, rows in by_class.items():
            store.ensure(cnig_layer(name))
            store.put(name, rows)


def demo_store(path: Path) -> GeoPackage:
    store = GeoPackage(path)
    put(store, features())
    store.ensure(COMMUNES)
    store.put(
        COMMUNES.name, [("46999", shapely.MultiPolygon([shapely.box(*GROUND)]), {"nom": "Saint-Fictif"})]
    )
    return store


def extract(store: GeoPackage, path: Path, name: str, area: str | None = SQUARE, **more: object) -> Exported:
    """An extract of the square, or of all."""
    where = box_area(area, "EPSG:2154") if area else None
    return export(store, Order(FORMATS[name], CREDITS, DAY, where, **more), path)
