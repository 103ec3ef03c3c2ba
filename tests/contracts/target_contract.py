"""What every `Target` must do. A place proves itself with a fixture `target`, empty, in an empty subclass."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from pcrs.archive.target import Target
from pcrs.errors import InputError, NotFoundError

KEY = "lot-20261128-0001/data/clichés/c 1 % é.tif"


def put(target: Target, key: str, *chunks: bytes) -> None:
    with target.writing(key) as sink:
        for chunk in chunks:
            sink.write(chunk)


def _break_off(target: Target, key: str) -> None:
    with target.writing(key) as sink:
        sink.write(os.urandom(2**20) * 17)
        raise ZeroDivisionError


def bytes_of(target: Target, key: str) -> bytes:
    return b"".join(target.chunks(key))


class TargetContract:
    @pytest.fixture
    def target(self) -> Target:
        raise NotImplementedError

    @pytest.mark.parametrize(
        "chunks",
        [
            (),
            (b"",),
            (b"a", b"bc"),
            (b"x" * 2**20, bytes(2**20), b"y"),
            (bytes(2**20),) * 3,
            (os.urandom(2**20),) * 17 + (b"end",),
        ],
        ids=["none", "empty", "small", "hole", "zeros", "parts"],
    )
    def test_what_was_written_is_read(self, target, chunks):
        put(target, KEY, *chunks)
        assert bytes_of(target, KEY) == b"".join(chunks)
        seen = target.head(KEY)
        assert seen.size == sum(map(len, chunks))
        assert abs(datetime.now(UTC) - seen.modified) < timedelta(minutes=10)
        assert [(one.key, one.seen.size) for one in target.list()] == [(KEY, seen.size)]

    def test_nothing_is_where_nothing_was_written(self, target):
        assert target.head(KEY) is None
        assert list(target.list()) == []
        assert list(target.list("lot-20261128-0001")) == []
        with pytest.raises(NotFoundError):
            bytes_of(target, KEY)
        target.delete(KEY)

    def test_writing_again_replaces_also_what_is_sealed(self, target):
        put(target, KEY, b"one")
        target.seal(KEY)
        put(target, KEY, b"three")
        assert bytes_of(target, KEY) == b"three"
        target.delete(KEY)
        assert target.head(KEY) is None

    def test_a_writing_that_breaks_off_is_never_seen(self, target):
        put(target, "a/kept", b"old")
        for key in ("a/kept", "a/new"):
            with pytest.raises(ZeroDivisionError):
                _break_off(target, key)
        assert [one.key for one in target.list()] == ["a/kept"]
        assert bytes_of(target, "a/kept") == b"old"

    def test_a_sweep_takes_only_what_is_unfinished(self, target):
        put(target, "a/kept", b"old")
        target.sweep("a")
        target.sweep()
        assert bytes_of(target, "a/kept") == b"old"

    def test_lists_of_a_folder(self, target):
        for key in ("a/b/1", "a/b/2", "a/c", "ab"):
            put(target, key, b"x")
        assert sorted(one.key for one in target.list("a")) == ["a/b/1", "a/b/2", "a/c"]
        assert len(list(target.list())) == 4

    def test_several_threads(self, target):
        data = [os.urandom(300_000) for _ in range(12)]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda n: put(target, f"t/{n}", data[n]), range(12)))
            assert list(pool.map(lambda n: bytes_of(target, f"t/{n}"), range(12))) == data

    @pytest.mark.parametrize("key", ["", "/a", "a//b", "../a", "a/..", "a\\b"])
    def test_what_is_no_key(self, target, key):
        with pytest.raises(InputError):
            put(target, key, b"x")
        with pytest.raises(InputError):
            target.head(key)
