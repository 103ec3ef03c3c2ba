"""The harvest that the settings name, into the catalogue of a site."""

import time
from contextlib import closing
from datetime import UTC, datetime

from pcrs.assembly import records_of
from pcrs.settings import Settings
from pcrs.tables import HarvestTable
from pcrs.work.harvest.fetching import Fetcher
from pcrs.work.harvest.gathering import Harvest, Source, harvest
from pcrs.work.progress import Progress
from pcrs.work.site import Site


def gather(site: Site, settings: Settings, progress: Progress) -> list[Harvest]:
    """Every `[[harvest]]` of the settings in turn, and what it changed."""
    sources = [_source(table) for table in settings.harvest]
    with closing(Fetcher(time.monotonic)) as fetcher:
        return harvest(records_of(site, settings), sources, fetcher, datetime.now(UTC), progress)


def _source(table: HarvestTable) -> Source:
    return Source(
        name=table.name,
        kind=table.kind,
        url=table.url,
        search=table.search,
        box=table.bbox,
        identifiers=table.identifiers,
        layers=table.layers,
        most=table.max_records,
    )
