"""Custody put together from the settings of a site: the inventory opened, the targets chosen."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pcrs.archive.target import Place, Target
from pcrs.archive.target_blobs import FolderTarget, TierTarget
from pcrs.archive.target_s3 import S3Target
from pcrs.archive.target_sftp import SftpTarget, sftp_place
from pcrs.assembly import features_of, tiers, write_records
from pcrs.blobs import Bucket, locate
from pcrs.errors import SettingsError
from pcrs.settings import Settings
from pcrs.standard.livrables import Licence
from pcrs.store.index import Index
from pcrs.store.inventory import Inventory, Rule
from pcrs.tables import TargetTable
from pcrs.work.custody.deposit import Deposited, Order, complete, deposit, undescribed
from pcrs.work.custody.describe import Describer, stations_in
from pcrs.work.custody.keeping import TIER, Keeping
from pcrs.work.custody.lifecycle import Gone, LetGo, going, let_go
from pcrs.work.custody.mirror import mirror
from pcrs.work.custody.origin import FolderOrigin, sheet_of
from pcrs.work.custody.projection import project_objects
from pcrs.work.custody.standing import Stand, stand
from pcrs.work.custody.stock import chantiers_of_tier, take_stock, tier_origin
from pcrs.work.custody.superseded import retire, superseded
from pcrs.work.custody.verify import Wanted
from pcrs.work.means import Means
from pcrs.work.progress import Progress
from pcrs.work.site import Site

_GB = 10**9


def thumbnails_of(site: Site) -> Path:
    """Pictures of archived images."""
    return site.root / "stores" / "vignettes"


def rule_of(settings: Settings) -> Rule:
    """What the copies of an object must be."""
    table = settings.archive
    return Rule(table.copies, table.media, table.offsite)


def places_of(site: Site, settings: Settings) -> dict[str, Place]:
    """The intermediate tier and the targets of the settings, by name.

    Raises:
        SettingsError: two have one name, or an address is none.
    """
    table = settings.archive
    tier = TierTarget(tiers(site, settings).intermediate)
    places = {TIER: Place(TIER, table.tier_medium, table.tier_offsite, tier, "rien")}
    for told in table.targets:
        if told.name in places:
            raise SettingsError(f"[[archive.targets]]: two targets are called {told.name!r}")
        try:
            target = _target(told)
        except ValueError as error:
            raise SettingsError(f"[[archive.targets]] {told.name}: {error}") from error
        places[told.name] = Place(told.name, told.medium, told.offsite, target, told.takes)
    return places


def _target(told: TargetTable) -> Target:
    if told.url.startswith("sftp:"):
        key, known = (Path(text) if text else None for text in (told.key_file, told.known_hosts))
        return SftpTarget(sftp_place(told.url, key, known))
    place = locate(told.url, endpoint=told.endpoint, region=told.region)
    if isinstance(place, Bucket):
        return S3Target(place, told.storage_class, told.lock_mode, told.lock_days)
    return FolderTarget(place)


@contextmanager
def keeping(site: Site, settings: Settings, progress: Progress) -> Iterator[Keeping]:
    """The custody of a site, open for this process."""
    places = places_of(site, settings)
    with closing(Inventory(site.inventory_file)) as inventory:
        try:
            yield Keeping(
                inventory=inventory,
                places=places,
                scratch=site.scratch / "archive",
                thumbnails=thumbnails_of(site),
                organisation=settings.site.operator,
                contact=settings.site.contact_email,
                clock=lambda: datetime.now(UTC),
                progress=progress,
            )
        finally:
            for place in places.values():
                place.target.close()


def stand_of(held: Keeping, settings: Settings, most: int | None) -> Stand:
    """How all objects stand by the rule of the settings; `most`: red ones that are told."""
    before = (held.clock() - timedelta(days=settings.archive.verify_days)).isoformat(timespec="seconds")
    return stand(held, rule_of(settings), before, most)


def archive_folder(
    held: Keeping, settings: Settings, path: Path, chantier: str, licence: Licence | None
) -> Deposited:
    """A folder or a file is in bags, as objects of a chantier."""
    origin = FolderOrigin(path)
    describe = Describer(
        origin,
        chantier,
        held.thumbnails,
        held.now,
        licence,
        sheet_of(origin.root),
        stations_in(origin),
        settings.raster.patterns,
    )
    order = Order(origin, chantier, describe, round(settings.archive.bag_gb * _GB))
    return deposit(held, order)


def archive_site(held: Keeping, site: Site, settings: Settings) -> Deposited:
    """The intermediate tier is mirrored and in bags, and every bag is on every target that takes bags."""
    with closing(Index(site.index_file)) as index, closing(features_of(site, settings)) as store:
        take_stock(held, site, tiers(site, settings).intermediate, index, store)
    total = Deposited()
    mirror(held, total)
    limit = round(settings.archive.bag_gb * _GB)
    for chantier in chantiers_of_tier(held):
        total.add(deposit(held, Order(tier_origin(held, chantier), chantier, undescribed, limit)))
    total.add(complete(held))
    return total


def catalogue(held: Keeping, site: Site, settings: Settings) -> int:
    """The layer `archives` and the records of the chantiers tell what is kept, on line or not.

    How many rows of the layer changed.
    """
    with closing(features_of(site, settings)) as store:
        changed = project_objects(held, store)
    write_records(site, settings, validate=False)
    return changed


def due(
    held: Keeping,
    settings: Settings,
    *,
    minutes: float | None = None,
    octets: int | None = None,
    targets: tuple[str, ...] = (),
    everything: bool = False,
) -> Wanted:
    """What a verification is to read: what `verify_days` say is due, or everything; within time and bytes.

    Raises:
        InputError: there is no such target.
    """
    for name in targets:
        held.place(name)
    days = 0 if everything else settings.archive.verify_days
    before = held.clock() - timedelta(days=days) + timedelta(seconds=1)
    return Wanted(before.isoformat(timespec="seconds"), octets, over=_over(minutes), targets=targets)


def _over(minutes: float | None) -> Callable[[], bool] | None:
    if minutes is None:
        return None
    end = time.monotonic() + 60 * minutes
    return lambda: time.monotonic() > end


def rules_of(settings: Settings) -> tuple[LetGo, ...]:
    """What may be let go.

    Raises:
        SettingsError: a rule on bags names no target that takes them.
    """
    table = settings.archive
    takes = {told.name for told in table.targets if told.takes == "paquets"}
    for rule in table.rules:
        if rule.what == "paquets" and rule.target not in takes:
            raise SettingsError(f"[[archive.rules]] paquets: target {rule.target!r} is no target for bags")
    return tuple(LetGo(rule.what, rule.days, rule.keep, rule.target, rule.chantier) for rule in table.rules)


def lifecycle(held: Keeping, means: Means, rules: tuple[LetGo, ...], *, apply: bool) -> Gone:
    """What the rules let go: gone when it is to be applied, told as to be done otherwise."""
    told = let_go(held, rules) if apply else Gone(list(going(held, rules)))
    for rule in rules:
        if rule.what != "dalles-remplacees":
            continue
        before = (held.clock() - timedelta(days=rule.days)).isoformat()
        if apply:
            retired = retire(held, means, rule, before)
            told.done += retired.done
            told.kept += retired.kept
        else:
            told.done += [one for one, _ in superseded(means, rule, before)]
    return told
