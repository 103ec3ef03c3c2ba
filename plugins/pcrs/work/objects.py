"""Objects of a delivery's GML files in the store: new ones over old ones, by emprise d'échange and by id.

A file that says its emprise (`EmpriseEchangePCRS`) gives all that is there: objects of the store that lie
wholly in it and are in no file of the delivery are removed. Objects that cross its edge, and all objects
when a file says none, are replaced by their `gml:id` alone. What could not be read is not taken for absent:
the old version of an object that was refused stays, and a file that breaks off removes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import batched, chain
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.aside import Aside
from pcrs.findings import Finding
from pcrs.garbage import seldom_collected
from pcrs.standard.crs import BBox
from pcrs.standard.model import CLASSES, Feature
from pcrs.store.base import Changes, FeatureStore, Layer, NewRow, Query, Row
from pcrs.store.index import DeliveredFile, Delivery
from pcrs.store.named import by_ids
from pcrs.vector.gml import all_in_l93, read
from pcrs.vector.ids import Ids, target_of
from pcrs.work.layers import cnig_layer
from pcrs.work.register import source

EMPRISE = "EmpriseEchangePCRS"
_BATCH = 2000
_LINKS = 500
_EDGE_M = 0.001
"""An object that touches the edge of the emprise from inside lies in it, whatever CRS both came in."""
_ASIDE = ("edition", "livraison")
"""An object that is the same but for these is unchanged: it stays of the delivery that brought it."""
_BY_ID_ALONE = ("Raster", "Publication", "Information")
"""Themes whose objects go with other deliveries than those of the map."""
_BROKEN_OFF = ("gml.xml", "gml.entity")
_COVERED = tuple(
    name
    for name, model in CLASSES.items()
    if not model.abstract and (model.theme not in _BY_ID_ALONE or name == EMPRISE)
)


@dataclass(slots=True)
class Taken:
    """What became of the objects of one file, by class."""

    changes: dict[str, Changes] = field(default_factory=dict)
    emprise: BaseGeometry | None = None
    """EPSG:2154; None: the file says none, or breaks off."""
    codes: set[int] = field(default_factory=set)
    """EPSG codes of the coordinates received."""
    bbox: BBox | None = None
    """EPSG:2154; None: nothing has a place."""

    def see(self, rows: Sequence[NewRow]) -> None:
        """In which CRS the rows came, and where they are."""
        self.codes |= {values["epsg_origine"] for _, _, values in rows if values["epsg_origine"]}
        box = shapely.total_bounds([geometry for _, geometry, _ in rows])
        if not np.isnan(box).any():
            own = BBox(*box.tolist())
            self.bbox = own if self.bbox is None else self.bbox.union(own)

    def add(self, class_name: str, changes: Changes) -> None:
        """More objects of a class."""
        self.changes[class_name] = self.changes.get(class_name, Changes()) + changes

    @property
    def objects(self) -> int:
        """How many objects were taken in."""
        return sum(changes.given for changes in self.changes.values())

    def facts(self) -> dict[str, object]:
        """For the index: `taken` (objects), `changes` (per class: added, changed, removed, unchanged).

        And `by_emprise`, `epsg` (codes, in order, of the coordinates received), `bbox` (EPSG:2154, metres;
        absent when nothing has a place).
        """
        counts = {name: asdict(changes) for name, changes in sorted(self.changes.items())}
        noted: dict[str, object] = {"taken": self.objects, "changes": counts, "epsg": sorted(self.codes)}
        noted["by_emprise"] = self.emprise is not None
        return noted if self.bbox is None else noted | {"bbox": list(self.bbox)}


class _Gone:
    """What an import removes."""

    def __init__(self) -> None:
        self.known = Ids()
        self.listed = Aside()
        """The same, some thousand at a time."""

    def add(self, ids: Sequence[str]) -> None:
        """These ids too."""
        self.listed.add(list(ids))
        self.known.update(ids)


def import_objects(
    store: FeatureStore, delivery: Delivery, files: Iterable[DeliveredFile]
) -> Mapping[str, Taken]:
    """The valid objects of the files are in the store, in one transaction: all or none. By name of file.

    Former versions of what is replaced are kept until the decision on the delivery.
    """
    found: dict[str, Taken] = {}
    given, gone = Ids(), _Gone()
    with seldom_collected(), store.transaction(at=delivery.decided_at):
        for file in files:
            found[file.name] = _merge(store, delivery, file, given)
        for taken in found.values():
            if taken.emprise is not None:
                _remove_covered(store, taken, given, gone)
    return found


def _merge(store: FeatureStore, delivery: Delivery, file: DeliveredFile, given: Ids) -> Taken:
    taken = Taken()
    emprises: list[BaseGeometry] = []
    whole = True
    batches: dict[str, list[Feature]] = {}

    def write(class_name: str) -> None:
        rows = _rows_of(batches.pop(class_name), delivery)
        given.update([gml_id for gml_id, _, _ in rows])
        if class_name == EMPRISE:
            emprises.extend(shapely.force_2d(geometry) for _, geometry, _ in rows if geometry is not None)
        store.ensure(cnig_layer(class_name))
        taken.add(class_name, store.merge(class_name, rows, aside=_ASIDE))
        taken.see(rows)

    for item in read(source(delivery, file)):
        if isinstance(item, Finding):
            whole = whole and item.code not in _BROKEN_OFF
            if item.object_id:
                given.add(item.object_id, None)
            continue
        waiting = batches.setdefault(item.class_name, [])
        waiting.append(item)
        if len(waiting) == _BATCH:
            write(item.class_name)
    for class_name in list(batches):
        write(class_name)
    if emprises and whole:
        taken.emprise = shapely.union_all(shapely.make_valid(emprises))
    return taken


def _rows_of(features: Sequence[Feature], delivery: Delivery) -> list[NewRow]:
    """The objects as rows, their geometries transformed together."""
    of_delivery = {"edition": delivery.edition, "livraison": delivery.id}
    return [
        (
            feature.gml_id,
            geometry,
            {
                **feature.attributes,
                "epsg_origine": None if geometry is None else feature.epsg,
                **of_delivery,
            },
        )
        for feature, geometry in zip(features, all_in_l93(features), strict=True)
    ]


def _remove_covered(store: FeatureStore, taken: Taken, given: Ids, gone: _Gone) -> None:
    """What the emprise of a file covers and no file gives is removed."""
    layers = {layer.name: layer for layer in store.layers()}
    region = shapely.buffer(taken.emprise, _EDGE_M)
    shapely.prepare(region)
    box = BBox(*region.bounds)
    placeless = [name for name in reversed(_COVERED) if CLASSES[name].geometry is None and name in layers]
    for name in _COVERED:
        if name in layers and name not in placeless:
            rows = _absent(store, layers[name], Query(bbox=box), given)
            _remove(store, taken, name, (row.id for row in rows if region.covers(row.geometry)), gone)
    for name in placeless:
        rows = _referring(store, name, gone, given)
        _remove(store, taken, name, (row.id for row in rows if _is_orphan(name, row.values, gone)), gone)


def _referring(store: FeatureStore, name: str, gone: _Gone, given: Ids) -> Iterator[Row]:
    """The rows of a class without geometry that refer to what is gone, and that no file gives."""
    for ids in chain.from_iterable(batched(some, _LINKS) for some in gone.listed):
        links = [link for id_ in ids for link in (f"#{id_}", id_)]
        found: dict[str, Row] = {}
        for attribute in _represented(name):
            found |= {row.id: row for row in store.naming(name, attribute, links)}
        yield from (found[id_] for id_ in given.missing(list(found)))


def _represented(name: str) -> list[str]:
    """The attributes by which an object without a place of its own names what represents it."""
    return [
        each.name
        for each in CLASSES[name].attributes
        if each.target is not None and CLASSES[each.target].theme == "Affleurant"
    ]


def _absent(store: FeatureStore, layer: Layer, query: Query, given: Ids) -> Iterator[Row]:
    """The rows that a query has and no file gives."""
    for ids in store.ids(layer.name, query):
        yield from by_ids(store, layer, given.missing(ids))


def _is_orphan(name: str, values: Mapping[str, Any], gone: _Gone) -> bool:
    """True when all that represents an object without a place of its own was removed."""
    targets: list[str | None] = []
    for attribute in _represented(name):
        written = values[attribute]
        links = written if isinstance(written, list) else [written] if written else []
        targets += map(target_of, links)
    return bool(targets) and all(target is not None and target in gone.known for target in targets)


def _remove(store: FeatureStore, taken: Taken, name: str, ids: Iterable[str], gone: _Gone) -> None:
    """Rows are removed while the next ones are looked for: these come after them."""
    for some in batched(ids, _BATCH):
        gone.add(some)
        removed = store.remove(name, some)
        if removed:
            taken.add(name, Changes(removed=removed))
