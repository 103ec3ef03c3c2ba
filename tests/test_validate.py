"""Validation of records: each rule bites where it must, and nowhere else."""

from pathlib import Path

import pytest
from lxml import etree

from pcrs.publish.elements import NAMESPACES, qname
from pcrs.publish.records import document, sheets
from pcrs.publish.rules import RULES
from pcrs.publish.rules_data import DATA_RULES
from pcrs.publish.rules_service import SERVICE_RULES
from pcrs.publish.validate import validate_catalogue, validate_record
from tests.catalogue import NOW, PUBLIC, human, raster, vector

EXAMPLES = Path(__file__).resolve().parents[2] / "shared" / "reference" / "facts" / "md_examples"
MADE = {sheet.identifier: document(sheet, NOW) for sheet in sheets(human(), raster(), vector(), PUBLIC)}
RASTER, VECTOR, TILES = "PCRS_D046_RVB-0M05", "PCRS_D046_VECTEUR", "PCRS_D046_WMTS"
CITATION = "gmd:identificationInfo/*/gmd:citation/gmd:CI_Citation"


def found(root, path):
    return root.xpath(path, namespaces=NAMESPACES)


def setter(path, text):
    def change(root):
        for element in found(root, path):
            element.text = text

    return change


def remover(path):
    def change(root):
        for element in found(root, path):
            element.getparent().remove(element)

    return change


def doubler(path):
    def change(root):
        element = found(root, path)[0]
        element.addnext(etree.fromstring(etree.tostring(element)))

    return change


def attribute(path, name, value):
    def change(root):
        for element in found(root, path):
            element.set(qname(name), value)

    return change


def renamer(path, name):
    def change(root):
        for element in found(root, path):
            element.tag = qname(name)

    return change


def mover(path, to):
    """The children of one element go under another."""

    def change(root):
        target = found(root, to)[0]
        for element in found(root, path):
            target.append(element)

    return change


DATE = f"{CITATION}/gmd:date[1]"
CREATION = "gmd:identificationInfo/*/gmd:citation//gmd:CI_DateTypeCode"
LEGAL = "//gmd:resourceConstraints[gmd:MD_LegalConstraints/gmd:accessConstraints]"
USE = "//gmd:resourceConstraints[.//gmd:useConstraints/*/@codeListValue='otherRestrictions']"
GEMET = "//gmd:MD_Keywords[.//gmd:title[contains(., 'GEMET')]]"
ANCHOR = f"{CITATION}/gmd:identifier//gmx:Anchor"
FAULTS = [
    (RASTER, "iso.identifier", setter("gmd:fileIdentifier/*", "PCRS/D046")),
    (RASTER, "iso.identifier", attribute(".", "uuid", "autre")),
    (RASTER, "iso.language", attribute("gmd:language/*", "codeList", "http://example.fr/639")),
    (RASTER, "iso.language", remover("gmd:identificationInfo/*/gmd:language")),
    (RASTER, "iso.contact", setter("gmd:contact//gmd:electronicMailAddress/*", "")),
    (RASTER, "iso.contact", remover("gmd:identificationInfo/*/gmd:pointOfContact")),
    (RASTER, "iso.contact", setter("gmd:contact//gmd:organisationName/*", "")),
    (RASTER, "iso.contact", attribute("gmd:contact//gmd:CI_RoleCode", "codeListValue", "owner")),
    (RASTER, "iso.datestamp", renamer("gmd:dateStamp/*", "gco:Date")),
    (RASTER, "iso.datestamp", setter("gmd:dateStamp/*", "2026-11-23T10:00:00")),
    (RASTER, "iso.title", setter(f"{CITATION}/gmd:title/*", "x" * 251)),
    (RASTER, "iso.title", setter(f"{CITATION}/gmd:title/*", "")),
    (RASTER, "iso.abstract", setter("gmd:identificationInfo/*/gmd:abstract/*", "")),
    (RASTER, "iso.dates", remover(f"{CITATION}/gmd:date")),
    (RASTER, "iso.dates", attribute(CREATION, "codeListValue", "creation")),
    (RASTER, "iso.resource-identifier", remover(f"{CITATION}/gmd:identifier")),
    (RASTER, "iso.resource-identifier", setter(ANCHOR, "PCRS_D046")),
    (RASTER, "iso.resource-identifier", renamer(f"{CITATION}/gmd:identifier/*", "gmd:RS_Identifier")),
    (RASTER, "iso.theme", setter(f"{GEMET}//gmd:title/*", "GEMET - INSPIRE themes")),
    (RASTER, "iso.theme", setter(f"{GEMET}//gco:Date", "2008-06-02")),
    (RASTER, "iso.theme", doubler(f"{GEMET}/gmd:keyword")),
    (RASTER, "iso.theme", doubler(f"{GEMET}/..")),
    (RASTER, "iso.access", remover(LEGAL)),
    (RASTER, "iso.access", attribute(f"{LEGAL}//gmx:Anchor", "xlink:href", "http://example.fr")),
    (RASTER, "iso.access", mover(f"{USE}//gmd:useConstraints", f"{LEGAL}/*")),
    (RASTER, "iso.use", remover(USE)),
    (RASTER, "iso.use", doubler(USE)),
    (RASTER, "iso.use", remover(f"{USE}//gmd:otherConstraints")),
    (RASTER, "iso.bbox", remover("//gmd:EX_GeographicBoundingBox")),
    (RASTER, "iso.bbox", setter("//gmd:southBoundLatitude/*", "44.2")),
    (RASTER, "iso.bbox", setter("//gmd:southBoundLatitude/*", "45.90")),
    (RASTER, "iso.quality", doubler("gmd:dataQualityInfo")),
    (RASTER, "iso.quality", attribute("//gmd:level/*", "codeListValue", "series")),
    (RASTER, "iso.conformity", remover("//gmd:DQ_ConformanceResult/gmd:pass")),
    (RASTER, "iso.conformity", setter("//gmd:DQ_ConformanceResult/gmd:explanation/*", "")),
    (RASTER, "iso.conformity", setter("//gmd:specification//gmx:Anchor", "Règlement 1089/2010")),
    (RASTER, "iso.conformity", attribute("//gmd:specification//gmx:Anchor", "xlink:href", "http://a.fr")),
    (RASTER, "iso.links", remover("//gmd:onLine")),
    (RASTER, "iso.links", setter("//gmd:onLine//gmd:description/*", "dalles, par flux")),
    (RASTER, "iso.links", setter("//gmd:onLine//gmd:URL", "/wmts")),
    (TILES, "iso.level", remover("gmd:hierarchyLevelName")),
    (RASTER, "iso.crs", remover("gmd:referenceSystemInfo")),
    (RASTER, "iso.crs", setter("gmd:referenceSystemInfo//gmx:Anchor", "2154")),
    (RASTER, "iso.resolution", remover("//gmd:spatialResolution")),
    (RASTER, "iso.resolution", attribute("//gco:Distance", "uom", "cm")),
    (VECTOR, "iso.resolution", doubler("//gmd:spatialResolution")),
    (RASTER, "iso.format", remover("//gmd:distributionFormat")),
    (RASTER, "iso.format", setter("//gmd:MD_Format/gmd:version/*", "")),
    (RASTER, "iso.topic", remover("//gmd:topicCategory")),
    (RASTER, "iso.representation", remover("//gmd:spatialRepresentationType")),
    (RASTER, "iso.scope", attribute("//gmd:keyword/gmx:Anchor", "xlink:href", "http://a.fr")),
    (RASTER, "iso.lineage", setter("//gmd:lineage//gmd:statement/*", "")),
    (RASTER, "iso.lineage", remover("//gmd:lineage")),
    (RASTER, "iso.period", setter("//gml:endPosition", "2001-01-01")),
    (TILES, "iso.service-type", setter("//srv:serviceType/*", "other")),
    (VECTOR, "iso.catalogue", remover("//gmd:featureTypes")),
    (VECTOR, "iso.catalogue", remover("//gmd:featureCatalogueCitation")),
    (TILES, "iso.service-category", doubler("//gmd:MD_Keywords[.//gmd:title[contains(., 'services')]]/..")),
    (TILES, "iso.service-category", attribute("//gmd:keyword/gmx:Anchor", "xlink:href", "http://a.fr")),
    (TILES, "iso.coupling", remover("//srv:operatesOn")),
    (TILES, "iso.coupling", remover("//srv:coupledResource")),
    (TILES, "iso.coupling", attribute("//srv:operatesOn", "xlink:href", "#md")),
    (TILES, "iso.operations", remover("//srv:containsOperations")),
    (TILES, "iso.level-description", remover("//gmd:levelDescription")),
]


def changed(identifier, change):
    root = etree.fromstring(MADE[identifier])
    change(root)
    return etree.tostring(root)


def codes(xml):
    return {finding.code for finding in validate_record(xml, shown_as="fiche.xml")}


@pytest.mark.parametrize(
    ("identifier", "code", "change"), FAULTS, ids=[f"{code}-{n}" for n, (_, code, _) in enumerate(FAULTS)]
)
def test_the_rule_bites(identifier, code, change):
    assert code in codes(changed(identifier, change))


def test_every_rule_has_a_fault_that_it_bites():
    assert {code for _, code, _ in FAULTS} == set(RULES) | set(DATA_RULES) | set(SERVICE_RULES)


def test_a_fault_is_told_with_its_place():
    xml = changed(RASTER, setter("//gmd:southBoundLatitude/*", "44.2"))
    (finding,) = [f for f in validate_record(xml, shown_as="fiche.xml") if f.code == "iso.bbox"]
    assert finding.level == "error"
    assert finding.file == "fiche.xml"
    assert b"EX_GeographicBoundingBox" in xml.splitlines()[(finding.line or 0) - 1]
    assert "44.2" in (finding.measured or "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (renamer("gmd:identificationInfo/*/gmd:abstract", "gmd:purpose"), "gmd:purpose mal placé"),
        (remover("gmd:contact"), "gmd:dateStamp mal placé"),
        (setter("gmd:dateStamp/*", "hier"), "valeur 'hier' impossible dans gco:DateTime"),
        (attribute("gmd:contact", "teinte", "bleu"), "attribut teinte de gmd:contact"),
        (renamer(".", "gmd:fiche"), "gmd:fiche n'est pas la racine"),
        (remover("//gmd:MD_Format/gmd:version"), "gmd:MD_Format incomplet"),
        (doubler("gmd:dataSetURI"), "gmd:dataSetURI mal placé"),
    ],
)
def test_the_schema_is_explained_in_french(change, words):
    findings = validate_record(changed(RASTER, change))
    assert any(f.code == "iso.schema" and words in f.message for f in findings), findings


def test_what_is_no_xml_is_told_once():
    (finding,) = validate_record(b"<gmd:MD_Metadata", shown_as="fiche.xml")
    assert (finding.code, finding.line) == ("iso.xml", 1)


def test_entities_are_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("mot de passe")
    attack = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'.encode()
    xml = attack + MADE[RASTER].replace(b"Territoire d'", b"&x;")
    (finding,) = validate_record(xml)
    assert finding.code == "iso.xml"
    assert "DOCTYPE" in finding.message


def test_one_resource_identifier_stands_for_one_record():
    copy = MADE[RASTER].replace(b"PCRS_D046_RVB-0M05</gco", b"PCRS_D046_AUTRE</gco")
    codes = {f.code for f in validate_catalogue([*MADE.items(), ("PCRS_D046_AUTRE", copy)])}
    assert "iso.unique" in codes


def test_what_a_record_cites_is_in_the_catalogue():
    alone = validate_catalogue([(TILES, MADE[TILES])])
    assert {f.code for f in alone} == {"iso.dangling"}
    assert {f.measured for f in alone} == {RASTER, f"{RASTER}_2022", f"{RASTER}_2025"}


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason=f"reference records not at {EXAMPLES}")
def test_records_that_the_inspire_validator_passed_are_passed():
    for file in sorted(EXAMPLES.glob("*.xml")):
        findings = validate_record(file.read_bytes(), shown_as=file.name)
        expected = {"virgule dans le champ description d'un lien : la retirer"}
        assert {f.message for f in findings} <= expected, file
