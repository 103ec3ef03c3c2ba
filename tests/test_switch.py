import multiprocessing
import os
import signal
from itertools import pairwise
from pathlib import Path

import pytest

from pcrs.raster.rok4 import KINDS, link_edition, place_slab, read_slab, slab_file
from pcrs.raster.slab import NOTHING, TILES, SlabBytes, encode_slab
from pcrs.raster.switch import drop_unchanged, is_switching, move_slab, switching
from pcrs.standard.grid import Slab

A = Slab(15, 25, 195)


def files(word: bytes, mask: bytes | None = None) -> SlabBytes:
    return SlabBytes(encode_slab([word] + [None] * (TILES - 1)), mask)


def kinds_of(slab: SlabBytes) -> list[str]:
    return [kind for kind, data in zip(KINDS, slab, strict=True) if data is not None]


def switch(aside: Path, root: Path, new: SlabBytes, coming: dict) -> None:
    place_slab(aside, A, new)
    drop_unchanged(aside, root, A, kinds_of(new), coming)


def test_a_slab_takes_its_place_and_a_kind_that_it_lacks_goes(tmp_path):
    root, aside = tmp_path / "P", tmp_path / "aside"
    place_slab(root, A, files(b"old", b"mask"))
    switch(aside, root, files(b"new"), {})
    assert read_slab(root, A) == files(b"old", b"mask")
    move_slab(aside, root, A, ["DATA"])
    assert read_slab(root, A) == files(b"new")
    move_slab(aside, root, A, ["DATA"])
    assert read_slab(root, A) == files(b"new")


def test_a_file_that_would_be_the_same_is_left_alone(tmp_path):
    root, aside = tmp_path / "P", tmp_path / "aside"
    place_slab(root, A, files(b"old"))
    before = slab_file(root, "DATA", A).stat().st_ino
    switch(aside, root, files(b"old", b"mask"), {})
    move_slab(aside, root, A, KINDS)
    assert read_slab(root, A) == files(b"old", b"mask")
    assert slab_file(root, "DATA", A).stat().st_ino == before


@pytest.fixture
def editions(tmp_path) -> tuple[Path, Path, Path]:
    """Three, each linked to the one before; the slab is the first one's."""
    roots = tuple(tmp_path / name for name in ("P_2023", "P_2024", "P_2025"))
    place_slab(roots[0], A, files(b"old"))
    for before, root in pairwise(roots):
        link_edition(before, root)
    return roots


def links(roots: tuple[Path, ...]) -> list[bool]:
    return [slab_file(root, "DATA", A).is_symlink() for root in roots]


@pytest.mark.parametrize("first", [0, 1])
def test_an_edition_keeps_its_link_to_one_that_is_switched_with_it(editions, tmp_path, first):
    coming: dict = {}
    switched = editions[first:]
    for root in switched:
        switch(tmp_path / "aside" / root.name, root, files(b"new"), coming)
    for root in switched:
        move_slab(tmp_path / "aside" / root.name, root, A, ["DATA"])
    assert [read_slab(root, A) for root in switched] == [files(b"new")] * len(switched)
    assert read_slab(editions[0], A) == files(b"new" if first == 0 else b"old")
    assert links(editions) == [False, first == 0, True]


def test_an_edition_that_stays_as_it_was_gets_a_file_of_its_own(editions, tmp_path):
    coming: dict = {}
    for root, word in zip(editions, (b"new", b"old", b"old"), strict=True):
        switch(tmp_path / "aside" / root.name, root, files(word), coming)
    for root in editions:
        move_slab(tmp_path / "aside" / root.name, root, A, ["DATA"])
    assert [read_slab(root, A) for root in editions] == [files(b"new"), files(b"old"), files(b"old")]
    assert links(editions) == [False, False, True]


def test_what_goes_is_not_taken_for_the_same(editions, tmp_path):
    coming: dict = {}
    switch(tmp_path / "aside" / "P_2023", editions[0], NOTHING, coming)
    switch(tmp_path / "aside" / "P_2024", editions[1], files(b"old"), coming)
    move_slab(tmp_path / "aside" / "P_2023", editions[0], A, [])
    move_slab(tmp_path / "aside" / "P_2024", editions[1], A, ["DATA"])
    assert read_slab(editions[0], A) == NOTHING
    assert read_slab(editions[1], A) == read_slab(editions[2], A) == files(b"old")


def test_a_switch_is_seen_while_it_lasts(tmp_path):
    pyramids = tmp_path / "pyramids"
    assert not is_switching(pyramids)
    with switching(pyramids):
        assert is_switching(pyramids)
    assert not is_switching(pyramids)


def _die_switching(pyramids: Path) -> None:
    with switching(pyramids):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_switch_ends_with_its_process(tmp_path):
    process = multiprocessing.get_context("spawn").Process(target=_die_switching, args=(tmp_path,))
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    assert not is_switching(tmp_path)
