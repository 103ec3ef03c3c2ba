import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from pcrs.errors import NotFoundError, StoreError
from pcrs.standard.grid import Slab
from pcrs.store.index import Dalle, DeliveredFile, Delivery, Index


def delivery(identifier="2025-abc", edition="2025"):
    return Delivery(identifier, "/depot", edition, "bloc 1", "reçue", "2025-11-23T10:00:00+00:00")


def dalle(stem="a", edition="2025", delivery="2025-abc", x=576_000):
    return Dalle(
        stem, edition, delivery, "bloc 1", x, 6_373_000, 1000, None, "2025-11-23", "010", "f", "m", 3, "h", 2
    )


@pytest.fixture
def index(tmp_path):
    opened = Index(tmp_path / "index.db")
    yield opened
    opened.close()


def test_a_delivery_is_noted_once_with_its_files(index):
    files = [DeliveredFile("2025-abc", "b.tif", "raster", 3, "s", "reçu")]
    index.add_delivery(delivery(), files)
    index.set_file(files[0], "conforme", findings=[{"code": "x"}], facts={"stem": "é"})
    index.add_delivery(delivery(), files)
    assert index.delivery("2025-abc") == delivery()
    (file,) = index.files("2025-abc")
    assert (file.state, file.findings, file.facts) == ("conforme", ({"code": "x"},), {"stem": "é"})
    index.set_file(file, "intégré")
    assert index.files("2025-abc")[0].facts == {"stem": "é"}


def test_an_unknown_delivery_is_said(index):
    with pytest.raises(NotFoundError, match="pcrs deliveries"):
        index.delivery("x")


def test_dalles_come_in_order_of_edition_then_acceptance(index):
    index.add_delivery(delivery(), [])
    with index.transaction():
        index.accept([dalle("z"), dalle("a")], [("2025", Slab(22, 1, 2))])
    with index.transaction():
        index.accept([dalle("old", "2024")], [])
    assert [d.stem for d in index.dalles()] == ["old", "z", "a"]
    assert [d.stem for d in index.dalles("2024")] == ["old"]
    assert index.editions() == ["2024", "2025"]
    found = index.dalle("2025", "z")
    assert found is not None
    assert tuple(found.bbox) == (576_000, 6_372_000, 577_000, 6_373_000)
    assert index.dalle("2025", "old") is None


def test_a_failed_transaction_leaves_nothing(index):
    index.add_delivery(delivery(), [])
    with pytest.raises(sqlite3.IntegrityError), index.transaction():
        index.accept([dalle("z"), dalle("z")], [("2025", Slab(22, 1, 2))])
    assert index.dalles() == []
    assert index.todo() == []


def test_the_work_list_keeps_what_is_not_done(index):
    index.add_delivery(delivery(), [])
    slabs = [Slab(21, 5, 5), Slab(22, 11, 10), Slab(22, 10, 10)]
    with index.transaction():
        index.accept([], [("2025", slab) for slab in slabs] + [("2026", slabs[0])])
    assert index.todo() == [
        ("2025", Slab(22, 10, 10)),
        ("2025", Slab(22, 11, 10)),
        ("2025", Slab(21, 5, 5)),
        ("2026", Slab(21, 5, 5)),
    ]
    index.done({"2025": slabs[1:]})
    assert index.todo() == [("2025", Slab(21, 5, 5)), ("2026", Slab(21, 5, 5))]
    index.done({"2025": slabs[:1], "2026": slabs[:1]})
    assert index.unlisted() == {"2025": [slabs[0], slabs[2], slabs[1]], "2026": slabs[:1]}
    index.listed("2025")
    assert index.unlisted() == {"2026": slabs[:1]}


def test_a_hash_is_known_while_size_and_time_stay(index):
    index.remember_hash("/f", 3, 7, "aa")
    assert index.known_hash("/f", 3, 7) == "aa"
    assert index.known_hash("/f", 3, 8) is None
    index.remember_hash("/f", 3, 8, "bb")
    assert index.known_hash("/f", 3, 8) == "bb"


def test_an_index_of_the_first_schema_is_brought_up_to_date(tmp_path):
    file = tmp_path / "old.db"
    with closing(Index(file)) as index:
        index.add_delivery(delivery(), [])
        with index.transaction():
            index.accept([dalle("a")], [])
    with closing(sqlite3.connect(file)) as db:
        db.execute("ALTER TABLE dalle DROP COLUMN hot_md5")
        db.execute("DROP TABLE slab_unlisted")
        db.execute("DROP INDEX dalle_retired")
        db.execute("ALTER TABLE dalle DROP COLUMN retired")
        db.execute("PRAGMA user_version=1")
    for _ in range(2):
        with closing(Index(file)) as index:
            (known,) = index.dalles()
            assert (known.stem, known.hot_md5) == ("a", "")
    with closing(Index(file)) as index, index.transaction():
        index.accept([replace(dalle("b"), hot_md5="0" * 32)], [])
    with closing(Index(file)) as index:
        assert [d.hot_md5 for d in index.dalles()] == ["", "0" * 32]


def test_what_is_no_index_or_a_newer_one_is_refused(tmp_path, index):
    (tmp_path / "text.db").write_text("not a database, and long enough to look at" * 40)
    with pytest.raises(StoreError, match="index of a site"):
        Index(tmp_path / "text.db")
    with closing(sqlite3.connect(tmp_path / "index.db")) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError, match="newer pcrs"):
        Index(tmp_path / "index.db")


def test_dalles_show_when_their_slabs_are_built(index):
    index.add_delivery(delivery(), [])
    with index.transaction():
        index.accept([dalle("old")], [])
    index.set_state("2025-abc", "publiée")
    index.add_delivery(replace(delivery(), id="2025-def"), [])
    index.set_state("2025-def", "acceptée")
    marks = [index.shown_mark()]
    with index.transaction():
        index.accept([replace(dalle("new"), delivery="2025-def")], [("2025", Slab(22, 1, 2))])
    marks.append(index.shown_mark())
    assert [d.stem for d in index.shown("2025")] == ["old"]
    assert index.to_build() == 1
    index.done({"2025": [Slab(22, 1, 2)]})
    marks.append(index.shown_mark())
    assert [d.stem for d in index.shown("2025")] == ["old", "new"]
    assert index.shown("2024") == []
    assert len(set(marks)) == 3
