"""What the index tells the catalogue of what was received."""

from datetime import date

import pytest

from pcrs.publish.facts import Intake
from pcrs.store.index import Dalle, DeliveredFile, Delivery, Index
from pcrs.work.catalogue import raster_facts

WARNING = {"code": "raster.x", "level": "warning", "message": "à regarder"}
INFO = WARNING | {"level": "info"}


@pytest.fixture
def index(tmp_path):
    index = Index(tmp_path / "index.db")
    yield index
    index.close()


def dalle(stem: str, delivery: str, edition: str, x: int) -> Dalle:
    return Dalle(
        stem=stem,
        edition=edition,
        delivery=delivery,
        chantier="",
        x_m=x,
        y_m=6_373_000,
        size_m=200,
        acquired="2025-06-01",
        accepted="2025-11-03",
        precision="010",
        sha256="0" * 64,
        master_sha256="1" * 64,
        master_bytes=3,
        hot_sha256="2" * 64,
        hot_bytes=4,
    )


def receive(index, name, edition, chantier, files, decided="2025-11-03T10:00:00Z"):
    received = Delivery(name, "depot", edition, chantier, "reçue", "2025-11-01T00:00:00Z")
    told = {DeliveredFile(name, n, kind, 1, "0" * 64, "reçu"): rest for n, kind, *rest in files}
    index.add_delivery(received, told)
    for file, (state, findings) in told.items():
        index.set_file(file, state, findings=findings)
    if decided:
        index.set_state(name, "publiée", at=decided)


def test_what_was_received_is_told_by_edition_and_chantier(index):
    receive(
        index,
        "a",
        "2025",
        "Cahors",
        [("1.tif", "raster", "intégré", [WARNING, INFO]), ("2.tif", "raster", "refusé", [])],
    )
    receive(index, "b", "2025", "Cahors", [("3.tif", "raster", "intégré", [WARNING])], "2025-12-24T10:00:00Z")
    receive(
        index,
        "c",
        "2024",
        "",
        [("4.tif", "raster", "intégré", []), ("o.gml", "vecteur", "intégré", [WARNING])],
    )
    receive(index, "d", "2025", "Gourdon", [("5.tif", "raster", "refusé", [])])
    receive(index, "e", "2025", "Figeac", [("6.tif", "raster", "conforme", [])], decided="")
    index.accept([dalle("1", "a", "2025", 576_000), dalle("4", "c", "2024", 576_200)], [])
    assert raster_facts(index, "46").intakes == (
        Intake("2024", "", date(2025, 11, 3), taken=1, refused=0, reserves=0),
        Intake("2025", "Cahors", date(2025, 12, 24), taken=2, refused=1, reserves=2),
    )


def test_before_the_first_acceptance_there_are_no_facts(index):
    receive(index, "a", "2025", "", [("1.tif", "raster", "refusé", [])])
    assert raster_facts(index, "46") is None
