"""The catalogue harvested by those who will: 500 records behind a running service, three times each."""

from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette

from pcrs.publish.records import stamped
from pcrs.publish.validate import schema
from tests.catalogue import multiplied, served
from tests.harvesters import DCAT, GeoNetwork, MetaSearch, Udata, request, texts
from tests.services.asking import running

COUNT = 500
LATER = datetime(2026, 12, 24, 8, 30, tzinfo=UTC)
EDITED = "PCRS_D107_RVB-0M05"
DELETED = "PCRS_D120_VECTEUR"
GIVEN = "PCRS_D046_NOUVEAU"
HARVESTERS = {
    "GeoNetwork": GeoNetwork,
    "data.gouv.fr": lambda url: Udata(url, "udata_getrecords.xml"),
    "data.gouv.fr, DCAT": lambda url: Udata(url, "udata_getrecords.xml", DCAT),
    "MetaSearch": MetaSearch,
}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    """A running catalogue of 500 records; its address and its store."""
    path = tmp_path_factory.mktemp("harvested") / "records.db"
    app = Starlette()
    with running(app) as url:
        store = multiplied(path, COUNT, url)
        with served(path, url) as service:
            app.router.routes.extend(service.routes())
            yield f"{url}/csw", store


@pytest.fixture(scope="module")
def harvested(catalogue):
    """Each harvester, its first run, its second, and its third after three changes of the catalogue."""
    url, store = catalogue
    harvesters = {name: make(url) for name, make in HARVESTERS.items()}
    runs = {name: [harvester.harvest(), harvester.harvest()] for name, harvester in harvesters.items()}
    before = store.get(EDITED)
    store.put(stamped(before.replace(b"orthophotographie", b"image"), before, LATER), inserted=LATER)
    store.put(before.replace(EDITED.encode(), GIVEN.encode()), inserted=LATER)
    store.delete([DELETED])
    return {name: (harvester, *runs[name], harvester.harvest()) for name, harvester in harvesters.items()}


@pytest.fixture(params=HARVESTERS)
def told(request, harvested):
    return request.param, *harvested[request.param]


def known_by(name, identifier, url):
    """What a harvester knows a record by: data.gouv.fr goes by the resource, others by the record."""
    if not name.startswith("data.gouv"):
        return identifier
    return f"{url.removesuffix('/csw')}/id/dataset/{identifier}"


def test_the_first_run_has_every_record_once(told):
    _, _, first, _, _ = told
    assert len(first.seen) == len(set(first.seen)) == COUNT
    assert first.added == set(first.seen)
    assert first.changed | first.unchanged | first.gone == set()


def test_the_second_run_has_the_same_identifiers_and_no_change(told):
    _, _, first, second, _ = told
    assert second.seen == first.seen
    assert second.unchanged == set(first.seen)
    assert second.added | second.changed | second.gone == set()


def test_an_edited_record_is_changed_a_new_one_added_a_deleted_one_gone(told, catalogue):
    name, _, first, _, third = told
    edited, deleted, given = (known_by(name, one, catalogue[0]) for one in (EDITED, DELETED, GIVEN))
    # As DCAT, the services that gave access to the deleted data tell of it no more.
    following = {one for one in third.changed if "/id/service/PCRS_D120_" in one} if "DCAT" in name else set()
    assert third.changed == {edited} | following
    assert third.gone == {deleted}
    assert third.added == {given}
    assert len(third.seen) == len(set(third.seen)) == COUNT
    assert third.unchanged == set(first.seen) - {edited, deleted} - following


def test_no_harvester_asks_more_than_its_pages(harvested):
    asked = {name: [run.requests for run in runs] for name, (_, *runs) in harvested.items()}
    assert asked == {
        "GeoNetwork": [2 + 25 + COUNT, 2 + 25, 2 + 25 + 2],
        "data.gouv.fr": [20, 20, 20],
        "data.gouv.fr, DCAT": [20, 20, 20],
        "MetaSearch": [51, 51, 51],
    }


def test_geonetwork_keeps_whole_valid_records_of_the_new_date(harvested):
    harvester, *_ = harvested["GeoNetwork"]
    assert harvester.dates[EDITED] == "2026-12-24T08:30:00Z"
    record = harvester.records[EDITED]
    assert schema().validate(record), schema().error_log
    assert "image" in "".join(texts(record, ".//gmd:title/*/text()"))


def test_metasearch_finds_by_place_and_words_and_opens(catalogue):
    client = MetaSearch(catalogue[0])
    place = {"west": 1.30, "south": 44.40, "east": 1.40, "north": 44.50}
    constraint = request("metasearch_constraint.xml", words="PHOTOGRAPHIE aerienne énergie", **place)
    found = [texts(record, "dc:identifier/text()")[0] for record in client.search(constraint)]
    assert found
    opened = client.open(found[0])
    assert texts(opened, "dc:identifier/text()") == [found[0]]
    assert {"OGC:WMTS", "OGC:WMS"} & set(texts(opened, "dct:references/@scheme"))
