"""The provider, asked as pygeoapi asks it."""

from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from pygeoapi.provider.base import ProviderInvalidQueryError, ProviderItemNotFoundError
from pyproj import Transformer

from pcrs.errors import InputError, StoreError
from pcrs.raster.mosaic import Mosaic
from pcrs.serve import context
from pcrs.serve.feature_area import area
from pcrs.serve.feature_pages import Pages, State, matched
from pcrs.serve.feature_query import CRS_URIS, interval
from pcrs.serve.features import FeatureProvider, UnavailableError
from pcrs.standard.crs import CRS84, L93, epsg_of, is_latlon, uri
from pcrs.standard.fields import Field
from pcrs.store.base import Layer, Query
from pcrs.store.geopackage import GeoPackage
from tests.services.asking import PUBLIC, served_by

WALLS = Layer(
    "MurPCRS",
    "Mur",
    "Curve",
    (
        Field("gml_id", "string"),
        Field("dateLeve", "date"),
        Field("typeMur", "string", codes={"01": "Mur"}),
        Field("pointLeve", "list"),
        Field("hauteur", "number"),
        Field("rang", "integer"),
        Field("bâti", "boolean"),
        Field("vu", "datetime"),
    ),
    "gml_id",
    "dateLeve",
)
DALLES = Layer(
    "dalles",
    "Dalles",
    "Polygon",
    (Field("id", "string"), Field("fichier", "string"), Field("href", "string"), Field("octets", "integer")),
    "id",
)
X, Y = 577_000, 6_372_000
DOWNLOAD = {"field": "href", "title": "fichier", "length": "octets", "type": "image/tiff"}


@pytest.fixture
def store(tmp_path):
    store = GeoPackage(tmp_path / "features.gpkg")
    store.ensure(WALLS)
    store.put(
        "MurPCRS",
        [
            (
                f"w{n}",
                shapely.LineString([(X + 100 * n, Y, 150), (X + 100 * n + 3, Y + 4, 151)]),
                {"rang": n, "dateLeve": f"2024-01-{n + 1:02d}", "typeMur": f"0{n % 2}", "pointLeve": ["#p"]},
            )
            for n in range(10)
        ],
    )
    store.put(
        "MurPCRS", [("flat", shapely.LineString([(X, Y + 500), (X + 1, Y + 500)]), {}), ("none", None, {})]
    )
    context.use(served_by(tmp_path, lambda edition: Mosaic([]), store=store))
    yield store
    store.close()


@pytest.fixture
def walls(store):
    return provider("MurPCRS")


def provider(name, **more):
    definition = {
        "name": "x",
        "type": "feature",
        "data": name,
        "storage_crs": uri(L93),
        "crs": list(CRS_URIS),
    }
    return FeatureProvider(definition | more)


def ids(collection):
    return [feature["id"] for feature in collection["features"]]


def into(crs):
    return SimpleNamespace(target_crs_uri=crs)


def test_fields_are_known_from_the_constructor_on(walls):
    assert walls.fields == {
        "gml_id": {"type": "string"},
        "dateLeve": {"type": "string", "format": "date"},
        "typeMur": {"type": "string"},
        "pointLeve": {"type": "array", "items": {"type": "string"}},
        "hauteur": {"type": "number"},
        "rang": {"type": "integer"},
        "bâti": {"type": "boolean"},
        "vu": {"type": "string", "format": "date-time"},
    }
    assert (walls.id_field, walls.time_field, walls.get_fields()) == ("gml_id", "dateLeve", walls.fields)


def test_an_unknown_layer_is_not_found(store):
    with pytest.raises(ProviderItemNotFoundError):
        provider("nulle_part")


def test_a_page_and_the_number_of_all(walls):
    page = walls.query(limit=3, offset=2)
    assert ids(page) == ["w2", "w3", "w4"]
    assert (page["numberMatched"], page["numberReturned"]) == (12, 3)
    last = walls.query(limit=10, offset=9)
    assert ids(last) == ["w9", "flat", "none"]
    assert last["numberMatched"] == 12
    beyond = walls.query(limit=10, offset=50)
    assert (ids(beyond), beyond["numberMatched"]) == ([], 12)


def test_hits_are_a_number_alone(walls):
    found = walls.query(resulttype="hits", properties=[("typeMur", "01")])
    assert found == {"type": "FeatureCollection", "features": [], "numberMatched": 5, "numberReturned": 0}


def test_a_feature_is_geojson(walls):
    feature = walls.get("w3")
    assert (feature["type"], feature["id"]) == ("Feature", "w3")
    assert feature["geometry"] == {
        "type": "LineString",
        "coordinates": ((X + 300, Y, 150), (X + 303, Y + 4, 151)),
    }
    assert feature["properties"]["pointLeve"] == ["#p"]
    assert feature["properties"]["hauteur"] is None
    assert walls.get("none")["geometry"] is None


@pytest.mark.parametrize("id_", ["zz", "1", "é", "w1\x00", "' OR 1=1 --"])
def test_an_unknown_id_is_not_found(walls, id_):
    with pytest.raises(ProviderItemNotFoundError):
        walls.get(id_)


@pytest.mark.parametrize("crs", CRS_URIS)
def test_coordinates_are_within_a_millimetre_of_pyproj_in_the_axis_order_of_the_crs(walls, crs):
    epsg = epsg_of(crs)
    features = walls.query(limit=11, crs_transform_spec=into(crs))["features"]
    shown = [feature["geometry"]["coordinates"] for feature in features]
    assert [len(line[0]) for line in shown] == [3] * 10 + [2]
    assert shown[0][0][2] == 150
    if crs != CRS84 and is_latlon(epsg):
        shown = [[(point[1], point[0]) for point in line] for line in shown]
    back = Transformer.from_crs(epsg, L93, always_xy=True)
    for n, line in enumerate(shown[:10]):
        x, y = back.transform(line[0][0], line[0][1])
        np.testing.assert_allclose((x, y), (X + 100 * n, Y), atol=1e-3)


def test_no_crs_spec_is_the_native_crs(walls):
    assert walls.query(limit=1)["features"][0]["geometry"]["coordinates"][0] == (X, Y, 150)


def test_bbox(walls):
    for crs, numbers in [(uri(L93), (X + 95, Y, X + 205, Y)), (uri(L93), (X + 100, Y, 0, X + 200, Y, 0))]:
        assert ids(walls.query(bbox=area(numbers, crs), limit=10)) == ["w1", "w2"]
    elsewhere = walls.query(bbox=area((100, 10, 110, 20), CRS84), limit=10)
    assert (ids(elsewhere), elsewhere["numberMatched"]) == ([], 0)


def test_filters_sort_and_choice_of_properties(walls):
    found = walls.query(
        limit=10,
        properties=[("typeMur", "01")],
        datetime_="2024-01-03/..",
        sortby=[{"property": "rang", "order": "-"}],
        select_properties=["rang"],
        skip_geometry=True,
    )
    assert ids(found) == ["w9", "w7", "w5", "w3"]
    assert found["features"][0]["properties"] == {"rang": 9}
    assert found["features"][0]["geometry"] is None


@pytest.mark.parametrize(
    "asked",
    [
        {"properties": [("rang", "x")]},
        {"properties": [("rang", str(10**30))]},
        {"datetime_": "hier"},
        {"sortby": [{"property": "nulle", "order": "+"}]},
    ],
)
def test_what_makes_no_sense_is_an_invalid_query_with_its_reason(walls, asked):
    with pytest.raises(ProviderInvalidQueryError) as refused:
        walls.query(**asked)
    assert refused.value.message != refused.value.default_msg


def test_a_store_that_fails_is_unavailable(walls, store, monkeypatch):
    def fail(*_):
        raise StoreError("/srv/site/features.gpkg: disk I/O error")

    monkeypatch.setattr(store, "get", fail)
    with pytest.raises(UnavailableError) as failed:
        walls.get("w1")
    assert failed.value.http_status_code == 503
    assert "/srv" not in failed.value.message


def test_a_file_to_download_is_an_absolute_address_and_an_enclosure(store):
    store.ensure(DALLES)
    values = {"fichier": "a.tif", "href": "dalles/2025/a.tif", "octets": 123}
    store.put("dalles", [("a", shapely.box(X, Y, X + 1, Y + 1), values), ("b", None, {})])
    dalles = provider("dalles", options={"download": DOWNLOAD})
    address = f"{PUBLIC}/listing/dalles/2025/a.tif"
    feature = dalles.get("a")
    assert feature["properties"]["href"] == address
    assert feature["links"] == [
        {"rel": "enclosure", "type": "image/tiff", "title": "a.tif", "href": address, "length": 123}
    ]
    chosen = dalles.query(select_properties=["id"], limit=1)["features"][0]
    assert (chosen["properties"], chosen["links"][0]["href"]) == ({"id": "a"}, address)
    assert "links" not in dalles.get("b")


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("2024-06-01", ("2024-06-01", "2024-06-01")),
        ("2024-06-01T12:00:00Z", ("2024-06-01T12:00:00Z", "2024-06-01T12:00:00Z")),
        ("2024-06-01/2024-06-02", ("2024-06-01", "2024-06-02")),
        ("2024-06-01T00:00:00.5+02:00/..", ("2024-06-01T00:00:00.5+02:00", None)),
        ("../2024-06-02", (None, "2024-06-02")),
        ("/2024-06-02", (None, "2024-06-02")),
        ("../..", (None, None)),
        ("/", (None, None)),
    ],
)
def test_intervals(text, bounds):
    assert interval(text) == bounds


@pytest.mark.parametrize(
    "text",
    [
        *("", "..", "//", "2024", "2024-06", "20240601", "hier", "2024-06-01/hier", "2024-06-01\n"),
        *("2024-06-01T12:00:00", "2024-06-01 12:00:00Z", "2024-06-02/2024-06-01"),
        "2024-06-01/2024-06-02/2024-06-03",
    ],
)
def test_what_is_no_interval_is_refused(text):
    with pytest.raises(InputError, match="datetime"):
        interval(text)


def test_a_following_page_is_asked_by_fid_and_is_the_same(store):
    pages, asked = Pages(), []

    class Watched:
        revision = store.revision

        @staticmethod
        def query(name, query):
            asked.append((query.offset, query.after))
            return store.query(name, query)

    watched = Watched()
    found = []
    for offset in range(0, 12, 4):
        found += [
            row.id for row in pages.read(State.now(watched, "MurPCRS"), Query(limit=4, offset=offset)).rows
        ]
    assert found == [f"w{n}" for n in range(10)] + ["flat", "none"]
    assert [offset for offset, _ in asked] == [0, 0, 0]
    assert asked[0][1] is None
    assert None not in [after for _, after in asked[1:]]
    store.remove("MurPCRS", ["w0"])
    changed = pages.read(State.now(watched, "MurPCRS"), Query(limit=4, offset=4))
    assert [row.id for row in changed.rows] == ["w5", "w6", "w7", "w8"]
    other = pages.read(State.now(watched, "MurPCRS"), Query(limit=2, offset=4, equals=(("typeMur", "01"),)))
    assert [row.id for row in other.rows] == ["w9"]


def test_sorted_pages_are_asked_by_offset(store):
    pages = Pages()
    found = []
    for offset in range(0, 12, 5):
        query = Query(limit=5, offset=offset, sort=(("rang", False),))
        found += [row.id for row in pages.read(State.now(store, "MurPCRS"), query).rows]
    assert found == [f"w{n}" for n in reversed(range(10))] + ["flat", "none"]


def test_counts_are_remembered_until_the_store_changes(store, monkeypatch):
    query = Query(equals=(("typeMur", "01"),), limit=1)
    assert matched(State.now(store, "MurPCRS"), query) == 5
    count = store.count
    monkeypatch.setattr(store, "count", lambda *_: pytest.fail("counted again"))
    assert matched(State.now(store, "MurPCRS"), Query(equals=(("typeMur", "01"),), limit=7, offset=3)) == 5
    monkeypatch.setattr(store, "count", count)
    store.remove("MurPCRS", ["w1"])
    assert matched(State.now(store, "MurPCRS"), query) == 4
