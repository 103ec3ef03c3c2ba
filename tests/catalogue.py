"""A catalogue for tests: facts of a small PCRS of the Lot, its records, a service over them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from pcrs.publish.facts import ArchiveFacts, Coverage, Intake, Mosaic, RasterFacts, VectorFacts
from pcrs.publish.human import Human, load_human
from pcrs.publish.records import refresh, sheets
from pcrs.serve.csw import CswService
from pcrs.serve.csw_settings import CatalogueSite
from pcrs.standard.crs import BBox
from pcrs.store.record_engines import address, writing
from pcrs.store.record_functions import MICRO
from pcrs.store.record_rows import OWN, placed, row_of
from pcrs.store.record_tables import RECORDS
from pcrs.store.records import RecordStore

CATALOG = Path(__file__).resolve().parents[1] / "catalog"
PUBLIC = "https://pcrs.example.fr"
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
IDENTIFIERS = (
    "PCRS_D046",
    "PCRS_D046_ATOM",
    "PCRS_D046_CSW",
    "PCRS_D046_OGCAPI",
    "PCRS_D046_RVB-0M05",
    "PCRS_D046_RVB-0M05_2022",
    "PCRS_D046_RVB-0M05_2025",
    "PCRS_D046_VECTEUR",
    "PCRS_D046_WMTS",
)
_LICENCE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"


def human(file: Path = CATALOG / "metadata.toml") -> Human:
    """The human half that is shipped, with the settings of the Lot."""
    return load_human(
        file,
        operator="Territoire d'Énergie Lot",
        email="pcrs@example.fr",
        licence_title="Licence Ouverte / Open Licence version 2.0 (Etalab)",
        licence_url=_LICENCE,
    )


def coverage(box: tuple[float, float, float, float], year: int, octets: int = 200_000_000) -> Coverage:
    """Flown in summer, accepted in the following spring, touched up in autumn."""
    return Coverage(
        bbox=BBox(*box),
        acquired=(date(year, 6, 1), date(year, 9, 30)),
        published=date(year + 1, 3, 1),
        revised=date(year + 1, 11, 1),
        octets=octets,
    )


def raster() -> RasterFacts:
    """Two editions, the second one over a part of the first."""
    old = Mosaic("2022", coverage((576_000, 6_370_000, 580_000, 6_373_000), 2022), 12, "040")
    new = Mosaic("2025", coverage((577_000, 6_371_000, 579_000, 6_372_000), 2025), 2, "010")
    current = Mosaic("2025", coverage((576_000, 6_370_000, 580_000, 6_373_000), 2025), 12, "040")
    intakes = (
        Intake("2022", "", date(2023, 11, 1), taken=12, refused=0, reserves=0),
        Intake("2025", "Cahors", date(2026, 11, 1), taken=2, refused=1, reserves=3),
    )
    return RasterFacts("46", current, (old, new), intakes=intakes)


def vector() -> VectorFacts:
    """Objects of two classes; a third one is empty."""
    objects = {"LimiteVoiriePCRS": 1234, "AffleurantPCRS": 12, "ArbrePCRS": 0}
    intakes = (Intake("2025", "", date(2026, 11, 1), taken=4, refused=0, reserves=1),)
    covered = coverage((576_500, 6_370_500, 577_500, 6_371_500), 2025)
    return VectorFacts("46", "2025", covered, objects, "010", intakes=intakes)


def archive(chantier: str = "Figeac 2025", **other: Any) -> ArchiveFacts:
    """A chantier of which four kinds are kept, under three licences, a part of it on line."""
    told = {
        "editions": ("2025",),
        "bbox": BBox(576_000, 6_370_000, 580_000, 6_373_000),
        "acquired": (date(2025, 4, 12), date(2025, 4, 14)),
        "deposited": (date(2025, 11, 2), date(2026, 1, 9)),
        "kinds": {"ortho": 20, "cliche": 3000, "nuage": 12, "rapport": 1},
        "licences": {"ouverte": 20, "convention-enedis": 3012, "aplc": 1},
        "media_types": ("application/pdf", "application/vnd.laszip", "image/tiff"),
        "octets": 2_500_000_000_000,
        "on_line": 20,
    }
    return ArchiveFacts("46", chantier, **{**told, **other})


def filled(place: Path | str, public_url: str = PUBLIC) -> RecordStore:
    """A store with the nine records of these facts."""
    store = RecordStore(place)
    refresh(store, sheets(human(), raster(), vector(), public_url), now=NOW)
    return store


def multiplied(place: Path | str, count: int, public_url: str = PUBLIC, *, source: str = OWN) -> RecordStore:
    """A store with `count` records: those of `filled` again and again, for one département after another.

    They are read as records once, and written as rows: reading one takes 10 ms and more.
    """
    store = filled(place, public_url)
    rows = [row_of(document, NOW, source) for _, document in store.all()]
    store.delete(store.identifiers())
    with writing(store.url).begin() as connection:
        for first in range(0, count, len(rows)):
            part = [_moved(row, first // len(rows)) for row in rows[: count - first]]
            connection.execute(insert(RECORDS), part)
    return store


def _moved(row: dict[str, Any], number: int) -> dict[str, Any]:
    """The record of another département, west and south of the first."""
    words = {"D046": f"D{number + 100}", "d046": f"d{number + 100}"}
    moved = {
        name: _replaced(value, words) if isinstance(value, str) else value for name, value in row.items()
    }
    x, y = -0.1 * (number % 25), -0.1 * (number // 25)
    west, south, east, north = (row[side] / MICRO for side in ("west", "south", "east", "north"))
    return moved | placed(west + x, south + y, east + x, north + y)


def _replaced(text: str, words: dict[str, str]) -> str:
    for word, other in words.items():
        text = text.replace(word, other)
    return text


@contextmanager
def served(records: Path | str, public_url: str = PUBLIC, **limits: int) -> Iterator[CswService]:
    """The catalogue service over a record store."""
    site = CatalogueSite(
        public_url=public_url,
        records=address(records),
        title="PCRS du Lot",
        operator="Territoire d'Énergie Lot",
        contact_email="pcrs@example.fr",
        licence_title="Licence Ouverte 2.0",
        licence_url=_LICENCE,
    )
    service = CswService(site, CATALOG / "pycsw.yml", **limits)
    try:
        yield service
    finally:
        service.close()
