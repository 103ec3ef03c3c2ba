"""What an area holds, in figures: objects by class, dalles, dates, precision, how large extracts will be."""

from dataclasses import dataclass, field, replace
from typing import Any

from pcrs.standard.model import CONCRETE
from pcrs.store.base import FeatureStore, Query
from pcrs.work.access import Readable
from pcrs.work.areas import Area
from pcrs.work.estimates import image_estimates, object_estimates
from pcrs.work.layers import DALLES
from pcrs.work.selection import pages

_CLASSES = [model.name for model in CONCRETE]


@dataclass(slots=True)
class DalleFigures:
    """Of the dalles that meet an area."""

    number: int = 0
    octets: int = 0
    m2: int = 0
    days: list[str] = field(default_factory=list)
    precisions: dict[str, int] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """As users read it."""
        dates = [min(self.days), max(self.days)] if self.days else None
        return {"nombre": self.number, "octets": self.octets, "dates": dates, "precisions": self.precisions}


def objects_of(store: FeatureStore, area: Area, may: Readable) -> dict[str, int]:
    """How many objects of each class, where it may be read; classes without any are left out."""
    layers = {layer.name: layer for layer in store.layers()}
    query = Query(within=area.region)
    return {
        name: count
        for name in _CLASSES
        if name in layers and layers[name].geometry is not None and may.reads(name, area.region)
        if (count := store.count(name, query))
    }


def dalles_of(store: FeatureStore, area: Area) -> DalleFigures:
    """The figures of the current dalles."""
    found = DalleFigures()
    if DALLES.name not in {layer.name for layer in store.layers()}:
        return found
    for rows in pages(store, DALLES.name, replace(Query(within=area.region), geometry=False)):
        for row in rows:
            found.number += 1
            found.octets += row.values["octets"] or 0
            found.m2 += row.values["size_m"] ** 2
            if day := row.values["date_acquisition"]:
                found.days.append(day)
            precision = row.values["precision"]
            found.precisions[precision] = found.precisions.get(precision, 0) + 1
    return found


def estimates_of(store: FeatureStore, area: Area, may: Readable) -> dict[str, int]:
    """Bytes by format of an extract of the area, for the formats that would have anything in them."""
    return estimated(area, objects_of(store, area, may), dalles_of(store, area), may)


def estimated(area: Area, objects: dict[str, int], dalles: DalleFigures, may: Readable) -> dict[str, int]:
    """The same, of figures that are known."""
    images: dict[str, int] = {}
    if may.reads("ortho", area.region):
        images = image_estimates(area.region.area, dalles.m2, dalles.octets)
    return object_estimates(sum(objects.values())) | images
