"""Records of a site: complete, valid, the same from the same facts, and dated when they change."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from lxml import etree

from pcrs.publish.addresses import Addresses
from pcrs.publish.elements import NAMESPACES
from pcrs.publish.records import document, refresh, sheets, stamped
from pcrs.publish.validate import validate_catalogue
from pcrs.store.records import RecordStore
from tests.catalogue import IDENTIFIERS, NOW, PUBLIC, human, raster, vector

GOLDEN = Path(__file__).parent / "golden" / "iso"
LATER = datetime(2027, 2, 3, 4, 5, 6, tzinfo=UTC)


def documents(facts=None, objects=None, public_url=PUBLIC):
    made = sheets(human(), facts or raster(), objects or vector(), public_url)
    return {sheet.identifier: document(sheet, NOW) for sheet in made}


def every(xml: bytes, path: str) -> list[str]:
    return [str(found) for found in etree.fromstring(xml).xpath(path, namespaces=NAMESPACES)]


@pytest.fixture
def store(tmp_path):
    return RecordStore(tmp_path / "records.db")


def renew(store, *, now=NOW, facts=None, objects=None):
    return refresh(store, sheets(human(), facts or raster(), objects or vector(), PUBLIC), now=now)


@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_each_record_is_its_golden(identifier):
    made = documents()[identifier]
    file = GOLDEN / f"{identifier}.xml"
    if os.environ.get("PCRS_UPDATE_GOLDEN") == "1":
        file.write_bytes(etree.tostring(etree.fromstring(made), method="c14n2") + b"\n")
    assert etree.tostring(etree.fromstring(made), method="c14n2") == file.read_bytes().rstrip(b"\n")


def test_no_golden_is_left_over():
    assert sorted(file.stem for file in GOLDEN.glob("*.xml")) == sorted(IDENTIFIERS)


def test_the_records_are_valid_and_keep_every_rule():
    assert validate_catalogue(documents().items()) == ()


@pytest.mark.parametrize("departement", ["2A", "974", "01"])
def test_records_of_other_departements_are_valid_too(departement):
    facts = replace(raster(), departement=departement)
    made = documents(facts, replace(vector(), departement=departement))
    assert validate_catalogue(made.items()) == ()
    assert f"PCRS_D{departement.zfill(3)}" in made


def test_records_under_a_prefix_are_valid_too():
    made = documents(public_url="http://127.0.0.1:8046/sig/pcrs")
    assert validate_catalogue(made.items()) == ()
    urls = [url for xml in made.values() for url in every(xml, "//gmd:URL/text()")]
    assert all(url.startswith("http://127.0.0.1:8046/sig/pcrs") for url in urls)


def test_there_is_no_record_before_the_first_publication():
    assert sheets(human(), None, None, PUBLIC) == ()
    assert sheets(human(), None, replace(vector(), objects={"ArbrePCRS": 0}), PUBLIC) == ()


def test_the_vector_has_a_record_only_when_there_are_objects():
    without = sheets(human(), raster(), None, PUBLIC)
    assert [s.identifier for s in without] == [
        "PCRS_D046",
        "PCRS_D046_RVB-0M05",
        "PCRS_D046_RVB-0M05_2022",
        "PCRS_D046_RVB-0M05_2025",
        "PCRS_D046_WMTS",
        "PCRS_D046_OGCAPI",
        "PCRS_D046_ATOM",
        "PCRS_D046_CSW",
    ]
    assert validate_catalogue((s.identifier, document(s, NOW)) for s in without) == ()


def test_a_site_of_vectors_alone_has_no_raster_and_no_view_service():
    made = sheets(human(), None, vector(), PUBLIC)
    assert [s.identifier for s in made] == [
        "PCRS_D046",
        "PCRS_D046_VECTEUR",
        "PCRS_D046_OGCAPI",
        "PCRS_D046_ATOM",
        "PCRS_D046_CSW",
    ]
    assert validate_catalogue((s.identifier, document(s, NOW)) for s in made) == ()


def test_the_same_facts_give_the_same_bytes():
    assert documents() == documents()


def test_the_box_holds_the_whole_coverage():
    xml = documents()["PCRS_D046_RVB-0M05"]
    west, east, south, north = (
        float(side) for side in every(xml, "//gmd:EX_GeographicBoundingBox/*/*/text()")
    )
    assert west <= 1.44172 < 1.49269 <= east
    assert south <= 44.41804 < 44.44573 <= north


def test_the_resource_identifier_of_each_record_is_its_own_address():
    made = documents()
    path = "gmd:identificationInfo/*/gmd:citation/*/gmd:identifier//gmx:Anchor"
    identifiers = {name: every(xml, f"{path}/@xlink:href") for name, xml in made.items()}
    assert identifiers["PCRS_D046_RVB-0M05"] == [f"{PUBLIC}/id/dataset/PCRS_D046_RVB-0M05"]
    assert identifiers["PCRS_D046"] == [f"{PUBLIC}/id/series/PCRS_D046"]
    assert identifiers["PCRS_D046_WMTS"] == [f"{PUBLIC}/id/service/PCRS_D046_WMTS"]
    assert len({one for (one,) in identifiers.values()}) == len(made)
    for name, xml in made.items():
        assert every(xml, f"{path}/text()") == identifiers[name]


def test_each_audience_finds_the_tiles_under_the_protocol_that_it_reads():
    xml = documents()["PCRS_D046_RVB-0M05_2025"]
    tiles = "//gmd:CI_OnlineResource[contains(gmd:linkage/gmd:URL, 'SERVICE=WMTS')]"
    assert every(xml, f"{tiles}/gmd:protocol/gmx:Anchor/@xlink:href") == [
        "http://www.opengis.net/def/serviceType/ogc/wmts"
    ]
    assert every(xml, f"{tiles}/gmd:protocol/gco:CharacterString/text()") == ["OGC:WMTS"]
    assert set(every(xml, f"{tiles}/gmd:name/*/text()")) == {"PCRS_D046_RVB_2025"}


def test_the_vector_record_links_the_classes_that_have_objects():
    names = every(documents()["PCRS_D046_VECTEUR"], "//gmd:CI_OnlineResource/gmd:name/*/text()")
    assert {"AffleurantPCRS", "LimiteVoiriePCRS"} <= set(names)
    assert "ArbrePCRS" not in names


def test_only_data_in_the_scope_of_inspire_carry_its_theme():
    made = documents()
    themes = "//gmx:Anchor[@xlink:href='http://inspire.ec.europa.eu/theme/oi']/text()"
    assert every(made["PCRS_D046_RVB-0M05"], themes) == ["Ortho-imagerie"]
    assert every(made["PCRS_D046_VECTEUR"], themes) == []


def test_heights_are_declared_where_there_are_some():
    codes = "//gmd:RS_Identifier/gmd:code/gmx:Anchor/text()"
    assert every(documents()["PCRS_D046_VECTEUR"], codes) == ["EPSG:2154", "EPSG:5720"]
    flat = documents(objects=replace(vector(), has_altitude=False))
    assert every(flat["PCRS_D046_VECTEUR"], codes) == ["EPSG:2154"]


def test_the_mention_that_the_licence_requires_has_producer_and_date():
    (mention,) = every(documents()["PCRS_D046_RVB-0M05"], "//gmd:useLimitation/*/text()")
    assert "Territoire d'Énergie Lot" in mention
    assert "2026-11-01" in mention


def test_what_services_operate_on_is_a_record_of_the_catalogue():
    xml = documents()["PCRS_D046_OGCAPI"]
    assert every(xml, "//srv:operatesOn/@uuidref") == ["PCRS_D046_RVB-0M05", "PCRS_D046_VECTEUR"]
    for href in every(xml, "//srv:operatesOn/@xlink:href"):
        address, _, fragment = href.partition("#")
        assert address in {Addresses(PUBLIC, "46").record(name) for name in IDENTIFIERS}
        assert fragment in {f"md-{name}" for name in IDENTIFIERS}


def test_a_record_that_says_the_same_keeps_its_date():
    old = documents()["PCRS_D046"]
    (sheet, *_) = sheets(human(), raster(), vector(), PUBLIC)
    assert stamped(document(sheet, LATER), old, LATER) == old
    assert b"2027-02-03T04:05:06Z" in stamped(document(sheet, NOW), None, LATER)


def test_refresh_makes_all_records_once(store):
    assert renew(store) == IDENTIFIERS
    assert store.identifiers() == IDENTIFIERS
    revision = store.revision()
    assert renew(store, now=LATER) == ()
    assert store.revision() == revision


def test_refresh_dates_only_what_changed(store):
    renew(store)
    before = dict(store.all())
    objects = replace(vector(), objects={"LimiteVoiriePCRS": 1235, "AffleurantPCRS": 12})
    assert renew(store, now=LATER, objects=objects) == ("PCRS_D046_VECTEUR",)
    after = dict(store.all())
    assert {name for name in after if after[name] != before[name]} == {"PCRS_D046_VECTEUR"}
    stamps = every(after["PCRS_D046_VECTEUR"], "gmd:dateStamp/gco:DateTime/text()")
    assert stamps == ["2027-02-03T04:05:06Z"]


def test_refresh_withdraws_what_is_gone(store):
    renew(store)
    facts = raster()
    shorter = replace(facts, editions=facts.editions[1:])
    changed = renew(store, now=LATER, facts=shorter)
    assert "PCRS_D046_RVB-0M05_2022" in changed
    assert "PCRS_D046_RVB-0M05_2022" not in store.identifiers()


def test_a_later_acceptance_moves_the_revision_date(store):
    renew(store)
    facts = raster()
    touched = replace(facts.current.coverage, revised=date(2027, 1, 15))
    renew(store, now=LATER, facts=replace(facts, current=replace(facts.current, coverage=touched)))
    dates = every(
        store.get("PCRS_D046_RVB-0M05"), "//gmd:MD_DataIdentification/gmd:citation//gco:Date/text()"
    )
    assert dates == ["2025-09-30", "2026-03-01", "2027-01-15"]


def test_identifiers_stay_when_the_public_address_changes():
    moved = sheets(human(), raster(), vector(), "https://new.example.fr", identifier_base=PUBLIC)
    made = {sheet.identifier: document(sheet, NOW) for sheet in moved}
    path = "gmd:identificationInfo/*/gmd:citation/*/gmd:identifier//gmx:Anchor/@xlink:href"
    for name, xml in documents().items():
        assert every(made[name], path) == every(xml, path)
    assert every(made["PCRS_D046"], "//gmd:URL/text()")[0].startswith("https://new.example.fr/")
    assert validate_catalogue(made.items()) == ()


def test_the_lineage_tells_what_was_received_and_refused():
    made = documents()
    steps = "//gmd:LI_ProcessStep/gmd:description/*/text()"
    assert every(made["PCRS_D046_RVB-0M05_2025"], steps) == [
        "Édition 2025, chantier Cahors : contrôle à la réception de 3\u00a0fichiers, 2\u00a0intégrés, "
        "1\u00a0refusé, 3\u00a0réserves."
    ]
    assert len(every(made["PCRS_D046_RVB-0M05"], steps)) == 2
    assert every(made["PCRS_D046_VECTEUR"], "//gmd:LI_ProcessStep//gco:DateTime/text()") == [
        "2026-11-01T00:00:00Z"
    ]
    assert len(every(made["PCRS_D046_VECTEUR"], "//gmd:lineage//gmd:statement")) == 1


def test_the_class_of_precision_is_a_measured_quality():
    value = "//gmd:DQ_AbsoluteExternalPositionalAccuracy//gco:Record/text()"
    assert every(documents()["PCRS_D046_RVB-0M05_2022"], value) == ["0.40"]
    unbounded = documents(objects=replace(vector(), precision="999"))
    assert every(unbounded["PCRS_D046_VECTEUR"], value) == []


def test_an_edition_is_completed_and_the_mosaic_goes_on():
    made = documents()
    status = "//gmd:MD_ProgressCode/@codeListValue"
    assert every(made["PCRS_D046_RVB-0M05"], status) == ["onGoing"]
    assert every(made["PCRS_D046_RVB-0M05_2025"], status) == ["completed"]


def test_only_links_to_whole_files_stand_beside_their_size():
    options = "//gmd:MD_DigitalTransferOptions[gmd:transferSize]"
    xml = documents()["PCRS_D046_VECTEUR"]
    assert every(xml, f"{options}/gmd:transferSize/*/text()") == ["200.0"]
    assert every(xml, f"{options}//gmd:protocol/*/text()") == ["WWW:DOWNLOAD-1.0-http--download"] * 2
    assert len(every(xml, "//gmd:MD_DigitalTransferOptions")) == 2


def test_the_vector_record_cites_the_catalogue_of_its_classes():
    xml = documents()["PCRS_D046_VECTEUR"]
    content = "gmd:contentInfo/gmd:MD_FeatureCatalogueDescription"
    assert every(xml, f"{content}/gmd:featureTypes/*/text()") == ["AffleurantPCRS", "LimiteVoiriePCRS"]
    identifier = f"{content}//gmd:identifier//gmx:Anchor/@xlink:href"
    assert every(xml, identifier) == [f"{PUBLIC}/id/catalogue/CNIG_PCRS_v2.0"]
    assert f"{PUBLIC}/catalogue/CNIG_PCRS_v2.0.xml" in every(xml, "//gmd:URL/text()")
    assert every(documents()["PCRS_D046_RVB-0M05"], content) == []


def test_a_service_has_one_category():
    category = "//gmx:Anchor[contains(@xlink:href, 'SpatialDataServiceCategory/')]/text()"
    found = {name: every(xml, category) for name, xml in documents().items()}
    assert {name: words for name, words in found.items() if words} == {
        "PCRS_D046_ATOM": ["infoProductAccessService"],
        "PCRS_D046_CSW": ["infoCatalogueService"],
        "PCRS_D046_OGCAPI": ["infoFeatureAccessService"],
        "PCRS_D046_WMTS": ["infoMapAccessService"],
    }
