"""Objects without a place, for who sees an area: an affleurant is seen where something that shows it is.

The classes that the standard gives no geometry are known by the objects that draw them. Within an area their
ids are found from there, by the index of links, and stand in the query as a condition: filters, pages, files
are then what they are for any other layer. What nothing draws within the area is not seen, nor counted.
"""

from dataclasses import replace
from functools import lru_cache

from shapely.geometry.base import BaseGeometry

from pcrs.errors import TooLargeError
from pcrs.serve.feature_query import ItemsAsked, confined
from pcrs.standard.model import CLASSES, is_a
from pcrs.store.base import FeatureStore, Layer
from pcrs.store.filters import Call, Filter, Property
from pcrs.work.selection import EVERY, UPWARD, Selection

_MOST = 20_000
"""Objects without a place that one area may show: their ids are bound in a query one by one."""
_KEPT = 16


def within(store: FeatureStore, layer: Layer, asked: ItemsAsked, area: BaseGeometry | None) -> ItemsAsked:
    """The same, of what is seen within an area (EPSG:2154); None: of all.

    Raises:
        TooLargeError: more objects of a class without geometry are seen there than one query can name.
    """
    bounded = confined(asked, area)
    if area is None or layer.geometry is not None or layer.name not in UPWARD:
        return bounded
    ids = shown_in(store, store.revision(), layer.name, area, asked.query.at)
    if len(ids) > _MOST:
        raise TooLargeError(f"{layer.name}: plus de {_MOST} objets dans l'emprise / in the area of the token")
    among = Call("in", (Property(layer.id_field), ids))
    given = asked.query.filter
    root = among if given is None else Call("and", (given.root, among))
    return replace(bounded, query=replace(asked.query, filter=Filter(root)), nowhere=not ids)


@lru_cache(maxsize=_KEPT)
def shown_in(
    store: FeatureStore, _revision: str, name: str, area: BaseGeometry, at: str | None
) -> tuple[str, ...]:
    """The ids of the objects of a class without geometry that something within the area shows, in order."""
    layers = {each.name: each for each in store.layers() if each.name in _drawing()}
    selection = Selection(store, layers, area, replace(EVERY, at=at))
    return tuple(sorted(selection.met(name)))


@lru_cache(maxsize=1)
def _drawing() -> frozenset[str]:
    """The classes without geometry, and those that draw them."""
    targets = [
        attribute.target or ""
        for name in UPWARD
        for attribute in CLASSES[name].attributes
        if attribute.kind == "link"
    ]
    drawing = {name for name in CLASSES if any(is_a(name, target) for target in targets)}
    return frozenset({*drawing, *UPWARD})
