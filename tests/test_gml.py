"""Documents: real ones whole, in every dress that XML allows, broken ones up to the fault."""

import subprocess
import sys
import tracemalloc
from collections import Counter

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pyproj import Transformer

from pcrs.errors import GmlError
from pcrs.findings import Finding
from pcrs.standard.model import CLASSES, Feature
from pcrs.vector.check import Summary, check_gml
from pcrs.vector.gml import in_l93, read
from tests.cnig import LINE, VECTEUR, arbre, document, generique, mur

PCRS, GML = "{http://cnig.gouv.fr/pcrs}", "{http://www.opengis.net/gml/3.2}"
XLINK = "{http://www.w3.org/1999/xlink}"


@pytest.fixture(scope="module")
def lyon(shared_data):
    return sorted((shared_data / "pcrs_gml" / "lyon").glob("*.gml"))


@pytest.fixture
def read_bytes(tmp_path):
    def _read(content):
        path = tmp_path / "livraison.gml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return split(read(path))

    return _read


def split(items):
    items = list(items)
    return [i for i in items if isinstance(i, Feature)], [i for i in items if isinstance(i, Finding)]


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


TWO = document(mur("a"), mur("b"))
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


BROKEN = {
    "zero bytes": (b"", 1, []),
    "plain text": (b"ceci n'est pas du XML\n", 1, []),
    "only a declaration": (b'<?xml version="1.0"?>\n', 2, []),
    "cut in the second object": (TWO[: TWO.index('gml:id="b"') + 300].encode(), 8, ["a"]),
    "wrong end tag": (
        TWO.replace("</producteur>", "</produit>", 2).replace("</produit>", "</producteur>", 1).encode(),
        8,
        ["a"],
    ),
    "bad bytes": (
        TWO.replace("APLC", "\udce9", 2).replace("\udce9", "APLC", 1).encode("utf-8", "surrogateescape"),
        8,
        ["a"],
    ),
    "unknown entity": (document(mur("a"), mur("b").replace("APLC", "&APLC;")).encode(), 8, ["a"]),
    "text after the end": (document(mur("a")).encode() + b"<autre/>", 7, ["a"]),
}


@pytest.mark.parametrize(("content", "line", "kept"), BROKEN.values(), ids=BROKEN)
def test_broken_xml_is_one_finding_after_the_good_part(read_bytes, content, line, kept):
    features, findings = read_bytes(content)
    assert [(f.code, f.level) for f in findings] == [("gml.xml", "error")]
    assert findings[0].line in (line, line - 1)
    assert findings[0].measured
    assert [feature.gml_id for feature in features] == kept


BOMB = (
    '<!DOCTYPE lolz [<!ENTITY a "'
    + "x" * 1000
    + '">'
    + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
    + "]>"
)
HOSTILE = {
    "billion laughs in text": (BOMB, "&j;"),
    "billion laughs in the root": (BOMB, None),
    "external entity": ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>', "&e;"),
    "external DTD": ('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', "x"),
    "parameter entity": ('<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>', "x"),
    "bare DOCTYPE": ("<!DOCTYPE PlanCorpsRueSimplifie>", "x"),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(("doctype", "text"), HOSTILE.values(), ids=HOSTILE)
def test_a_doctype_is_refused_and_nothing_is_expanded(read_bytes, doctype, text, encoding):
    whole = document(mur("a").replace("APLC", text or "APLC"))
    whole = whole.replace("?>\n", f"?>\n<!-- bonjour -->{doctype}\n", 1).replace("UTF-8", encoding)
    if text is None:
        whole = whole.replace('gml:id="doc"', 'gml:id="&j;"')
    tracemalloc.start()
    features, findings = read_bytes(whole.encode(encoding))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert features == []
    assert [(f.code, f.level) for f in findings] == [("gml.entity", "error")]
    assert peak < 5_000_000


def test_a_doctype_cannot_hide_in_another_encoding(read_bytes):
    whole = document(mur("a")).replace("UTF-8", "UTF-7").replace("?>\n", "?>+ADwAIQ-DOCTYPE x+AD4", 1)
    features, findings = read_bytes(whole)
    assert features == []
    assert findings[0].code in ("gml.entity", "gml.xml")


@pytest.mark.parametrize(
    "content",
    [
        "<a/>",
        "<PlanCorpsRueSimplifie/>",
        '<FeatureCollection xmlns="http://www.opengis.net/gml/3.2"/>',
        '<PlanCorpsRueSimplifie xmlns="http://cnig.gouv.fr/pcrs/1.1"/>',
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>',
    ],
)
def test_another_root_is_an_error_that_names_it(read_bytes, content):
    with pytest.raises(GmlError, match=r"livraison\.gml : la racine est .* CNIG_PCRS_v2"):
        read_bytes(content)


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path):
    with pytest.raises(GmlError, match=r"absent\.gml : fichier illisible"):
        list(read(tmp_path / "absent.gml"))
    with pytest.raises(GmlError, match="illisible"):
        check_gml(tmp_path)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_file_cut_anywhere_gives_its_beginning(tmp_path_factory, data):
    whole = document(*(arbre(f"t{number}") for number in range(6))).encode()
    cut = data.draw(st.integers(0, len(whole) - 2))
    path = tmp_path_factory.mktemp("cut") / "a.gml"
    path.write_bytes(whole[:cut])
    features, findings = split(read(path))
    complete = whole[:cut].count(b"</ArbrePCRS>")
    assert [feature.gml_id for feature in features] == [f"t{number}" for number in range(complete)]
    assert [finding.code for finding in findings] == ["gml.xml"]


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_damage_makes_reading_fail_otherwise_than_it_says(tmp_path_factory, data):
    whole = bytearray(document(mur("a"), arbre("b"), mur("c")).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damage") / "a.gml"
    path.write_bytes(bytes(whole))
    try:
        features, findings = split(read(path))
    except GmlError:
        return
    assert len(features) == 3 or findings


def test_lines_are_true_beyond_the_first_65535(read_bytes):
    text = document(mur("a")).replace("<featureMember>", "\n" * 70_000 + "<featureMember>")
    text = text.replace("01</typeMur>", "77</typeMur>")
    _, (finding,) = read_bytes(text)
    assert finding.line == 70_004


def many(path, count):
    """A document of `count` objects, each with a link to the one before."""
    with path.open("w", encoding="utf-8") as out:
        start, end = document("@").split("@")
        out.write(start)
        between = "\n</featureMember>\n<featureMember>\n"
        symbol = '<symbole xlink:href="#s{}"/>'
        out.write(
            between.join(
                mur(f"s{number}", symbol.format(max(0, number - 1)), theme="02").replace(
                    "MurPCRS", "SeuilPCRS"
                )
                for number in range(count)
            )
        )
        out.write(end)
    return path


def test_memory_stays_flat_with_the_size_of_the_file(tmp_path):
    def peak(count):
        path = many(tmp_path / f"{count}.gml", count)
        tracemalloc.start()
        assert sum(1 for item in read(path) if isinstance(item, Feature)) == count
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(200)
    small, large = peak(500), peak(5_000)
    assert large - small < 4_500 * 150, "more is held for each object than the fingerprints of its ids"
    assert large < 6 * small


RESIDENT = """
import resource, sys
from pathlib import Path
from pcrs.vector.gml import read
def run(path):
    for _ in read(Path(path)):
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(run(sys.argv[1]), run(sys.argv[2]))
"""


def test_the_tree_of_the_document_is_freed_as_it_is_read(tmp_path):
    small, large = many(tmp_path / "small.gml", 2_000), many(tmp_path / "large.gml", 20_000)
    done = subprocess.run(
        [sys.executable, "-c", RESIDENT, str(small), str(large)], capture_output=True, text=True, check=True
    )
    before, after = map(int, done.stdout.split())
    growth = (after - before) * 1024
    assert growth < large.stat().st_size / 3, "libxml2 keeps what has been read"
