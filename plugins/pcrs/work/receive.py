"""The life of a delivery: reçue → contrôlée → acceptée → publiée, or refusée.

Every step is written down before the next begins and can be done again: after a kill the same command goes
on where it stopped, and ends in the same state.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pcrs.errors import ConflictError
from pcrs.findings import Finding
from pcrs.raster.qc import Control
from pcrs.store.index import DeliveredFile, Delivery, FileState, Index
from pcrs.vector.check import GmlControl
from pcrs.work import accept as acceptance
from pcrs.work.control import Checked, Item, check_files, twins
from pcrs.work.means import Means
from pcrs.work.progress import Mill, Progress
from pcrs.work.project import project_dalles, told_by_vector
from pcrs.work.register import Arrival, inventory, kind_of, register, source
from pcrs.work.update import affected, build

_TAKEN: tuple[FileState, ...] = ("conforme", "réserves")


def check(
    path: Path, control: Control, mill: Mill, progress: Progress, *, vector: GmlControl | None = None
) -> list[Checked]:
    """The control of a file or a folder, outside any site; nothing is changed. In order of names.

    Raises:
        InputError: the path does not exist, or nothing is in it.
    """
    items = [Item(file, name, kind_of(file)) for name, file in inventory(path)]
    checked = {
        one.item.name: one for one in check_files(items, control, vector or GmlControl(), mill, progress)
    }
    checked |= {one.item.name: one for one in twins(checked.values())}
    return [checked[name] for name in sorted(checked)]


def receive(
    means: Means, path: Path, *, edition: str, chantier: str = "", correction: bool = False
) -> Delivery:
    """The delivery at `path`, registered and controlled. The same bytes again are the same delivery.

    Args:
        means: what the work is done with.
        path: a folder or a file.
        edition: that the delivery belongs to.
        chantier: flight block or survey.
        correction: dalles that the edition has with other bytes are new versions; else they are refused.

    Raises:
        InputError: nothing is there, or the edition cannot be a name.
    """
    arrival = Arrival(path, edition, chantier, correction)
    delivery, files = register(means.index, arrival, means.mill, means.progress)
    if delivery.state == "reçue":
        _control(means, delivery, files, correction)
        means.index.set_state(delivery.id, "contrôlée")
    return means.index.delivery(delivery.id)


def _control(means: Means, delivery: Delivery, files: list[DeliveredFile], correction: bool) -> None:
    by_name = {file.name: file for file in files}
    open_items = [_item(delivery, file) for file in files if file.state == "reçu"]
    for one in check_files(open_items, means.control, means.vector_control, means.mill, means.progress):
        _note(means.index, by_name[one.item.name], one)
    known = (_checked(delivery, file) for file in means.index.files(delivery.id))
    for one in twins(known):
        _note(means.index, by_name[one.item.name], one)
    if correction:
        for file in means.index.files(delivery.id):
            means.index.set_file(file, file.state, facts={**(file.facts or {}), "correction": True})
    acceptance.settle(means.index, delivery)


def _item(delivery: Delivery, file: DeliveredFile) -> Item:
    return Item(source(delivery, file), file.name, file.kind, file.sha256)


def _checked(delivery: Delivery, file: DeliveredFile) -> Checked:
    """A file's control as it was noted."""
    findings = tuple(map(Finding.of, file.findings))
    return Checked(_item(delivery, file), findings, file.facts or {})


def _note(index: Index, file: DeliveredFile, one: Checked) -> None:
    index.set_file(file, _verdict(one), findings=[f.to_dict() for f in one.findings], facts=dict(one.facts))


def _verdict(one: Checked) -> FileState:
    if one.item.kind == "autre" or "copy_of" in one.facts:
        return "conforme" if not one.findings else "réserves"
    if not one.accepted:
        return "refusé"
    return "réserves" if any(f.level == "error" for f in one.findings) else "conforme"


def accept(means: Means, identifier: str) -> Delivery:
    """The delivery with what conforms taken in; what does not stays refused, file by file.

    Masters and hot dalles are made, objects stored, the slabs to build written down. Publishing is apart.

    Raises:
        NotFoundError: no such delivery.
        ConflictError: it was refused, was not controlled, or a file has changed since.
    """
    index = means.index
    delivery = index.delivery(identifier)
    if delivery.state in ("reçue", "refusée"):
        raise ConflictError(f"delivery {identifier} is {delivery.state}: only a controlled one is accepted")
    if delivery.state == "contrôlée":
        index.set_state(identifier, "acceptée", at=datetime.now(UTC).isoformat(timespec="seconds"))
        delivery = index.delivery(identifier)
    if delivery.state == "publiée":
        return delivery
    acceptance.settle(index, delivery)
    means.tiers.sweep(delivery.edition)
    acceptance.ingest_rasters(means, delivery)
    _take_objects(means, delivery)
    _index_dalles(means, delivery)
    return delivery


def _take_objects(means: Means, delivery: Delivery) -> None:
    """The objects of the delivery's GML files are stored, and what became of them is noted."""
    files = [
        file
        for file in means.index.files(delivery.id)
        if file.kind == "vecteur" and file.state in _TAKEN and not (file.facts or {}).get("taken")
    ]
    found = acceptance.import_vector(means.tiers, means.store, delivery, files) if files else {}
    with means.index.transaction():
        for file in files:
            means.index.set_file(file, "intégré", facts={**(file.facts or {}), **found[file.name]})


def changes_of(files: Iterable[DeliveredFile]) -> dict[str, dict[str, int]]:
    """What became of a delivery's objects: per class, how many were added, changed, removed, unchanged."""
    total: dict[str, dict[str, int]] = {}
    for file in files:
        for class_name, counts in (file.facts or {}).get("changes", {}).items():
            known = total.setdefault(class_name, dict.fromkeys(counts, 0))
            for name, count in counts.items():
                known[name] += count
    return dict(sorted(total.items()))


def publish(means: Means, delivery: Delivery) -> None:
    """What was accepted is seen: the pyramids are built, the layer of dalles is that of the index.

    The catalogue's records come after (`pcrs.work.catalogue`), then `Index.set_state(…, "publiée")`.
    """
    build(means)
    project_dalles(means.index, means.store, means.departement)


def _index_dalles(means: Means, delivery: Delivery) -> None:
    """The made dalles become current, with the slabs they change, in one transaction."""
    index = means.index
    files = [f for f in index.files(delivery.id) if f.kind == "raster" and f.state == "conforme"]
    made = told_by_vector(means.store, acceptance.accepted_dalles(delivery, files, means.precision))
    with index.transaction():
        new = [dalle for dalle in made if index.dalle(dalle.edition, dalle.stem) is None]
        later = [edition for edition in index.editions() if edition > delivery.edition]
        boxes = [dalle.bbox for dalle in new]
        index.accept(new, affected(boxes, [delivery.edition, *later]))
        for file in files:
            index.set_file(file, "intégré")


def refuse(index: Index, identifier: str, reason: str) -> Delivery:
    """The delivery, refused for this reason.

    Raises:
        NotFoundError: no such delivery.
        ConflictError: it was accepted already.
    """
    delivery = index.delivery(identifier)
    if delivery.state in ("acceptée", "publiée"):
        raise ConflictError(f"delivery {identifier} is {delivery.state}: what was accepted stays")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    index.set_state(identifier, "refusée", at=now, reason=reason)
    return index.delivery(identifier)


def refused(files: Iterable[DeliveredFile]) -> list[DeliveredFile]:
    """The files of which something was refused: a dalle, or objects of a GML."""
    return [file for file in files if any(f["level"] == "error" for f in file.findings)]
