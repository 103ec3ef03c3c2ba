"""Documents: real ones whole, in every dress that XML allows, in whatever CRS they name."""

from collections import Counter

import numpy as np
import pytest
import shapely
from lxml import etree
from pyproj import Transformer

from pcrs.findings import Finding
from pcrs.standard.model import CLASSES
from pcrs.vector.check import Summary, check_gml
from pcrs.vector.gml import in_l93, read
from tests.cnig import LINE, VECTEUR, arbre, document, generique, mur
from tests.gml_reading import TWO, split
from tests.gml_reading import read_bytes as read_bytes

PCRS, GML = "{http://cnig.gouv.fr/pcrs}", "{http://www.opengis.net/gml/3.2}"
XLINK = "{http://www.w3.org/1999/xlink}"


@pytest.fixture(scope="module")
def lyon(shared_data):
    return sorted((shared_data / "pcrs_gml" / "lyon").glob("*.gml"))


def test_the_lyon_files_are_read_whole(lyon):
    total = 0
    for path in lyon:
        members = etree.parse(path).getroot().findall(f"{PCRS}featureMember")
        summary = check_gml(path)
        assert isinstance(summary, Summary)
        assert summary.valid
        assert summary.findings == ()
        plain = Counter(etree.QName(member[0]).localname for member in members)
        assert summary.counts == plain
        assert 848_000 - 3_000 < summary.bbox.xmin < summary.bbox.xmax < 849_000
        assert 6_526_000 < summary.bbox.ymin < summary.bbox.ymax < 6_527_000
        total += len(members)
    assert total == 875


def plain_attributes(element):
    """The attributes of an object as any XML reader sees them, geometry left out."""
    model = CLASSES[etree.QName(element).localname]
    found = {}
    for attribute in model.attributes:
        held = element.findall(f"{PCRS}{attribute.name}")
        if not held or attribute.kind == "geometry":
            continue
        values = [each.get(f"{XLINK}href") if attribute.kind == "link" else each.text or "" for each in held]
        values = [
            float(text) if attribute.kind == "double" else int(text) if attribute.kind == "integer" else text
            for text in values
        ]
        found[attribute.name] = tuple(values) if attribute.multiple else values[0]
    return found


def test_the_attributes_lines_and_heights_of_the_lyon_files_are_kept(lyon):
    for path in lyon:
        elements = [member[0] for member in etree.parse(path).getroot().iter(f"{PCRS}featureMember")]
        features, _ = split(read(path))
        for element, feature in zip(elements, features, strict=True):
            assert feature.gml_id == element.get(f"{GML}id")
            assert feature.line == element.sourceline
            assert feature.attributes == plain_attributes(element)
            geometry = element.find(f"{PCRS}geometrie")
            assert (geometry is None) == (feature.geometry is None)
            if geometry is not None:
                assert feature.epsg == 3946
                assert feature.geometry.has_z == (geometry[0].get("srsDimension") == "3")
                numbers = geometry.itertext()
                written = np.array(" ".join(numbers).split(), dtype=float)
                heights = written.reshape(-1, 3)[:, 2] if feature.geometry.has_z else written
                if feature.geometry.has_z:
                    found = shapely.get_coordinates(feature.geometry, include_z=True)[:, 2]
                    assert (found.min(), found.max()) == (heights.min(), heights.max())


def test_the_geovendee_extract_has_one_error(shared_data):
    path = shared_data / "pcrs_gml" / "LeTallud-StGemme-extrait_INVALID.gml"
    summary = check_gml(path, shown_as="livraison/LeTallud.gml")
    (error,) = [finding for finding in summary.findings if finding.level == "error"]
    assert error == Finding(
        "gml.enumeration",
        "error",
        error.message,
        "livraison/LeTallud.gml",
        25,
        "MurPCRS_f94af702-4ca2-4f06-afaf-0ecabb72a13b",
        "MurPCRS",
        "typeMur",
        measured="07",
        expected="01, 02, 03, 04, 05, 06",
        position=(403109.81, 6628342.471),
    )
    assert [f.code for f in summary.findings if f.level != "error"] == ["gml.version"]
    assert (summary.counts, summary.bbox, summary.valid) == ({}, None, False)


def test_the_pcrs_info_sample_goes_in_with_warnings(shared_data):
    features, findings = split(read(shared_data / "pcrs_gml" / "PCRS-info.gml"))
    assert [feature.class_name for feature in features] == ["EmpriseDisponibilitePCRS", "InitiativePCRS"]
    assert {feature.epsg for feature in features} == {4326}
    assert features[0].geometry.bounds[:2] == pytest.approx((7.73098, 48.53596), abs=1e-4)
    assert features[0].attributes == {"initiative": "INIT.1.1"}
    assert {(f.code, f.level, f.measured) for f in findings} == {
        ("gml.crs", "warning", "absent"),
        ("gml.link", "warning", "INIT.1.1"),
    }
    moved = in_l93(features[0])
    assert moved.epsg == 2154
    assert 1_040_000 < moved.geometry.bounds[0] < 1_060_000


def test_lambert_93_is_exact_and_heights_stay(lyon):
    transformer = Transformer.from_crs(3946, 2154, always_xy=True)
    for feature in split(read(lyon[0]))[0]:
        moved = in_l93(feature)
        if feature.geometry is None:
            assert moved is feature
            continue
        before = shapely.get_coordinates(feature.geometry, include_z=True)
        after = shapely.get_coordinates(moved.geometry, include_z=True)
        x, y = transformer.transform(before[:, 0], before[:, 1])
        assert (after[:, :2] == np.column_stack([x, y])).all()
        assert np.array_equal(after[:, 2], before[:, 2], equal_nan=True)
        assert moved.geometry.has_z == feature.geometry.has_z
    assert in_l93(moved) is moved


PLURAL = (
    document(mur("a") + "<!-- x -->" + mur("b"))
    .replace("<featureMember>", "<gml:featureMembers>")
    .replace("</featureMember>", "</gml:featureMembers>")
)
PREFIXED = (
    TWO.replace("xmlns=", "xmlns:p=")
    .replace("xmlns:gml=", "xmlns:g=")
    .replace("gml:", "g:")
    .replace("<", "<p:")
    .replace("<p:/", "</p:")
    .replace("<p:?", "<?")
    .replace("p:g:", "g:")
)
DRESSES = {
    "plain": TWO.encode(),
    "byte order mark": b"\xef\xbb\xbf" + TWO.encode(),
    "UTF-16": TWO.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16"),
    "Latin-1": TWO.replace('encoding="UTF-8"', 'encoding="ISO-8859-1"')
    .replace("APLC", "Département")
    .encode("latin-1"),
    "other prefixes": PREFIXED.encode(),
    "gml:featureMember": TWO.replace("featureMember>", "gml:featureMember>").encode(),
    "featureMembers": PLURAL.replace("gml:featureMembers", "featureMembers").encode(),
    "gml:featureMembers": PLURAL.encode(),
    "comments and instructions": TWO.replace(
        "<featureMember>", "<!-- <!DOCTYPE x> --><?go on?><featureMember>"
    ).encode(),
    "namespaces again on each object": TWO.replace(
        "<MurPCRS ",
        '<MurPCRS xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:gmd="http://www.isotc211.org/2005/gmd" ',
    ).encode(),
    "one line": TWO.replace("\n", " ").encode(),
    "carriage returns": TWO.replace("\n", "\r\n").encode(),
    "empty members": TWO.replace("<featureMember>", "<featureMember/><featureMember>").encode(),
    "properties of the document": document(
        mur("a"),
        mur("b"),
        head="<gml:name>lot</gml:name><gml:boundedBy><gml:Null>x</gml:Null></gml:boundedBy>",
    ).encode(),
}


@pytest.mark.parametrize("content", DRESSES.values(), ids=DRESSES)
def test_every_dress_of_a_document_is_read(read_bytes, content):
    features, findings = read_bytes(content)
    assert findings == []
    assert [feature.gml_id for feature in features] == ["a", "b"]
    assert all(feature.geometry.length == pytest.approx(5.236, abs=1e-3) for feature in features)


def test_objects_inside_links_are_objects_too(read_bytes):
    inner = (
        '<AffleurantGeometriquePCRS gml:id="geo"><point><AffleurantPointPCRS gml:id="pt"><geometrie>'
        '<gml:Point gml:id="g" srsName="EPSG:2154"><gml:pos>577000 6373000 150</gml:pos></gml:Point>'
        '</geometrie></AffleurantPointPCRS></point><point xlink:href="#pt"/></AffleurantGeometriquePCRS>'
    )
    whole = (
        f'<AffleurantPCRS gml:id="aff">{VECTEUR.format(theme="10")}<reseau>AEP</reseau>'
        f"<representation>{inner}</representation></AffleurantPCRS>"
    )
    features, findings = read_bytes(document(whole, mur("b")))
    assert findings == []
    assert [feature.gml_id for feature in features] == ["aff", "geo", "pt", "b"]
    assert features[0].attributes["representation"] == "#geo"
    assert features[1].attributes["point"] == ("#pt", "#pt")
    assert features[2].geometry.z == 150


def test_a_fault_inside_a_link_costs_the_inner_object_alone(read_bytes):
    bad = arbre("c").replace("ArbrePCRS", "HabillageSymbolePCRS")
    seuil = mur("b", f"<symbole>{bad}</symbole>", theme="02").replace("MurPCRS", "SeuilPCRS")
    unknown = mur("d", '<symbole><Haie gml:id="h"/></symbole>', theme="02").replace("MurPCRS", "SeuilPCRS")
    features, findings = read_bytes(document(seuil, unknown))
    assert [feature.gml_id for feature in features] == ["b", "d"]
    assert {f.object_id for f in findings if f.level == "error"} == {"c", "h"}


ENVELOPE = (
    '<gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::2154" srsDimension="2"><gml:lowerCorner>0 0'
    "</gml:lowerCorner><gml:upperCorner>1 1</gml:upperCorner></gml:Envelope></gml:boundedBy>"
)
BARE = LINE.replace('srsName="EPSG:2154"', "")


def test_a_crs_comes_from_the_geometry_then_the_envelopes_then_the_object_before(read_bytes):
    own = mur("own", geometry=BARE).replace("<idObjet>", f"{ENVELOPE}<idObjet>")
    inner = LINE.format(id="i")
    part = generique(
        f'<gml:MultiCurve gml:id="mc"><gml:curveMember>{inner}</gml:curveMember></gml:MultiCurve>', "part"
    )
    features, findings = read_bytes(document(own, part))
    assert (findings, [feature.epsg for feature in features]) == ([], [2154, 2154])
    features, findings = read_bytes(document(mur("a", geometry=BARE), head=ENVELOPE))
    assert (findings, features[0].epsg) == ([], 2154)
    features, (warning,) = read_bytes(document(mur("a"), mur("b", geometry=BARE)))
    assert (warning.code, warning.level, warning.object_id, features[1].epsg) == (
        "gml.crs",
        "warning",
        "b",
        2154,
    )


def test_a_crs_that_nothing_gives_is_an_error(read_bytes):
    features, findings = read_bytes(document(mur("a", geometry=BARE), mur("b")))
    assert [feature.gml_id for feature in features] == ["b"]
    assert [(f.code, f.level, f.object_id, f.measured) for f in findings] == [
        ("gml.crs", "error", "a", "absent")
    ]


def test_a_crs_of_before_that_does_not_fit_is_an_error(read_bytes):
    far = BARE.replace("577", "1577").replace("6373", "3270")
    features, (error,) = read_bytes(document(mur("a"), mur("b", geometry=far)))
    assert [feature.gml_id for feature in features] == ["a"]
    assert (error.code, error.level, error.object_id) == ("gml.crs", "error", "b")
    assert "pas de srsName" in error.message


def test_two_crs_in_one_geometry_are_an_error(read_bytes):
    text = generique(
        f'<gml:MultiCurve gml:id="m" srsName="EPSG:3944"><gml:curveMember>{LINE.format(id="i")}'
        "</gml:curveMember></gml:MultiCurve>"
    )
    features, (error,) = read_bytes(document(text))
    assert (features, error.code, error.measured) == ([], "gml.crs", "EPSG:2154, EPSG:3944")


def test_a_document_s_unknown_crs_is_a_warning(read_bytes):
    features, (warning,) = read_bytes(document(mur("a"), head=ENVELOPE.replace("2154", "32631")))
    assert (len(features), warning.code, warning.level) == (1, "gml.crs", "warning")


def test_latitude_first_is_turned(read_bytes):
    text = LINE.replace("EPSG:2154", "urn:ogc:def:crs:EPSG::4326").replace('srsDimension="3"', "")
    start, end = text.index("<gml:posList>"), text.index("</gml:posList>")
    text = text[: start + 13] + "44.45 1.44 44.46 1.45" + text[end:]
    (feature,), findings = read_bytes(document(mur("a", geometry=text)))
    assert feature.geometry.coords[0] == (1.44, 44.45)
    assert [finding.level for finding in findings] == ["warning"]


def test_what_stands_where_no_object_stands_is_said(read_bytes):
    text = document(mur("a")).replace(
        "<featureMember>",
        '<x:note xmlns:x="urn:x">n</x:note>'
        + mur("loose")
        + '<featureMember xlink:href="ailleurs.gml#m"/><featureMember>',
    )
    features, findings = read_bytes(text)
    assert [feature.gml_id for feature in features] == ["loose", "a"]
    assert [(f.code, f.level) for f in findings] == [
        ("gml.class", "error"),
        ("gml.member", "warning"),
        ("gml.member", "warning"),
    ]


def test_an_undeclared_prefix_costs_its_object(read_bytes):
    features, findings = read_bytes(document(mur("a"), '<zz:b z:y="1"/>', mur("c")))
    assert [feature.gml_id for feature in features] == ["a", "c"]
    assert [(f.code, f.line) for f in findings] == [("gml.class", 7), ("gml.xml", 7)]
    assert "préfixe" in findings[1].message


def test_strangers_among_many_members_are_each_said_once(read_bytes):
    text = PLURAL.replace("<!-- x -->", "<Haie/><Fosse/>").replace("<MurPCRS", "<Talus/><MurPCRS", 1)
    text = text.replace("</gml:featureMembers>", '<Butte/></gml:featureMembers><Mare gml:id="x"/>')
    features, findings = read_bytes(text)
    assert [feature.gml_id for feature in features] == ["a", "b"]
    assert [f.message.split("»")[0][2:-1] for f in findings] == ["Talus", "Haie", "Fosse", "Butte", "Mare"]
