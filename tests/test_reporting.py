"""`pcrs check --report`, as a user types it."""

import json

import pytest

from pcrs.errors import InputError
from pcrs.reporting import Asked, report
from pcrs.settings import Settings
from pcrs.standard.names import format_name
from pcrs.tables import ControlTable
from pcrs.work.levels import Levels
from pcrs.work.progress import mill, silent
from tests.dalles import ground_pixels, hm_name, make_dalle
from tests.serving import said

STEM = format_name(hm_name())


@pytest.fixture(scope="module")
def depot(tmp_path_factory):
    """A dalle, and its neighbour whose content lies 30 cm too far south."""
    folder = tmp_path_factory.mktemp("depot")
    make_dalle(folder / f"{STEM}.tif", hm_name(), compress="deflate")
    east = hm_name(576_200)
    pixels = ground_pixels(east.x_m, east.y_m + 0.3, 4000, 4000)
    make_dalle(folder / f"{format_name(east)}.tif", east, pixels=pixels, compress="deflate")
    return folder


def test_the_settings_and_the_levels_have_the_same_names_and_defaults():
    assert Levels(**ControlTable().model_dump()) == Levels()


def test_the_command_writes_page_and_document_and_changes_nothing(depot, tmp_path):
    before = {file: file.stat().st_mtime_ns for file in depot.iterdir()}
    page = tmp_path / "rapport.html"
    done = said("check", depot, "--report", page, "--workers", "1")
    assert done.returncode == 1, done.stderr
    assert "non conforme" in done.stdout
    assert "seam.offset" in done.stdout
    assert "Rapport de contrôle" in page.read_text(encoding="utf-8")
    told = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert told["operator"] == Settings().site.operator
    assert told["seams"][0]["north_m"] == pytest.approx(-0.3, abs=0.02)
    assert {file: file.stat().st_mtime_ns for file in depot.iterdir()} == before


def test_the_command_judges_points_and_tells_in_json(depot, tmp_path):
    points = tmp_path / "points.csv"
    rows = (f"P{n};{576_000 + n};6372900;{576_000 + n},02;6372900" for n in range(5))
    points.write_text("\n".join(["id;x;y;xi;yi", *rows]))
    done = said("check", depot / f"{STEM}.tif", "--points", points, "--json", "--workers", "1")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["verdict"] == "conforme"
    assert told["planimetry"]["test"]["conforming"] is True
    assert not list(tmp_path.glob("*.html"))


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"report": "inside/r.html"}, "lies in the delivery"),
        ({"report": "r.txt"}, "html"),
        ({"extent": "a.gpkg", "grid": "b.gpkg"}, "one of them"),
        ({"points": "absent.csv"}, "absent.csv"),
    ],
)
def test_what_cannot_be_done_is_said_at_once(tmp_path, given, word):
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "a.tif").write_bytes(b"II")
    asked = Asked(**{key: tmp_path / name for key, name in given.items()})
    with mill(1) as hands, pytest.raises(InputError, match=word):
        report(tmp_path / "inside", asked, Settings(), hands, silent)
