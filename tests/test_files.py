import hashlib

import pytest

from pcrs.files import md5_of, placing, sha256_of


def test_a_file_is_visible_only_when_whole(tmp_path):
    target = tmp_path / "deep" / "f.txt"
    with pytest.raises(ZeroDivisionError), placing(target) as part:
        part.write_text(f"half {1 / 0}")
    assert list(target.parent.iterdir()) == []
    with placing(target) as part:
        part.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert [p.name for p in target.parent.iterdir()] == ["f.txt"]


def test_a_link_is_replaced_not_followed(tmp_path):
    (tmp_path / "old").write_text("old")
    (tmp_path / "link").symlink_to("old")
    with placing(tmp_path / "link") as part:
        part.write_text("new")
    assert (tmp_path / "old").read_text() == "old"
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "link").read_text() == "new"


def test_the_digests_of_a_file(tmp_path):
    file = tmp_path / "f"
    file.write_bytes(b"x" * 10_000_000)
    assert sha256_of(file) == hashlib.sha256(b"x" * 10_000_000).hexdigest()
    assert md5_of(file) == hashlib.md5(b"x" * 10_000_000).hexdigest()
