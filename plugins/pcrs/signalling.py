"""The counter of signalements put together from the settings of a site."""

from pcrs.errors import NotFoundError
from pcrs.files import secret_in
from pcrs.settings import Settings
from pcrs.standard.crs import BBox
from pcrs.store.base import FeatureStore
from pcrs.store.signalements import Signalements
from pcrs.work.layers import COMMUNES, DALLES
from pcrs.work.signalements import Counter, Terms
from pcrs.work.site import Site

_FRANCE = BBox(-400_000, 6_000_000, 1_300_000, 7_200_000)
_MARGIN_M = 2000


def counter(site: Site, settings: Settings, store: FeatureStore) -> Counter:
    """The counter of a site. The caller closes its store.

    Raises:
        StoreError: the store cannot be opened.
    """
    file, table = site.signalements_file, settings.signalements
    terms = Terms(lambda: _bounds(store), table.an_hour, table.waiting, table.keep_days)
    return Counter(
        Signalements(file), file.parent / "signalements", terms, secret_in(file.with_suffix(".key"))
    )


def _bounds(store: FeatureStore) -> BBox:
    """The territory: its communes, else what is shown of it, and a little around."""
    for layer in (COMMUNES, DALLES):
        try:
            box = store.extent(layer.name)
        except NotFoundError:
            continue
        if box is not None:
            return BBox(
                box.xmin - _MARGIN_M, box.ymin - _MARGIN_M, box.xmax + _MARGIN_M, box.ymax + _MARGIN_M
            )
    return _FRANCE
