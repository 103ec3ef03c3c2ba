"""Plain objects are read as when every rule is asked about each: the same objects, the same findings."""

import re
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcrs.errors import GmlError
from pcrs.standard.model import Feature
from pcrs.vector import plain
from pcrs.vector.gml import read
from pcrs.vector.stream import batches
from pcrs.vector.write import write
from tests.cnig import arbre, document, mur
from tests.faults import clean_document, clean_features, plant

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
