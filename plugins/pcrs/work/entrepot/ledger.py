"""What this site has pushed, so that a push sends only what is new: `stores/geoplateforme.json`.

The Entrepôt tells which entities there are; it does not tell which dalles a pyramid was made of. A ledger
that is lost costs a push of everything, and no more.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pcrs.errors import StoreError
from pcrs.files import placing

_VERSION = 1


@dataclass(slots=True)
class Ledger:
    """The file at `path`; every change is written at once, whole or not at all."""

    path: Path
    datastore: str
    held: dict[str, dict[str, str]] = field(default_factory=dict)
    """Files of each stored data by its name: their sha256 by theirs."""
    shown: dict[str, str] = field(default_factory=dict)
    """By product: the stored data that its layers show."""
    retiring: list[str] = field(default_factory=list)
    """Stored data that no layer is to show any longer, and that are not yet gone."""

    def hold(self, name: str, files: Mapping[str, str]) -> None:
        """The stored data holds these files."""
        self.held[name] = dict(files)
        self._write()

    def show(self, product: str, name: str) -> None:
        """The stored data is the one that the product's layers show now; the one before is to go."""
        before = self.shown.get(product, name)
        if before != name and before not in self.retiring:
            self.retiring.append(before)
        self.shown[product] = name
        self._write()

    def forget(self, name: str) -> None:
        """The stored data is gone."""
        self.held.pop(name, None)
        self.retiring = [each for each in self.retiring if each != name]
        self.shown = {product: each for product, each in self.shown.items() if each != name}
        self._write()

    def _write(self) -> None:
        told = {
            "version": _VERSION,
            "datastore": self.datastore,
            "shown": self.shown,
            "retiring": self.retiring,
            "held": self.held,
        }
        with placing(self.path) as part:
            part.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")


def ledger_of(path: Path, datastore: str) -> Ledger:
    """The ledger at `path` for a datastore; an empty one when there is none, or it is of another datastore.

    Raises:
        StoreError: the file is damaged, or of a newer pcrs.
    """
    if not path.exists():
        return Ledger(path, datastore)
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if told["version"] != _VERSION:
            raise StoreError(f"{path} is of version {told['version']}: use the pcrs that wrote it")
        if told["datastore"] != datastore:
            return Ledger(path, datastore)
        return Ledger(path, datastore, told["held"], told["shown"], told["retiring"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path} is damaged ({error}): remove it, and the next push sends all files"
        ) from error
