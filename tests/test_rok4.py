import json
from pathlib import Path

import numpy as np
import pytest

from pcrs.errors import ConflictError, StoreError
from pcrs.raster.rok4 import (
    link_edition,
    place_slab,
    read_descriptor,
    read_slab,
    root_of,
    slab_file,
    slab_files,
    write_descriptor,
)
from pcrs.raster.slab import NOTHING, TILES, SlabBytes, encode_mask_slab, encode_slab
from pcrs.raster.slab_list import write_list
from pcrs.standard.grid import Cells, Slab

A, B, C = Slab(15, 25, 195), Slab(15, 26, 195), Slab(14, 12, 97)
PATH_A = "15/00/05/PF.tif"


def files(word: bytes, *, mask: bool = False) -> SlabBytes:
    masks = encode_mask_slab([np.ones((256, 256), bool)] + [None] * (TILES - 1))
    return SlabBytes(encode_slab([word] + [None] * (TILES - 1)), masks if mask else None)


@pytest.fixture
def old(tmp_path):
    root = tmp_path / "OLD"
    place_slab(root, A, files(b"a", mask=True))
    place_slab(root, B, files(b"b"))
    return root


def test_a_slab_is_placed_and_read_back(old):
    assert sorted(slab_files(old)) == [f"DATA/{PATH_A}", "DATA/15/00/05/QF.tif", f"MASK/{PATH_A}"]
    assert read_slab(old, A) == files(b"a", mask=True)
    assert read_slab(old, B) == files(b"b")
    assert read_slab(old, C) == NOTHING


def test_the_same_bytes_are_left_alone(old):
    before = slab_file(old, "DATA", A).stat()
    assert not place_slab(old, A, files(b"a", mask=True))
    after = slab_file(old, "DATA", A).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_slab_that_becomes_full_or_empty_loses_its_files(old):
    assert place_slab(old, A, files(b"a"))
    assert read_slab(old, A) == files(b"a")
    assert place_slab(old, A, NOTHING)
    assert read_slab(old, A) == NOTHING
    assert not place_slab(old, A, NOTHING)
    assert list(slab_files(old)) == ["DATA/15/00/05/QF.tif"]


def test_an_edition_is_links_until_it_owns(old, tmp_path):
    new = tmp_path / "NEW"
    assert link_edition(old, new) == 3
    link = new / "DATA" / PATH_A
    assert link.readlink() == Path("../../../../../OLD/DATA", PATH_A)
    assert read_slab(new, A) == read_slab(old, A)

    assert not place_slab(new, A, files(b"a", mask=True))
    assert link.is_symlink()
    assert place_slab(new, A, files(b"changed"))
    assert not link.is_symlink()
    assert read_slab(old, A) == files(b"a", mask=True)
    assert read_slab(new, A) == files(b"changed")

    assert place_slab(new, B, NOTHING)
    assert read_slab(old, B) == files(b"b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["NEW", "OLD"]


def test_a_site_can_be_moved(old, tmp_path):
    link_edition(old, tmp_path / "NEW")
    (tmp_path / "elsewhere").mkdir()
    for name in ("OLD", "NEW"):
        (tmp_path / name).rename(tmp_path / "elsewhere" / name)
    assert read_slab(tmp_path / "elsewhere" / "NEW", B) == files(b"b")


def test_an_edition_is_linked_only_once(old, tmp_path):
    link_edition(old, tmp_path / "NEW")
    with pytest.raises(ConflictError, match="NEW"):
        link_edition(old, tmp_path / "NEW")


def test_linking_starts_over_after_a_kill(old, tmp_path):
    (tmp_path / ".NEW.part" / "DATA").mkdir(parents=True)
    (tmp_path / ".NEW.part" / "DATA" / "half").write_text("")
    assert link_edition(old, tmp_path / "NEW") == 3
    assert len(list(slab_files(tmp_path / "NEW"))) == 3


def test_the_list_tells_who_owns_each_slab(old, tmp_path):
    middle, new = tmp_path / "MIDDLE", tmp_path / "NEW"
    link_edition(old, middle)
    place_slab(middle, B, files(b"from the middle"))
    link_edition(middle, new)
    place_slab(new, C, files(b"new"))
    assert write_list(new) == 4
    assert (tmp_path / "NEW.list").read_text().splitlines() == [
        f"0={new.resolve()}",
        f"1={old.resolve()}",
        f"2={middle.resolve()}",
        "#",
        "0/DATA/14/00/02/CP.tif",
        f"1/DATA/{PATH_A}",
        "2/DATA/15/00/05/QF.tif",
        f"1/MASK/{PATH_A}",
    ]


def test_links_that_lead_nowhere_are_no_slabs(old, tmp_path):
    link_edition(old, tmp_path / "NEW")
    place_slab(old, B, NOTHING)
    assert read_slab(tmp_path / "NEW", B) == NOTHING
    assert write_list(tmp_path / "NEW") == 2


def test_what_is_half_written_is_no_slab(old):
    (slab_file(old, "DATA", A).parent / ".PF.tif.17.part").write_bytes(b"half")
    assert len(list(slab_files(old))) == 3


def test_the_descriptor_is_rok4s(tmp_path):
    descriptor = tmp_path / "PCRS.json"
    limits = {15: Cells(400, 3120, 431, 3135), 6: Cells(0, 6, 0, 6)}
    write_descriptor(descriptor, limits)
    document = json.loads(descriptor.read_text())
    assert [level["id"] for level in document["levels"]] == ["6", "15"]
    assert document["levels"][1] == {
        "id": "15",
        "tiles_per_width": 16,
        "tiles_per_height": 16,
        "tile_limits": {"min_col": 400, "min_row": 3120, "max_col": 431, "max_row": 3135},
        "storage": {
            "type": "FILE",
            "image_directory": "PCRS/DATA/15",
            "mask_directory": "PCRS/MASK/15",
            "path_depth": 2,
        },
    }
    assert (document["format"], document["mask_format"]) == ("TIFF_JPG_UINT8", "TIFF_ZIP_UINT8")
    levels = read_descriptor(descriptor)
    assert {level: files.limits for level, files in levels.items()} == limits
    assert levels[15].data / "00/05/PF.tif" == slab_file(root_of(descriptor), "DATA", A)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "TIFF_PNG_UINT8"}, "TIFF_PNG_UINT8"),
        ({"tile_matrix_set": "PM"}, "PM"),
        ({"levels": [{"id": "twelve"}]}, "readable"),
        ({"levels": None}, "readable"),
    ],
)
def test_a_foreign_descriptor_is_refused(tmp_path, change, said):
    descriptor = tmp_path / "P.json"
    write_descriptor(descriptor, {12: Cells(0, 0, 1, 1)})
    descriptor.write_text(json.dumps(json.loads(descriptor.read_text()) | change))
    with pytest.raises(StoreError, match=said):
        read_descriptor(descriptor)


def test_other_slabs_than_files_of_16_by_16_are_refused(tmp_path):
    descriptor = tmp_path / "P.json"
    write_descriptor(descriptor, {12: Cells(0, 0, 1, 1)})
    document = json.loads(descriptor.read_text())
    document["levels"][0]["tiles_per_width"] = 8
    descriptor.write_text(json.dumps(document))
    with pytest.raises(StoreError, match=r"\(8, 16\)"):
        read_descriptor(descriptor)


def test_a_missing_descriptor_is_told(tmp_path):
    with pytest.raises(StoreError, match=r"P\.json"):
        read_descriptor(tmp_path / "P.json")
