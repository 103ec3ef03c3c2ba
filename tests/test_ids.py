import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pcrs.vector import ids as ids_module
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


@pytest.fixture(params=[None, 7], ids=["in memory", "on disk"])
def spilling(request, monkeypatch):
    """Whether few ids and links only are kept in memory."""
    if request.param:
        monkeypatch.setattr(ids_module, "MOST_IDS", request.param)
        monkeypatch.setattr(ids_module, "MOST_LINKS", 3)


@pytest.mark.usefixtures("spilling")
def test_many_ids_at_once_are_known_all_or_none():
    ids = Ids()
    for start in range(0, 600, 10):
        assert ids.add_all([(f"m{number}", number) for number in range(start, start + 10)])
    assert not ids.add_all([("new", 1), ("m3", 2)])
    assert not ids.add_all([("new", 1), ("new", 2)])
    assert "new" not in ids
    assert ids.add("m594", 1) == 594
    assert ids.add("m3", 1) == 3
    ids.update(["m3", "other", "other"])
    assert ids.missing(["m599", "x", "other", "m0", "x"]) == ["x", "x"]
    assert ids.add("other", 5) == 0


@given(st.lists(TEXTS, max_size=60))
def test_ids_know_what_they_have_seen_and_where(texts):
    ids = Ids()
    lines: dict[str, int] = {}
    for line, text in enumerate(texts, start=1):
        assert ids.add(text, line) == lines.get(text)
        lines.setdefault(text, line)
    assert all(text in ids for text in texts)
    assert "another, longer than the others" not in ids


@pytest.mark.usefixtures("spilling")
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


@pytest.mark.usefixtures("spilling")
def test_links_wait_in_memory_or_on_disk():
    ids = Ids()
    links = Links(ids)
    for number in range(40):
        links.add([link(f"#p{39 - number}", number), link(f"#never{number % 2}", number)])
    for number in range(40):
        assert ids.add(f"p{number}", 100 + number) is None
        links.arrived([f"p{number}"])
    links.add([link("#p0", 200), link("#p39", 201), link("#never", 202)])
    assert [each.line for each in links.unresolved()] == [*range(40), 202]


def test_only_links_without_a_target_are_left():
    ids = Ids()
    links = Links(ids)
    ids.add("before", 1)
    links.add([link("#before"), link("#after"), link("https://a.fr/x"), link("#never"), link("#never", 2)])
    ids.add("after", 2)
    links.arrived(["after", "nobody asked"])
    assert [each.href for each in links.unresolved()] == ["#never", "#never"]
