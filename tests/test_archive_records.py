"""Records of what is archived: a valid one for each chantier, that claims and opens no more than is so."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pcrs.publish.addresses import Addresses, slug
from pcrs.publish.elements import NAMESPACES
from pcrs.publish.entry import read_entry
from pcrs.publish.records import document, refresh, sheets
from pcrs.publish.validate import validate_catalogue
from pcrs.standard.crs import BBox
from pcrs.standard.livrables import KINDS, LICENCES
from pcrs.store.records import RecordStore
from tests.catalogue import CATALOG, IDENTIFIERS, NOW, PUBLIC, archive, human, raster, vector

AT = Addresses(PUBLIC, "46")
GOLDEN = Path(__file__).parent / "golden" / "iso_archives"
LATER = datetime(2027, 2, 3, 4, 5, 6, tzinfo=UTC)
ACCESS = "http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess"


def documents(*archives, facts=None, objects=None):
    made = sheets(human(), facts, objects, PUBLIC, archives=archives)
    return {sheet.identifier: document(sheet, NOW) for sheet in made}


def every(xml: bytes, path: str) -> list[str]:
    return [str(found) for found in etree.fromstring(xml).xpath(path, namespaces=NAMESPACES)]


def entry(one):
    return read_entry(documents(one, facts=raster())[AT.archive(one.chantier)])


def test_the_record_of_a_chantier_is_its_golden():
    one = archive()
    made = etree.fromstring(documents(one, facts=raster())[AT.archive(one.chantier)])
    file = GOLDEN / "chantier.xml"
    if os.environ.get("PCRS_UPDATE_GOLDEN") == "1":
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(etree.tostring(made, method="c14n2") + b"\n")
    assert etree.tostring(made, method="c14n2") == file.read_bytes().rstrip(b"\n")


@pytest.mark.parametrize(
    "one",
    [
        archive(),
        archive("sans chantier", editions=(), bbox=None, acquired=None),
        archive(bbox=BBox(576_000, 6_370_000, 576_000, 6_370_000)),
        archive("Vallée du Lot, 2ᵉ tranche – \x07\udcff" + "é" * 300),
        archive(kinds=dict.fromkeys(KINDS, 1), licences={"ouverte": len(KINDS)}),
        archive(media_types=("application/octet-stream",), on_line=0),
        archive(licences={"aplc": 3033}, on_line=3033),
    ],
    ids=["all", "placeless", "point", "name", "every kind", "odd files", "closed"],
)
@pytest.mark.parametrize("published", [True, False])
def test_records_are_valid_and_keep_every_rule(one, published):
    made = documents(one, facts=raster() if published else None, objects=vector() if published else None)
    assert validate_catalogue(made.items()) == ()
    assert set(made) == {AT.archive(one.chantier), *(IDENTIFIERS if published else ())}


def test_nothing_else_in_the_catalogue_changes():
    without = documents(facts=raster(), objects=vector())
    made = documents(archive(), archive("Cahors"), facts=raster(), objects=vector())
    assert {name: made[name] for name in without} == without
    assert set(made) - set(without) == {AT.archive("Figeac 2025"), "PCRS_D046_ARCHIVES_Cahors"}


def test_it_tells_what_is_kept_where_when_and_under_which_rights():
    told = entry(archive())
    assert told.title.startswith("Archives du chantier Figeac 2025")
    for words in (
        "orthophotographie (20)",
        "cliché (3\u202f000)",
        "nuage de points (LAS, LAZ) (12)",
        "2,50\u202fTo",
    ):
        assert words in told.abstract
    assert "en partie en ligne, le reste à commander" in told.abstract
    assert "each object is found in the collection" in told.abstract
    assert {"archives", "cliché", "nuage de points"} <= {one.label for one in told.concepts}
    assert (told.created, told.published, told.revised) == ("2025-04-14", "2025-11-02", "2026-01-09")
    assert told.period == ("2025-04-12", "2025-04-14")
    assert told.parent == "PCRS_D046"
    west, south, east, north = told.box
    assert west < 1.4418 < 1.4920 < east
    assert south < 44.4181 < 44.4457 < north
    for code, number in (("ouverte", 20), ("convention-enedis", "3\u202f012"), ("aplc", 1)):
        assert f"{LICENCES[code]} ({number}" in told.mention
    assert told.licence.label == f"Selon l’objet : {' ; '.join(LICENCES.values())}"
    assert entry(archive(licences={"aplc": 1})).licence.label == LICENCES["aplc"]


@pytest.mark.parametrize(
    ("on_line", "words"), [(0, "), à commander."), (20, "), en partie en"), (3033, "), en ligne.")]
)
def test_it_says_whether_something_is_on_line(on_line, words):
    assert words in entry(archive(on_line=on_line)).abstract


@pytest.mark.parametrize("licence", ["convention-enedis", "aplc"])
def test_one_object_that_is_not_open_limits_access(licence):
    told = entry(archive(licences={"ouverte": 3032, licence: 1}))
    assert told.access == f"{ACCESS}/INSPIRE_Directive_Article13_1e"
    assert told.licence.href == ""
    told = entry(archive(licences={"ouverte": 3033}))
    assert told.access == f"{ACCESS}/noLimitations"
    assert told.licence.href.startswith("https://www.etalab.gouv.fr/")


def test_links_lead_to_descriptions_and_the_order_never_to_bytes():
    told = entry(archive("Vallée du Lot & Célé"))
    assert [link.url.removeprefix(PUBLIC) for link in told.links] == [
        "/ogcapi/collections/archives/items?chantier=Vall%C3%A9e%20du%20Lot%20%26%20C%C3%A9l%C3%A9",
        "/stac/search?collections=archives&bbox=1.44171%2C44.41803%2C1.49270%2C44.44574",
        "/ogcapi/processes/commande",
    ]


def test_it_is_no_inspire_dataset():
    xml = documents(archive(), facts=raster())[AT.archive("Figeac 2025")]
    assert every(xml, "//gmd:thesaurusName//gmd:title/*/text()") == ["Champ géographique"]
    assert every(xml, "//gmd:pass/gco:Boolean/text()") == ["false"]


def test_a_picture_of_its_place_needs_a_place_and_a_mosaic():
    def pictures(one, facts):
        made = documents(one, facts=facts, objects=vector())
        return every(made[AT.archive(one.chantier)], "//gmd:fileName/*/text()")

    (address,) = pictures(archive(), raster())
    assert "BBOX=576000,6370000,580000,6373000" in address
    assert pictures(archive(bbox=None), raster()) == []
    assert pictures(archive(), None) == []


def test_the_same_facts_change_nothing_and_others_their_record_alone(tmp_path):
    store = RecordStore(tmp_path / "records.db")
    two = (archive(), archive("Cahors"))

    def renewed(*archives):
        return refresh(store, sheets(human(), raster(), None, PUBLIC, archives=archives), now=LATER)

    renewed(*two)
    assert renewed(*two) == ()
    figeac = AT.archive("Figeac 2025")
    assert renewed(replace(two[0], on_line=0), two[1]) == (figeac,)
    assert renewed(two[1]) == (figeac,)
    assert figeac not in store.identifiers()


def test_words_are_those_of_the_site_and_an_older_file_needs_none(tmp_path):
    text = (CATALOG / "metadata.toml").read_text(encoding="utf-8")
    head, _, tail = text.partition("[archives]")
    file = tmp_path / "metadata.toml"
    file.write_text(head + tail[tail.index("[services.view]") :], encoding="utf-8")
    assert human(file) == human()
    file.write_text(text.replace('limitation = "e"', 'limitation = "d"'), encoding="utf-8")
    assert human(file).archives.limitation == "d"


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_two_names_have_one_identifier(one, other):
    assert (slug(one) == slug(other)) == (one == other)
    assert set(slug(one)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
    assert slug(slug(one)) != slug(one) or slug(one) == one
    assert len(slug(one)) <= 70


def test_names_that_are_identifiers_stay_as_they_are():
    assert slug("Figeac_2025") == "Figeac_2025"
    assert slug("Vallée du Lot") == "Vallee-du-Lot-" + slug("Vallée du Lot")[-8:]
    assert slug("Vallee-du-Lot") == "Vallee-du-Lot"
    assert AT.is_archive(AT.archive("x"))
    assert not any(AT.is_archive(name) for name in IDENTIFIERS)


def test_a_day_that_is_none_is_left_out():
    assert archive(acquired=None).acquired is None
    assert entry(archive(acquired=None)).period is None
    assert entry(archive(acquired=None, deposited=(date(2025, 1, 2),) * 2)).created == "2025-01-02"
