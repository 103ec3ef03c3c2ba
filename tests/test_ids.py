import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pcrs.vector.ids import Ids, Link, Links, as_ncname, is_ncname, target_of

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=12)
XSD = etree.XMLSchema(
    etree.XML(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        '<xs:element name="a" type="xs:NCName"/></xs:schema>'
    )
)


@given(TEXTS)
def test_an_id_is_always_made_one_that_xml_takes(text):
    element = etree.Element("a")
    element.text = as_ncname(text)
    assert XSD.validate(element), element.text
    assert is_ncname(element.text)
    assert as_ncname(element.text) == element.text


@given(TEXTS)
def test_what_counts_as_an_id_is_one_for_xml_schema(text):
    element = etree.Element("a")
    element.text = text
    assert not is_ncname(text) or XSD.validate(element)


def test_ids_that_differ_stay_apart():
    assert as_ncname("12 rue") == "_x0031_2_x0020_rue"
    assert as_ncname("a b") != as_ncname("a_b")
    assert as_ncname("gml_e3bd-1.é") == "gml_e3bd-1.é"


@given(st.lists(TEXTS, max_size=60))
def test_ids_know_what_they_have_seen_and_where(texts):
    ids = Ids()
    lines: dict[str, int] = {}
    for line, text in enumerate(texts, start=1):
        assert ids.add(text, line) == lines.get(text)
        lines.setdefault(text, line)
    assert all(text in ids for text in texts)
    assert "another, longer than the others" not in ids


def test_ids_grow_and_forget_nothing():
    ids = Ids()
    assert all(ids.add(f"m{number}", number + 1) is None for number in range(5000))
    assert all(ids.add(f"m{number}", 9) == number + 1 for number in range(5000))
    assert ids.add("without a line", None) is None
    assert ids.add("without a line", 3) == 0


@pytest.mark.parametrize(
    ("href", "target"),
    [
        ("#m1", "m1"),
        ("m1", "m1"),
        (" #m1 ", "m1"),
        ("https://pcrs.example.fr/m1", None),
        ("autre.gml#m1", None),
        ("dossier/m1", None),
        ("urn:uuid:1", None),
        ("#", None),
        ("", None),
    ],
)
def test_a_link_names_an_id_of_the_document_or_leads_out(href, target):
    assert target_of(href) == target


def link(href, line=1):
    return Link(href, line, "m1", "MurPCRS", "pointLeve")


def test_only_links_without_a_target_are_left():
    ids = Ids()
    links = Links(ids)
    ids.add("before", 1)
    links.add([link("#before"), link("#after"), link("https://a.fr/x"), link("#never"), link("#never", 2)])
    ids.add("after", 2)
    links.arrived("after")
    links.arrived("nobody asked")
    assert [each.href for each in links.unresolved()] == ["#never", "#never"]
