"""A push written down as descriptors and workflows of IGN's SDK, with links to the files that go."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pcrs.publish.geoplateforme import sdk
from pcrs.work.entrepot.cards import Card
from pcrs.work.entrepot.deliver import Lot
from pcrs.work.entrepot.push import Push, Survey
from pcrs.work.site import write_text


def describe(folder: Path, push: Push, seen: Survey) -> None:
    """A folder for each product: `workflow.json`, and one for each lot with `upload_descriptor.json`.

    The files of a lot are symbolic links, where they are on this machine.
    """
    if push.cards is not None:
        _cards(folder / "metadata", push.cards)
    for wanted in push.wanted:
        place = folder / wanted.product.kind
        for stored in wanted.product.stored:
            lots = wanted.lots[stored.name]
            for lot in lots:
                _lot(place / stored.name / f"lot{lot.number}", lot, len(lots))
        counts = {name: len(lots) for name, lots in wanted.lots.items()}
        steps = sdk.workflow(wanted.product, counts, seen.present, seen.shown)
        _json(place / "workflow.json", steps)


def _lot(folder: Path, lot: Lot, lots: int) -> None:
    files = folder / lot.stored.folder
    files.mkdir(parents=True, exist_ok=True)
    named = {source.name: source.path for source in lot.files if source.path is not None}
    for stale in files.iterdir():
        if stale.name not in named:
            stale.unlink()
    for name, path in named.items():
        if not (files / name).is_symlink():
            (files / name).symlink_to(path.resolve())
    _json(folder / "upload_descriptor.json", sdk.descriptor(lot.stored, lot.number, lots))


def _cards(folder: Path, own: Sequence[Card]) -> None:
    for card in own:
        write_text(folder / f"{card.identifier}.xml", card.xml.decode())
    types = {f"{card.identifier}.xml": str(card.attributes["type"]) for card in own}
    _json(folder / "metadata_descriptor.json", sdk.metadata_descriptor(types))


def _json(file: Path, told: Any) -> None:
    write_text(file, json.dumps(told, ensure_ascii=False, indent=2) + "\n")
