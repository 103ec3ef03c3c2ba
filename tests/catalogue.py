"""A catalogue for tests: facts of a small PCRS of the Lot, its records, a service over them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from pcrs.publish.facts import Coverage, Intake, Mosaic, RasterFacts, VectorFacts
from pcrs.publish.human import Human, load_human
from pcrs.publish.records import refresh, sheets
from pcrs.serve.csw import CswService
from pcrs.serve.csw_settings import CatalogueSite
from pcrs.standard.crs import BBox
from pcrs.store.record_engines import address
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


def filled(place: Path | str, public_url: str = PUBLIC) -> RecordStore:
    """A store with the nine records of these facts."""
    store = RecordStore(place)
    refresh(store, sheets(human(), raster(), vector(), public_url), now=NOW)
    return store


@contextmanager
def served(records: Path | str, public_url: str = PUBLIC) -> Iterator[CswService]:
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
    service = CswService(site, CATALOG / "pycsw.yml")
    try:
        yield service
    finally:
        service.close()
