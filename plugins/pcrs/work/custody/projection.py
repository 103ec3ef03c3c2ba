"""What others see of the inventory: the layer `archives`, searched like any other, whatever is on line."""

from collections.abc import Iterator, Sequence
from itertools import batched

import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.store.base import FeatureStore, NewRow, Query
from pcrs.store.description import to_json
from pcrs.store.inventory_schema import ArchiveObject
from pcrs.work.custody.keeping import TIER, Keeping
from pcrs.work.custody.stock import REGISTERS
from pcrs.work.layers import ARCHIVES

_BATCH = 5000
_FORM = f"1 {to_json(ARCHIVES)}"
"""What rows tell, and how: another number, or another layer, and all of them are told again."""
_STATION_M = 0.5
"""Half a side of the square that stands for the station of a cliché, in metres."""


def project_objects(keeping: Keeping, store: FeatureStore) -> int:
    """The layer tells of every object but the site's own registers. How many rows are new, differ or go.

    Only what changed since it was told is looked at, unless the layer is not the one that was told of: it has
    another form, or not as many rows.
    """
    untold = keeping.inventory.untold
    if untold.form != _FORM:
        untold.everything(_FORM)
    changed = _tell(keeping, store)
    if _rows_of(store) != untold.objects(REGISTERS):
        untold.everything(_FORM)
        changed += _tell(keeping, store)
    if _rows_of(store) != untold.objects(REGISTERS):
        changed += _forget_strangers(keeping, store)
    return changed


def _tell(keeping: Keeping, store: FeatureStore) -> int:
    """The layer knows what it was not told yet, some at a time: a kill leaves the rest to be told."""
    untold = keeping.inventory.untold
    changed = 0
    while ids := untold.first(_BATCH):
        rows = list(_rows(keeping, ids))
        if rows:
            with store.transaction():
                store.ensure(ARCHIVES)
                told = store.merge(ARCHIVES.name, rows)
            changed += told.added + told.changed
        untold.done(ids)
    return changed


def _rows_of(store: FeatureStore) -> int:
    known = any(layer.name == ARCHIVES.name for layer in store.layers())
    return store.count(ARCHIVES.name, Query()) if known else 0


def _forget_strangers(keeping: Keeping, store: FeatureStore) -> int:
    """Rows of objects that the inventory does not have are gone: the layer was another site's, or older."""
    gone = 0
    for ids in store.ids(ARCHIVES.name, Query()):
        for some in batched(ids, _BATCH, strict=False):
            known = {one.id for one, _ in keeping.inventory.untold.placed(some) if one.chantier != REGISTERS}
            gone += store.remove(ARCHIVES.name, [id_ for id_ in some if id_ not in known])
    return gone


def _rows(keeping: Keeping, ids: Sequence[str]) -> Iterator[NewRow]:
    for one, good in keeping.inventory.untold.placed(ids):
        if one.chantier == REGISTERS:
            continue
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
            "lieux": good,
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
