"""`pcrs doctor`: a site and its machine looked over, faults with what to do. Nothing is changed."""

import os
import resource
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from pcrs.archiving import places_of
from pcrs.assembly import features_of, human_of, tiers
from pcrs.errors import InputError, PcrsError
from pcrs.findings import Finding, Level
from pcrs.settings import Settings, public_url
from pcrs.store.index import Index
from pcrs.store.tokens import Tokens
from pcrs.work.site import Site

_LOW_SHARE, _LOW_BYTES = 0.05, 20 * 10**9
_FILES = 4096
_SAMPLE = 50
_OLD_PART_S = 86_400
_DAY = 86_400
Check = Callable[["Patient"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked over."""

    site: Site
    settings: Settings
    cores: int
    now: datetime


def examine(site: Site, settings: Settings) -> list[Finding]:
    """What is wrong, or might be; a check that breaks off is a finding itself."""
    patient = Patient(site, settings, os.cpu_count() or 1, datetime.now(UTC))
    found: list[Finding] = []
    for check in _CHECKS:
        try:
            found += check(patient)
        except (PcrsError, OSError, sqlite3.Error) as error:
            found.append(
                _say(check.__name__.strip("_"), "error", f"Le contrôle n'a pas pu se faire : {error}")
            )
    return found


def _address(patient: Patient) -> Iterator[Finding]:
    """Where the site is seen."""
    url = public_url(patient.settings)
    host = urlsplit(url).hostname or ""
    if not patient.settings.serve.public_url:
        told = f"Adresses et notices sont écrites avec {url} : donner [serve] public_url avant d'ouvrir."
        yield _say("address", "warning", told)
    elif not url.startswith("https://") and host not in ("localhost", "127.0.0.1"):
        yield _say("address", "warning", f"{url} n'est pas en https : les jetons y passeraient en clair.")
    if patient.settings.site.contact_email.endswith("@example.fr"):
        yield _say(
            "address",
            "warning",
            "[site] contact_email est celui de l'exemple : donner une boîte fonctionnelle.",
        )


def _room(patient: Patient) -> Iterator[Finding]:
    """Disks."""
    for path in {patient.site.root, patient.site.jobs}:
        if not path.exists():
            continue
        usage = shutil.disk_usage(path)
        if usage.free < min(_LOW_BYTES, usage.total * _LOW_SHARE):
            free = usage.free / 1e9
            yield _say(
                "room",
                "error",
                f"{path} : il reste {free:.1f} Go. Faire de la place (exports/, cache/, jobs/).",
            )
        if not os.access(path, os.W_OK):
            yield _say(
                "room",
                "error",
                f"{path} ne peut être écrit par cet utilisateur : chown, ou monter en écriture.",
            )


def _machine(patient: Patient) -> Iterator[Finding]:
    """Processes, files, clock."""
    workers = patient.settings.serve.workers
    if workers > patient.cores:
        yield _say(
            "machine",
            "warning",
            f"[serve] workers = {workers} pour {patient.cores} cœurs : au plus un par cœur.",
        )
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _FILES:
        yield _say(
            "machine",
            "warning",
            f"{soft} fichiers ouverts au plus : ulimit -n 65536 (LimitNOFILE).",
        )
    newest = max((file.stat().st_mtime for file in (patient.site.root / "stores").glob("*")), default=0.0)
    if newest > time.time() + _DAY:
        yield _say("machine", "error", "L'horloge est en retard sur les fichiers du site : vérifier NTP.")


def _stores(patient: Patient) -> Iterator[Finding]:
    """The SQLite files."""
    for file in sorted((patient.site.root / "stores").glob("*")):
        if file.suffix not in (".db", ".gpkg"):
            continue
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as db:
            said = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if said != "ok":
            told = f"{file.name} est abîmé ({said}) : arrêter le service, `pcrs restore`, ou `pcrs rebuild`."
            yield _say("stores", "error", told, file.name)
    with closing(features_of(patient.site, patient.settings)) as store:
        store.layers()


def _served(patient: Patient) -> Iterator[Finding]:
    """What is shown, and whether it is there."""
    with closing(Index(patient.site.index_file)) as index:
        dalles, todo = index.dalles(), index.to_build()
        waiting = [delivery.id for delivery in index.deliveries() if delivery.state in ("reçue", "contrôlée")]
    if not dalles:
        yield _say(
            "served", "warning", "Aucune dalle n'est publiée : `pcrs receive DEPOT --edition 2025 --accept`."
        )
    if todo:
        yield _say(
            "served",
            "error",
            f"{todo} blocs de pyramide attendent : redonner la commande qui a été interrompue.",
        )
    if waiting:
        yield _say(
            "served",
            "info",
            f"Livraisons à décider : {', '.join(waiting[:5])} (`pcrs accept`, `pcrs refuse`).",
        )
    hot = tiers(patient.site, patient.settings).hot
    step = max(1, len(dalles) // _SAMPLE)
    for dalle in dalles[::step][:_SAMPLE]:
        key = f"dalles/{dalle.edition}/{dalle.stem}.tif"
        seen = hot.head(key)
        if seen is None:
            yield _say("served", "error", f"{key} n'est pas dans le niveau courant : `pcrs rebuild`.", key)
        elif seen.size != dalle.hot_bytes:
            told = f"{key} a {seen.size} octets au lieu de {dalle.hot_bytes} : `pcrs rebuild`."
            yield _say("served", "error", told, key)


def _catalogue(patient: Patient) -> Iterator[Finding]:
    """What people wrote for the records."""
    try:
        human_of(patient.site, patient.settings)
    except InputError as error:
        told = f"Les notices restent ce qu'elles étaient : {error}"
        yield _say("catalogue", "error", told, "metadata.toml")


def _left(patient: Patient) -> Iterator[Finding]:
    """What killed processes left behind."""
    old = time.time() - _OLD_PART_S
    parts = [path for path in patient.site.root.rglob(".*.part") if path.lstat().st_mtime < old]
    if parts:
        octets = sum(path.lstat().st_size for path in parts)
        size = f"{octets / 1e6:.0f} Mo"
        told = f"{len(parts)} fichiers inachevés de plus d'un jour ({size}), dont {parts[0]} : à effacer."
        yield _say("left", "warning", told)


def _access(patient: Patient) -> Iterator[Finding]:
    """Tokens, and files that others can read."""
    for file in sorted((patient.site.root / "stores").glob("*")):
        if (
            file.name.startswith(("tokens", "signalements"))
            and file.is_file()
            and file.stat().st_mode & 0o077
        ):
            yield _say("access", "error", f"{file.name} est lisible par d'autres : chmod 600.", file.name)
    if not patient.site.tokens_file.exists():
        return
    today = patient.now.date().isoformat()
    with closing(Tokens(patient.site.tokens_file, read_only=True)) as tokens:
        for token in tokens.all():
            scope = token.scope
            if token.revoked is None and scope.role == "admin" and scope.expires is None:
                yield _say(
                    "access", "warning", f"Le jeton {token.id} ({scope.label}) est admin et n'expire jamais."
                )
            if token.revoked is None and scope.expires is not None and scope.expires < today:
                yield _say(
                    "access", "info", f"Le jeton {token.id} ({scope.label}) a expiré le {scope.expires}."
                )


def _copies(patient: Patient) -> Iterator[Finding]:
    """Where copies go, and whether it can be reached."""
    if not patient.settings.archive.targets:
        yield _say(
            "copies",
            "warning",
            "Aucune copie hors de cette machine : [[archive.targets]], puis `pcrs archive`.",
        )
    for place in places_of(patient.site, patient.settings).values():
        try:
            place.target.head("pcrs-target.json")
        except PcrsError as error:
            yield _say("copies", "error", f"La cible {place.name} ne répond pas : {error}", place.name)
        finally:
            place.target.close()


def _say(code: str, level: Level, message: str, file: str = "") -> Finding:
    return Finding(f"doctor.{code}", level, message, file)


_CHECKS: tuple[Check, ...] = (
    _address,
    _room,
    _machine,
    _stores,
    _served,
    _catalogue,
    _left,
    _access,
    _copies,
)
