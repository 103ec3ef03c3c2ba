"""The catalogue service as harvesters and clients meet it: every record once, OWSLib, GDAL, many at once."""

import asyncio
import resource
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from owslib.catalogue.csw2 import CatalogueServiceWeb as Csw2
from owslib.catalogue.csw3 import CatalogueServiceWeb as Csw3
from owslib.fes import BBox, PropertyIsLike
from starlette.applications import Starlette

from pcrs.serve import csw
from pcrs.serve.csw_engine import answer
from pcrs.store import record_engines
from pcrs.store.record_tables import RECORDS
from pcrs.store.records import RecordStore
from tests.catalogue import IDENTIFIERS, filled, served
from tests.harvesters import request
from tests.patience import PATIENCE_S
from tests.services.asking import ask_all
from tests.services.csw_site import (
    GMD,
    HEAD3,
    KVP,
    KVP3,
    MANY,
    NS,
    RECORDS_KVP,
    get,
    identifiers,
    post,
    results,
    texts,
    tree,
    walk,
)
from tests.services.csw_site import address as address
from tests.services.csw_site import many as many
from tests.services.csw_site import routes as routes


@pytest.mark.parametrize("name", ["udata_getrecords.xml", "udata_2023_iso.xml"])
def test_data_gouv_harvests_what_it_asks_for(routes, name):
    found = identifiers(walk(routes, request(name, schema=GMD), step="next"))
    assert tuple(found) == IDENTIFIERS


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        (GMD, "gmd:MD_Metadata"),
        (NS["csw"], "csw:Record,gmd:MD_Metadata"),
        (GMD, "csw:Record,gmd:MD_Metadata"),
        (GMD, "gmd:MD_Metadata,csw:Record"),
    ],
)
def test_geonetwork_harvests_every_record_once(many, schema, types):
    """Its operator chose a schema, or none: then it asks for every type that the capabilities name."""
    pages = walk(many, request("geonetwork_getrecords.xml", schema=schema, types=types))
    assert len(pages) == MANY / 20
    found = identifiers(pages)
    assert len(set(found)) == len(found) == MANY
    assert pages[-1].get("nextRecord") == "0"


@pytest.mark.parametrize(
    ("asked", "returned"),
    [
        ("", 10),
        ("&maxRecords=", 10),
        ("&maxRecords=0", 0),
        ("&maxRecords=1000", 100),
        ("&maxRecords=unlimited", 100),
    ],
)
def test_an_answer_has_ten_records_unless_it_is_asked_for_others(many, asked, returned):
    page = results(get(many, f"{KVP3}GetRecords{asked}"))
    assert page.get("numberOfRecordsReturned") == str(returned)
    posted = asked.replace("&maxRecords=", 'maxRecords="') + ('"' if asked else "")
    body = f'<csw:GetRecords {HEAD3} {posted}><csw:Query typeNames="csw:Record"/></csw:GetRecords>'
    assert results(post(many, body)).get("numberOfRecordsReturned") == str(returned)


@pytest.mark.parametrize("size", [7, 20, 100])
def test_pages_of_any_size_hold_every_record_once(many, size):
    body = request("geonetwork_getrecords.xml", schema=GMD, types="gmd:MD_Metadata")
    found = identifiers(walk(many, body.replace('maxRecords="20"', f'maxRecords="{size}"'), step="next"))
    assert found == sorted(set(found))
    assert len(found) == MANY


def test_many_clients_at_once_get_whole_answers(many):
    paths = [f"/csw?{RECORDS_KVP}&startPosition={1 + 20 * n}&maxRecords=20" for n in range(15)] * 2
    answers = ask_all(many, paths)
    assert {response.status_code for response in answers} == {200}
    found = identifiers([results(response) for response in answers])
    assert set(Counter(found).values()) == {2}
    assert len(found) == 2 * MANY


def test_a_publication_is_seen_at_the_next_request(tmp_path):
    store = filled(tmp_path / "records.db")
    with served(tmp_path / "records.db") as service:
        routes = service.routes()
        before = get(routes, f"{KVP}GetCapabilities")
        document = store.get("PCRS_D046").replace(
            b"PCRS_D046</gco:CharacterString>", b"NEW</gco:CharacterString>"
        )
        store.put(document, inserted=datetime(2027, 1, 1, tzinfo=UTC))
        assert texts(get(routes, f"{KVP}GetRecordById&id=NEW"), "//dc:identifier/text()") == ["NEW"]
        after = get(routes, f"{KVP}GetCapabilities")
    assert tree(before).get("updateSequence") != tree(after).get("updateSequence")


def test_an_answer_that_is_known_is_not_sent_again(tmp_path):
    store = filled(tmp_path / "records.db")
    with served(tmp_path / "records.db") as service:
        routes = service.routes()
        first = get(routes, RECORDS_KVP)
        known = {"headers": {"If-None-Match": first.headers["etag"]}}
        assert "max-age" in first.headers["cache-control"]
        again = get(routes, RECORDS_KVP, **known)
        assert (again.status_code, again.content) == (304, b"")
        assert get(routes, f"{RECORDS_KVP}&maxRecords=1", **known).status_code == 200
        refused = get(routes, f"{RECORDS_KVP}&maxRecords=x")
        assert (refused.headers["cache-control"], refused.headers.get("etag")) == ("no-store", None)
        document = store.get("PCRS_D046").replace(b"PCRS_D046</gco", b"NEW</gco")
        store.put(document, inserted=datetime(2027, 1, 1, tzinfo=UTC))
        assert get(routes, RECORDS_KVP, **known).status_code == 200


def test_requests_leave_nothing_behind(routes):
    """A stock server keeps an engine and its classes for each: 1 MB a request."""

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    queries = (RECORDS_KVP, f"{KVP}GetRecordById&id=PCRS_D046", f"{KVP3}GetRecords", f"{KVP}GetCapabilities")

    def burst(count: int) -> None:
        for _ in range(count):
            assert [get(routes, query).status_code for query in queries] == [200] * 4

    burst(10)
    before = resident()
    burst(25)
    assert resident() - before < 25 * 2**20


def test_an_empty_catalogue_answers(tmp_path):
    RecordStore(tmp_path / "records.db")
    with served(tmp_path / "records.db") as service:
        assert get(service.routes(), f"{KVP}GetCapabilities&updateSequence=1").status_code == 400
        assert results(get(service.routes(), RECORDS_KVP)).get("numberOfRecordsMatched") == "0"


def test_a_store_that_fails_is_never_a_short_catalogue(tmp_path):
    store = filled(tmp_path / "records.db")
    with served(tmp_path / "records.db") as service:
        with store._engine.begin() as connection:
            RECORDS.drop(connection)
        for query in (RECORDS_KVP, f"{KVP}GetRecordById&id=PCRS_D046", f"{KVP3}GetRecords"):
            response = get(service.routes(), query)
            assert response.status_code == 503
            assert tree(response).tag.endswith("}ExceptionReport")
            assert str(tmp_path) not in response.text


def test_beyond_its_queue_it_asks_to_come_back(tmp_path, monkeypatch):
    filled(tmp_path / "records.db")
    may_go_on = threading.Event()

    def slow(*given):
        may_go_on.wait(30)
        return answer(*given)

    monkeypatch.setattr(csw, "answer", slow)

    async def burst(service):
        transport = httpx.ASGITransport(app=Starlette(routes=service.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
            asked = [asyncio.create_task(client.get(f"/csw?{RECORDS_KVP}")) for _ in range(6)]
            while sum(task.done() for task in asked) < 3:
                await asyncio.sleep(0.01)
            may_go_on.set()
            return await asyncio.gather(*asked)

    with served(tmp_path / "records.db", threads=1, waiting=2) as service:
        answers = asyncio.run(burst(service))
        assert sorted(one.status_code for one in answers) == [200, 200, 200, 503, 503, 503]
        for refused in (one for one in answers if one.status_code == 503):
            assert int(refused.headers["Retry-After"]) > 0
            assert tree(refused).tag.endswith("}ExceptionReport")
        assert get(service.routes(), RECORDS_KVP).status_code == 200


def test_a_question_without_end_is_ended(many, monkeypatch):
    monkeypatch.setattr(record_engines, "LONGEST_S", -1)
    monkeypatch.setattr(record_engines, "_STEPS", 100)
    pattern = "%".join("aeiou" * 40)
    query = urlencode({"constraintLanguage": "CQL_TEXT", "constraint": f"csw:AnyText like '%{pattern}%'"})
    response = get(many, f"{RECORDS_KVP}&{query}")
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    monkeypatch.undo()
    assert results(get(many, f"{RECORDS_KVP}&{query}")).get("numberOfRecordsMatched") == "0"


def test_owslib_reads_2_0_2_as_metasearch_does(address):
    client = Csw2(address)
    assert client.identification.title == "Catalogue : PCRS du Lot"
    filters = [
        PropertyIsLike("csw:AnyText", "%objets vecteur%"),
        BBox([44.0, 1.0, 45.0, 2.0], crs="urn:ogc:def:crs:EPSG::4326"),
    ]
    client.getrecords2(constraints=[filters], esn="full", maxrecords=10)
    assert client.results == {"matches": 2, "returned": 2, "nextrecord": 0}
    record = client.records["PCRS_D046_VECTEUR"]
    assert ("OGC API Features", f"{address.removesuffix('/csw')}/ogcapi/collections/AffleurantPCRS") in {
        (link["scheme"], link["url"]) for link in record.references
    }
    client.getrecordbyid(id=["PCRS_D046_RVB-0M05"], outputschema=GMD)
    full = client.records["PCRS_D046_RVB-0M05"]
    assert full.identification[0].uricode == [f"{address.removesuffix('/csw')}/id/dataset/PCRS_D046_RVB-0M05"]
    assert client.get_operation_by_name("GetRecords").methods[0]["url"] == address


def test_owslib_reads_3_0_0(address):
    client = Csw3(address, version="3.0.0")
    client.getrecords(maxrecords=5)
    assert client.results["matches"] == 9
    assert client.results["nextrecord"] == 6
    assert list(client.records) == list(IDENTIFIERS[:5])


def test_gdal_reads_the_catalogue(address):
    pyogrio = pytest.importorskip("pyogrio")
    if "CSW" not in pyogrio.list_drivers():
        pytest.skip("this GDAL has no CSW driver")
    program = (  # in another process: GDAL waits without letting the server's thread run
        "import sys, pyogrio.raw as raw;"
        "print(*raw.read(sys.argv[1], read_geometry=False, columns=['identifier'])[3][0])"
    )
    command = [sys.executable, "-c", program, f"CSW:{address}"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert sorted(found.stdout.split()) == sorted(IDENTIFIERS)
