"""An upload: declared, filled with what it lacks, its MD5 sums beside, closed, checked by the platform."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pcrs.errors import ConflictError, RemoteError
from pcrs.publish.geoplateforme.products import Stored
from pcrs.work.entrepot.client import Entrepot, UnsureError
from pcrs.work.entrepot.finding import Entity, ensure, find, path, until
from pcrs.work.entrepot.multipart import Multipart, Source, bytes_source
from pcrs.work.progress import Progress, Step

_BUSY = frozenset({"CREATED", "CHECKING", "GENERATING", "MODIFYING"})
_TRIES = 4
_MB = 10**6


@dataclass(frozen=True, slots=True)
class Lot:
    """The files of one upload. `number` counts from 1."""

    stored: Stored
    number: int
    files: tuple[Source, ...]

    @property
    def octets(self) -> int:
        """Bytes of its files."""
        return sum(source.size for source in self.files)


def lots_of(stored: Stored, files: Sequence[Source], largest: int) -> tuple[Lot, ...]:
    """The files in lots of at most `largest` bytes; a larger file is a lot of its own."""
    groups: list[list[Source]] = []
    room = 0
    for source in sorted(files, key=lambda source: source.name):
        if not groups or source.size > room:
            groups.append([])
            room = largest
        groups[-1].append(source)
        room -= source.size
    return tuple(Lot(stored, number, tuple(group)) for number, group in enumerate(groups, start=1))


def deliver(entrepot: Entrepot, lot: Lot, progress: Progress) -> Entity:
    """The lot as an upload that the platform has checked and found good.

    Raises:
        RemoteError: it found a fault; the next run sends the lot again.
    """
    name = lot.stored.upload_name(lot.number)
    upload = _declared(entrepot, lot, name)
    if upload["status"] == "OPEN":
        sums = _filled(entrepot, upload, lot, progress)
        _summed(entrepot, upload, lot.stored.folder, sums)
        _close(entrepot, upload)
    return _checked(entrepot, upload, name)


def _declared(entrepot: Entrepot, lot: Lot, name: str) -> Entity:
    found = find(entrepot, "upload", name=name)
    if found is not None and _spoilt(entrepot, found):
        entrepot.delete(path("upload", found))
    upload = ensure(
        entrepot,
        lambda: find(entrepot, "upload", name=name),
        lambda: entrepot.post("uploads", lot.stored.upload(lot.number)),
    )
    entrepot.tag(path("upload", upload), dict(lot.stored.tags))
    return upload


def _spoilt(entrepot: Entrepot, upload: Entity) -> bool:
    """An upload that the platform refused, or lost hold of, cannot be mended: it is sent anew."""
    if upload["status"] in ("UNSTABLE", "DELETED"):
        return True
    return upload["status"] == "CLOSED" and bool(_checks(entrepot, upload)["failed"])


def _filled(entrepot: Entrepot, upload: Entity, lot: Lot, progress: Progress) -> dict[str, str]:
    """Every file is there in its full size; the MD5 of each by its path there."""
    here = path("upload", upload)
    there = dict(_tree(entrepot.get(f"{here}/tree")))
    stage = f"envoi {lot.stored.name} ({lot.number}), Mo"
    total, done = lot.octets, 0
    sums: dict[str, str] = {}

    def told(octets: int) -> None:
        nonlocal done
        done += octets
        progress(Step(stage, min(done, total) // _MB, max(1, total // _MB)))

    told(0)
    for source in lot.files:
        place = f"{lot.stored.folder}/{source.name}"
        if there.get(place) == source.size:
            sums[place] = source.digest()
            told(source.size)
            continue
        before = done
        sums[place] = _sent(entrepot, f"{here}/data", place, source, told)
        done = before
        told(source.size)
    return sums


def _sent(entrepot: Entrepot, where: str, place: str, source: Source, told: Any) -> str:
    """The file is there; its MD5. A part of it that was left there goes first."""
    for tried in range(_TRIES):
        form = Multipart(source, told=told)
        try:
            entrepot.send("POST", where, form, path=place)
            return source.md5 or form.md5
        except ConflictError:
            entrepot.delete(where, path=place)
        except UnsureError:
            if tried + 1 == _TRIES:
                raise
            entrepot.pause(2.0**tried)
            entrepot.delete(where, path=place)
    raise RemoteError(f"{place} could not be sent: the Entrepôt keeps saying that it is there already")


def _tree(rows: Iterable[Entity], under: str = "") -> Iterator[tuple[str, int]]:
    """Sizes of files by their path."""
    for row in rows:
        place = f"{under}{row['name']}"
        if row["type"] == "DIRECTORY":
            yield from _tree(row.get("children") or (), f"{place}/")
        else:
            yield place, int(row["size"])


def _summed(entrepot: Entrepot, upload: Entity, folder: str, sums: Mapping[str, str]) -> None:
    """The MD5 sums are there."""
    text = "".join(f"{md5}  {place}\n" for place, md5 in sorted(sums.items()))
    source = bytes_source(f"{folder}.md5", text.encode())
    where = f"{path('upload', upload)}/md5"
    entrepot.delete(where, path=source.name)
    _sent(entrepot, where, source.name, source, lambda octets: None)


def _close(entrepot: Entrepot, upload: Entity) -> None:
    try:
        entrepot.post(f"{path('upload', upload)}/close")
    except (UnsureError, ConflictError):
        if entrepot.get(path("upload", upload))["status"] == "OPEN":
            raise


def _checked(entrepot: Entrepot, upload: Entity, name: str) -> Entity:
    here = path("upload", upload)
    closed = until(entrepot, lambda: entrepot.get(here), _BUSY, name)
    failed = _checks(entrepot, closed)["failed"]
    if not failed and closed["status"] == "CLOSED":
        return closed
    reasons = [f"{row['check']['name']}: {_log(entrepot, row)}" for row in failed]
    raise RemoteError(
        f"the Géoplateforme refused the upload {name} ({' | '.join(reasons) or closed['status']}): "
        "correct what it says, give the same command again"
    )


def _checks(entrepot: Entrepot, upload: Entity) -> dict[str, list[Entity]]:
    told = entrepot.get(f"{path('upload', upload)}/checks")
    return {key: list(told.get(key) or ()) for key in ("asked", "in_progress", "passed", "failed")}


def _log(entrepot: Entrepot, execution: Entity) -> str:
    return last_errors(entrepot, f"checks/executions/{execution['_id']}/logs")


def last_errors(entrepot: Entrepot, logs: str) -> str:
    """The last lines of a log that speak of an error, or the very last."""
    lines = [str(line) for line in entrepot.get(logs) or ()]
    errors = [line for line in lines if "ERROR" in line] or lines
    return " / ".join(line.rpartition("||")[2] for line in errors[-3:]) or "aucun journal"
