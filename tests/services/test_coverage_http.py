"""The coverage as HTTP has it: tags, HEAD, ranges, bursts, faults; and how its collection tells of it."""

import threading

import pytest

from pcrs.errors import RasterError
from pcrs.raster.mosaic import Mosaic
from pcrs.serve import coverage, coverage_collection, gate
from tests.patience import PATIENCE_S
from tests.services.asking import PUBLIC, X, Y, ask, ask_all, refused, served_by, small_mosaic
from tests.services.coverage_site import L93_BOX, PATH, get, opened
from tests.services.coverage_site import app as app
from tests.services.coverage_site import mosaic as mosaic
from tests.services.coverage_site import site as site

# ---- HTTP


def test_the_etag_stands_for_what_shows_there_and_the_question(site, tmp_path, mosaic):
    shown = [mosaic]
    app = coverage.routes(served_by(site, lambda edition: shown[0]))
    tag = get(app, L93_BOX).headers["etag"]
    assert get(app, L93_BOX).headers["cache-control"] == "public, max-age=60, must-revalidate"
    again = get(app, L93_BOX, headers={"if-none-match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert get(app, f"{L93_BOX}&f=png").headers["etag"] != tag
    assert get(app, f"{L93_BOX}&properties=R").headers["etag"] != tag
    beside = small_mosaic(tmp_path, seed=4).sources[1]
    shown[0] = Mosaic([*mosaic.sources, beside._replace(rank=1)])
    assert get(app, L93_BOX, headers={"if-none-match": tag}).status_code == 304
    over = small_mosaic(tmp_path, seed=5).sources[0]
    shown[0] = Mosaic([*mosaic.sources, over._replace(rank=1)])
    changed = get(app, L93_BOX, headers={"if-none-match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_head_tells_everything_but_the_length_and_reads_nothing(app):
    head = ask(app, f"{PATH}?{L93_BOX}", method="HEAD")
    got = get(app, L93_BOX)
    assert head.status_code == 200
    assert head.content == b""
    assert "content-length" not in head.headers
    for name in ("etag", "content-crs", "content-bbox", "content-type", "content-disposition"):
        assert head.headers[name] == got.headers[name]


def test_a_range_is_answered_whole(app):
    response = get(app, L93_BOX, headers={"range": "bytes=0-9"})
    assert response.status_code == 200
    assert response.headers["accept-ranges"] == "none"
    assert int(response.headers["content-length"]) == len(response.content) > 10


def test_only_reading_is_allowed(app):
    assert ask(app, PATH, method="POST").status_code == 405


def test_nothing_stays_in_the_jobs_folder(app, site):
    get(app, L93_BOX)
    get(app, "scale-factor=1")
    assert list((site / "jobs").iterdir()) == []


def test_a_burst_is_told_to_come_back_and_others_are_not_delayed(site, mosaic, monkeypatch):
    started, turned_away, finish = threading.Semaphore(0), threading.Semaphore(0), threading.Event()

    class Slow(Mosaic):
        def read(self, bbox, size=None):
            started.release()
            assert finish.wait(PATIENCE_S)
            return super().read(bbox, size)

    class Counted(gate.BusyError):
        def __init__(self, said):
            super().__init__(said)
            turned_away.release()

    monkeypatch.setattr(gate, "BusyError", Counted)
    slow = Slow(mosaic.sources)
    app = coverage.routes(served_by(site, lambda edition: slow))
    room = gate.WORKERS + gate.WAITING

    def let_go():
        for _ in range(gate.WORKERS):
            assert started.acquire(timeout=PATIENCE_S)
        for _ in range(3):
            assert turned_away.acquire(timeout=PATIENCE_S)
        finish.set()

    helper = threading.Thread(target=let_go)
    helper.start()
    queries = [f"{PATH}?bbox={X},{Y - 1},{X + 1 + i},{Y}&bbox-crs=2154" for i in range(room + 3)]
    answers = ask_all(app, [*queries, f"{PATH}?nonsense=1", "/collections/ortho/schema"])
    helper.join()
    assert [answer.status_code for answer in answers[:-2]].count(200) == room
    busy = [answer for answer in answers if answer.status_code == 503]
    assert len(busy) == 3
    assert busy[0].headers["retry-after"] == "5"
    assert answers[-2].status_code == 400
    assert answers[-1].status_code == 200
    assert get(app, L93_BOX).status_code == 200


def test_unreadable_data_is_a_fault_of_the_service_and_tells_no_path(site, mosaic):
    class Broken(Mosaic):
        def read(self, bbox, size=None):
            raise RasterError("/srv/site/hot/dalles/2025/x.tif: not a TIFF")

    app = coverage.routes(served_by(site, lambda edition: Broken(mosaic.sources)))
    assert "/srv" not in refused(get(app, L93_BOX), 503)


# ---- description


def test_the_collection_describes_what_the_coverage_does(site, mosaic, app):
    described = coverage.collection(served_by(site, lambda edition: mosaic))
    west, south, east, north = described["extent"]["spatial"]["bbox"][0]
    assert west < 1.45 < east + 0.01
    assert south < 44.445 < north + 0.001
    assert described["extent"]["spatial"]["storageCrsBbox"] == [[X, Y - 20, X + 40, Y]]
    across, down = described["extent"]["spatial"]["grid"]
    assert (across["cellsCount"], down["cellsCount"]) == (800, 400)
    assert across["cellsCount"] * across["resolution"] == pytest.approx(east - west)
    assert described["extent"]["temporal"]["interval"] == [["2022-01-01T00:00:00Z", "2025-12-31T23:59:59Z"]]
    assert described["storageCrs"] == described["crs"][0]
    for crs in described["crs"]:
        assert get(app, f"{L93_BOX}&width=8&crs={crs}").headers["content-crs"] == f"<{crs}>"
    base = f"{PUBLIC}/ogcapi"
    paths = {link["href"].removeprefix(base): link["type"] for link in described["links"] if "type" in link}
    ours = [path for path in paths if "/ortho/coverage" in path or path.endswith("/schema")]
    assert len(ours) == 6
    for path in ours:
        assert ask(app, path).headers["content-type"] == paths[path]


def test_before_the_first_publication_the_collection_has_no_extent(site):
    assert "extent" not in coverage.collection(served_by(site, lambda edition: Mosaic([])))


def test_the_schema_names_the_bands_that_properties_takes(app):
    schema = ask(app, "/collections/ortho/schema").json()
    ordered = sorted(schema["properties"], key=lambda name: schema["properties"][name]["x-ogc-propertySeq"])
    with opened(get(app, f"{L93_BOX}&properties={','.join(ordered)}")) as tif:
        assert list(tif.descriptions) == ordered
    fields = ask(app, "/collections/ortho/coverage/rangetype").json()["field"]
    assert [field["id"] for field in fields] == ordered


def test_conformance_names_are_those_of_the_draft():
    assert all(
        uri.startswith("http://www.opengis.net/spec/ogcapi-coverages-1/1.0/conf/")
        for uri in coverage_collection.CONFORMANCE
    )
