import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from pcrs.standard.codes import CODES, NETWORK_COLOURS, Colour, network_colour
from tests.cnig import XS, schema


@pytest.fixture(scope="module")
def types(shared_data):
    tree = etree.parse(shared_data / "xsd" / "CNIG_PCRS_v2.0.xsd")
    return {each.get("name"): each for each in tree.iter(f"{XS}simpleType")}


def codes_of(types, name):
    """The codes of an XSD type and whether a union opens it."""
    own = types[f"{name}Type"]
    union = own.find(f"{XS}union")
    held = own if union is None else types[f"{name}EnumerationType"]
    codes = {each.get("value") for each in held.iter(f"{XS}enumeration")}
    pattern = None if union is None else types[f"{name}OtherType"].find(f".//{XS}pattern").get("value")
    return codes, pattern


def test_the_lists_are_those_of_the_xsd(types):
    names = {name for name in types if not name.endswith(("EnumerationType", "OtherType"))}
    assert {f"{name}Type" for name in CODES} == names
    for name, codes in CODES.items():
        assert (set(codes.values), codes.pattern) == codes_of(types, name), name


def test_codes_have_french_labels():
    mur = CODES["CategorieMurPCRSType"]
    assert mur.label("02") == "Mur de soutènement"
    assert mur.expected == "01, 02, 03, 04, 05, 06"
    assert all(label.strip() for codes in CODES.values() for label in codes.values.values())
    assert CODES["NatureReseauPCRSType"].label("other: vapeur") == "vapeur"
    assert mur.label("77") == "77"


def test_closed_lists_take_their_codes_alone():
    mur = CODES["CategorieMurPCRSType"]
    assert mur.closed
    assert mur.accepts("06")
    assert not any(map(mur.accepts, ("07", "6", "", " 06", "other: haie")))


@pytest.mark.parametrize("value", ["other: vapeur", "other: é2", "other: a+b", "ELECBT"])
def test_open_lists_take_one_word_more(value):
    assert CODES["NatureReseauPCRSType"].accepts(value)


@pytest.mark.parametrize(
    "value",
    ["other: a", "other:vapeur", "other: deux mots", "other: a_b", "other: a-b", "other: ", "vapeur", ""],
)
def test_open_lists_refuse_what_the_pattern_refuses(value):
    assert not CODES["NatureReseauPCRSType"].accepts(value)


LETTERS = st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.sampled_from("éèàçÉœŒ²¢£")


@given(word=st.text(LETTERS, max_size=4))
@example(word="ab")
@example(word="é_")
@example(word="¢£")
def test_the_pattern_means_what_xml_schema_means(word):
    text = (
        f'<xs:schema xmlns:xs="{XS[1:-1]}"><xs:element name="a"><xs:simpleType>'
        '<xs:restriction base="xs:string">'
        r'<xs:pattern value="other: \w{2,}"/></xs:restriction></xs:simpleType></xs:element></xs:schema>'
    )
    element = etree.Element("a")
    element.text = f"other: {word}"
    allowed = etree.XMLSchema(etree.XML(text)).validate(element)
    assert CODES["NatureReseauPCRSType"].accepts(element.text) == allowed


def test_networks_have_the_colours_of_the_norm():
    assert set(NETWORK_COLOURS) == set(CODES["NatureReseauPCRSType"].values)
    assert network_colour("ELECBT") == network_colour("ELEC") == Colour("rouge", "#FF0000")
    assert network_colour("GAZ").name == "jaune"
    assert network_colour("ASSAEU").name == "marron"
    assert network_colour("MULT").name == "rose"
    assert network_colour("other: vapeur") == network_colour("00") == Colour("non défini", "#828282")


def test_the_whole_schema_compiles_offline(shared_data):
    assert schema(shared_data / "xsd")
