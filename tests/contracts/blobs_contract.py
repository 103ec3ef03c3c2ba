"""What every `Blobs` must do. A place proves itself with a fixture `blobs`, empty, in an empty subclass."""

import hashlib
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pcrs.blobs import ABSENT, ASIDE, Blobs
from pcrs.errors import ConflictError, InputError, NotFoundError

KEY = "dalles/2025/46-2025-0576-6373-LA93-0M05-RVB.tif"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def content(blobs: Blobs) -> dict[str, bytes]:
    """Every file, by key."""
    return {one.key: blobs.read(one.key).data for one in blobs.list()}


class BlobsContract:
    @pytest.fixture
    def blobs(self) -> Blobs:
        raise NotImplementedError

    @pytest.fixture
    def big(self, tmp_path: Path) -> tuple[Path, bytes]:
        """A file of several parts."""
        data = os.urandom(2**20) * 37 + b"end"
        file = tmp_path / "big.bin"
        file.write_bytes(data)
        return file, data

    def test_what_was_put_is_there(self, blobs):
        tag = blobs.put(KEY, b"hello world")
        assert blobs.read(KEY) == (b"hello world", tag)
        seen = blobs.head(KEY)
        assert (seen.size, seen.tag) == (11, tag)
        assert abs(datetime.now(UTC) - seen.modified) < timedelta(minutes=10)

    def test_nothing_is_where_nothing_was_put(self, blobs):
        blobs.put(KEY, b"x")
        for key in ("nothing", "dalles", "dalles/2025/other.tif", f"{KEY}/below"):
            assert blobs.head(key) is None
            assert blobs.read(key) is None
            assert blobs.read(key, 1, 3) is None
        assert blobs.folder("nothing") is None

    @pytest.mark.parametrize(
        ("start", "stop"), [(0, 4), (3, 7), (6, 100), (9, None), (0, None), (10, 11), (11, 20), (90, None)]
    )
    def test_ranges(self, blobs, start, stop):
        blobs.put(KEY, b"hello world")
        assert blobs.read(KEY, start, stop).data == b"hello world"[start:stop]

    def test_a_range_of_another_file_is_refused(self, blobs):
        old = blobs.put(KEY, b"the old file")
        assert blobs.read(KEY, 4, 7, tag=old).data == b"old"
        new = blobs.put(KEY, b"the new file!")
        assert new != old
        with pytest.raises(ConflictError):
            blobs.read(KEY, 4, 7, tag=old)
        assert blobs.read(KEY, 4, 7, tag=new).data == b"new"

    def test_only_creating(self, blobs):
        blobs.put(KEY, b"first", over=ABSENT)
        with pytest.raises(ConflictError):
            blobs.put(KEY, b"second", over=ABSENT)
        assert blobs.read(KEY).data == b"first"

    def test_only_replacing_what_was_seen(self, blobs):
        old = blobs.put(KEY, b"first")
        new = blobs.put(KEY, b"second", over=old)
        with pytest.raises(ConflictError):
            blobs.put(KEY, b"third", over=old)
        assert blobs.read(KEY) == (b"second", new)
        blobs.delete(KEY)
        with pytest.raises(ConflictError):
            blobs.put(KEY, b"fourth", over=new)
        assert blobs.head(KEY) is None

    def test_of_many_who_create_one_succeeds(self, blobs):
        def create(number: int) -> bool:
            try:
                blobs.put(KEY, b"%d" % number, over=ABSENT)
            except ConflictError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(create, range(16)))
        assert done.count(True) == 1
        assert blobs.read(KEY).data == b"%d" % done.index(True)

    def test_a_large_file_goes_and_comes_back(self, blobs, big, tmp_path):
        file, data = big
        blobs.put_file(KEY, file, sha256(data))
        assert blobs.head(KEY).size == len(data)
        assert blobs.read(KEY, 5_000_000, 5_000_100).data == data[5_000_000:5_000_100]
        tag = blobs.head(KEY).tag
        assert b"".join(blobs.chunks(KEY, 100, len(data), tag=tag)) == data[100:]
        assert blobs.get_file(KEY, tmp_path / "back" / "again.bin") == sha256(data)
        assert (tmp_path / "back" / "again.bin").read_bytes() == data
        assert set(content(blobs)) == {KEY}

    def test_the_same_file_again_changes_nothing(self, blobs, tmp_path):
        file = tmp_path / "f"
        file.write_bytes(b"the bytes")
        blobs.put_file(KEY, file, sha256(b"the bytes"))
        seen = blobs.head(KEY)
        blobs.put_file(KEY, file, sha256(b"the bytes"))
        assert blobs.head(KEY) == seen

    def test_a_key_never_comes_to_stand_for_other_bytes(self, blobs, tmp_path):
        first, second = tmp_path / "first", tmp_path / "second"
        first.write_bytes(b"one")
        second.write_bytes(b"two")
        blobs.put_file(KEY, first, sha256(b"one"))
        with pytest.raises(ConflictError, match="never changes"):
            blobs.put_file(KEY, second, sha256(b"two"))
        assert content(blobs) == {KEY: b"one"}

    def test_other_bytes_go_only_on_demand(self, blobs, tmp_path):
        for data in (b"one", b"two"):
            (tmp_path / "file").write_bytes(data)
            blobs.put_file(KEY, tmp_path / "file", sha256(data), replace=True)
        assert content(blobs) == {KEY: b"two"}

    def test_a_file_that_is_not_what_it_should_be_does_not_appear(self, blobs, tmp_path):
        file = tmp_path / "f"
        file.write_bytes(b"other bytes")
        with pytest.raises(ConflictError):
            blobs.put_file(KEY, file, sha256(b"the bytes"))
        assert content(blobs) == {}

    def test_writing(self, blobs):
        with blobs.writing(KEY) as file:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"written")
        assert content(blobs) == {KEY: b"written"}

    def test_what_could_not_be_written_is_not_there(self, blobs):
        with pytest.raises(ZeroDivisionError), blobs.writing(KEY):
            raise ZeroDivisionError
        assert content(blobs) == {}

    def test_an_empty_file(self, blobs, tmp_path):
        file = tmp_path / "f"
        file.touch()
        blobs.put_file(KEY, file, sha256(b""))
        assert blobs.head(KEY).size == 0
        assert blobs.get_file(KEY, tmp_path / "back") == sha256(b"")

    def test_copy_and_delete(self, blobs):
        blobs.put("a/one", b"1")
        blobs.put("b/two", b"2")
        blobs.copy("a/one", "b/two")
        blobs.delete("a/one")
        blobs.delete("a/one")
        assert content(blobs) == {"b/two": b"1"}
        with pytest.raises(NotFoundError):
            blobs.copy("a/one", "b/three")

    def test_what_is_aside_is_hidden_and_can_be_swept_away(self, blobs):
        blobs.put(f"{ASIDE}/a", b"a")
        blobs.copy(f"{ASIDE}/a", "b")
        assert content(blobs) == {"b": b"a"}
        blobs.sweep()
        assert blobs.head(f"{ASIDE}/a") is None
        assert content(blobs) == {"b": b"a"}

    def test_lists(self, blobs):
        keys = {"b/2/y.tif", "b/1/x.tif", "b/z.tif", "b/é à.tif", "bc/other.tif", "top"}
        for key in keys:
            blobs.put(key, key.encode())
        assert set(content(blobs)) == keys
        assert {one.key for one in blobs.list("b")} == keys - {"bc/other.tif", "top"}
        found = blobs.folder("b")
        assert found.folders == ("1", "2")
        assert [(name, seen.size) for name, seen in found.files] == [("z.tif", 7), ("é à.tif", 11)]
        assert blobs.folder().folders == ("b", "bc")
        assert [name for name, _ in blobs.folder().files] == ["top"]

    @pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/./b", "a/../b", "a\\b", "a\0b"])
    def test_what_is_no_key(self, blobs, key):
        for call in (blobs.head, blobs.read, blobs.delete, lambda key: blobs.put(key, b"")):
            with pytest.raises(InputError, match="no key"):
                call(key)

    def test_it_goes_to_another_process(self, blobs):
        blobs.put(KEY, b"x")
        there = pickle.loads(pickle.dumps(blobs))
        assert there.url == blobs.url
        assert there.read(KEY).data == b"x"
