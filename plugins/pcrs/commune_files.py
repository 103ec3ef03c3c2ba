"""The files of communes of a site with its settings, for the download service."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime

from pcrs.assembly import features_of, tiers
from pcrs.extracting import credits_of
from pcrs.settings import Settings
from pcrs.store.extracts import Extracts
from pcrs.work.by_commune import Made, Means, make_files
from pcrs.work.progress import Progress
from pcrs.work.site import Site


def extract_communes(site: Site, settings: Settings, formats: Sequence[str], progress: Progress) -> Made:
    """The files of all communes, in the download service, are as the objects are now."""
    with (
        site.working("communes.lock"),
        closing(features_of(site, settings)) as store,
        closing(Extracts(site.index_file)) as extracts,
    ):
        means = Means(
            store=store,
            extracts=extracts,
            hot=tiers(site, settings).hot,
            scratch=site.scratch / "communes",
            departement=settings.site.departement,
            credits=credits_of(settings),
            now=datetime.now(UTC),
        )
        return make_files(means, formats, progress)
