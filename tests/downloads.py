"""A site whose index knows dalles and GML, with small files in their places: for tests of what serves it."""

import hashlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pcrs.standard.names import DalleName, format_name
from pcrs.store.index import Dalle, DeliveredFile, Delivery, Index
from pcrs.work.downloads import Shelf, shelf
from pcrs.work.site import Site

X, Y = 576_000, 6_373_000


@dataclass(frozen=True)
class Stock:
    """A site under construction."""

    site: Site

    def dalles(self, edition: str, names: list[DalleName], at: str = "2026-03-01T10:20:30+00:00") -> None:
        """A published delivery of these dalles; the file of each holds its own name."""
        identifier = f"{edition}-{names[0].x_m}-{names[0].y_m}"
        rows = [self._dalle(edition, identifier, name, at) for name in names]
        with closing(Index(self.site.index_file)) as index:
            index.add_delivery(Delivery(identifier, "/depot", edition, "bloc 1", "reçue", at), [])
            with index.transaction():
                index.accept(rows, [])
            index.set_state(identifier, "publiée", at=at)

    def _dalle(self, edition: str, delivery: str, name: DalleName, at: str) -> Dalle:
        stem = format_name(name)
        content = f"{edition} {stem}".encode()
        file = self.site.hot(edition, stem)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return Dalle(
            stem=stem,
            edition=edition,
            delivery=delivery,
            chantier="bloc 1",
            x_m=name.x_m,
            y_m=name.y_m,
            size_m=name.size_m,
            acquired=f"{name.year}-06-15",
            accepted=at[:10],
            precision="010",
            sha256="s",
            master_sha256="m",
            master_bytes=3,
            hot_sha256=hashlib.sha256(content).hexdigest(),
            hot_bytes=len(content),
            hot_md5=md5(content),
        )

    def gml(self, edition: str, name: str, *, epsg: tuple[int, ...] = (2154,), at: str = "") -> None:
        """A published delivery of one GML."""
        moment = at or "2026-04-02T08:00:00+00:00"
        content = f"<gml>{edition} {name} {at}</gml>".encode()
        file = self.site.vector("hot", edition, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        identifier = f"{edition}-{name}-{moment}"
        facts = {
            "taken": 3,
            "md5": md5(content),
            "epsg": list(epsg),
            "bbox": [X + 10, Y - 90, X + 110, Y - 10],
        }
        delivered = DeliveredFile(identifier, f"depot/{name}", "vecteur", len(content), "s", "reçu")
        with closing(Index(self.site.index_file)) as index:
            index.add_delivery(Delivery(identifier, "/depot", edition, "", "reçue", moment), [delivered])
            index.set_file(delivered, "intégré", facts=facts)
            index.set_state(identifier, "publiée", at=moment)

    def shelf(self) -> Shelf:
        """What can be downloaded of it."""
        with closing(Index(self.site.index_file)) as index:
            return shelf(index, "46")


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def stock(root: Path) -> Stock:
    """An empty one."""
    (root / "stores").mkdir(parents=True)
    return Stock(Site(root))


def dalle_names(count: int, year: int = 2025, first: int = 0, row: int = 0) -> list[DalleName]:
    """Dalles of 1 km, from west to east, 60 a row."""
    return [
        DalleName(year, X + 1000 * (n % 60), Y - 1000 * (row + n // 60), 1000, "46")
        for n in range(first, first + count)
    ]
