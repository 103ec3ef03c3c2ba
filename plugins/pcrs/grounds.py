"""The imagery of a site as extracts take it, as it stands when it is asked."""

from contextlib import closing

from pcrs.raster.mosaic import Mosaic
from pcrs.store.index import Index
from pcrs.work.images import Ground
from pcrs.work.project import current, sources
from pcrs.work.site import Site
from pcrs.work.tiers import Tiers


def ground_of(site: Site, place: Tiers, layer: str) -> Ground:
    """The current mosaic, its dalles, and the pyramid of the newest edition (None: nothing is published).

    Args:
        site: whose index is read.
        place: where its files are.
        layer: name of its pyramids, without the edition.
    """
    with closing(Index(site.index_file)) as index:
        editions = index.editions()
        shown = index.shown(editions[-1]) if editions else []
    name = f"{layer}_{editions[-1]}" if editions else ""
    pyramid = place.pyramids.open(name) if name in place.pyramids.published() else None
    return Ground(Mosaic(sources(place, shown, hot=True)), current(shown), place.hot, pyramid)
