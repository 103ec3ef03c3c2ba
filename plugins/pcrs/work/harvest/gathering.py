"""A harvest: what each source has goes into the catalogue in its place, or stays as it was when it fails."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from pcrs.errors import InputError, NotFoundError, RemoteError, TooLargeError
from pcrs.findings import Finding
from pcrs.publish.linked import layer_document
from pcrs.publish.records import stamped
from pcrs.store.record_rows import OWN, row_of
from pcrs.store.records import RecordStore
from pcrs.work.harvest.catalogues import records
from pcrs.work.harvest.fetching import Fetcher
from pcrs.work.harvest.layers import Kind, layers
from pcrs.work.progress import Progress, Step


@dataclass(frozen=True, slots=True)
class Source:
    """A catalogue or a service that the operator names."""

    name: str
    """Short, of letters, digits, dashes."""
    kind: Kind | str
    """`csw`, `wmts`, `wms`."""
    url: str
    search: str = ""
    box: tuple[float, float, float, float] | None = None
    identifiers: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    most: int = 500

    @property
    def key(self) -> str:
        """What the catalogue keeps as the source of a record: never `OWN`."""
        return f"{self.name} {self.url}"


@dataclass(frozen=True, slots=True)
class Harvest:
    """What one source changed in the catalogue."""

    source: str
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    findings: tuple[Finding, ...] = ()

    def told(self) -> dict[str, Any]:
        """For JSON, without the findings."""
        names = ("source", "added", "changed", "removed", "unchanged")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        """In one line."""
        counts = (len(self.added), len(self.changed), len(self.removed), self.unchanged)
        words = ("ajoutées", "modifiées", "retirées", "inchangées")
        said = ", ".join(f"{number} {word}" for number, word in zip(counts, words, strict=True))
        return f"moisson {self.source} : {said}"


def harvest(
    store: RecordStore, sources: Sequence[Source], fetcher: Fetcher, now: datetime, progress: Progress
) -> list[Harvest]:
    """Every source in turn; records of sources that are no longer named are withdrawn. `now` is in UTC."""
    told = []
    for number, source in enumerate(sources, start=1):
        try:
            told.append(_one(store, source, fetcher, now))
        except (RemoteError, TooLargeError, NotFoundError) as error:
            message = f"{error} ; les notices déjà moissonnées restent"
            told.append(
                Harvest(source.name, findings=(_finding("harvest.source", "error", source, message),))
            )
        progress(Step("moisson", number, len(sources)))
    known = {OWN, *(source.key for source in sources)}
    for key in store.sources():
        if key not in known:
            gone = store.identifiers(key)
            store.delete(gone)
            told.append(Harvest(key.partition(" ")[0], removed=gone))
    return told


def _one(store: RecordStore, source: Source, fetcher: Fetcher, now: datetime) -> Harvest:
    before = dict(store.all(source.key))
    others = set(store.identifiers()) - before.keys()
    after: dict[str, bytes] = {}
    findings: list[Finding] = []
    for document in _documents(source, fetcher, before, now):
        try:
            identifier = str(row_of(document, now, source.key)["identifier"])
        except InputError as error:
            findings.append(
                _finding("harvest.record", "warning", source, f"notice laissée de côté : {error}")
            )
            continue
        if identifier in others or identifier in after:
            whose = "de ce site ou d'une autre source" if identifier in others else "vue deux fois"
            message = f"notice laissée de côté : son identifiant est celui d'une notice {whose}"
            findings.append(_finding("harvest.identifier", "info", source, message, identifier))
            continue
        after[identifier] = _kept(document, before.get(identifier))
    store.replace(after.values(), inserted=now, source=source.key)
    changed = tuple(sorted(name for name in after.keys() & before.keys() if after[name] != before[name]))
    return Harvest(
        source=source.name,
        added=tuple(sorted(after.keys() - before.keys())),
        changed=changed,
        removed=tuple(sorted(before.keys() - after.keys())),
        unchanged=len(after.keys() & before.keys()) - len(changed),
        findings=tuple(findings),
    )


def _documents(source: Source, fetcher: Fetcher, before: dict[str, bytes], now: datetime) -> Iterable[bytes]:
    if source.kind == "csw":
        found = records(
            fetcher,
            source.url,
            search=source.search,
            box=source.box,
            identifiers=source.identifiers,
            most=source.most,
        )
        return list(found)
    kind: Kind = "wms" if source.kind == "wms" else "wmts"
    shown = layers(fetcher, kind, source.url, source.name, source.layers)
    return [stamped(layer_document(layer, now), before.get(layer.identifier), now) for layer in shown]


def _kept(document: bytes, before: bytes | None) -> bytes:
    """The document held already, when the new one says the same in other bytes."""
    if before is not None and _canonical(document) == _canonical(before):
        return before
    return document


def _canonical(document: bytes) -> bytes:
    root = etree.fromstring(
        document, etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    )
    return etree.tostring(root, method="c14n2")


def _finding(code: str, level: str, source: Source, message: str, identifier: str = "") -> Finding:
    return Finding.of(
        {
            "code": code,
            "level": level,
            "message": message,
            "file": source.name,
            "object_id": identifier or None,
        }
    )
