"""One process, one address: portal, OGC API, WMTS, WMS, CSW, downloads, listings, health."""

import ctypes
import gc
import os
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp

from pcrs.administering import administration
from pcrs.admitting import entrance
from pcrs.archiving import thumbnails_of
from pcrs.assembly import features_of, process_means, records_of, tiers
from pcrs.live import Live
from pcrs.mending import watch
from pcrs.ordering import desk
from pcrs.serve import (
    admin,
    archives,
    context,
    csw,
    feature_catalogue,
    listing,
    mapproxy_app,
    national,
    ogcapi,
    ogcapi_maps,
    ogcapi_records,
    orders,
    portal,
    security_txt,
    signalements,
    stac,
)
from pcrs.serve import processes as process_routes
from pcrs.serve.access import Gate
from pcrs.serve.atom import AtomService
from pcrs.serve.csw_settings import CatalogueSite
from pcrs.serve.dcat import DcatService
from pcrs.serve.entries import Entries
from pcrs.serve.guard import Front, Guard, Routes
from pcrs.serve.health import Health
from pcrs.serve.limits import Limits
from pcrs.serve.native import NativeTiles
from pcrs.serve.problems import nothing_here
from pcrs.serve.use import Recorder, metrics
from pcrs.serve.use.access_log import AccessLog
from pcrs.settings import Settings, load, public_url, shipped
from pcrs.signalling import counter
from pcrs.store.jobs import Jobs
from pcrs.store.journal import Journal
from pcrs.store.limits import TimeLimit
from pcrs.store.orders import Orders
from pcrs.store.tokens import Tokens
from pcrs.store.use import Use
from pcrs.work.orders.processes import order_processes
from pcrs.work.processes import processes
from pcrs.work.progress import end_with_parent
from pcrs.work.site import Site

_M_ARENA_MAX = -8
"""Of glibc's malloc.h."""


def create_app(site: Site, settings: Settings, url: str) -> ASGIApp:
    """The whole service of a site, seen at `url`.

    Raises:
        SiteError, StoreError: the site cannot be read.
    """
    site.require()
    live = Live(site, settings.layer, settings.site.departement, tiers=tiers(site, settings))
    served = _served(site, settings, url, live)
    context.use(served)
    jobs, use = Jobs(site.jobs_file), Use(site.use_file)
    health = Health(site, served, jobs)
    cache_bytes = settings.serve.tile_cache_mb * 2**20
    maps = mapproxy_app.MapService(served, shipped("config/mapproxy.yml"), cache_bytes=cache_bytes)
    tokens = Tokens(site.tokens_file)
    door = entrance(site, settings, served.store, tokens, url)
    office = administration(site, settings, served.store, tokens, jobs)
    records = records_of(site, settings, patient=True)
    records.stay_open()
    entries = Entries(records)
    catalogue = csw.CswService(_catalogue(site, settings, served), shipped("catalog/pycsw.yml"), entries)
    pages = Routes(
        [
            health.route(),
            security_txt.route(served),
            metrics.route(use, health.gauges),
            *_signalements(site, settings, served, office.journal),
            *orders.routes(Orders(site.orders_file), site.deliveries_folder),
            *feature_catalogue.routes(served),
            *archives.routes(served, thumbnails_of(site)),
            *DcatService(served, entries).routes(),
            *catalogue.routes(),
            *listing.routes(site.root, url, served.hot),
            *national.routes(served, live.shelf),
            *portal.routes(served, live.shelf, signalements=settings.signalements.open),
            *door.routes,
            *admin.routes(office),
        ],
        {HTTPException: nothing_here},
    )
    rules = settings.access.rules
    found = {
        **processes(process_means(site, settings, served.store)),
        **{each.id: each for each in order_processes(lambda: desk(site, settings))},
    }
    extensions = [
        ogcapi_maps.extension(served, maps),
        ogcapi_records.extension(served, entries, records.get),
        process_routes.extension(served, found, jobs, rules, site.job_folders, settings.jobs.keep_hours),
        stac.extension(served),
    ]
    features = ogcapi.build(served, shipped("config/pygeoapi.yml"), extensions=extensions)
    downloads = AtomService(served, live.shelf)
    services: dict[str, ASGIApp] = {
        "wmts": maps,
        "wms": maps,
        "ogcapi": features,
        "telechargement": downloads,
        "stac": stac.StacApi(served),
    }
    gate = Gate(Front(services, pages), door.holders, door.sessions, rules, url)
    native = NativeTiles(maps.layers if rules.raster_is_open else dict)
    table = settings.serve
    limits = Limits(gate, at_once=table.requests_at_once, each=table.requests_each)
    log = AccessLog() if table.log == "json" else None
    return Guard(limits, native, Recorder(use if settings.serve.count_use else None), log)


def _signalements(site: Site, settings: Settings, served: context.Served, journal: Journal) -> list[Route]:
    if not settings.signalements.open:
        return []
    taken = counter(site, settings, served.store)
    return signalements.routes(taken, served.public_url, journal, served.contact_email)


def _catalogue(site: Site, settings: Settings, served: context.Served) -> CatalogueSite:
    return CatalogueSite(
        public_url=served.public_url,
        records=settings.store.records or site.records_url,
        title=served.title,
        operator=served.operator,
        contact_email=served.contact_email,
        licence_title=served.licence_title,
        licence_url=served.licence_url,
    )


def _served(site: Site, settings: Settings, url: str, live: Live) -> context.Served:
    table = settings.site
    return context.Served(
        public_url=url,
        site=site.root,
        departement=table.departement,
        layer=settings.layer,
        editions=live.editions,
        store=features_of(site, settings, TimeLimit(settings.serve.max_query_s or None), patient=True),
        pyramid=live.pyramid,
        mosaic=live.mosaic,
        dalle_at=live.dalle_at,
        hot=live.bucket,
        title=table.title,
        operator=table.operator,
        contact_email=table.contact_email,
        licence_title=table.licence_title,
        licence_url=table.licence_url,
        identifier_base=table.identifier_base,
        max_coverage_px=settings.serve.max_coverage_mpx * 1_000_000,
        max_export_objects=settings.serve.max_export_objects,
    )


def _two_arenas() -> None:
    """Glibc keeps freed memory of all threads in two heaps, not in sixteen: what one left serves another."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 2)


def factory() -> ASGIApp:
    """The application of the site that the environment names: what each serving process calls.

    One of several ends with the process that started it: none holds the address when that was killed.
    """
    end_with_parent()
    _two_arenas()
    site = Site(Path(os.environ.get("PCRS_SITE", "site")))
    settings = load(site.settings_file)
    app = create_app(site, settings, public_url(settings))
    gc.collect()
    gc.freeze()  # a million objects that stay: looking for garbage among them stops the service for 0.1 s
    watch(site, settings)
    return app
