"""Sites for tests: made, filled and compared."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from pcrs.assembly import Bench, init_site, working
from pcrs.settings import load
from pcrs.store.index import DeliveredFile, Delivery
from pcrs.work.progress import silent
from pcrs.work.receive import receive
from pcrs.work.site import Site


@contextmanager
def bench(site: Site, workers: int = 1) -> Iterator[Bench]:
    """The site, open for writing."""
    with working(site, load(site.settings_file), workers, silent) as opened:
        yield opened


def new_site(root: Path) -> Site:
    return init_site(root, "46")


def take(
    site: Site, path: Path, *, edition: str = "2025", accept: bool = True
) -> tuple[Delivery, dict[str, DeliveredFile]]:
    """A delivery taken in by the ordinary way, and its files by name."""
    with bench(site) as opened:
        delivery = receive(opened.means, path, edition=edition)
        if accept:
            delivery = opened.accept(delivery.id)
        return delivery, {file.name: file for file in opened.means.index.files(delivery.id)}


def codes(file: DeliveredFile, level: str = "error") -> list[str]:
    """Codes of the findings of a level."""
    return [finding["code"] for finding in file.findings if finding["level"] == level]


_TIMES = {"received_at", "decided_at", "accepted", "date_recette", "path", "valid_from", "valid_to"}


def fingerprint(site: Site) -> dict[str, str]:
    """Everything that a delivery leaves in a site, but for times: files of the tiers, rows of the stores."""
    told: dict[str, str] = {}
    for tier in ("intermediate", "hot"):
        for file in sorted((site.root / tier).rglob("*")):
            if file.is_file():
                name = str(file.relative_to(site.root))
                content = file.read_bytes().replace(str(site.root).encode(), b"<site>")
                told[name] = hashlib.sha256(content).hexdigest()
    told |= _rows(site.index_file, {"delivery", "delivery_file", "dalle", "slab_todo"}, site)
    features = site.root / "stores" / "features.gpkg"
    if features.exists():
        with closing(sqlite3.connect(features)) as db:
            tables = {row[0] for row in db.execute("SELECT table_name FROM gpkg_contents")}
        told |= _rows(features, tables, site)
    return told


def _rows(file: Path, tables: set[str], site: Site) -> dict[str, str]:
    told = {}
    with closing(sqlite3.connect(file)) as db:
        db.row_factory = sqlite3.Row
        for table in sorted(tables):
            rows = sorted(_stable(dict(row)) for row in db.execute(f"SELECT * FROM {table}"))
            told[f"{file.name}:{table}"] = "\n".join(rows).replace(str(site.root), "<site>")
    return told


def _stable(row: dict[str, Any]) -> str:
    kept = {
        k: v.hex() if isinstance(v, bytes) else v for k, v in row.items() if k not in _TIMES | {"fid", "rank"}
    }
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)
