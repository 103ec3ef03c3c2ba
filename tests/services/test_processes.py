"""OGC API Processes of a whole site: what can be run, jobs and their results, and who sees them."""

import io
import re
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import rasterio
from jsonschema import Draft202012Validator

from pcrs.app import create_app
from pcrs.assembly import features_of, process_means
from pcrs.errors import TooLargeError
from pcrs.runner import run
from pcrs.settings import load
from pcrs.standard.names import format_name
from pcrs.work import image_strips, mbtiles
from pcrs.work.orders.letters import Post
from pcrs.work.processes import processes
from pcrs.work.processing import Task
from tests.cnig import document, mur
from tests.services.processes_site import EXTRACT, NAME, PUBLIC, ask, done, execute
from tests.services.processes_site import site as site

BOX = [576_180, 6_372_980, 577_100, 6_373_100]
"""20 m of the dalle, and the objects."""
MAILED = {**EXTRACT["inputs"], "courriel": "geometre@example.fr"}
DALLES = {"inputs": {"dalle": format_name(NAME)}}


def test_the_landing_page_leads_to_processes_that_describe_themselves(site):
    links = {link["rel"]: link["href"] for link in ask(site, "/ogcapi").json()["links"]}
    listed = ask(site, links["http://www.opengis.net/def/rel/ogc/1.0/processes"]).json()["processes"]
    assert {each["id"] for each in listed} >= {"extraction", "dalles", "statistiques", "controle", "echo"}
    for each in listed:
        described = ask(site, each["links"][0]["href"]).json()
        assert described["id"] == each["id"]
        for part in (*described["inputs"].values(), *described["outputs"].values()):
            Draft202012Validator.check_schema(part["schema"])
    assert ask(site, "/ogcapi/processes?lang=en").json()["processes"][0]["title"] == "Extract the map"
    openapi = ask(site, "/ogcapi/openapi?f=json").json()["paths"]
    assert "/processes/extraction/execution" in openapi
    declared = ask(site, "/ogcapi/conformance").json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core" in declared


@pytest.mark.parametrize(
    ("body", "prefer", "expected"),
    [
        ({"inputs": {"message": "é"}}, "", "é"),
        ({"inputs": {"message": {"value": "é", "mediaType": "text/plain"}}}, "respond-sync", "é"),
    ],
)
def test_echo_is_waited_for(site, body, prefer, expected):
    answer = execute(site, "echo", body, headers={"Prefer": prefer})
    assert answer.status_code == 200
    assert answer.text == expected
    assert execute(site, "echo", body | {"response": "document"}).json() == {"echo": expected}
    asked = {"Prefer": prefer, "Accept": "application/json"}
    assert execute(site, "echo", body, headers=asked).json() == expected


def test_echo_as_a_job(site):
    answer = execute(site, "echo", {"inputs": {"message": "x"}}, headers={"Prefer": "respond-async"})
    assert answer.json()["status"] == "accepted"
    early = ask(site, f"{answer.headers['location']}/results")
    assert early.status_code == 404
    assert early.json()["type"].endswith("/result-not-ready")
    assert done(site, answer) == {"echo": "x"}


def test_an_extract_holds_what_is_open_and_can_be_taken_in_parts(site):
    results = done(site, execute(site, "extraction", EXTRACT))
    href = results["extrait"]["href"]
    whole = ask(site, href)
    with zipfile.ZipFile(io.BytesIO(whole.content)) as packed:
        text = next(packed.read(name).decode() for name in packed.namelist() if name.endswith(".gml"))
    assert "ArbrePCRS" in text or "a1" in text
    assert "Mur" not in text
    assert whole.headers["cache-control"] == "private, no-cache"
    part = ask(site, href, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.content == whole.content[10:20]


def test_who_may_read_more_gets_more(site):
    answer = execute(site, "extraction", EXTRACT, token="technique")
    results = done(site, answer, token="technique")
    whole = ask(site, results["extrait"]["href"], token="technique")
    with zipfile.ZipFile(io.BytesIO(whole.content)) as packed:
        text = next(packed.read(name).decode() for name in packed.namelist() if name.endswith(".gml"))
    assert "Mur" in text


def test_a_leaked_address_gives_nothing_to_another(site):
    answer = execute(site, "extraction", EXTRACT, token="technique")
    results = done(site, answer, token="technique")
    here = answer.headers["location"]
    for address in (here, f"{here}/results", results["extrait"]["href"]):
        for other in (None, "partenaire"):
            refused = ask(site, address, token=other)
            assert refused.status_code == 404
            assert refused.json()["type"].endswith("/no-such-job")
        assert ask(site, address, token="admin").status_code == 200
    assert ask(site, here, "DELETE", token="partenaire").status_code == 404
    listed = ask(site, "/ogcapi/jobs", token="technique").json()["jobs"]
    assert here.rsplit("/", 1)[1] in {job["jobID"] for job in listed}
    assert ask(site, "/ogcapi/jobs", token="partenaire").json()["jobs"] == []
    assert ask(site, "/ogcapi/jobs").json()["jobs"] == []


def test_a_closed_class_that_is_asked_by_name_fails_and_says_why(site):
    body = {"inputs": {**EXTRACT["inputs"], "classes": ["MurPCRS"]}}
    answer = execute(site, "extraction", body)
    run(site.place, idle_s=0.05)
    job = ask(site, answer.headers["location"]).json()
    assert job["status"] == "failed"
    assert "MurPCRS" in job["message"]
    assert ask(site, f"{answer.headers['location']}/results").status_code == 422


def test_dalles_come_as_they_are(site):
    results = done(site, execute(site, "dalles", DALLES))
    packed = zipfile.ZipFile(io.BytesIO(ask(site, results["archive"]["href"]).content))
    (name,) = packed.namelist()
    assert packed.read(name) == (site.place.hot("2025", format_name(NAME))).read_bytes()


IMAGES = {
    "inputs": {
        **EXTRACT["inputs"],
        "bbox": {"bbox": BOX, "crs": "EPSG:2154"},
        "formats": ["tif", "gml"],
        "epsg": 3945,
    }
}


def test_images_and_objects_come_in_one_archive(site, tmp_path):
    results = done(site, execute(site, "extraction", IMAGES))
    packed = zipfile.ZipFile(io.BytesIO(ask(site, results["extrait"]["href"]).content))
    names = packed.namelist()
    assert {name.partition("/")[0] for name in names} == {"tif", "gml"}
    assert {"tif/LISEZ-MOI.txt", "gml/LISEZ-MOI.txt"} <= set(names)
    (image,) = (name for name in names if name.endswith(".tif"))
    with rasterio.open(io.BytesIO(packed.read(image))) as opened:
        assert opened.crs.to_epsg() == 3945
        assert opened.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert opened.width == pytest.approx(20 / 0.05, abs=12)
    job = results["extrait"]["href"].split("/jobs/")[1].partition("/")[0]
    assert [each.name for each in site.place.job_folder(job).iterdir()] == ["bbox.zip"]


def test_tiles_for_phones_are_in_the_grid_of_the_web_whatever_is_asked(site, monkeypatch):
    monkeypatch.setattr(mbtiles, "SIDE", 2)
    inputs = {**IMAGES["inputs"], "formats": ["mbtiles"]}
    results = done(site, execute(site, "extraction", {"inputs": inputs}))
    packed = zipfile.ZipFile(io.BytesIO(ask(site, results["extrait"]["href"]).content))
    assert {name.rpartition(".")[2] for name in packed.namelist()} == {"txt", "mbtiles"}
    assert results["extrait"]["href"].endswith("bbox-ortho-3857-mbtiles.zip")


def test_an_image_that_is_too_large_is_refused_with_its_limit(site):
    inputs = {
        **IMAGES["inputs"],
        "bbox": {"bbox": [570_000, 6_370_000, 580_000, 6_380_000], "crs": "EPSG:2154"},
    }
    with closing(features_of(site.place, load(site.place.settings_file))) as store:
        means = replace(process_means(site.place, load(site.place.settings_file), store), pixels_max=100)
        process = processes(means)["extraction"]
        task = Task({**inputs, "formats": ["tif"]}, site.place.job_folder("limit"))
        with pytest.raises(TooLargeError, match="km²"):
            process.run(task)
        means = replace(means, bytes_max=10)
        with pytest.raises(TooLargeError, match="Go"):
            processes(means)["extraction"].run(task)


def test_an_extract_that_was_killed_goes_on_with_what_is_there(site, monkeypatch):
    """The strips of the first try are not made again by the second."""
    monkeypatch.setattr(image_strips, "SIDE", 128)
    made = []
    write = image_strips._write_strip

    def dying(mosaic, grid, top, path):
        if len(made) == 2:
            made.append("killed")
            raise KeyboardInterrupt
        made.append(top)
        write(mosaic, grid, top, path)

    monkeypatch.setattr(image_strips, "_write_strip", dying)
    answer = execute(site, "extraction", {"inputs": {**IMAGES["inputs"], "formats": ["tif"]}})
    with pytest.raises(KeyboardInterrupt):
        run(site.place, idle_s=0.05)
    assert ask(site, answer.headers["location"]).json()["status"] == "running"
    assert "extrait" in done(site, answer)
    assert len(made) == len(set(made))
    assert len(made) > 4


def test_a_job_tells_until_when_its_file_is_there_and_how_large_it_is(site):
    answer = execute(site, "dalles", DALLES)
    link = done(site, answer)["archive"]
    assert link["length"] == len(ask(site, link["href"]).content)
    job = ask(site, answer.headers["location"]).json()
    kept = datetime.fromisoformat(job["expires"]) - datetime.fromisoformat(job["finished"])
    assert kept == timedelta(hours=48)


def test_who_asked_for_it_is_told_by_e_mail(site, monkeypatch):
    """The input is there when there is a mail server; its letter has the address and the day of the end."""
    assert execute(site, "extraction", {"inputs": MAILED}, token="partenaire").status_code == 400
    sent = []
    monkeypatch.setenv("PCRS_MAIL__SMTP", "mail.invalid")
    monkeypatch.setattr(Post, "send", lambda post, message: sent.append(message))
    mailing = replace(site, app=create_app(site.place, load(site.place.settings_file), PUBLIC))
    answer = execute(mailing, "extraction", {"inputs": MAILED}, token="partenaire")
    results = done(mailing, answer, token="partenaire")
    (letter,) = sent
    assert letter["To"] == MAILED["courriel"]
    assert results["extrait"]["href"].partition("/ogcapi")[2] in letter.get_content().replace("\n", "")
    assert re.search(r"jusqu'au 20\d\d-\d\d-\d\d", letter.get_content())


def test_nobody_is_written_to_in_the_name_of_anybody(site, monkeypatch):
    """The public has no letters sent; who may has few of them sent, to one address and in all."""
    sent = []
    monkeypatch.setenv("PCRS_MAIL__SMTP", "mail.invalid")
    monkeypatch.setattr(Post, "send", lambda post, message: sent.append(message))
    mailing = replace(site, app=create_app(site.place, load(site.place.settings_file), PUBLIC))

    def asked(address, token):
        inputs = {**EXTRACT["inputs"], "courriel": address}
        answer = execute(mailing, "extraction", {"inputs": inputs}, token=token)
        if answer.status_code == 201:
            ask(mailing, answer.headers["location"], "DELETE", token=token)
        return answer

    refused = asked("victime@example.fr", None)
    assert refused.status_code == 401
    assert "partenaire" in refused.json()["detail"]
    one = [
        asked(address, "technique").status_code
        for address in ("Victime@example.fr", "victime@EXAMPLE.fr") * 3
    ]
    assert one == [201] * 5 + [429]
    late = asked("victime@example.fr", "admin")
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 3600
    many = [asked(f"victime{number}@example.fr", "technique").status_code for number in range(16)]
    assert many == [201] * 15 + [429]
    run(site.place, idle_s=0.05)
    assert sent == []


def test_jobs_tell_by_what_one_knows_them_and_no_address(site, monkeypatch):
    monkeypatch.setenv("PCRS_MAIL__SMTP", "mail.invalid")
    mailing = replace(site, app=create_app(site.place, load(site.place.settings_file), PUBLIC))
    inputs = {**EXTRACT["inputs"], "courriel": "geometre2@example.fr", "epsg": 2154}
    answer = execute(mailing, "extraction", {"inputs": inputs}, token="partenaire")
    told = ask(mailing, answer.headers["location"], token="partenaire")
    assert told.json()["inputs"] == {"formats": ["gml"], "epsg": 2154}
    assert "geometre2" not in told.text
    here = told.json()["jobID"]

    def listed(query, token):
        return {each["jobID"] for each in ask(mailing, f"/ogcapi/jobs{query}", token=token).json()["jobs"]}

    assert here in listed("?own=true", "partenaire")
    assert here in listed("", "admin")
    assert here not in listed("?own=true", "admin") | listed("?own=true", None) | listed("", "technique")
    assert ask(mailing, "/ogcapi/jobs?own=oui", token="admin").status_code == 400
    ask(mailing, answer.headers["location"], "DELETE", token="partenaire")


def test_sizes_are_told_before(site):
    area = {"bbox": {"bbox": BOX, "crs": "EPSG:2154"}}
    told = execute(site, "statistiques", {"inputs": area}).json()["estimations"]
    assert {"tif", "jp2", "mbtiles", "zip", "gml", "gpkg", "dxf"} <= set(told)
    results = done(site, execute(site, "extraction", {"inputs": {**area, "formats": ["zip"]}}))
    assert told["zip"] == pytest.approx(len(ask(site, results["extrait"]["href"]).content), rel=0.05)


def test_figures_of_an_area(site):
    told = execute(site, "statistiques", DALLES).json()
    assert told["dalles"]["nombre"] == 1
    assert told["dalles"]["octets"] == site.place.hot("2025", format_name(NAME)).stat().st_size
    assert told["surface_m2"] == 40_000
    everything = {"inputs": EXTRACT["inputs"] | {}}
    del everything["inputs"]["formats"]
    assert execute(site, "statistiques", everything).json()["objets"] == {"ArbrePCRS": 1}
    assert execute(site, "statistiques", everything, token="technique").json()["objets"] == {
        "ArbrePCRS": 1,
        "MurPCRS": 1,
    }


def test_a_gml_is_controlled(site):
    good = {"inputs": {"gml": document(mur())}}
    bad = {"inputs": {"gml": {"value": document(mur(more="<typeMur>99</typeMur>")), "mediaType": "text/xml"}}}
    assert done(site, execute(site, "controle", good))["rapport"]["conforme"] is True
    told = done(site, execute(site, "controle", bad))["rapport"]
    assert told["conforme"] is False
    assert any(found["line"] for found in told["constats"])


def test_a_job_is_given_up_and_its_files_go(site):
    answer = execute(site, "extraction", EXTRACT)
    here = answer.headers["location"]
    assert ask(site, here, "DELETE").json()["status"] == "dismissed"
    run(site.place, idle_s=0.05)
    assert ask(site, here).json()["status"] == "dismissed"
    answer = execute(site, "extraction", EXTRACT)
    done(site, answer)
    identifier = answer.headers["location"].rsplit("/", 1)[1]
    assert any(site.place.job_folder(identifier).iterdir())
    assert ask(site, answer.headers["location"], "DELETE").status_code == 200
    assert not site.place.job_folder(identifier).exists()
    assert ask(site, answer.headers["location"]).status_code == 404
