"""OGC API Processes of the running demo, by OWSLib's client."""

import io
import zipfile

import httpx
import pytest
from owslib.ogcapi.processes import Processes

from tests.patience import PATIENCE_S, until

AREA = {"bbox": [576_470, 6_372_470, 576_490, 6_372_490], "crs": "EPSG:2154"}


@pytest.fixture
def client(demo_url):
    return Processes(f"{demo_url}/ogcapi")


def test_owslib_finds_the_processes_and_runs_what_is_quick(client):
    assert {"extraction", "dalles", "statistiques", "controle", "echo"} <= {
        each["id"] for each in client.processes()
    }
    assert "formats" in client.process("extraction")["inputs"]
    assert client.execute("echo", {"message": "été"}) == {"echo": "été"}
    told = client.execute("statistiques", {"bbox": AREA})["chiffres"]
    assert told["dalles"]["nombre"] == 1
    assert told["estimations"]["tif"] > 10_000


def get(address, **options):
    return httpx.get(address, timeout=PATIENCE_S, **options)


def test_owslib_makes_a_job_whose_file_comes_in_parts(client):
    job = client.execute("extraction", {"bbox": AREA, "formats": ["tif", "gpkg"]}, async_=True)
    here = job["links"][0]["href"]

    def ended():
        told = get(here).json()
        return told["status"] not in ("accepted", "running") and told

    told = until(ended)
    assert told["status"] == "successful", told
    link = get(f"{here}/results").json()["extrait"]
    half = link["length"] // 2
    parts = [get(link["href"], headers={"Range": f"bytes={part}"}) for part in (f"0-{half - 1}", f"{half}-")]
    assert [part.status_code for part in parts] == [206, 206]
    with zipfile.ZipFile(io.BytesIO(b"".join(part.content for part in parts))) as packed:
        assert packed.testzip() is None
        assert {name.partition("/")[0] for name in packed.namelist()} == {"tif", "gpkg"}
    assert httpx.delete(here, timeout=PATIENCE_S).json()["status"] == "dismissed"
    assert get(link["href"]).status_code == 404
