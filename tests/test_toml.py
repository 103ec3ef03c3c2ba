"""TOML files as people save them."""

import pytest

from pcrs import settings
from pcrs.errors import InputError, SettingsError
from pcrs.toml import tables_of

TEXT = '[site]\noperator = "Département du Lot"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_utf_8_is_read_with_or_without_its_mark(tmp_path, encoding, ending):
    file = tmp_path / "pcrs.toml"
    file.write_bytes(TEXT.replace("\n", ending).encode(encoding))
    assert tables_of(file, "make it") == {"site": {"operator": "Département du Lot"}}


def test_another_encoding_is_told_with_its_line(tmp_path):
    file = tmp_path / "pcrs.toml"
    file.write_bytes(TEXT.encode("cp1252"))
    with pytest.raises(InputError, match=r"pcrs\.toml is not in UTF-8 \(line 2\): save it"):
        tables_of(file, "make it")
    with pytest.raises(SettingsError, match="UTF-8"):
        settings.load(file, {})


def test_no_file_and_no_toml_are_told(tmp_path):
    with pytest.raises(InputError, match=r"no\.toml is missing: make it"):
        tables_of(tmp_path / "no.toml", "make it")
    with pytest.raises(InputError, match="cannot be read"):
        tables_of(tmp_path, "make it")
    file = tmp_path / "odd.toml"
    file.write_text("[site", encoding="utf-8")
    with pytest.raises(InputError, match="is not TOML"):
        tables_of(file, "make it")
