"""What the catalogue is told of the archive: figures of each chantier, kept as objects and copies change."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from pcrs.assembly import write_records
from pcrs.publish.facts import ArchiveFacts
from pcrs.settings import load
from pcrs.standard.crs import BBox
from pcrs.store.inventory import Inventory
from pcrs.store.inventory_schema import ArchiveObject, Copy
from pcrs.store.inventory_tally import count_all
from pcrs.work.catalogue import archive_facts
from pcrs.work.custody.keeping import TIER
from pcrs.work.custody.stock import REGISTERS
from tests.sites import new_site

NOW = "2026-11-29T10:00:00+00:00"
OLD_TABLES = ("TABLE tally", "TABLE shelved", "TRIGGER object_counted", "TRIGGER copy_counted",
              "TRIGGER copy_uncounted", "TRIGGER copy_recounted")  # fmt: skip


def thing(n: int, chantier: str = "Figeac", **other: object) -> ArchiveObject:
    """An object of a chantier: a cliché without a place or a date, unless it is told otherwise."""
    digest = f"{n:064x}"
    made = ArchiveObject(
        digest[-24:], chantier, f"{n}.tif", "cliche", "convention-enedis", 100, digest, "image/tiff", NOW
    )
    return replace(made, **other)


def copy(one: ArchiveObject, target: str = TIER, **other: object) -> Copy:
    return replace(Copy(target, one.name, one.id, "", "écrite", NOW), **other)


@pytest.fixture
def inventory(tmp_path):
    with closing(Inventory(tmp_path / "archive.db")) as opened:
        yield opened


def counted_again(inventory):
    """The figures as they would be if all rows were counted now."""
    kept = (inventory.tallies(), {t: inventory.shelved(t) for t in (TIER, "nas")})
    count_all(inventory._db)
    assert (inventory.tallies(), {t: inventory.shelved(t) for t in (TIER, "nas")}) == kept
    return kept


def test_facts_of_each_chantier(inventory):
    place = {"xmin": 1.0, "ymin": 2.0, "xmax": 3.0, "ymax": 4.0}
    inventory.add_objects(
        [
            thing(1, acquired="2025-04-14", edition="2025", **place),
            thing(2, acquired="2025-04-12", edition="2025", xmin=9.0, ymin=1.0, xmax=9.0, ymax=1.0),
            thing(3, kind="rapport", licence="aplc", media_type="application/pdf", bytes=7, edition="2024"),
            thing(4, "Cahors", acquired="printemps", added_at="2026-01-02T03:04:05+00:00"),
            thing(5, REGISTERS, kind="registre"),
        ]
    )
    inventory.put_copies([copy(thing(1)), copy(thing(2), state="altérée"), copy(thing(4, "Cahors"), "nas")])
    cahors, figeac = archive_facts(inventory, "46")
    assert figeac == ArchiveFacts(
        departement="46",
        chantier="Figeac",
        editions=("2024", "2025"),
        bbox=BBox(1.0, 1.0, 9.0, 4.0),
        acquired=(date(2025, 4, 12), date(2025, 4, 14)),
        deposited=(date(2026, 11, 29), date(2026, 11, 29)),
        kinds={"cliche": 2, "rapport": 1},
        licences={"convention-enedis": 2, "aplc": 1},
        media_types=("application/pdf", "image/tiff"),
        octets=207,
        on_line=1,
    )
    assert (cahors.bbox, cahors.acquired, cahors.on_line) == (None, None, 0)
    assert cahors.deposited == (date(2026, 1, 2), date(2026, 1, 2))


def test_figures_follow_every_change(inventory):
    one, two = thing(1), thing(2, xmin=0.0, ymin=0.0, xmax=1.0, ymax=1.0)
    other = thing(3, "Cahors", kind="ortho", licence="ouverte", acquired="2025-01-01")
    here = (TIER, one.name)
    changes = (
        lambda: inventory.add_objects([one, two, other]),
        lambda: inventory.add_objects([one, replace(two, xmax=5.0)]),  # known already
        lambda: inventory.put_copies([copy(one), copy(two), copy(other), copy(one, "nas")]),
        lambda: inventory.put_copies([copy(one)]),
        lambda: inventory.mark([here], "vérifiée", NOW),
        lambda: inventory.mark([here], "absente", NOW),
        lambda: inventory.mark([here], "altérée", NOW),
        lambda: inventory.put_copies([copy(one)]),
        lambda: inventory.put_copies([copy(one, object=other.id)]),
        lambda: inventory.forget([here, ("nas", one.name)]),
        lambda: inventory.forget([(TIER, two.name)]),
    )
    on_line = []
    for change in changes:
        change()
        on_line.append(counted_again(inventory)[1][TIER])
    both = {"Figeac": 2, "Cahors": 1}
    less = {"Figeac": 1, "Cahors": 1}
    moved = {"Figeac": 1, "Cahors": 2}
    assert on_line == [{}, {}, both, both, both, less, less, both, moved, less, {"Cahors": 1}]


def test_what_was_rolled_back_is_not_counted(inventory):
    def killed():
        with inventory.transaction():
            inventory.add_objects([thing(1)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert inventory.tallies() == []


def test_an_older_inventory_is_counted_when_it_is_opened(inventory, tmp_path):
    inventory.add_objects([thing(1), thing(2, "Cahors", acquired="2025-02-03")])
    inventory.put_copies([copy(thing(1)), copy(thing(1), "nas", state="absente")])
    facts = archive_facts(inventory, "46")
    with closing(sqlite3.connect(tmp_path / "archive.db")) as db:
        for name in OLD_TABLES[::-1]:
            db.execute(f"DROP {name}")
        db.execute("PRAGMA user_version = 3")
    with closing(Inventory(tmp_path / "archive.db")) as opened:
        assert archive_facts(opened, "46") == facts
        opened.add_objects([thing(3)])
        assert sum(one.objects for one in archive_facts(opened, "46")) == 3


def test_facts_cost_the_same_however_many_objects_there_are(inventory):
    """Counted in steps of SQLite's own machine, not in time."""

    def steps() -> int:
        taken = [0]

        def one() -> int:
            taken[0] += 1
            return 0

        inventory._db.set_progress_handler(one, 1)
        archive_facts(inventory, "46")
        inventory._db.set_progress_handler(None, 1)
        return taken[0]

    def add(numbers: range) -> None:
        known = [thing(n, f"chantier {n % 3}") for n in numbers]
        inventory.add_objects(known)
        inventory.put_copies(copy(one) for one in known)

    add(range(30))
    few = steps()
    add(range(30, 6000))
    assert sum(one.objects for one in archive_facts(inventory, "46")) == 6000
    assert steps() == few


@pytest.mark.parametrize(
    ("layers", "told"), [("", True), ("ortho", True), ("archives", False), ("vecteur", False)]
)
def test_what_is_closed_has_no_record(tmp_path, layers, told):
    """`vecteur` closes the archives as well: they hold the GML files."""
    site = new_site(tmp_path / "site")
    with closing(Inventory(site.inventory_file)) as inventory:
        inventory.add_objects([thing(1)])
    name = "PCRS_D046_ARCHIVES_Figeac"
    assert write_records(site, load(site.settings_file), validate=True) == ([name], [])
    if layers:
        text = site.settings_file.read_text(encoding="utf-8")
        text = text.replace("[access]\n", f'[access]\nlayers = {{ {layers} = "partenaire" }}\n', 1)
        site.settings_file.write_text(text, encoding="utf-8")
    changed, _ = write_records(site, load(site.settings_file), validate=False)
    assert changed == ([] if told else [name])
