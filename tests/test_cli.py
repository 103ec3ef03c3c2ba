"""The command line as a user types it: what it says, and its exit codes."""

import json

import pytest

from pcrs.standard.names import format_name
from tests.dalles import hm_name, make_dalle
from tests.serving import said

NAME = hm_name()
STEM = format_name(NAME)


@pytest.fixture(scope="module")
def depot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("depot")
    make_dalle(folder / f"{STEM}.tif", NAME, compress="deflate")
    (folder / "vide.gml").write_text("")
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("cli") / "site"
    made = said("init", "--site", root, "--departement", "46")
    assert made.returncode == 0, made.stderr
    return root


def test_init_makes_a_site_once_and_for_any_departement(site, tmp_path):
    again = said("init", "--site", site)
    assert again.returncode == 2
    assert "site already" in again.stderr
    other = said("init", "--site", tmp_path / "corse", "--departement", "2A")
    assert other.returncode == 0
    assert 'departement = "2A"' in (tmp_path / "corse" / "pcrs.toml").read_text()
    metadata = (tmp_path / "corse" / "metadata.toml").read_text()
    assert 'name = "département 2A"' in metadata
    assert '"lot"' not in metadata
    wrong = said("init", "--site", tmp_path / "faux", "--departement", "Lot")
    assert wrong.returncode == 2
    assert "site.departement" in wrong.stderr


def test_check_changes_nothing_and_tells_in_json(depot):
    before = sorted(depot.iterdir())
    done = said("check", depot, "--json", "--workers", "1")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["conforming"] is False
    assert {file["file"]: file["accepted"] for file in told["files"]} == {
        f"{STEM}.tif": True,
        "vide.gml": False,
    }
    assert sorted(depot.iterdir()) == before
    assert said("check", depot / f"{STEM}.tif", "--workers", "1").returncode == 0
    assert said("check", depot / "absent").returncode == 2


def test_a_delivery_from_reception_to_decision(site, depot):
    received = said("receive", depot, "--site", site, "--edition", "2025", "--json", "--workers", "1")
    assert received.returncode == 1
    told = json.loads(received.stdout)
    assert told["state"] == "contrôlée"
    assert said("status", "--site", site, "--json").returncode == 0
    listed = json.loads(said("deliveries", "--site", site, "--json").stdout)
    assert [delivery["id"] for delivery in listed] == [told["id"]]
    accepted = said("accept", told["id"], "--site", site, "--workers", "1")
    assert accepted.returncode == 1
    assert "vide.gml" in accepted.stdout
    assert f"{told['id']} : publiée" in accepted.stdout
    refused = said("refuse", told["id"], "--site", site, "--reason", "trop tard")
    assert refused.returncode == 2
    assert "what was accepted stays" in refused.stderr
    status = json.loads(said("status", "--site", site, "--json").stdout)
    assert (status["dalles"], status["éditions"], status["manques"]) == (1, ["2025"], [])
    records = said("records", "--site", site, "--validate")
    assert records.returncode == 0, records.stdout


def test_an_unknown_site_or_delivery_is_one_clear_line(site, tmp_path):
    for command in (("status",), ("serve",), ("deliveries",), ("receive", tmp_path, "--edition", "1")):
        done = said(*command, "--site", tmp_path / "nowhere")
        assert done.returncode == 2
        assert "pcrs init" in done.stderr
        assert "Traceback" not in done.stderr
    done = said("accept", "2025-nothing", "--site", site)
    assert (done.returncode, "pcrs deliveries" in done.stderr) == (2, True)


def test_communes_are_loaded_and_kept_to_the_departement(site, shared_data):
    done = said("communes", shared_data / "lot" / "communes-46-lot.geojson", "--site", site)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "320 communes"
    wrong = said("communes", shared_data / "lot" / "departement-46-lot.geojson", "--site", site)
    assert wrong.returncode == 2


def test_usage_errors_are_code_two():
    assert said("receive").returncode == 2
    assert said("nonsense").returncode == 2
    assert said("--version").returncode == 0
