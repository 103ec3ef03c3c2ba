import dataclasses
from datetime import date

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
)

from pcrs.errors import InputError
from pcrs.findings import Finding
from pcrs.standard.codes import CODES
from pcrs.standard.crs import BBox, transform_geometry
from pcrs.standard.model import CONCRETE, Feature
from pcrs.vector.gml import read
from pcrs.vector.write import write
from tests.cnig import schema

X0, Y0 = 577_000.0, 6_373_000.0
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn"]) | st.sampled_from("\n\t\r"),
    max_size=20,
)
IDS = st.from_regex(r"[A-Za-z_éÀ][A-Za-z0-9_.\-é]{0,12}", fullmatch=True)
LINKS = (
    IDS.map(lambda text: f"#{text}")
    | IDS
    | IDS.map(lambda text: f"https://pcrs.example.fr/{text}?a=1&b#{text}")
)
FINITE = {"allow_nan": False, "allow_infinity": False}


@st.composite
def steps(draw, dimension, least):
    """Vertices that never stand twice on one spot."""
    moves = draw(st.lists(st.tuples(st.floats(0.001, 90), st.floats(-90, 90)), min_size=least, max_size=5))
    x, y = X0 + draw(st.floats(0, 900)), Y0 + draw(st.floats(0, 900))
    points = []
    for across, up in moves:
        x, y = x + across, y + up
        points.append((x, y, draw(st.floats(-500, 5000)))[:dimension])
    return points


@st.composite
def polygons(draw, dimension):
    """A box with or without a hole."""
    x, y = X0 + draw(st.floats(0, 900)), Y0 + draw(st.floats(0, 900))
    side, z = draw(st.floats(1, 90)), draw(st.floats(-500, 5000))

    def ring(inset):
        low_x, low_y, high_x, high_y = x + inset, y + inset, x + side - inset, y + side - inset
        corners = [(low_x, low_y), (high_x, low_y), (high_x, high_y), (low_x, high_y), (low_x, low_y)]
        return [(*corner, z)[:dimension] for corner in corners]

    return Polygon(ring(0), [ring(0.25)] if draw(st.booleans()) else [])


@st.composite
def geometries(draw, shape):
    """A geometry that the shape of the model takes, 2D or 3D."""
    dimension = draw(st.sampled_from((2, 3)))
    line, polygon = steps(dimension, 2).map(LineString), polygons(dimension)
    point = steps(dimension, 1).map(lambda points: Point(points[0]))
    some = {"min_size": 1, "max_size": 3}
    kinds = {
        "Point": point,
        "Curve": line,
        "Polygon": polygon,
        "Surface": polygon | st.lists(polygon, min_size=2, max_size=3).map(MultiPolygon),
        "MultiPoint": st.lists(point, **some).map(MultiPoint),
        "MultiCurve": st.lists(line, **some).map(MultiLineString),
        "MultiSurface": st.lists(polygon, **some).map(MultiPolygon),
    }
    if shape != "Any":
        return draw(kinds[shape])
    mixed = st.lists(point | line | polygon, **some).map(GeometryCollection)
    return draw(st.one_of(mixed, *kinds.values()))


def values(attribute):
    if attribute.kind == "code":
        codes = CODES[attribute.codelist]
        return st.sampled_from([*codes.values, *([] if codes.closed else ["other: vapeur"])])
    return {
        "string": TEXTS,
        "date": st.dates(date(1900, 1, 1)).map(date.isoformat),
        "double": st.floats(**FINITE),
        "integer": st.integers(-(10**17), 10**17),
        "link": LINKS,
    }[attribute.kind]


@st.composite
def features(draw, model, gml_id):
    """An object that the standard allows, with any of its optional attributes."""
    attributes = {}
    for attribute in model.attributes:
        if attribute.kind == "geometry" or not (attribute.required or draw(st.booleans())):
            continue
        value = values(attribute)
        attributes[attribute.name] = draw(
            st.lists(value, min_size=1, max_size=3).map(tuple) if attribute.multiple else value
        )
    geometry = draw(geometries(model.geometry)) if model.geometry else None
    if model.name == "PilierParticulierPCRS" and not geometry.is_closed:
        geometry = LineString([*geometry.coords, geometry.coords[0]])
    return Feature(model.name, gml_id, attributes, geometry, 2154)


def same(one, other):
    """All but the line in the file is equal, z and dimension too."""
    bare = [dataclasses.replace(each, geometry=None, line=0) for each in (one, other)]
    shapes = [shapely.to_wkb(each.geometry, output_dimension=3) for each in (one, other)]
    return bare[0] == bare[1] and shapes[0] == shapes[1]


def objects(path):
    return [item for item in read(path) if isinstance(item, Feature)]


def errors(path):
    return [item for item in read(path) if isinstance(item, Finding) and item.level == "error"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("gml")


@pytest.fixture(scope="module")
def xsd(shared_data):
    return schema(shared_data / "xsd")


@pytest.mark.parametrize("model", CONCRETE, ids=lambda model: model.name)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_written_is_valid_and_reads_back_the_same(folder, xsd, model, data):
    written = [data.draw(features(model, f"o{number}")) for number in range(data.draw(st.integers(1, 2)))]
    path = folder / f"{model.name}.gml"
    assert write(path, written, epsg=2154) == len(written)
    xsd.assertValid(etree.parse(path))
    assert errors(path) == []
    back = objects(path)
    assert len(back) == len(written)
    assert all(map(same, written, back))


def mur(gml_id="m1", epsg=2154, geometry=None, **attributes):
    base = {
        "idObjet": "1",
        "thematique": "05",
        "qualiteCategorisation": "01",
        "precisionPlanimetrique": "005",
        "producteur": "APLC",
    }
    line = geometry or LineString([(X0, Y0, 150), (X0 + 3, Y0 + 4, 151.5)])
    return Feature("MurPCRS", gml_id, base | attributes, line, epsg)


def test_the_lyon_files_written_again_are_valid_and_the_same(shared_data, xsd, tmp_path):
    for source in sorted((shared_data / "pcrs_gml" / "lyon").glob("*.gml")):
        given_objects = objects(source)
        path = tmp_path / source.name
        write(path, given_objects, epsg=3946)
        xsd.assertValid(etree.parse(path))
        back = objects(path)
        assert len(back) == len(given_objects) > 0
        assert all(map(same, given_objects, back))


@pytest.mark.parametrize("epsg", [2154, 3942, 3945, 3950])
def test_objects_are_written_in_the_crs_that_is_asked_for(xsd, tmp_path, epsg):
    line = LineString([(577000, 6373000, 150), (577003, 6373004, 151.5)])
    if epsg != 2154:
        centre = Point(3.0, epsg - 3900)
        start = transform_geometry(centre, 4171, 2154)
        line = LineString([(start.x, start.y, 150), (start.x + 3, start.y + 4, 151.5)])
    path = tmp_path / "a.gml"
    write(path, [mur(geometry=line)], epsg=epsg, envelope=BBox(0.5, 1.5, 2.5, 3.5))
    tree = etree.parse(path)
    xsd.assertValid(tree)
    assert set(tree.xpath("//@srsName")) == {f"urn:ogc:def:crs:EPSG::{epsg}"}
    (back,) = objects(path)
    assert back.epsg == epsg
    assert [z for *_, z in back.geometry.coords] == [150, 151.5]
    assert shapely.equals_exact(transform_geometry(back.geometry, epsg, 2154), line, tolerance=1e-6)


def test_the_same_objects_give_the_same_bytes(tmp_path):
    first, second = tmp_path / "1.gml", tmp_path / "2.gml"
    for path in (first, second):
        write(path, (mur(f"m{number}") for number in range(5)), epsg=2154)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().count(b"xmlns:gml=") == 1


def test_ids_that_xml_cannot_have_are_written_otherwise_with_their_links(xsd, tmp_path):
    path = tmp_path / "a.gml"
    rail = Feature(
        "AffleurantGeometriquePCRS", "1 point", {"point": ("#2/é x", "https://a.fr/1 2")}, None, 2154
    )
    point = Feature("AffleurantPointPCRS", "2/é x", {}, Point(X0, Y0), 2154)
    write(path, [rail, point], epsg=2154, document_id="12 rue")
    xsd.assertValid(etree.parse(path))
    back = objects(path)
    assert back[0].attributes["point"] == (f"#{back[1].gml_id}", "https://a.fr/1 2")
    assert [item for item in read(path) if isinstance(item, Finding)] == []


@pytest.mark.parametrize(
    ("feature", "told"),
    [
        (mur(typeMur="07"), "typeMur vaut '07'"),
        (mur(idObjet=None), "idObjet"),
        (mur(dateLeve="30/06/2025"), "dateLeve"),
        (mur(idObjet="a\x00b"), "MurPCRS 'm1'"),
        (mur(gml_id=""), "gml:id"),
        (mur(geometry=Point(X0, Y0)), "LineString"),
        (dataclasses.replace(mur(), geometry=LineString()), "vide"),
        (mur(geometry=LineString([(X0, Y0), (X0, float("inf"))])), "non finie"),
        (dataclasses.replace(mur(), geometry=None), "geometrie"),
        (dataclasses.replace(mur(), class_name="PilierPCRS"), "PilierPCRS"),
        (dataclasses.replace(mur(), class_name="Haie"), "Haie"),
    ],
)
def test_what_the_standard_refuses_is_not_written_and_nothing_is_left(tmp_path, feature, told):
    path = tmp_path / "a.gml"
    path.write_text("before")
    with pytest.raises(InputError, match=told):
        write(path, [mur("m0"), feature], epsg=2154)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_two_objects_cannot_have_one_id(tmp_path):
    with pytest.raises(InputError, match="unique"):
        write(tmp_path / "a.gml", [mur("m1"), mur("m1")], epsg=2154)


def test_a_crs_that_the_standard_does_not_have_is_refused(tmp_path):
    with pytest.raises(InputError, match="EPSG:4326"):
        write(tmp_path / "a.gml", [mur()], epsg=4326)
    assert list(tmp_path.iterdir()) == []


def test_a_document_may_be_empty(xsd, tmp_path):
    path = tmp_path / "a.gml"
    assert write(path, [], epsg=2154) == 0
    xsd.assertValid(etree.parse(path))
    assert list(read(path)) == []
