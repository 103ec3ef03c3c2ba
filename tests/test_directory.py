"""Files in a folder: the contract of `Blobs`, and what a folder may hold besides."""

import pytest

from pcrs.archive.directory import Directory
from tests.contracts.blobs_contract import BlobsContract, content


class TestDirectory(BlobsContract):
    @pytest.fixture
    def blobs(self, tmp_path):
        return Directory(tmp_path / "files")


def test_work_in_progress_is_not_seen(tmp_path):
    blobs = Directory(tmp_path)
    blobs.put("a/one", b"1")
    (tmp_path / "a" / ".two.123.part").write_bytes(b"2")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "three").write_bytes(b"3")
    assert content(blobs) == {"a/one": b"1"}
    assert blobs.folder().folders == ("a",)
    assert [name for name, _ in blobs.folder("a").files] == ["one"]
