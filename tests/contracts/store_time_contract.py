"""What every FeatureStore must do about time: transactions, readers beside a writer, the past."""

import threading

import pytest
import shapely

from pcrs.errors import InputError
from pcrs.standard.crs import BBox
from pcrs.standard.fields import Field
from pcrs.store.base import Changes, Layer, Query
from tests.contracts.store_stock import (
    COVERS,
    WALLS,
    X0,
    Y0,
    StockedStore,
    in_another_thread,
    in_background,
    wall,
)


class TimeContract(StockedStore):
    def test_a_transaction_is_seen_at_its_end_at_once(self, walls):
        with walls.transaction():
            walls.put("MurPCRS", [wall(30)])
            walls.ensure(COVERS)
            walls.put("AffleurantPCRS", [("a", None, {})])
            assert walls.get("MurPCRS", "w30").id == "w30"
            assert walls.extent("MurPCRS").xmax >= X0 + 3006
            assert in_another_thread(lambda: walls.count("MurPCRS", Query())) == 10
            assert len(in_another_thread(walls.layers)) == 1
        assert in_another_thread(lambda: walls.count("MurPCRS", Query())) == 11
        assert len(in_another_thread(walls.layers)) == 2

    def test_an_error_undoes_the_whole_transaction(self, walls):
        before = walls.revision()

        def fail() -> None:
            with walls.transaction():
                walls.put("MurPCRS", [wall(30)])
                with walls.transaction():
                    walls.remove("MurPCRS", ["w1"])
                    walls.ensure(COVERS)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert (walls.count("MurPCRS", Query()), walls.revision()) == (10, before)
        assert walls.layers() == (WALLS,)
        assert self.ids(walls, Query(within=wall(30)[1].buffer(1))) == []
        walls.put("MurPCRS", [wall(31)])
        assert walls.count("MurPCRS", Query()) == 11

    def test_readers_and_a_writer_do_not_disturb_each_other(self, walls):
        region = shapely.box(X0 - 1, Y0 - 1, X0 + 350, Y0 + 20)
        counts: list[int] = []
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                counts.append(len(walls.query("MurPCRS", Query(within=region)).rows))

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for _ in range(20):
            with walls.transaction():
                walls.remove("MurPCRS", [f"w{n}" for n in range(10)])
                walls.put("MurPCRS", [wall(n) for n in range(10)])
        stop.set()
        for reader in readers:
            reader.join()
        assert set(counts) == {4}

    def test_a_walk_while_imports_commit_has_every_row_once(self, store):
        store.ensure(WALLS)
        store.put("MurPCRS", [wall(n, rang=0) for n in range(200)])
        stop = threading.Event()

        def write() -> None:
            number = 200
            while not stop.is_set():
                with store.transaction(at="2024-01-01"):
                    store.put("MurPCRS", [wall(number)])
                    store.put("MurPCRS", [wall(n, rang=number) for n in range(0, 200, 7)])
                number += 1

        writer = in_background(write)
        try:
            for region in (None, shapely.box(X0 - 1, Y0 - 1, X0 + 1e5, Y0 + 20)):
                walked = self.every_id(store, Query(limit=9, within=region))
                assert len(walked) == len(set(walked))
                assert walked[:200] == [f"w{n}" for n in range(200)]
        finally:
            stop.set()
            writer.join()

    def test_a_dated_transaction_keeps_what_it_replaces_and_removes(self, store):
        store.ensure(WALLS)
        with store.transaction(at="2024-01-01T08:00:00Z"):
            store.put("MurPCRS", [wall(n, rang=n, pointLeve=["#p"], visible=True) for n in range(4)])
        with store.transaction(at="2025-01-01T09:00:00+01:00"):
            moved = ("w1", wall(9)[1], {"rang": 10, "dateLeve": "2024-12-31"})
            assert store.merge("MurPCRS", [moved, wall(5)]) == Changes(added=1, changed=1)
            assert store.remove("MurPCRS", ["w2", "unknown"]) == 1
        assert self.ids(store, Query()) == ["w0", "w1", "w3", "w5"]
        for at, expected in [
            ("2023-12-31", []),
            ("2024-01-01T07:59:59Z", []),
            ("2024-01-01", ["w0", "w1", "w2", "w3"]),
            ("2025-01-01T07:59:59Z", ["w0", "w1", "w2", "w3"]),
            ("2025-01-01T08:00:00Z", ["w0", "w1", "w3", "w5"]),
            ("2025-01-01", ["w0", "w1", "w3", "w5"]),
        ]:
            for limit in (1, 3, 10):
                assert self.every_id(store, Query(at=at, limit=limit)) == expected
            assert store.count("MurPCRS", Query(at=at)) == len(expected)
        before = store.query("MurPCRS", Query(at="2024-06-01")).rows[1]
        assert before.values == {
            **dict.fromkeys(field.name for field in WALLS.fields),
            **{"gml_id": "w1", "rang": 1, "pointLeve": ["#p"], "visible": True},
        }
        assert shapely.equals_identical(before.geometry, wall(1)[1])
        assert before.fid == store.get("MurPCRS", "w1").fid

    def test_the_past_is_asked_as_the_present_is(self, store):
        store.ensure(WALLS)
        store.put("MurPCRS", [wall(n, rang=n, dateLeve="2023-05-06") for n in range(6)])
        with store.transaction(at="2024-01-01"):
            store.remove("MurPCRS", ["w0", "w1", "w5"])
            store.put("MurPCRS", [("w2", None, {"rang": 20})])
        past = {"at": "2023-06-01"}
        assert self.ids(store, Query(within=wall(1)[1].buffer(1), **past)) == ["w1"]
        assert self.ids(store, Query(bbox=BBox(X0 + 400, Y0, X0 + 600, Y0 + 9), **past)) == ["w4", "w5"]
        assert self.ids(store, Query(within=shapely.box(0, 0, 1e7, 1e7), limit=2, **past)) == ["w0", "w1"]
        assert store.count("MurPCRS", Query(within=wall(2)[1].buffer(1), **past)) == 1
        assert self.ids(store, Query(equals=(("rang", "2"),), **past)) == ["w2"]
        assert self.ids(store, Query(sort=(("rang", False),), limit=2, **past)) == ["w5", "w4"]
        assert self.ids(store, Query(sort=(("rang", False),), offset=4, **past)) == ["w1", "w0"]
        assert store.count("MurPCRS", Query(interval=("2023-05-06", None), **past)) == 6
        assert store.count_up_to("MurPCRS", Query(**past), 5) is None
        with pytest.raises(InputError, match="2023-13"):
            store.query("MurPCRS", Query(at="2023-13-01"))

    def test_what_is_written_without_a_date_or_at_the_same_one_leaves_no_trace(self, walls):
        walls.put("MurPCRS", [wall(1, rang=100)])
        assert self.ids(walls, Query(at="2000-01-01", equals=(("rang", "1"),))) == []
        for rang in (101, 102):
            with walls.transaction(at="2024-01-01T00:00:00Z"):
                walls.put("MurPCRS", [wall(1, rang=rang)])
        assert [
            row.values["rang"] for row in walls.query("MurPCRS", Query(at="2023-12-31", limit=2)).rows
        ] == [
            0,
            100,
        ]
        assert walls.count("MurPCRS", Query(at="2024-01-02")) == 10
        assert self.ids(walls, Query(at="2024-01-02", equals=(("rang", "102"),))) == ["w1"]

    def test_an_undone_transaction_leaves_no_former_version(self, walls):
        def fail() -> None:
            with walls.transaction(at="2024-01-01"):
                walls.remove("MurPCRS", ["w1"])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert self.ids(walls, Query(at="2023-01-01")) == [f"w{n}" for n in range(10)]
        with pytest.raises(InputError, match="hier"), walls.transaction(at="hier"):
            pass
        with walls.transaction(at="2024-01-01"):
            walls.ensure(COVERS)
            walls.put("AffleurantPCRS", [("a", None, {"nature": "01"})])
        with walls.transaction(at="2025-01-01"):
            walls.remove("AffleurantPCRS", ["a"])
        assert self.ids(walls, Query(at="2024-06-01"), "AffleurantPCRS") == ["a"]

    def test_former_versions_have_fields_that_came_later(self, walls):
        with walls.transaction(at="2024-01-01"):
            walls.remove("MurPCRS", ["w1"])
        walls.ensure(Layer("MurPCRS", "", "Curve", (*WALLS.fields, Field("plus", "string")), "gml_id"))
        former = walls.query("MurPCRS", Query(at="2023-01-01", equals=(("rang", "1"),))).rows
        assert [row.values["plus"] for row in former] == [None]
