"""What the page of those who run a site works with, put together from its settings."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from pcrs.archiving import keeping, stand_of
from pcrs.commands.stats import of_site
from pcrs.errand import Errand
from pcrs.ordering import desk
from pcrs.publish.use.result import Statistics
from pcrs.serve.admin import Means
from pcrs.settings import Settings
from pcrs.store.base import FeatureStore
from pcrs.store.jobs import Jobs
from pcrs.store.journal import Journal
from pcrs.store.orders import Orders
from pcrs.store.tokens import Tokens
from pcrs.work.progress import silent
from pcrs.work.site import Site

_RED = 50
"""Red objects that are named."""


def administration(site: Site, settings: Settings, store: FeatureStore, tokens: Tokens, jobs: Jobs) -> Means:
    """The means of a site; stores that others use too are given.

    Raises:
        StoreError: the journal or the orders cannot be opened.
    """

    def copies() -> Mapping[str, Any]:
        with keeping(site, settings, silent) as held:
            return stand_of(held, settings, _RED).document()

    def figures(first: date, last: date) -> Statistics:
        return of_site(site, settings, (first, last), datetime.now(UTC))

    return Means(
        site=site,
        store=store,
        tokens=tokens,
        jobs=jobs,
        orders=Orders(site.orders_file),
        journal=Journal(site.journal_file),
        desk=lambda: desk(site, settings),
        copies=copies,
        figures=figures,
        errand=lambda kind, subject: Errand(site, kind, subject),
    )
