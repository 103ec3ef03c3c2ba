"""Objects by their ids, many at once."""

from collections.abc import Iterable, Iterator
from itertools import batched

from pcrs.store.base import FeatureStore, Layer, Query, Row
from pcrs.store.filters import Call, Filter, Property

_BATCH = 500


def by_ids(
    store: FeatureStore, layer: Layer, ids: Iterable[str], *, geometry: bool = True, at: str | None = None
) -> Iterator[Row]:
    """The objects of these ids that are in the layer, or were at a date; the others are left out."""
    key = Property(layer.id_field)
    for some in batched(ids, _BATCH):
        chosen = Filter(Call("in", (key, some)))
        yield from store.query(
            layer.name, Query(filter=chosen, limit=len(some), geometry=geometry, at=at)
        ).rows
