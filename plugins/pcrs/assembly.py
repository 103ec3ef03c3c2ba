"""A site put together from its settings: stores opened, levels chosen, the steps of work in a row.

With `app` and `cli`, the only place that chooses engines and reads settings.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pcrs.blobs import Bucket, locate
from pcrs.extracting import credits_of
from pcrs.findings import Finding
from pcrs.grounds import ground_of
from pcrs.publish.facts import ArchiveFacts
from pcrs.publish.human import Human, load_human
from pcrs.publish.records import refresh, sheets
from pcrs.publish.validate import validate_catalogue
from pcrs.raster.qc import Control
from pcrs.settings import Settings, load, public_url, shipped
from pcrs.store import open_store
from pcrs.store.base import FeatureStore, Query
from pcrs.store.index import Delivery, Index
from pcrs.store.inventory import Inventory
from pcrs.store.limits import UNLIMITED, TimeLimit
from pcrs.store.record_rows import OWN
from pcrs.store.records import RecordStore
from pcrs.vector.check import GmlControl
from pcrs.vector.levels import VectorLevels
from pcrs.work import receive
from pcrs.work.access import Ask, Principal, decide
from pcrs.work.catalogue import archive_facts, raster_facts, vector_facts
from pcrs.work.cluster import cluster
from pcrs.work.communes import put_communes
from pcrs.work.layers import ARCHIVES
from pcrs.work.means import Means
from pcrs.work.process_means import Means as ProcessMeans
from pcrs.work.progress import Mill, Progress, mill
from pcrs.work.site import Site, create
from pcrs.work.tiers import Tiers, tiers_of
from pcrs.work.update import finish

_DEMO_EDITION = "2025"
OGC_SCHEMAS = ("core/schemas/ogc", "core/schemas/w3c", "plugins/profiles/apiso/schemas/ogc")
"""Where the wheel of pycsw has the schemas of OGC, W3C and ISO."""
_PIXELS_KM2 = 20_000**2
_FIRST_USER = "46"
"""The département whose name and title the shipped files have."""


def init_site(root: Path, departement: str) -> Site:
    """A new empty site for a département.

    Raises:
        SettingsError: the département is no INSEE code.
        SiteError: the directory is a site already.
    """
    settings = shipped("config/pcrs.toml").read_text(encoding="utf-8")
    metadata = shipped("catalog/metadata.toml").read_text(encoding="utf-8")
    if departement != _FIRST_USER:
        settings = settings.replace(f'departement = "{_FIRST_USER}"', f'departement = "{departement}"')
        settings = settings.replace('title = "PCRS du Lot"', f'title = "PCRS du département {departement}"')
        metadata = metadata.replace('name = "Lot"', f'name = "département {departement}"')
        metadata = metadata.replace(', "lot"', "")
    site = create(root, settings, metadata)
    try:
        load(site.settings_file)
    except ValueError:
        site.settings_file.unlink()
        raise
    return site


def control_of(settings: Settings) -> Control:
    """The levels of the control that the settings give."""
    return Control(patterns=settings.raster.patterns, max_nodata_share=settings.raster.max_nodata_share)


def features_of(
    site: Site, settings: Settings, limit: TimeLimit = UNLIMITED, *, patient: bool = False
) -> FeatureStore:
    """The store of features that the settings choose: the site's GeoPackage, or a database.

    `limit` is of the time that a question may take; one who is `patient` gets a database that is silent, too.

    Raises:
        InputError: the address is of another kind.
        StoreError: the store cannot be opened.
    """
    return open_store(settings.store.features or site.features_url, limit=limit, patient=patient)


def records_of(site: Site, settings: Settings, *, patient: bool = False) -> RecordStore:
    """The store of catalogue records that the settings choose: the site's file, or a database.

    One that is `patient` waits for a database: its questions raise `StoreError` until it answers.

    Raises:
        InputError: the address is of another kind.
        StoreError: the store cannot be opened.
    """
    return RecordStore(settings.store.records or site.records_url, patient=patient)


def gml_control_of(settings: Settings, *, xsd: Path | None = None, sketch: bool = False) -> GmlControl:
    """How GML is controlled: the levels, today's date, and the operator's schemas where there are any.

    What the schemas import is in the wheel of pycsw.
    """
    table = settings.vector
    today = datetime.now().astimezone().date().isoformat()
    levels = VectorLevels(**table.model_dump(exclude={"xsd"}), today=today)
    folder = xsd or (Path(table.xsd) if table.xsd else None)
    places = find_spec("pycsw")
    roots = places.submodule_search_locations if places else None
    schemas = tuple(Path(root) / place for root in roots or () for place in OGC_SCHEMAS)
    return GmlControl(levels, folder, schemas, sketch)


def process_means(site: Site, settings: Settings, store: FeatureStore) -> ProcessMeans:
    """What users' processes work with."""
    return ProcessMeans(
        store=store,
        credits=credits_of(settings),
        day=datetime.now().astimezone().date(),
        control=gml_control_of(settings),
        ground=lambda: ground_of(site, tiers(site, settings), settings.layer),
        objects_max=settings.jobs.max_objects,
        bytes_max=settings.jobs.max_gb * 10**9,
        pixels_max=settings.jobs.max_km2 * _PIXELS_KM2,
        quality=settings.raster.jpeg_quality,
        letters=bool(settings.mail.smtp),
    )


def tiers(site: Site, settings: Settings) -> Tiers:
    """Where the files of the site are, as its settings say."""
    table = settings.storage
    places = [
        locate(url, endpoint=table.endpoint, region=table.region) if url else None
        for url in (table.intermediate, table.hot)
    ]
    intermediate, hot = (place if isinstance(place, Bucket) else None for place in places)
    return tiers_of(site, intermediate, hot)


@dataclass(frozen=True, slots=True)
class Bench:
    """A site open for writing by this process alone."""

    means: Means
    settings: Settings

    def refresh(self) -> None:
        """The records of the catalogue tell what the stores hold."""
        _refresh(self.means.site, self.settings, self.means.index, self.means.store)

    def accept(self, identifier: str) -> Delivery:
        """The delivery, accepted and published: pyramid, index of dalles, records."""
        means = self.means
        delivery = receive.accept(means, identifier)
        if delivery.state == "publiée":
            return delivery
        receive.publish(means, delivery)
        self.refresh()
        means.index.set_state(identifier, "publiée")
        return means.index.delivery(identifier)


@contextmanager
def working(
    site: Site, settings: Settings, workers: int, progress: Progress, scheduler: str | None = None
) -> Iterator[Bench]:
    """The site open for writing, with hands to work: this many processes, or the workers of a scheduler.

    A switch that a killed process broke off is ended first.

    Raises:
        SiteError: another pcrs is at work in it.
        MillError: the scheduler does not answer, or has no worker with this pcrs.
        SettingsError: dask.distributed is not installed.
    """
    site = Site(site.root.resolve())
    hands_of = cluster(scheduler) if scheduler else mill(workers)
    with site.working(), closing(Index(site.index_file)) as index, hands_of as hands:
        with closing(features_of(site, settings)) as store:
            means = _means(site, settings, index, store, hands, progress)
            finish(means)
            yield Bench(means, settings)


def _means(
    site: Site, settings: Settings, index: Index, store: FeatureStore, hands: Mill, progress: Progress
) -> Means:
    return Means(
        site=site,
        tiers=tiers(site, settings),
        index=index,
        store=store,
        control=control_of(settings),
        vector_control=gml_control_of(settings),
        layer=settings.layer,
        departement=settings.site.departement,
        jpeg_quality=settings.raster.jpeg_quality,
        precision=settings.raster.precision,
        mill=hands,
        progress=progress,
    )


def human_of(site: Site, settings: Settings) -> Human:
    """What people wrote for the records of the site.

    Raises:
        InputError: `metadata.toml` cannot be read, or says what it may not.
    """
    table = settings.site
    return load_human(
        site.metadata_file,
        operator=table.operator,
        email=table.contact_email,
        licence_title=table.licence_title,
        licence_url=table.licence_url,
    )


def _refresh(site: Site, settings: Settings, index: Index, store: FeatureStore) -> list[str]:
    records = records_of(site, settings)
    raster = raster_facts(index, settings.site.departement)
    vector = vector_facts(index, store, settings.site.departement)
    archives = _archived(site, settings)
    base = settings.site.identifier_base
    made = sheets(human_of(site, settings), raster, vector, public_url(settings), base, archives)
    return list(refresh(records, made, now=datetime.now(UTC)))


def _archived(site: Site, settings: Settings) -> tuple[ArchiveFacts, ...]:
    """What is archived of each chantier, as far as everyone may know: nothing where the layer is closed."""
    ask = Ask(layers=frozenset({ARCHIVES.name}))
    if not site.inventory_file.is_file() or not decide(Principal(), ask, settings.access.rules).allowed:
        return ()
    with closing(Inventory(site.inventory_file)) as inventory:
        return archive_facts(inventory, settings.site.departement)


def write_records(site: Site, settings: Settings, *, validate: bool) -> tuple[list[str], list[Finding]]:
    """Ids of the records that changed, and what the validation found in all of them."""
    with closing(Index(site.index_file)) as index, closing(features_of(site, settings)) as store:
        changed = _refresh(site, settings, index, store)
    if not validate:
        return changed, []
    return changed, list(validate_catalogue(records_of(site, settings).all(OWN)))


def load_communes(site: Site, settings: Settings, file: Path) -> int:
    """The communes of a file are in the store. How many."""
    with closing(features_of(site, settings)) as store:
        return put_communes(store, file, settings.site.departement)


def status_of(site: Site, settings: Settings) -> dict[str, Any]:
    """What is served and what is missing, in words and numbers."""
    with closing(Index(site.index_file)) as index, closing(features_of(site, settings)) as store:
        dalles = index.dalles()
        there = {one.key for one in tiers(site, settings).hot.list("dalles")}
        lacking = [d.stem for d in dalles if not (d.retired or f"dalles/{d.edition}/{d.stem}.tif" in there)]
        deliveries = index.deliveries()
        waiting = [d.id for d in deliveries if d.state == "contrôlée"]
        begun = [d.id for d in deliveries if d.state == "acceptée"]
        todo = index.to_build()
        classes = {
            layer.name: count for layer in store.layers() if (count := store.count(layer.name, Query()))
        }
        return {
            "titre": settings.site.title,
            "couche": settings.layer,
            "éditions": index.editions(),
            "dalles": len(dalles),
            "octets": sum(d.hot_bytes for d in dalles),
            "objets": classes,
            "livraisons à décider": waiting,
            "manques": [f"{stem} : fichier compressé absent" for stem in lacking]
            + ([f"{todo} blocs de pyramide à construire : relancer la même commande"] if todo else [])
            + [f"livraison {name} acceptée, pas encore publiée : pcrs accept {name}" for name in begun],
        }


def make_demo(root: Path, workers: int, progress: Progress) -> tuple[Site, Settings]:
    """A site with a small synthetic PCRS, taken in like any delivery. One that is complete is used again."""
    from pcrs.demo import make_delivery  # takes longer to import than most commands need

    site = Site(root)
    if not site.settings_file.exists():
        site = init_site(root, _FIRST_USER)
        site.demo_marker.touch()
    settings = load(site.settings_file)
    folder = site.jobs / "demo"
    with working(site, settings, workers, progress) as bench:
        if any(delivery.state == "publiée" for delivery in bench.means.index.deliveries()):
            return site, settings
        if not (folder / ".complete").exists():
            make_delivery(folder, mill=bench.means.mill, progress=progress)
            (folder / ".complete").touch()
        delivery = receive.receive(bench.means, folder, edition=_DEMO_EDITION, chantier="démo")
        bench.accept(delivery.id)
    shutil.rmtree(folder)
    return site, settings
