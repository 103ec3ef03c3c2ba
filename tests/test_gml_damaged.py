"""Documents that are broken, hostile or something else: read up to the fault, which is told."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcrs.errors import GmlError
from pcrs.vector.check import check_gml
from pcrs.vector.gml import read
from tests.cnig import arbre, document, mur
from tests.gml_reading import TWO, split
from tests.gml_reading import read_bytes as read_bytes

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
