"""What every `Pyramids` must do. A place proves itself with a fixture `pyramids` in an empty subclass."""

import pickle
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from pcrs.errors import StoreError
from pcrs.raster.pyramids import Pyramids, Waiting
from pcrs.raster.rok4 import KINDS, Kind, place_slab
from pcrs.raster.slab import NOTHING, TILES, SlabBytes, join_tiles
from pcrs.standard.grid import Cells, Slab, Tile

SLAB, BESIDE, THIRD = (Slab(15, col, 195) for col in (25, 26, 27))
TILE = Tile(15, 414, 3134)
"""The tile of row 14, column 14 of SLAB."""
LIMITS = {15: Cells(400, 3120, 447, 3151), 14: Cells(200, 1560, 215, 1575)}
HALF = np.arange(256 * 256).reshape(256, 256) % 2 == 0


def word(index: int, version: str) -> bytes:
    """A tile's bytes, of a length that differs from tile to tile and from version to version."""
    return f"{version}{index};".encode() * (index + 2 + len(version))


def words(version: str, mask: np.ndarray | None = None) -> SlabBytes:
    """A slab of such tiles, with a mask for the first of them."""
    return join_tiles([word(index, version) for index in range(TILES)], [mask] + [None] * (TILES - 1))


Put = Callable[[Mapping[str, Mapping[Slab, SlabBytes]]], None]


class PyramidsContract:
    @pytest.fixture
    def pyramids(self) -> Pyramids:
        raise NotImplementedError

    @pytest.fixture
    def listed(self) -> Callable[[str], bytes]:
        """Gives the list of a pyramid."""
        raise NotImplementedError

    @pytest.fixture
    def put(self, pyramids: Pyramids, tmp_path: Path) -> Put:
        """Has slabs take their places in pyramids, which are founded if need be."""

        def put(new: Mapping[str, Mapping[Slab, SlabBytes]]) -> None:
            waiting = []
            for name, slabs in new.items():
                if not pyramids.begun(name):
                    pyramids.found(name, None)
                aside = tmp_path / "aside" / name
                told: list[tuple[Slab, tuple[Kind, ...]]] = []
                for slab, files in slabs.items():
                    place_slab(aside, slab, files)
                    told.append((slab, tuple(k for k, d in zip(KINDS, files, strict=True) if d is not None)))
                waiting.append(Waiting(name, aside, tuple(told)))
            pyramids.switch(waiting, dict.fromkeys(new, LIMITS))

        return put

    def test_a_cleared_pyramid_is_gone_and_may_be_founded_again(self, pyramids, put):
        put({"A": {SLAB: words("a")}, "B": {SLAB: words("b")}})
        for _ in range(2):
            pyramids.clear("A")
            assert not pyramids.begun("A")
            assert pyramids.published() == ["B"]
        assert pyramids.read("B", SLAB) == words("b")
        put({"A": {BESIDE: words("c")}})
        assert pyramids.read("A", SLAB) == NOTHING
        assert pyramids.published() == ["A", "B"]

    def test_a_pyramid_is_published_with_its_first_switch(self, pyramids, put):
        assert pyramids.published() == []
        before = pyramids.stamp()
        pyramids.found("P_2025", None)
        assert pyramids.begun("P_2025")
        assert pyramids.published() == []
        with pytest.raises(StoreError, match="never built"):
            pyramids.open("P_2025")
        put({"P_2025": {SLAB: words("a")}, "P_2024": {SLAB: words("b")}})
        assert pyramids.published() == ["P_2024", "P_2025"]
        assert pyramids.stamp() != before

    def test_a_tile_is_the_bytes_that_were_put_there(self, pyramids, put):
        put({"P": {SLAB: words("a")}})
        reader = pyramids.open("P")
        assert (reader.name, reader.levels) == ("P", LIMITS)
        for index in range(TILES):
            row, col = divmod(index, 16)
            assert reader.tile(Tile(15, 400 + col, 3120 + row)) == word(index, "a")
        assert reader.tile_with_tag(TILE)[0] == word(14 * 16 + 14, "a")
        assert pyramids.read("P", SLAB) == words("a")
        assert pyramids.read("P", BESIDE) == NOTHING

    @pytest.mark.parametrize(
        "tile",
        [Tile(15, 416, 3120), Tile(15, 399, 3120), Tile(15, -1, -1), Tile(13, 1, 1), Tile(14, 200, 1560)],
        ids=["no slab", "beyond the limits", "beyond the matrix", "no level", "empty level"],
    )
    def test_where_nothing_is(self, pyramids, put, tile):
        put({"P": {SLAB: words("a")}})
        reader = pyramids.open("P")
        assert reader.tile(tile) is None
        assert reader.tile_with_tag(tile) is None
        assert reader.mask(tile) is None

    def test_a_tile_that_its_slab_lacks_is_none(self, pyramids, put):
        put({"P": {SLAB: join_tiles([b"x"] + [None] * 255, [None] * TILES)}})
        reader = pyramids.open("P")
        assert reader.tile(Tile(15, 400, 3120)) == b"x"
        assert reader.tile(TILE) is None
        assert reader.mask(TILE) is None

    def test_masks_come_and_go(self, pyramids, put):
        put({"P": {SLAB: words("a", HALF)}})
        reader = pyramids.open("P")
        assert np.array_equal(reader.mask(Tile(15, 400, 3120)), HALF)
        assert reader.mask(TILE) is None
        put({"P": {SLAB: words("a")}})
        reader.refresh()
        assert reader.mask(Tile(15, 400, 3120)) is None
        assert pyramids.read("P", SLAB).mask is None

    def test_what_was_switched_is_seen(self, pyramids, put):
        put({"P": {SLAB: words("a")}})
        reader = pyramids.open("P")
        tags = [reader.tags([SLAB, BESIDE])]
        first, tag = reader.tile_with_tag(TILE)
        assert first == word(238, "a")
        for new in ({SLAB: words("new")}, {BESIDE: words("b", HALF)}, {BESIDE: words("b")}):
            put({"P": new})
            reader.refresh()
            tags.append(reader.tags([SLAB, BESIDE]))
        assert len(set(tags)) == 4
        second, other = reader.tile_with_tag(TILE)
        assert second == word(238, "new")
        assert other != tag
        put({"P": {SLAB: NOTHING}})
        reader.refresh()
        assert reader.tile(TILE) is None
        assert pyramids.read("P", SLAB) == NOTHING

    def test_a_switch_that_changes_nothing_leaves_the_slabs_alone(self, pyramids, put):
        put({"P": {SLAB: words("a", HALF)}})
        reader = pyramids.open("P")
        before = reader.tags([SLAB, BESIDE])
        put({"P": {SLAB: words("a", HALF), BESIDE: NOTHING}})
        reader.refresh()
        assert reader.tags([SLAB, BESIDE]) == before

    def test_an_edition_begins_as_the_one_before(self, pyramids, put):
        put({"P_2024": {SLAB: words("a", HALF), BESIDE: words("b")}})
        pyramids.found("P_2025", "P_2024")
        put({"P_2025": {BESIDE: words("c"), SLAB: words("a", HALF)}})
        old, new = pyramids.open("P_2024"), pyramids.open("P_2025")
        assert new.tile_with_tag(TILE) == old.tile_with_tag(TILE)
        assert np.array_equal(new.mask(Tile(15, 400, 3120)), HALF)
        beside = Tile(15, 416, 3120)
        assert (old.tile(beside), new.tile(beside)) == (word(0, "b"), word(0, "c"))
        assert [pyramids.write_list(name) for name in ("P_2024", "P_2025")] == [3, 3]

    def test_a_list_that_follows_its_slabs_is_the_one_written_anew(self, pyramids, put, listed):
        """Through editions that begin, slabs that come, go, and are no longer links."""
        put({"P_2024": {SLAB: words("a", HALF), BESIDE: words("b")}})
        pyramids.write_list("P_2024")
        pyramids.found("P_2025", "P_2024")
        steps: list[dict[str, dict[Slab, SlabBytes]]] = [
            {"P_2024": {}, "P_2025": {}},
            {"P_2025": {BESIDE: words("c"), THIRD: words("t")}},
            {"P_2024": {SLAB: words("a"), THIRD: words("t", HALF)}, "P_2025": {SLAB: words("a")}},
            {"P_2024": {BESIDE: NOTHING}, "P_2025": {BESIDE: NOTHING}},
        ]
        for step in steps:
            put(step)
            for name in ("P_2024", "P_2025"):
                pyramids.write_list(name, list(step.get(name, ())))
            followed = [listed(name) for name in ("P_2024", "P_2025")]
            for name in ("P_2024", "P_2025"):
                pyramids.write_list(name)
            assert followed == [listed(name) for name in ("P_2024", "P_2025")]
        assert len(followed[1].partition(b"#\n")[2].splitlines()) == pyramids.write_list("P_2025") > 0

    def test_a_switch_is_unfinished_until_it_was_done_again(self, pyramids, put, tmp_path):
        put({"P": {SLAB: words("a")}})
        assert not pyramids.unfinished()
        aside = tmp_path / "more"
        place_slab(aside, SLAB, words("b"))
        waiting = [Waiting("P", aside, ((SLAB, ("DATA",)),))]
        told: list[bool] = []

        def killed() -> None:
            raise StoreError("killed")

        with pytest.raises(StoreError, match="killed"):
            pyramids.switch(waiting, {"P": LIMITS}, killed)
        assert pyramids.unfinished()
        pyramids.switch(waiting, {"P": LIMITS}, lambda: told.append(pyramids.unfinished()))
        assert (told, pyramids.unfinished()) == ([True], False)
        assert pyramids.open("P").tile(TILE) == word(238, "b")

    def test_editions_that_are_switched_together(self, pyramids, put):
        """A newer one stays a link where it shows the same, and gets a slab of its own where it does not."""
        put({"P_2023": {SLAB: words("a"), BESIDE: words("a")}})
        pyramids.found("P_2024", "P_2023")
        pyramids.found("P_2025", "P_2024")
        put({"P_2024": {}, "P_2025": {}})
        new = {
            "P_2023": {SLAB: words("n"), BESIDE: words("n")},
            "P_2024": {SLAB: words("n"), BESIDE: words("a")},
        }
        put(new | {"P_2025": {SLAB: words("n"), BESIDE: words("a")}})
        for name, kept in (("P_2023", "n"), ("P_2024", "a"), ("P_2025", "a")):
            assert pyramids.read(name, SLAB) == words("n")
            assert pyramids.read(name, BESIDE) == words(kept)
            assert pyramids.open(name).tile(TILE) == word(238, "n")
        readers = [pyramids.open(name) for name in ("P_2023", "P_2024", "P_2025")]
        assert len({reader.tile_with_tag(TILE)[1] for reader in readers}) == 1
        assert len({reader.tile_with_tag(Tile(15, 416, 3120))[1] for reader in readers}) == 2

    def test_what_is_made_of_several_slabs_is_of_one_moment(self, pyramids, put):
        slabs = (SLAB, BESIDE, THIRD)
        tiles = [Tile(15, slab.col * 16, slab.row * 16) for slab in slabs]
        put({"P": {slab: words("a") for slab in slabs}})
        reader = pyramids.open("P")
        wrong: list[list[bytes | None]] = []
        finished = threading.Event()

        def read() -> None:
            while not finished.is_set():
                seen = reader.steady(lambda: [reader.tile(tile) for tile in tiles])
                if len(set(seen)) > 1 or None in seen:
                    wrong.append(seen)

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        for turn in range(12):
            put({"P": {slab: words("ab"[turn % 2]) for slab in slabs}})
            time.sleep(0.05)  # readers that never find an end give up in the end
        finished.set()
        for thread in threads:
            thread.join()
        assert not wrong

    def test_it_goes_to_another_process(self, pyramids, put):
        put({"P": {SLAB: words("a")}})
        assert pickle.loads(pickle.dumps(pyramids)).read("P", SLAB) == words("a")
