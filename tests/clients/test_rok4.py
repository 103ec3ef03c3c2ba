"""IGN's own reader of ROK4 pyramids, PyPI `rok4`, reads what pcrs writes.

It needs GDAL's Python binding, which Debian packages for its own interpreter: a virtual environment of that
interpreter is made once and kept. `PCRS_ROK4_PYTHON` names an interpreter that has both already.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pcrs.raster.pyramid import Pyramid
from pcrs.raster.rok4 import link_edition, root_of, write_descriptor
from pcrs.raster.slab import decode_tile
from pcrs.raster.slab_list import write_list
from pcrs.standard.crs import BBox
from pcrs.standard.grid import LAMB93, Tile, tiles_covering
from tests.pyramids import X, Y, build, ground, source

SYSTEM_PYTHON = Path("/usr/bin/python3")
DALLES = BBox(X, Y - 40, X + 20, Y)
"""Two dalles of the first edition, one under the other."""
PROBE = Path(__file__).with_name("rok4_probe.py")


def _works(python: Path) -> bool:
    found = subprocess.run([python, "-c", "import rok4.pyramid"], capture_output=True, check=False)
    return found.returncode == 0


@pytest.fixture(scope="module")
def rok4_python() -> Path:
    """An interpreter that imports rok4 and osgeo; the tests are skipped where there can be none."""
    given = os.environ.get("PCRS_ROK4_PYTHON")
    if given:
        assert _works(Path(given)), f"PCRS_ROK4_PYTHON={given} does not import rok4"
        return Path(given)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pcrs-tests" / "rok4"
    python = cache / "bin" / "python"
    if python.exists() and _works(python):
        return python
    if not SYSTEM_PYTHON.exists():
        pytest.skip(f"no system interpreter at {SYSTEM_PYTHON}")
    if subprocess.run([SYSTEM_PYTHON, "-c", "import osgeo"], capture_output=True, check=False).returncode:
        pytest.skip(f"{SYSTEM_PYTHON} has no GDAL binding (Debian: python3-gdal)")
    for command in (
        [SYSTEM_PYTHON, "-m", "venv", "--system-site-packages", cache],
        [python, "-m", "pip", "install", "--quiet", "rok4"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"{' '.join(map(str, command))}: {done.stderr.strip()[-300:]}")
    if not _works(python):
        pytest.skip(f"rok4 does not import in {cache}")
    return python


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The descriptors of two editions; the second one owns what its one dalle touches and links the rest."""
    folder = tmp_path_factory.mktemp("rok4")
    first = [source(folder / "dalles", col, row) for col in (0, 30) for row in (0, 1)]
    build(folder / "FIRST.json", first)
    write_list(folder / "FIRST")
    link_edition(folder / "FIRST", folder / "SECOND")
    newer = source(folder / "dalles", 0, 1, rank=1, seed=3)
    build(folder / "SECOND.json", [*first, newer], [newer.bbox])
    write_list(folder / "SECOND")
    return folder / "FIRST.json", folder / "SECOND.json"


def ask(python: Path, tms: Path, descriptor: Path, tiles: list[Tile]) -> dict:
    """What rok4 says of a pyramid: its levels, its list, and the tiles asked for."""
    done = subprocess.run(
        [python, PROBE, descriptor, json.dumps([[str(level), col, row] for level, col, row in tiles])],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "ROK4_TMS_DIRECTORY": str(tms)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def tms(shared_data: Path) -> Path:
    return shared_data / "tms"


def some_tiles(pyramid: Pyramid) -> list[Tile]:
    """The corners of every level: tiles that are there, whole and in part."""
    return [
        Tile(level, col, row)
        for level, cells in pyramid.levels.items()
        for col in {cells.min_col, cells.max_col}
        for row in {cells.min_row, cells.max_row}
    ]


@pytest.mark.parametrize("which", [0, 1], ids=["first edition", "second edition"])
def test_rok4_reads_the_same_bytes(rok4_python, tms, editions, which):
    pyramid = Pyramid(editions[which])
    tiles = some_tiles(pyramid)
    told = ask(rok4_python, tms, editions[which], tiles)
    assert (told["name"], told["tms"], told["format"]) == (pyramid.name, LAMB93.id, "TIFF_JPG_UINT8")
    assert (told["type"], told["own_masks"], told["channels"]) == ("RASTER", True, 3)
    assert {int(level): limits for level, limits in told["limits"].items()} == {
        level: cells._asdict() for level, cells in pyramid.levels.items()
    }
    expected = [pyramid.tile(tile) for tile in tiles]
    assert [tile and bytes.fromhex(tile) for tile in told["tiles"]] == expected
    assert sum(tile is not None for tile in expected) > 25


def test_rok4_decodes_the_same_pixels(rok4_python, tms, editions):
    cells = tiles_covering(DALLES, 22)
    tile = Tile(22, cells.min_col, cells.min_row + 1)  # on both dalles, and on nothing else
    told = ask(rok4_python, tms, editions[0], [tile])
    decoded = decode_tile(bytes.fromhex(told["tiles"][0])).astype(int)
    assert abs(decoded.mean(axis=(0, 1)) - told["means"][0]).max() < 0.5
    assert np.abs(decoded - ground(LAMB93.bbox(tile))).mean() <= 3


def test_rok4_finds_the_tile_of_a_place(rok4_python, tms, editions):
    cells = tiles_covering(DALLES, 22)
    told = ask(rok4_python, tms, editions[0], [])
    level, col, row, *_ = told["indices"]
    assert (level, col, row) == ("22", cells.min_col, cells.min_row)


def test_rok4_loads_the_list_and_its_links(rok4_python, tms, editions):
    first, second = (ask(rok4_python, tms, descriptor, [])["slabs"] for descriptor in editions)
    assert len(first) == len(second) > 17
    assert not any(slab["link"] for slab in first)
    owners = {slab["root"]: slab["link"] for slab in second}
    assert owners == {str(root_of(editions[1])): False, str(root_of(editions[0])): True}
    for slab in second:
        assert (Path(slab["root"]) / slab["slab"]).is_file()
        assert not (Path(slab["root"]) / slab["slab"]).is_symlink()
    assert {slab["type"] for slab in first} == {"DATA", "MASK"}


def test_limits_alone_are_a_pyramid_too(rok4_python, tms, tmp_path):
    write_descriptor(tmp_path / "EMPTY.json", {22: tiles_covering(DALLES, 22)})
    cells = tiles_covering(DALLES, 22)
    assert ask(rok4_python, tms, tmp_path / "EMPTY.json", [Tile(22, cells.min_col, cells.min_row)])[
        "tiles"
    ] == [None]
