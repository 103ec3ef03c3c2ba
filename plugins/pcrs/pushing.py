"""A push to the Géoplateforme that a user asks for in words, of a site with its settings."""

import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from pcrs.assembly import features_of, records_of, tiers
from pcrs.errors import SettingsError
from pcrs.extracting import credits_of
from pcrs.publish.addresses import Addresses
from pcrs.publish.elements import NAMESPACES
from pcrs.publish.geoplateforme.products import Kind, Sheet, check_prefix
from pcrs.settings import Settings, public_url
from pcrs.standard.model import CLASSES
from pcrs.store.index import Index
from pcrs.store.record_rows import OWN
from pcrs.vector.formats import format_of
from pcrs.work.access import Role
from pcrs.work.catalogue import vector_facts
from pcrs.work.downloads import Shelf, shelf
from pcrs.work.entrepot import plan
from pcrs.work.entrepot.cards import cards
from pcrs.work.entrepot.client import Credentials, Entrepot
from pcrs.work.entrepot.describe import describe
from pcrs.work.entrepot.ledger import Ledger, ledger_of
from pcrs.work.entrepot.push import Action, Push, Survey, offline, reconcile, run, survey, withdraw
from pcrs.work.export import Order
from pcrs.work.progress import Progress
from pcrs.work.site import Site

_LOCK = "geoplateforme.lock"
_WAITING = "geopackage"
"""Where the objects wait, as a file, until they are pushed."""
_GB = 10**9


@dataclass(frozen=True, slots=True)
class Told:
    """What a push did, or would do, and where its descriptors are."""

    actions: tuple[Action, ...]
    survey: Survey | None = None
    files: Path | None = None
    closed: tuple[str, ...] = ()
    """Layers that are not open to all ([access]): they are not pushed."""


def credentials(settings: Settings, environ: Mapping[str, str] | None = None) -> Credentials | None:
    """The account that the environment gives; None: it gives none."""
    get = (os.environ if environ is None else environ).get
    if token := get("PCRS_GPF_TOKEN"):
        return Credentials(token=token)
    url = settings.geoplateforme.sso
    secret = get("PCRS_GPF_CLIENT_SECRET", "")
    client = {"client_id": get("PCRS_GPF_CLIENT_ID", "gpf-warehouse")}
    client |= {"client_secret": secret} if secret else {}
    if login := get("PCRS_GPF_LOGIN"):
        form = {"grant_type": "password", "username": login, "password": get("PCRS_GPF_PASSWORD", "")}
        return Credentials(url, {**form, **client})
    return Credentials(url, {"grant_type": "client_credentials", **client}) if secret else None


@contextmanager
def entrepot_of(settings: Settings) -> Iterator[Entrepot]:
    """The datastore of the settings, open.

    Raises:
        SettingsError: none is named, or there is no account.
    """
    table = settings.geoplateforme
    account = credentials(settings)
    if not table.datastore:
        raise SettingsError("no datastore: write its identifier under [geoplateforme] in pcrs.toml")
    if account is None:
        raise SettingsError(
            "no account: give PCRS_GPF_CLIENT_ID and PCRS_GPF_CLIENT_SECRET, or PCRS_GPF_LOGIN and "
            "PCRS_GPF_PASSWORD, or PCRS_GPF_TOKEN in the environment (--dry-run needs none)"
        )
    with closing(Entrepot(table.api, table.datastore, account, time.sleep, table.poll_s)) as opened:
        yield opened


def publish(site: Site, settings: Settings, kinds: Sequence[Kind], progress: Progress) -> Told:
    """The products are in the datastore as the site has them now; with nothing to do, nothing is done."""
    with site.working(_LOCK), entrepot_of(settings) as entrepot:
        ledger = _ledger(site, settings)
        datastore = entrepot.get()
        at = Addresses(public_url(settings), settings.site.departement)
        for key in ("configuration_layer_name_prefix", "metadata_file_identifier_prefix"):
            check_prefix(at, settings.geoplateforme.prefix, datastore.get(key) or "")
        reconcile(entrepot, ledger)
        with _pushed(site, settings, kinds, ledger, progress) as push:
            done = run(entrepot, push, ledger, progress)
        shutil.rmtree(_folder(site) / _WAITING, ignore_errors=True)
        return Told(tuple(done), closed=_closed(settings))


def rehearse(site: Site, settings: Settings, kinds: Sequence[Kind], progress: Progress) -> Told:
    """What `publish` would do; descriptors and workflows are written, and nothing is sent.

    Without a datastore or an account it is what a push into an empty datastore does.
    """
    asked = bool(settings.geoplateforme.datastore) and credentials(settings) is not None
    with site.working(_LOCK), ExitStack() as stack:
        ledger = _ledger(site, settings)
        entrepot = stack.enter_context(entrepot_of(settings)) if asked else None
        if entrepot is not None:
            reconcile(entrepot, ledger)
        push = stack.enter_context(_pushed(site, settings, kinds, ledger, progress))
        seen = offline(push) if entrepot is None else survey(entrepot, push, ledger)
        describe(_folder(site), push, seen)
        return Told(seen.actions, seen, _folder(site), _closed(settings))


def unpublish(site: Site, settings: Settings, kinds: Sequence[Kind], progress: Progress) -> Told:
    """What this site made in the datastore for these products is gone."""
    with site.working(_LOCK), entrepot_of(settings) as entrepot:
        owner = Addresses("", settings.site.departement).series
        return Told(tuple(withdraw(entrepot, owner, kinds, _ledger(site, settings), progress)))


def _ledger(site: Site, settings: Settings) -> Ledger:
    return ledger_of(site.root / "stores" / "geoplateforme.json", settings.geoplateforme.datastore)


def _folder(site: Site) -> Path:
    return site.jobs / "geoplateforme"


@contextmanager
def _pushed(
    site: Site, settings: Settings, kinds: Sequence[Kind], ledger: Ledger, progress: Progress
) -> Iterator[Push]:
    """What is to be pushed; the stores that it reads from stay open meanwhile."""
    table, departement, closed = settings.geoplateforme, settings.site.departement, _closed(settings)
    if "metadata" in kinds and not settings.serve.public_url:
        raise SettingsError(
            "records would lead to this machine alone: write public_url under [serve] in pcrs.toml, then "
            "`pcrs records` (or leave records out: --only raster,archive,vector)"
        )
    at = Addresses(public_url(settings), departement)
    records = dict(records_of(site, settings).all(OWN))
    names = [name for name in (at.raster(), at.vector) if name in records]
    sheets = {name: _sheet(at, name, records[name], settings) for name in names}
    means = plan.Means(tiers(site, settings), ledger, round(table.lot_gb * _GB))
    wanted: list[plan.Wanted | None] = []
    with closing(Index(site.index_file)) as index, closing(features_of(site, settings)) as store:
        if "raster" in kinds and at.raster() in sheets and "ortho" not in closed:
            wanted.append(plan.raster(means, sheets[at.raster()], index, table.source))
        if "archive" in kinds:
            offered = _shelved(shelf(index, departement), sheets, at, closed)
            wanted.append(plan.archive(means, offered))
        facts = vector_facts(index, store, departement) if "vector" in kinds else None
        if facts is not None and at.vector in sheets:
            order = Order(format_of("gpkg"), credits_of(settings), datetime.now(UTC).date())
            names = [layer.name for layer in store.layers() if layer.name in CLASSES]
            classes = tuple(name for name in names if name not in closed)
            objects = plan.Objects(store, order, _folder(site) / _WAITING, facts.edition, classes)
            wanted.append(plan.vector(means, sheets[at.vector], objects, progress))
        own = None
        if "metadata" in kinds:
            pushed = ((name, xml) for name, xml in records.items() if not at.is_archive(name))
            own = cards(pushed, table.prefix, open_data=table.open_data)
        tags = {"datasheet_name": settings.site.title, "pcrs": at.series, "produit": "metadata"}
        yield Push(at.series, tuple(one for one in wanted if one is not None), own, tags)


def _closed(settings: Settings) -> tuple[str, ...]:
    """Layers that not everybody may read."""
    rules = settings.access.rules
    classes = [name for name in CLASSES if rules.lowest(name, classes=True) is not Role.PUBLIC]
    return (*(() if rules.raster_is_open else ("ortho",)), *classes)


def _shelved(
    everything: Shelf, sheets: Mapping[str, Sheet], at: Addresses, closed: Sequence[str]
) -> list[tuple[Sheet, Shelf]]:
    """Each dataset's sheet with what anybody may download of it: a GML holds all classes."""
    names = {"raster": at.raster(), "vector": at.vector}
    told = {"raster": "ortho" in closed, "vector": any(name in CLASSES for name in closed)}
    return [
        (sheets[names[each.kind]], Shelf((each,)))
        for each in everything.resources
        if names[each.kind] in sheets and not told[each.kind]
    ]


def _sheet(at: Addresses, identifier: str, record: bytes, settings: Settings) -> Sheet:
    root = etree.fromstring(record, etree.XMLParser(resolve_entities=False, no_network=True))
    title, abstract = (
        str(root.findtext(f".//gmd:MD_DataIdentification/{path}/gco:CharacterString", "", NAMESPACES))
        for path in ("gmd:citation/gmd:CI_Citation/gmd:title", "gmd:abstract")
    )
    table = settings.geoplateforme
    return Sheet(at, identifier, title, abstract, table.catalogue, table.prefix)
