"""What others see of the inventory: the layer `archives`, searched like any other, whatever is on line."""

from collections.abc import Iterator
from itertools import batched

import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.store.base import FeatureStore, NewRow
from pcrs.store.inventory_schema import ArchiveObject
from pcrs.work.custody.keeping import TIER, Keeping
from pcrs.work.custody.stock import REGISTERS
from pcrs.work.layers import ARCHIVES

_BATCH = 1000
_STATION_M = 0.5
"""Half a side of the square that stands for the station of a cliché, in metres."""


def project_objects(keeping: Keeping, store: FeatureStore) -> int:
    """The layer tells of every object but the site's own registers. How many rows are new or differ."""
    changed = 0
    known = (one for one in keeping.inventory.objects() if one.chantier != REGISTERS)
    for some in batched(known, _BATCH, strict=False):
        with store.transaction():
            store.ensure(ARCHIVES)
            told = store.merge(ARCHIVES.name, list(_rows(keeping, some)))
        changed += told.added + told.changed
    return changed


def _rows(keeping: Keeping, objects: tuple[ArchiveObject, ...]) -> Iterator[NewRow]:
    for one in objects:
        good = {copy.target for copy in keeping.inventory.good_copies(one.id)}
        values = {
            "chantier": one.chantier,
            "nom": one.name,
            "type": one.kind,
            "licence": one.licence,
            "octets": one.bytes,
            "sha256": one.sha256,
            "format": one.media_type,
            "date": one.acquired,
            "date_depot": one.added_at[:10],
            "edition": one.edition or None,
            "lieux": sorted(good),
            "disponibilite": "intermediaire" if TIER in good else "commande",
            "vignette": f"archives/{one.id}/vignette.jpg" if one.thumbnail else None,
            "stac": f"archives/{one.id}",
        }
        yield one.id, _footprint(one), values


def _footprint(one: ArchiveObject) -> BaseGeometry | None:
    """The box of an object, EPSG:2154; a small square for what is known by one point."""
    if one.bbox is None:
        return None
    xmin, ymin, xmax, ymax = one.bbox
    if xmin == xmax or ymin == ymax:
        return shapely.box(xmin - _STATION_M, ymin - _STATION_M, xmax + _STATION_M, ymax + _STATION_M)
    return shapely.box(xmin, ymin, xmax, ymax)
