"""Plain objects are read as when every rule is asked about each: the same objects, the same findings."""

import re
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcrs.errors import GmlError
from pcrs.findings import Finding
from pcrs.standard.model import Feature
from pcrs.vector import members, plain
from pcrs.vector.gml import read
from pcrs.vector.members import Member, Members
from pcrs.vector.stream import batches
from pcrs.vector.write import write
from tests.clean import clean_document, clean_features
from tests.cnig import arbre, document, mur
from tests.faults import plant

CURVE = (
    '<gml:MultiCurve gml:id="g.{id}" srsName="EPSG:3946" srsDimension="3"><gml:curveMember>'
    '<gml:Curve gml:id="h.{id}"><gml:segments><gml:LineStringSegment interpolation="linear"><gml:posList>'
    "1846352.9 5181618.04 268.5 1846353.2 5181622.1 268.4</gml:posList></gml:LineStringSegment>"
    "</gml:segments></gml:Curve></gml:curveMember><gml:curveMember><gml:LineString>"
    '<gml:posList srsDimension="3">'
    "1846353.2 5181622.1 268 1846358.2 5181622.1 268</gml:posList></gml:LineString></gml:curveMember>"
    "</gml:MultiCurve>"
)
HABILLAGE = (
    '<HabillageLignesPCRS gml:id="{id}"><idHabillage>h</idHabillage><thematique>03</thematique>'
    "<geometrie>" + CURVE + "</geometrie></HabillageLignesPCRS>"
)
RING = (
    '<gml:LinearRing><gml:posList srsDimension="2">{0} {1} {2} {1} {2} {3} {0} {1}</gml:posList>'
    "</gml:LinearRing>"
)
POLYGON = (
    '<AffleurantEnveloppePCRS gml:id="{id}"><geometrie>'
    '<gml:Polygon gml:id="g.{id}" srsName="urn:ogc:def:crs:EPSG::2154"><gml:exterior>'
    + RING.format(577000, 6373000, 577020, 6373020)
    + "</gml:exterior><gml:interior>"
    + RING.format(577012, 6373002, 577015, 6373005)
    + "</gml:interior></gml:Polygon></geometrie></AffleurantEnveloppePCRS>"
)
LINKED = (
    '<AffleurantGeometriquePCRS gml:id="{id}"><enveloppe xlink:href="#d"/><enveloppe xlink:href="#{id}"/>'
    "</AffleurantGeometriquePCRS>"
)
WHOLE = document(
    mur("a"), arbre("b"), HABILLAGE.format(id="c"), POLYGON.format(id="d"), LINKED.format(id="e"), arbre("f")
)
WORDS = (
    "",
    "3",
    "2",
    "nan",
    "1e9",
    "1_0",
    "a",
    "EPSG:4326",
    "EPSG:3946",
    "05",
    "99",
    "2025-02-30",
    "x y",
    "#e",
)
WORD = re.compile(r"(?<=[>\" ])[^<>\" ]+(?=[<\" ])|<[^<>]*/?>")


def both_ways(path):
    """What reading gives, and what it gives when no object is taken for plain."""
    found = []
    for patched in (False, True):
        try:
            with patch.object(plain, "take", _nothing if patched else plain.take):
                found.append(list(read(path)))
        except GmlError as error:
            found.append([str(error)])
    return found


def _nothing(_):
    return None


def taken(path):
    return [plain.take(each) for batch in batches(path, "x") if isinstance(batch, list) for each in batch][1:]


def test_real_objects_are_the_same_and_most_are_plain(shared_data):
    for path in sorted((shared_data / "pcrs_gml").rglob("*.gml")):
        quick, careful = both_ways(path)
        assert quick == careful
        if path.parent.name == "lyon":
            objects = taken(path)
            assert sum(each is not None for each in objects) > 0.8 * len(objects)
            assert cut(path)[0] > 0.8 * len(objects)


def cut(path):
    """How many members are cut out of the text, and how many are parsed."""
    members = [
        isinstance(each, Member)
        for batch in Members(path, "x").batches()
        if not isinstance(batch, Finding)
        for each in batch
    ]
    return sum(members), len(members) - sum(members)


def many(count=120):
    """A document of members that are alike but for their values."""
    return document(*(each for n in range(count // 2) for each in (mur(f"m{n}"), arbre(f"a{n}"))))


def test_members_that_are_alike_are_cut_out_of_the_text(tmp_path):
    path = tmp_path / "a.gml"
    path.write_text(many())
    assert cut(path) == (120, 1)
    quick, careful = both_ways(path)
    assert quick == careful
    assert [item.gml_id for item in quick][:3] == ["m0", "a0", "m1"]


MEMBER = "<featureMember>"
ODD = {
    "comment": lambda text: text.replace(f"{MEMBER}<MurPCRS", f"<!-- {MEMBER}<MurPCRS", 1).replace(
        "</featureMember>", "</featureMember> -->", 1
    ),
    "comment in the middle": lambda text: text.replace('"m20"', '"m20"><!-- <featureMember> --', 1),
    "text": lambda text: text.replace("</featureMember>", "</featureMember>a & b", 1),
    "entity": lambda text: text.replace("<producteur>", "<producteur>l&apos;&#xe9;", 30),
    "quotes": lambda text: text.replace("<producteur>", '<producteur>"a" "b" > ', 40),
    "quote": lambda text: text.replace("<producteur>", '<producteur>"', 7),
    "apostrophes": lambda text: text.replace('gml:id="m', "gml:id='m").replace('"><dateLeve', "'><dateLeve"),
    "declared within": lambda text: text.replace(MEMBER, '<featureMember xmlns:a="b">'),
    "another namespace within": lambda text: text.replace(MEMBER, '<featureMember xmlns="b">', 5),
    "nested": lambda text: text.replace(MEMBER, f"<autre>{MEMBER}", 3).replace(
        "</featureMember>", "</featureMember></autre>", 3
    ),
    "not closed": lambda text: text.replace(MEMBER, f"<autre>{MEMBER}", 1),
    "long end tag": lambda text: text.replace("</featureMember>", "</featureMember\n>", 50),
    "windows": lambda text: text.replace("\n", "\r\n"),
    "old apple": lambda text: text.replace("\n", "\r"),
    "control": lambda text: text.replace("<producteur>", "<producteur>\x07", 50),
    "no character": lambda text: text.replace("<producteur>", "<producteur>\ufffe", 50),
    "cdata": lambda text: text.replace("<producteur>", "<producteur><![CDATA[a]]>", 1),
    "end of cdata": lambda text: text.replace("<producteur>", "<producteur>]]>", 60),
    "twice": lambda text: text.replace('"m30"', '"m10"').replace('"a40"', '"m41"'),
    "cut off": lambda text: text[: len(text) // 2],
    "no root": lambda text: text.replace("PlanCorpsRueSimplifie>", "PlanCorps>"),
    "far down": lambda text: text.replace(MEMBER, "\n" * 70_000 + MEMBER, 1),
    "broken lines": lambda text: re.sub("(<[^/])", "\n \\1", text),
    "broken tags": lambda text: text.replace(' gml:id="', '\n gml:id\n=\t"'),
    "space in an address": lambda text: text.replace('srsName="', 'srsName="\n', 60),
    "other digits": lambda text: text.replace("577", "５77", 50),
    "deep": lambda text: text.replace(MEMBER, "<featureMember >"),
    "other prefix": lambda text: text.replace("featureMember>", "gml:featureMember>"),
    "odd address": lambda text: text.replace("www.w3.org/1999", "www.w3{org & <1999".replace(" & <", "|")),
    "latin": lambda text: text.replace("UTF-8", "ISO-8859-1"),
}


@pytest.mark.parametrize("block", [members.BLOCK_BYTES, 4000])
@pytest.mark.parametrize("odd", ODD)
def test_what_is_odd_in_many_members_is_told_as_ever(tmp_path, monkeypatch, odd, block):
    monkeypatch.setattr(members, "BLOCK_BYTES", block)
    monkeypatch.setattr(members, "_MOST_SKIPPED", block // 200)
    path = tmp_path / "a.gml"
    text = ODD[odd](many())
    path.write_bytes(text.encode("latin-1" if odd == "latin" else "utf-8"))
    quick, careful = both_ways(path)
    assert quick == careful
    assert len(quick) > 0


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_among_many_is_told_otherwise(tmp_path_factory, data):
    text = many(24)
    for _ in range(data.draw(st.integers(1, 3))):
        places = list(WORD.finditer(text))
        found = places[data.draw(st.integers(0, len(places) - 1))]
        other = places[data.draw(st.integers(0, len(places) - 1))][0]
        new = data.draw(st.sampled_from((*WORDS, other, found[0] + " ", found[0] * 2, '"', "<", "&", ">")))
        text = text[: found.start()] + new + text[found.end() :]
    path = tmp_path_factory.mktemp("damage") / "a.gml"
    path.write_text(text)
    quick, careful = both_ways(path)
    assert quick == careful


def test_findings_are_the_same(tmp_path):
    clean, faulty = clean_document(tmp_path / "clean.gml"), tmp_path / "faulty.gml"
    plant(clean, faulty)
    for path in (clean, faulty):
        quick, careful = both_ways(path)
        assert quick == careful


def test_what_pcrs_writes_is_plain(tmp_path):
    write(tmp_path / "a.gml", clean_features(), epsg=2154)
    slow = {feature.class_name for feature in clean_features()} & {"EmpriseEchangePCRS"}
    classes = [each.model.name for each in taken(tmp_path / "a.gml") if each is not None]
    assert sorted(classes) == sorted(f.class_name for f in clean_features() if f.class_name not in slow)


def test_the_document_of_this_test_is_plain(tmp_path):
    path = tmp_path / "a.gml"
    path.write_text(WHOLE)
    assert all(taken(path))
    quick, careful = both_ways(path)
    assert quick == careful
    assert sum(isinstance(item, Feature) for item in quick) == 6


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_no_damage_is_told_otherwise(tmp_path_factory, data):
    text = WHOLE
    for _ in range(data.draw(st.integers(1, 3))):
        places = list(WORD.finditer(text))
        found = places[data.draw(st.integers(0, len(places) - 1))]
        other = places[data.draw(st.integers(0, len(places) - 1))][0]
        new = data.draw(st.sampled_from((*WORDS, other, found[0] + " ", found[0] * 2)))
        text = text[: found.start()] + new + text[found.end() :]
    path = tmp_path_factory.mktemp("damage") / "a.gml"
    path.write_text(text)
    quick, careful = both_ways(path)
    assert quick == careful


@pytest.mark.parametrize("number", ["1_0", "nan", "1e9", "-1e400", "dix", "577000"])
@pytest.mark.parametrize("written", ["577000 ", "577000.5 ", "1846353.2 "])
def test_numbers_are_those_of_xml_schema(tmp_path, number, written):
    path = tmp_path / "a.gml"
    path.write_text(WHOLE.replace(written, f"{number} ", 1))
    quick, careful = both_ways(path)
    assert quick == careful
