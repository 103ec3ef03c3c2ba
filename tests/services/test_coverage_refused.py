"""What the coverage has nothing for, and what it refuses before anything is read."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pcrs.raster.mosaic import Mosaic
from pcrs.serve import coverage
from tests.services.asking import X, Y, ask, refused, served_by
from tests.services.coverage_site import PATH, get
from tests.services.coverage_site import app as app
from tests.services.coverage_site import holed as holed
from tests.services.coverage_site import mosaic as mosaic
from tests.services.coverage_site import site as site


@pytest.mark.parametrize(
    "query",
    [
        f"bbox={X + 1000},{Y},{X + 1010},{Y + 10}&bbox-crs=2154",
        "bbox=10,40,11,41",
        "bbox=10,40,11,41&width=10",
        f"subset=E({X + 500}:{X + 600})",
        f"subset=E({X + 500}:*)",
    ],
)
def test_outside_the_data_there_is_no_content(app, query):
    response = get(app, query)
    assert response.status_code == 204
    assert response.content == b""


def test_a_hole_in_the_data_has_no_content(site, holed):
    app = coverage.routes(served_by(site, lambda edition: holed))
    assert get(app, f"bbox={X + 6},{Y - 8},{X + 8},{Y - 6}&bbox-crs=2154").status_code == 204


def test_before_the_first_publication_there_is_no_content(site):
    app = coverage.routes(served_by(site, lambda edition: Mosaic([])))
    assert ask(app, PATH).status_code == 204


BAD = [
    "bbox=1,2,3",
    "bbox=1,2,3,4,5",
    "bbox=a,b,c,d",
    "bbox=nan,nan,nan,nan",
    "bbox=inf,0,1,1",
    "bbox=1e400,0,1,1",
    "bbox=",
    "bbox=3,44,1,45",
    "bbox=1,45,3,44",
    "bbox=1,44,1,45",
    "bbox=1,44,3,45&bbox-crs=EPSG:9999",
    "bbox=1,44,3,45&bbox-crs=potato",
    "bbox=1,44,3,45&bbox-crs=",
    "bbox=1,44,3,45&crs=EPSG:32631",
    "bbox=1,44,3,45&subset=Lat(44:45)",
    "bbox=1,44,3,45&bbox=1,44,3,45",
    "bbox=-180,-90,180,90&width=10",
    "subset=",
    "subset=E",
    "subset=E()",
    "subset=E(1)",
    "subset=E(1:a)",
    "subset=E(2:1)",
    "subset=E(1:2),E(1:2)",
    "subset=E(1:2),Lat(1:2)",
    "subset=E(1:2)N(1:2)",
    "subset=E(1:2),",
    "subset=Z(1:2)",
    'subset=time("2025-01-01")',
    "subset=E(1:2)&subset-crs=EPSG:4326",
    "subset=Lat(44:45)&subset-crs=EPSG:2154",
    "scale-factor=0",
    "scale-factor=-1",
    "scale-factor=nan",
    "scale-factor=x",
    "scale-factor=2&width=10",
    "scale-factor=2&scale-axes=E(2)",
    "scale-axes=E(0)",
    "scale-axes=E",
    "scale-axes=Z(2)",
    "scale-size=",
    "scale-size=E(0)",
    "scale-size=E(1.5)",
    "scale-size=E(-5)",
    "scale-size=E(10),Lat(10)",
    "scale-size=Lat(10),Lon(10)&crs=EPSG:2154",
    "scale-size=5",
    "width=0",
    "width=a",
    "width=1e9",
    "width=1&height=9000",
    "bbox=-30,20,30,70&width=10",
    "height=",
    "resolution=E(0)",
    "resolution=5",
    "properties=",
    "properties=1",
    "properties=R,R",
    "properties=R,X",
    "properties=R,G&f=jpeg",
    "datetime=yesterday",
    "datetime=2025-13-01",
    "datetime=2025/2020",
    "datetime=../..",
    "datetime=1/2/3",
    "edition=",
    "edition=../../etc",
    "f=",
    "f=gif",
    "f=html",
    "nonsense=1",
    "BBOX=1,44,3,45",
]


@pytest.mark.parametrize("query", BAD)
def test_malformed_requests_are_refused_with_a_reason(app, query):
    assert len(refused(get(app, query), 400)) > 15


def test_an_unknown_parameter_is_named_with_those_that_are_known(app):
    detail = refused(get(app, "bbbox=1"), 400)
    assert "bbbox" in detail
    assert "scale-factor" in detail


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            "bbox bbox-crs subset subset-crs crs scale-factor scale-axes scale-size width height resolution"
            " properties datetime edition f".split()
        ),
        st.one_of(
            st.text(max_size=12),
            st.from_regex(r"-?[0-9.e]{1,6}(,-?[0-9.e]{1,6}){0,5}", fullmatch=True),
            st.from_regex(r"(E|Lat|x)\([0-9.*:-]{0,8}\)(,(N|Lon)\([0-9.*:-]{0,8}\))?", fullmatch=True),
            st.sampled_from(["2154", "EPSG:3857", "CRS84", "4326", "png", "json", "2022", "R", "2025/.."]),
        ),
        max_size=5,
    )
)
def test_whatever_is_asked_is_answered_or_refused_but_never_fails(app, params):
    response = ask(app, PATH, params=params)
    assert response.status_code in (200, 204, 400, 413)
