"""Objects as files over HTTP: a collection by its query, an object, an area; and states of the past."""

import csv
import io
import json
import zipfile
from urllib.parse import quote

import ezdxf
import pyogrio
import pytest
import shapely

from pcrs.serve import context
from pcrs.standard.crs import CRS84, uri
from pcrs.standard.model import Feature
from pcrs.store.geopackage import GeoPackage
from pcrs.vector.formats import FORMATS, ONE_CLASS_FORMATS
from pcrs.vector.gml import read
from pcrs.work.layers import COMMUNES
from tests.extracts import put
from tests.services.asking import PUBLIC
from tests.services.features_api import BASE, ITEMS, X, Y, api_over, get, ids, told

COVERS = "/ogcapi/collections/AffleurantPCRS/items"
COMMUNE = "/ogcapi/collections/communes/items"
_CNIG = {"producteur": "APLC", "qualiteCategorisation": "01", "precisionPlanimetrique": "005"}


def kerb(n: int, x: float) -> Feature:
    """A kerb of 5 m: valid in the eyes of the standard."""
    values = _CNIG | {"idObjet": str(n), "thematique": "01", "dateLeve": f"2024-03-{1 + n:02d}"}
    line = shapely.LineString([(x, Y, 120), (x + 3, Y + 4, 120.5)])
    return Feature("LimiteVoiriePCRS", f"lv.{n}", values, line, 2154)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Twelve kerbs, a wall and a cover; yesterday's state had a kerb more and another producer."""
    store = GeoPackage(tmp_path_factory.mktemp("files") / "features.gpkg")
    wall = _CNIG | {"idObjet": "m", "thematique": "05", "typeMur": "02"}
    cover = {"idObjet": "a", "producteur": "APLC", "reseau": "AEP", "nature": "02", "thematique": "01"}
    cover |= {"qualiteCategorisation": "01", "precisionPlanimetrique": "005", "representation": "#g.1"}
    objects = [kerb(n, X + 10 * n) for n in range(12)]
    objects += [
        Feature("MurPCRS", "m.1", wall, shapely.LineString([(X, Y, 1), (X + 5, Y, 2)]), 2154),
        Feature("AffleurantPCRS", "a.1", cover, None, 2154),
        Feature("AffleurantGeometriquePCRS", "g.1", {"point": ["#pt.1"]}, None, 2154),
        Feature("AffleurantPointPCRS", "pt.1", {}, shapely.Point(X + 1, Y + 1, 120), 2154),
    ]
    put(store, [*objects, kerb(99, X)])
    store.ensure(COMMUNES)
    limits = shapely.MultiPolygon([shapely.box(X - 1, Y - 1, X + 45, Y + 50)])
    store.put(COMMUNES.name, [("46999", limits, {"nom": "Saint-Fictif"})])
    with store.transaction(at="2025-06-01T12:00:00Z"):
        store.remove("LimiteVoiriePCRS", ["lv.99"])
        moved = kerb(0, X + 1)
        store.put("LimiteVoiriePCRS", [(moved.gml_id, moved.geometry, dict(moved.attributes))])
    yield store
    store.close()


@pytest.fixture(scope="module")
def api(store, tmp_path_factory):
    return api_over(tmp_path_factory.mktemp("site"), store)


@pytest.fixture
def few(api, tmp_path, store):
    """The API of an operator who gives three objects at once."""
    kept = context.served()
    yield api_over(tmp_path, store, max_export_objects=3)
    context.use(kept)


def saved(answer, tmp_path, name):
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    path = tmp_path / name
    path.write_bytes(answer.content)
    return path


def found_in(path, kind):
    """Ids of the kerbs in a file."""
    if kind == "gml":
        return [feature.gml_id for feature in read(path) if isinstance(feature, Feature)]
    if kind == "csv":
        return [row["gml_id"] for row in csv.DictReader(path.read_text("utf-8-sig").splitlines())]
    if kind == "dxf":
        return [line.dxf.layer for line in ezdxf.readfile(path).modelspace() if line.dxf.layer != "LISEZ-MOI"]
    source = f"/vsizip/{path}/LimiteVoiriePCRS.shp" if kind == "shp" else path
    layer = None if kind in ("shp", "fgb") else "LimiteVoiriePCRS"
    return list(pyogrio.raw.read(source, layer=layer, columns=["gml_id"])[3][0])


@pytest.mark.parametrize("kind", sorted(ONE_CLASS_FORMATS))
def test_a_collection_is_had_as_a_file_by_f_and_by_accept(api, tmp_path, kind):
    form = ONE_CLASS_FORMATS[kind]
    query = f"{ITEMS}?filter={quote('idObjet')} IN ('3','5','7')&crs={uri(2154)}"
    answer = get(api, f"{query}&f={kind}")
    assert answer.headers["content-type"] == form.media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="LimiteVoiriePCRS{form.suffix}"'
    assert answer.headers["content-crs"] == f"<{uri(2154)}>"
    assert "content-disposition" in answer.headers["access-control-expose-headers"].lower()
    ids_there = found_in(saved(answer, tmp_path, f"one{form.suffix}"), kind)
    assert len(ids_there) == 3
    if kind != "dxf":
        assert sorted(ids_there) == ["lv.3", "lv.5", "lv.7"]
    bare = form.media_type.partition(";")[0]
    accepted = get(api, query, headers={"accept": f"text/html;q=0.1, {bare}"})
    assert accepted.headers["content-type"] == form.media_type
    known = get(api, f"{query}&f={kind}", headers={"if-none-match": answer.headers["etag"]})
    assert (known.status_code, known.headers["etag"]) == (304, answer.headers["etag"])
    head = get(api, f"{query}&f={kind}", "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == answer.headers["etag"]


def test_pages_offer_their_objects_as_files(api, tmp_path):
    document = told(api, ITEMS, filter="idObjet < '2'")
    offered = {each["type"]: each["href"] for each in document["links"] if each["rel"] == "alternate"}
    assert {form.media_type for form in ONE_CLASS_FORMATS.values()} <= offered.keys()
    href = offered["application/flatgeobuf"]
    path = saved(get(api, href.removeprefix(PUBLIC)), tmp_path, "one.fgb")
    assert sorted(found_in(path, "fgb")) == sorted(ids(document))
    assert pyogrio.read_info(path)["crs"] == "EPSG:2154"
    page = get(api, f"{ITEMS}?f=html").text
    assert 'type="application/flatgeobuf"' in page
    assert 'name="valid-at"' in page


def test_a_file_is_whole_unless_a_limit_is_given(api):
    rows = list(
        csv.reader(io.StringIO(get(api, f"{ITEMS}?f=csv&sortby=-idObjet").content.decode("utf-8-sig")))
    )
    assert len(rows) == 13
    position = rows[0].index("idObjet")
    assert [row[position] for row in rows[1:4]] == ["9", "8", "7"]
    assert rows[1][-1].startswith("LINESTRING Z (1.4")
    assert get(api, f"{ITEMS}?f=csv&limit=2").content.count(b"\r\n") == 3
    plain = get(api, f"{ITEMS}?f=csv&limit=1&properties=idObjet&skipGeometry=true").content
    assert plain == "\ufeffgml_id,idObjet\r\nlv.0,0\r\n".encode()


def test_without_a_word_files_are_in_crs84_and_drawings_in_lambert_93(api):
    assert get(api, f"{ITEMS}?f=csv&limit=1").headers["content-crs"] == f"<{CRS84}>"
    assert get(api, f"{ITEMS}?f=dxf&limit=1").headers["content-crs"] == f"<{uri(2154)}>"


def test_an_object_is_had_as_a_file(api, tmp_path):
    path = saved(get(api, f"{ITEMS}/lv.4?f=gml&crs={uri(3945)}"), tmp_path, "one.gml")
    (feature,) = [each for each in read(path) if isinstance(each, Feature)]
    assert (feature.gml_id, feature.epsg) == ("lv.4", 3945)
    assert get(api, f"{ITEMS}/none?f=gml").status_code == 404
    (row,) = csv.DictReader(io.StringIO(get(api, f"{COVERS}/a.1?f=csv").content.decode("utf-8-sig")))
    assert row["representation"] == "#g.1"


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_a_commune_leads_to_all_that_it_shows(api, tmp_path, kind):
    document = told(api, f"{COMMUNE}/46999")
    form = FORMATS[kind]
    offered = [each["href"] for each in document["links"] if each["rel"] == "enclosure"]
    assert len(offered) == len(FORMATS)
    (href,) = [each for each in offered if each.endswith(f"f={kind}")]
    path = saved(get(api, href.removeprefix(PUBLIC)), tmp_path, f"commune{form.suffix}")
    if kind == "gml":
        expected = {f"lv.{n}" for n in range(5)} | {"m.1", "a.1", "g.1", "pt.1"}
        assert set(found_in(path, kind)) == expected
    elif kind == "gpkg":
        assert {"LimiteVoiriePCRS", "MurPCRS", "layer_styles"} <= {n for n, _ in pyogrio.list_layers(path)}
    elif kind == "dxf":
        assert len(ezdxf.readfile(path).modelspace()) >= 7
    else:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
        assert {"LISEZ-MOI.txt", "MurPCRS.shp" if kind == "shp" else f"MurPCRS.{kind}"} <= set(names)


def test_extracts_of_boxes_and_dalles_by_class(api, tmp_path):
    box = f"bbox={X},{Y - 1},{X + 12},{Y + 9}&bbox-crs={uri(2154)}"
    path = saved(get(api, f"/ogcapi/extract?{box}&f=gml&collections=LimiteVoiriePCRS"), tmp_path, "b.gml")
    assert found_in(path, "gml") == ["lv.0", "lv.1"]
    path = saved(get(api, "/ogcapi/extract?dalle=2025-05770-63722-LA93-0M05-RVB&f=gml"), tmp_path, "d.gml")
    assert {"lv.11", "m.1", "a.1"} <= set(found_in(path, "gml"))
    clipped = saved(get(api, f"/ogcapi/extract?{box}&f=fgb&clip=true"), tmp_path, "c.zip")
    lines = shapely.from_wkb(pyogrio.raw.read(f"/vsizip/{clipped}/MurPCRS.fgb", columns=[])[2])
    assert shapely.total_bounds(lines)[0] >= X


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"{ITEMS}?f=gml&crs={uri(4326)}", "EPSG:4326"),
        (f"{ITEMS}?f=gml&properties=idObjet", "objets entiers"),
        (f"{COVERS}?f=gpkg&embed=true", "embed"),
        (f"{ITEMS}?f=gpkg&resulttype=hits", "resulttype"),
        (f"{ITEMS}?f=dwg", "f='dwg'"),
        ("/ogcapi/extract?f=gml", "one area"),
        ("/ogcapi/extract?f=gml&commune=46999&bbox=1,44,2,45", "one area"),
        ("/ogcapi/extract?f=gml&commune=00000", "no commune"),
        ("/ogcapi/extract?f=gml&dalle=x", "nom de dalle"),
        ("/ogcapi/extract?f=gml&commune=46999&clip=true", "sans découpe"),
        ("/ogcapi/extract?f=gml&commune=46999&clip=perhaps", "clip"),
        ("/ogcapi/extract?commune=46999", "say which by f="),
        ("/ogcapi/extract?f=gml&commune=46999&communes=1", "did you mean 'commune'"),
        (f"{ITEMS}?valid-at=hier", "valid-at"),
        (f"{ITEMS}?valid-at=2025-02-30", "2025-02-30"),
        (f"{ITEMS}/lv.1?valid-at=2025", "valid-at"),
    ],
)
def test_what_cannot_be_had_is_refused_with_the_reason(api, path, words):
    answer = get(api, path)
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["detail"]


def test_an_unknown_class_is_not_found(api):
    assert get(api, "/ogcapi/extract?f=gml&commune=46999&collections=Nulle").status_code == 404


def test_nothing_is_no_content(api):
    nowhere = "bbox=2,45,2.1,45.1"
    for path in (f"{ITEMS}?f=gpkg&filter=idObjet='none'", f"/ogcapi/extract?f=gml&{nowhere}"):
        assert get(api, path).status_code == 204


def test_too_much_at_once_is_refused_with_the_way_out(few):
    for path in (f"{ITEMS}?f=csv", "/ogcapi/extract?f=gml&commune=46999"):
        answer = get(few, path)
        assert answer.status_code == 413
        assert "pcrs export" in answer.json()["detail"]
    assert get(few, f"{ITEMS}?f=csv&limit=3").status_code == 200


def test_the_extract_page_lets_choose(api):
    page = get(api, "/ogcapi/extract?f=html").text
    assert "Saint-Fictif (46999)" in page
    assert 'value="dxf"' in page
    document = told(api, "/ogcapi/extract")
    assert len([each for each in document["links"] if each.get("templated")]) == len(FORMATS)
    assert f"{BASE}/extract" in {each["href"] for each in told(api, "/ogcapi")["links"]}


# ---- what was valid at a date


def test_objects_as_they_were(api):
    now = told(api, ITEMS)
    assert (now["numberMatched"], "lv.99" in ids(now)) == (12, False)
    past = told(api, ITEMS, **{"valid-at": "2025-05-31"})
    assert (past["numberMatched"], "lv.99" in ids(past)) == (13, True)
    assert told(api, ITEMS, **{"valid-at": "2025-06-01"})["numberMatched"] == 12
    assert told(api, ITEMS, **{"valid-at": "2025-06-01T11:59:59Z"})["numberMatched"] == 13
    crs = {"crs": uri(2154)}
    before = told(api, f"{ITEMS}/lv.0", **crs, **{"valid-at": "2025-05-31"})["geometry"]["coordinates"]
    assert (before[0][0], told(api, f"{ITEMS}/lv.0", **crs)["geometry"]["coordinates"][0][0]) == (X, X + 1)
    assert get(api, f"{ITEMS}/lv.99").status_code == 404
    gone = told(api, f"{ITEMS}/lv.99", **{"valid-at": "2025-05-31"})
    assert gone["id"] == "lv.99"
    hrefs = [each["href"] for each in gone["links"] if each["rel"] in ("self", "alternate")]
    assert all("valid-at=2025-05-31" in href for href in hrefs)


def test_pages_and_files_of_the_past(api, tmp_path):
    page, seen = told(api, ITEMS, limit=5, **{"valid-at": "2025-05-31"}), []
    while True:
        seen += ids(page)
        following = [each["href"] for each in page["links"] if each["rel"] == "next"]
        if not following:
            break
        page = json.loads(get(api, following[0].removeprefix(PUBLIC)).content)
    assert len(seen) == len(set(seen)) == 13
    path = saved(get(api, "/ogcapi/extract?commune=46999&f=gml&valid-at=2025-05-31"), tmp_path, "past.gml")
    assert "lv.99" in found_in(path, "gml")
    cover = told(api, f"{COVERS}/a.1", **{"valid-at": "2025-05-31"})
    (related,) = [each["href"] for each in cover["links"] if each["rel"] == "related"]
    assert related.endswith("/g.1?valid-at=2025-05-31")
    carried = told(api, COVERS, embed="true", **{"valid-at": "2025-05-31"})["features"][0]["embedded"]
    assert carried["representation"][0]["embedded"]["point"][0]["id"] == "pt.1"


def test_dates_are_told_where_they_are_asked(api):
    parameters = told(api, "/ogcapi/openapi")["components"]["parameters"]
    assert "primary-instant" in parameters["datetime"]["description"]
    assert "state" in parameters["valid-at"]["description"]
    schema = told(api, "/ogcapi/collections/LimiteVoiriePCRS/schema")["properties"]
    assert schema["dateLeve"]["x-ogc-role"] == "primary-instant"
    assert told(api, ITEMS, datetime="2024-03-05/2024-03-06")["numberMatched"] == 2
