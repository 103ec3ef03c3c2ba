"""The catalogue service, asked as its clients ask it: harvesters, OWSLib, GDAL, and those who mean harm."""

import asyncio
import re
import resource
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pycsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from owslib.catalogue.csw2 import CatalogueServiceWeb as Csw2
from owslib.catalogue.csw3 import CatalogueServiceWeb as Csw3
from owslib.fes import BBox, PropertyIsLike
from rdflib import RDF, Graph
from rdflib.compare import isomorphic
from starlette.applications import Starlette

from pcrs.publish.validate import schema
from pcrs.serve import csw
from pcrs.serve.csw import MAX_BODY
from pcrs.serve.csw_dcat import NAMESPACES
from pcrs.serve.csw_engine import answer
from pcrs.store import record_engines
from pcrs.store.record_tables import RECORDS
from pcrs.store.records import RecordStore
from tests.catalogue import IDENTIFIERS, PUBLIC, filled, multiplied, served
from tests.harvesters import request
from tests.patience import PATIENCE_S
from tests.services.asking import ask, ask_all, running

GMD = "http://www.isotc211.org/2005/gmd"
NS = {
    "csw": "http://www.opengis.net/cat/csw/2.0.2",
    "csw30": "http://www.opengis.net/cat/csw/3.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dct": "http://purl.org/dc/terms/",
    "gco": "http://www.isotc211.org/2005/gco",
    "gmd": GMD,
    "inspire": "http://inspire.ec.europa.eu/schemas/inspire_ds/1.0",
    "ows": "http://www.opengis.net/ows",
    "ows20": "http://www.opengis.net/ows/2.0",
    "xlink": "http://www.w3.org/1999/xlink",
}
HEAD = (
    'xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:ogc="http://www.opengis.net/ogc"'
    ' xmlns:gml="http://www.opengis.net/gml" service="CSW" version="2.0.2"'
)
HEAD3 = (
    'xmlns:csw="http://www.opengis.net/cat/csw/3.0" xmlns:fes="http://www.opengis.net/fes/2.0"'
    ' xmlns:gml="http://www.opengis.net/gml/3.2" service="CSW" version="3.0.0"'
)
MANY = 300
KVP = "service=CSW&version=2.0.2&request="
KVP3 = "service=CSW&version=3.0.0&request="
RECORDS_KVP = f"{KVP}GetRecords&resultType=results&typeNames=csw:Record"


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    path = tmp_path_factory.mktemp("csw") / "records.db"
    filled(path)
    with served(path) as service:
        yield service.routes()


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Three hundred records, all inserted at the same moment."""
    path = tmp_path_factory.mktemp("many") / "records.db"
    multiplied(path, MANY)
    with served(path) as service:
        yield service.routes()


def get(routes, query, **options):
    return ask(routes, f"/csw?{query}", **options)


def post(routes, body, media="application/xml", **options):
    return ask(routes, "/csw", "POST", content=body, headers={"Content-Type": media}, **options)


def tree(response):
    return etree.fromstring(response.content)


def results(response):
    return tree(response).find("{*}SearchResults")


def texts(response, path):
    return [str(found) for found in tree(response).xpath(path, namespaces=NS)]


def walk(routes, body, step=None):
    """Every page of a harvest, ended as GeoNetwork and udata end it; (start, results) of each."""
    start = 1
    pages = []
    while True:
        response = post(routes, body.replace("{start}", str(start)))
        assert response.status_code == 200, response.text
        found = results(response)
        pages.append(found)
        following = int(found.get("nextRecord"))
        returned = int(found.get("numberOfRecordsReturned"))
        over = following > int(found.get("numberOfRecordsMatched"))
        if following == 0 or over or returned == 0 or following < start:
            return pages
        start = start + returned if step is None else following


def identifiers(pages):
    path = ".//gmd:MD_Metadata/gmd:fileIdentifier/gco:CharacterString/text()|.//dc:identifier/text()"
    return [str(found) for page in pages for found in page.xpath(path, namespaces=NS)]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A catalogue that knows its own address on this machine."""
    path = tmp_path_factory.mktemp("live") / "records.db"
    app = Starlette()
    with running(app) as url, served(path, url) as service:
        filled(path, url)
        app.router.routes.extend(service.routes())
        yield f"{url}/csw"


# What it says of itself


@pytest.mark.parametrize(
    ("query", "version"),
    [
        ("service=CSW&request=GetCapabilities", "3.0.0"),
        ("", "3.0.0"),
        ("apikey=secret", "3.0.0"),
        ("service=CSW&version=2.0.2&request=GetCapabilities", "2.0.2"),
        ("SERVICE=csw&REQUEST=getcapabilities&VERSION=2.0.2", "2.0.2"),
        ("service=CSW&request=GetCapabilities&acceptVersions=9.9,2.0.2,3.0.0", "2.0.2"),
        ("service=CSW&request=GetCapabilities&acceptVersions=3.0.0", "3.0.0"),
        ("service=CSW&version=2.0.2&request=GetCapabilities&language=eng", "2.0.2"),
    ],
)
def test_the_version_is_the_one_that_is_asked(routes, query, version):
    response = get(routes, query)
    assert response.status_code == 200
    assert tree(response).get("version") == version
    assert response.headers["Content-Type"] == "application/xml; charset=UTF-8"


@pytest.mark.parametrize("head", [HEAD, HEAD3])
def test_capabilities_are_given_to_a_post(routes, head):
    version = head[-6:-1]
    response = post(routes, f"<csw:GetCapabilities {head.replace(f'version="{version}"', '')}/>")
    assert tree(response).get("version") == version


@pytest.mark.parametrize("version", ["2.0.2", "3.0.0"])
def test_addresses_are_those_of_the_public_url(routes, version):
    response = get(
        routes,
        f"service=CSW&version={version}&request=GetCapabilities",
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
    )
    addresses = texts(response, "//*[local-name()='HTTP']/*/@xlink:href")
    assert set(addresses) == {f"{PUBLIC}/csw"}
    assert b"evil" not in response.content
    assert b"missing" not in response.content


def test_capabilities_have_the_inspire_block_and_no_writing(routes):
    response = get(routes, f"{KVP}GetCapabilities")
    operations = texts(response, "//ows:Operation/@name")
    assert set(operations) == {
        "GetCapabilities",
        "DescribeRecord",
        "GetDomain",
        "GetRecords",
        "GetRecordById",
        "GetRepositoryItem",
    }
    assert texts(response, "//ows:Constraint[@name='MaxRecordDefault']/ows:Value/text()") == ["10"]
    schemas = texts(
        response, "//ows:Operation[@name='GetRecords']/ows:Parameter[@name='outputSchema']//text()"
    )
    assert set(schemas) == {NS["csw"], GMD, "http://www.w3.org/2005/Atom", *NAMESPACES}


@pytest.mark.parametrize("language", ["", "&language=fre", "&language=eng", "&LANGUAGE=xxx"])
@pytest.mark.parametrize("head", [KVP, KVP3])
def test_inspire_is_referred_to_the_record_of_the_service_in_french(routes, head, language):
    response = get(routes, f"{head}GetCapabilities{language}")
    (block,) = tree(response).iter(f"{{{NS['inspire']}}}ExtendedCapabilities")
    assert [etree.QName(one).localname for one in block] == [
        "MetadataUrl",
        "SupportedLanguages",
        "ResponseLanguage",
    ]
    assert {"".join(one.itertext()).strip() for one in block[1:]} == {"frefre", "fre"}
    address = block.findtext("{*}MetadataUrl/{*}URL")
    record = get(routes, address.removeprefix(f"{PUBLIC}/csw?"))
    assert texts(record, "//gmd:MD_Metadata/gmd:fileIdentifier/*/text()") == ["PCRS_D046_CSW"]


def test_inspire_is_told_by_the_service_itself_while_it_has_no_record(tmp_path):
    RecordStore(tmp_path / "records.db")
    with served(tmp_path / "records.db") as service:
        response = get(service.routes(), f"{KVP}GetCapabilities")
    (block,) = tree(response).iter(f"{{{NS['inspire']}}}ExtendedCapabilities")
    assert block.find("{*}MetadataUrl") is None
    assert block.findtext("{*}MetadataPointOfContact/{*}OrganisationName") == "Territoire d'Énergie Lot"


def test_opensearch_describes_what_is_answered(routes):
    description = tree(get(routes, f"{KVP3}GetCapabilities&mode=opensearch"))
    assert b"pycsw" not in etree.tostring(description)
    templates = [one.get("template") for one in description.iter("{*}Url")]
    assert len(templates) == 2
    wanted = {"searchTerms": "lot", "geo:box": "1.4,44.4,1.5,44.5", "count": "3", "startIndex": "2"}
    for template in templates:
        query = re.sub(r"\{([\w:]+)\?\}", lambda found: wanted.get(found[1], ""), template)
        answer = get(routes, query.removeprefix(f"{PUBLIC}/csw?"))
        assert answer.status_code == 200, answer.text
        found = tree(answer)
        assert len([*found.iter("{*}Record"), *found.iter("{*}entry")]) == 3


def test_its_software_is_not_told(routes):
    assert b"pycsw 3" not in get(routes, f"{KVP}GetCapabilities").content


SCHEMAS = Path(pycsw.__file__).parent / "core" / "schemas" / "ogc"
ANSWERS = [
    "GetCapabilities",
    *(
        f"GetRecords&resultType=results&elementSetName={elements}"
        for elements in ("brief", "summary", "full")
    ),
    "GetRecords&resultType=hits",
    "GetRecords&maxRecords=x",
    "GetRecordById&id=PCRS_D046&elementSetName=full",
    "GetDomain&parameterName=GetRecords.resultType",
]


@pytest.mark.parametrize(
    ("head", "file"), [(KVP, "csw/2.0.2/CSW-discovery.xsd"), (KVP3, "cat/csw/3.0/cswAll.xsd")], ids=["2", "3"]
)
def test_answers_are_valid_by_the_schemas_of_their_version(routes, head, file):
    judge = etree.XMLSchema(file=str(SCHEMAS / file))
    for query in ANSWERS:
        answered = tree(get(routes, f"{head}{query}"))
        for block in list(answered.iter(f"{{{NS['inspire']}}}ExtendedCapabilities")):
            block.getparent().remove(block)  # of a schema that is not OGC's
        assert judge.validate(answered), (query, judge.error_log)


# Records


@pytest.mark.parametrize("elements", ["brief", "summary", "full"])
@pytest.mark.parametrize("head", [KVP, KVP3])
def test_every_iso_record_is_valid_in_every_set(routes, elements, head):
    response = get(
        routes, f"{head}GetRecords&resultType=results&outputSchema={GMD}&elementSetName={elements}"
    )
    records = tree(response).findall(".//gmd:MD_Metadata", NS)
    assert len(records) == len(IDENTIFIERS)
    for record in records:
        alone = etree.fromstring(etree.tostring(record))
        assert schema().validate(alone), schema().error_log


def test_a_full_record_is_the_one_that_was_put(routes, tmp_path):
    held = filled(tmp_path / "records.db").get("PCRS_D046_RVB-0M05")
    response = get(routes, f"{KVP}GetRecordById&id=PCRS_D046_RVB-0M05&outputSchema={GMD}&elementSetName=full")
    record = etree.fromstring(etree.tostring(tree(response).find("gmd:MD_Metadata", NS)))
    assert etree.tostring(record, method="c14n2", strip_text=True) == etree.tostring(
        etree.fromstring(held), method="c14n2", strip_text=True
    )


@pytest.mark.parametrize("elements", ["summary", "full"])
def test_a_whole_record_is_the_same_in_every_wrapping(routes, elements):
    body = f"""<csw:GetRecordById {HEAD} outputSchema="{GMD}"><csw:Id>PCRS_D046</csw:Id>
        <csw:ElementSetName>{elements}</csw:ElementSetName></csw:GetRecordById>"""
    envelope = (
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{body}</s:Body></s:Envelope>'
    )
    plain, wrapped = post(routes, body), post(routes, envelope)
    for response in (plain, wrapped):
        (record,) = tree(response).iter(f"{{{GMD}}}MD_Metadata")
        assert record.findtext("gmd:fileIdentifier/gco:CharacterString", namespaces=NS) == "PCRS_D046"
        assert (record.find("gmd:dataQualityInfo", NS) is not None) == (elements == "full")
        assert b"<?pcrs" not in response.content
    query = f"{KVP3}GetRecords&outputSchema={GMD}&elementSetName={elements}&outputFormat=application/json"
    assert str(get(routes, query).json()).count("gmd:fileIdentifier") == len(IDENTIFIERS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1", "utf-16"])
def test_a_record_with_a_declaration_of_its_own_is_served(tmp_path, encoding):
    store = filled(tmp_path / "records.db")
    head = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>\n<!-- made elsewhere -->\n'
    foreign = store.get("PCRS_D046").decode().replace("PCRS_D046", "AILLEURS").replace("’", "'")
    foreign = (head + foreign).encode(encoding, "xmlcharrefreplace")
    store.put(foreign, inserted=datetime(2027, 1, 1, tzinfo=UTC), source="https://voisin.example/csw")
    with served(tmp_path / "records.db") as service:
        for elements in ("summary", "full"):
            query = f"{KVP}GetRecords&resultType=results&outputSchema={GMD}&elementSetName={elements}"
            response = get(service.routes(), query)
            assert len(results(response).findall("gmd:MD_Metadata", NS)) == len(IDENTIFIERS) + 1
        item = get(service.routes(), f"{KVP}GetRepositoryItem&id=AILLEURS")
    assert "Énergie" in "".join(tree(item).itertext())


@pytest.mark.parametrize("schema", NAMESPACES)
def test_records_are_given_as_dcat(routes, schema):
    query = urlencode({"outputSchema": schema, "elementSetName": "full"})
    (page,) = [results(get(routes, f"{RECORDS_KVP}&{query}"))]
    graphs = [Graph().parse(data=etree.tostring(one), format="xml") for one in page]
    assert len(graphs) == len(IDENTIFIERS)
    kinds = {str(kind).rpartition("#")[2] for graph in graphs for kind in graph.objects(predicate=RDF.type)}
    assert {"Dataset", "DataService", "Distribution"} <= kinds
    one = get(routes, f"{KVP}GetRecordById&id=PCRS_D046_RVB-0M05&{query}")
    (alone,) = tree(one)
    again = Graph().parse(data=etree.tostring(alone), format="xml")
    assert any(isomorphic(again, graph) for graph in graphs)


def test_dublin_core_gives_the_links_with_their_protocols(routes):
    response = get(routes, f"{KVP}GetRecordById&id=PCRS_D046_RVB-0M05&elementSetName=full")
    schemes = texts(response, "//dct:references/@scheme")
    assert {"OGC:WMTS", "OGC:WMS", "WWW:DOWNLOAD-1.0-http--download", "OGC API Features"} <= set(schemes)


@pytest.mark.parametrize(
    "query",
    [
        RECORDS_KVP,
        f"{KVP}GetRecords&resultType=results",
        f"{KVP}GetRecords&resultType=results&typeNames=gmd:MD_Metadata&outputSchema={GMD}",
        f"{KVP}GetRecords&resultType=results&typeNames=csw:Record,gmd:MD_Metadata",
        f"{KVP}GetRecords&resultType=results&typeNames=Record&namespace=xmlns(=http://www.opengis.net/cat/csw)",
        f"{RECORDS_KVP}&startPosition=0&maxRecords=1000",
        f"{RECORDS_KVP}&elementSetName=FULL&outputFormat=text/xml",
        f"{RECORDS_KVP}&elementName=dc:title",
        f"{RECORDS_KVP}&constraintLanguage=CQL_TEXT&constraint=csw:AnyText like '%25lot%25'",
        f"{RECORDS_KVP}&bbox=1.4,44.4,1.5,44.5",
        f"{RECORDS_KVP}&config=/etc/hostname&distributedSearch=TRUE&hopCount=x",
        f"{KVP3}GetRecords",
        f"{KVP3}GetRecords&maxRecords=unlimited&elementName=dc:title",
        f"{KVP3}GetRecords&bbox=1.4,44.4,1.5,44.5&q=lot",
        f"{KVP3}GetRecords&bbox=44.4,1.4,44.5,1.5,urn:ogc:def:crs:EPSG::4326",
    ],
)
def test_every_record_answers(routes, query):
    response = get(routes, query)
    assert response.status_code == 200, response.text
    assert results(response).get("numberOfRecordsMatched") == str(len(IDENTIFIERS))
    assert results(response).get("numberOfRecordsReturned") == str(len(IDENTIFIERS))
    assert results(response).get("nextRecord") == "0"


def test_hits_need_no_element_set(routes):
    for response in (
        get(routes, f"{KVP}GetRecords&resultType=hits"),
        post(
            routes,
            f'<csw:GetRecords {HEAD} resultType="hits"><csw:Query typeNames="csw:Record"/></csw:GetRecords>',
        ),
    ):
        assert results(response).get("numberOfRecordsMatched") == "9"
        assert results(response).get("numberOfRecordsReturned") == "0"
        assert len(results(response)) == 0


@pytest.mark.parametrize(
    ("srs", "corners", "matched"),
    [
        ("", ("1.4 44.4", "1.5 44.5"), "9"),
        ("", ("44.4 1.4", "44.5 1.5"), "0"),
        ('srsName="urn:ogc:def:crs:EPSG::4326"', ("44.4 1.4", "44.5 1.5"), "9"),
    ],
)
def test_a_box_without_srs_is_in_longitude_and_latitude(routes, srs, corners, matched):
    lower, upper = corners
    body = f"""<csw:GetRecords {HEAD} resultType="hits"><csw:Query typeNames="csw:Record">
        <csw:ElementSetName>brief</csw:ElementSetName><csw:Constraint version="1.1.0"><ogc:Filter><ogc:BBOX>
        <ogc:PropertyName>ows:BoundingBox</ogc:PropertyName><gml:Envelope {srs}>
        <gml:lowerCorner>{lower}</gml:lowerCorner><gml:upperCorner>{upper}</gml:upperCorner></gml:Envelope>
        </ogc:BBOX></ogc:Filter></csw:Constraint></csw:Query></csw:GetRecords>"""
    assert results(post(routes, body)).get("numberOfRecordsMatched") == matched


def test_csw_3_filters_nest(routes):
    body = f"""<csw:GetRecords {HEAD3} startPosition="2"><csw:Query typeNames="csw:Record">
        <csw:ElementSetName>brief</csw:ElementSetName><csw:Constraint version="2.0.0"><fes:Filter><fes:And>
        <fes:BBOX><fes:ValueReference>ows:BoundingBox</fes:ValueReference><gml:Envelope>
        <gml:lowerCorner>1 44</gml:lowerCorner><gml:upperCorner>2 45</gml:upperCorner></gml:Envelope>
        </fes:BBOX><fes:Not><fes:PropertyIsEqualTo><fes:ValueReference>dc:type</fes:ValueReference>
        <fes:Literal>service</fes:Literal></fes:PropertyIsEqualTo></fes:Not></fes:And></fes:Filter>
        </csw:Constraint></csw:Query></csw:GetRecords>"""
    response = post(routes, body)
    assert results(response).get("numberOfRecordsMatched") == "5"
    assert results(response).get("numberOfRecordsReturned") == "4"


def test_cql_in_a_post(routes):
    body = f"""<csw:GetRecords {HEAD} resultType="results"><csw:Query typeNames="csw:Record">
        <csw:ElementSetName>brief</csw:ElementSetName><csw:Constraint version="1.1.0">
        <csw:CqlText>dc:type = 'series' or not dc:type = 'dataset' and title like '%découverte%'</csw:CqlText>
        </csw:Constraint></csw:Query></csw:GetRecords>"""
    assert identifiers([results(post(routes, body))]) == ["PCRS_D046", "PCRS_D046_CSW"]


def test_answers_can_be_sorted(routes):
    down = get(routes, f"{RECORDS_KVP}&sortBy=apiso:Identifier:D&elementSetName=brief")
    assert identifiers([results(down)]) == sorted(IDENTIFIERS, reverse=True)


def test_answers_in_json_and_atom(routes):
    json = get(routes, f"{RECORDS_KVP}&outputFormat=application/json")
    assert json.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert "PCRS_D046_WMTS" in str(json.json())
    atom = get(routes, f"{KVP3}GetRecords&outputFormat=application/atom%2Bxml")
    assert atom.headers["Content-Type"] == "application/atom+xml; charset=UTF-8"
    described = get(routes, f"{KVP3}GetCapabilities&mode=opensearch")
    assert described.headers["Content-Type"].startswith("application/opensearchdescription+xml")


def test_record_by_id(routes):
    one = get(routes, f"{KVP}GetRecordById&id=PCRS_D046,PCRS_D046_WMTS")
    assert texts(one, "//dc:identifier/text()") == ["PCRS_D046", "PCRS_D046_WMTS"]
    for body in (
        f"<csw:GetRecordById {HEAD}><csw:Id>PCRS_D046</csw:Id></csw:GetRecordById>",
        f"<csw:GetRecordById {HEAD3}><csw:Id>PCRS_D046</csw:Id></csw:GetRecordById>",
    ):
        assert texts(post(routes, body), "//dc:identifier/text()") == ["PCRS_D046"]
    item = get(routes, f"{KVP}GetRepositoryItem&id=PCRS_D046")
    assert tree(item).tag == f"{{{GMD}}}MD_Metadata"


def test_an_unknown_id_is_answered_as_each_version_wants(routes):
    empty = get(routes, f"{KVP}GetRecordById&id=no-such")
    assert empty.status_code == 200
    assert len(tree(empty)) == 0
    assert get(routes, f"{KVP3}GetRecordById&id=no-such").status_code == 404
    assert get(routes, f"{KVP}GetRepositoryItem&id=no-such").status_code == 404


def test_domains_and_schemas(routes):
    for response in (
        get(routes, f"{KVP}GetDomain&propertyName=dc:type"),
        get(routes, f"{KVP3}GetDomain&valueReference=dc:type"),
        post(routes, f"<csw:GetDomain {HEAD}><csw:PropertyName>dc:type</csw:PropertyName></csw:GetDomain>"),
    ):
        assert texts(response, "//*[local-name()='Value']/text()") == ["dataset", "series", "service"]
    parameters = get(routes, f"{KVP}GetDomain&parameterName=GetRecords.resultType")
    assert texts(parameters, "//csw:Value/text()") == ["hits", "results", "validate"]
    for response in (
        get(routes, f"{KVP}DescribeRecord&typeName=gmd:MD_Metadata"),
        post(
            routes,
            f"<csw:DescribeRecord {HEAD}><csw:TypeName>gmd:MD_Metadata</csw:TypeName></csw:DescribeRecord>",
        ),
    ):
        assert len(texts(response, "//csw:SchemaComponent/@targetNamespace")) == 2


def test_a_soap_request_has_a_soap_answer(routes):
    body = f"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>
        <csw:GetRecordById {HEAD}><csw:Id>PCRS_D046</csw:Id></csw:GetRecordById></s:Body></s:Envelope>"""
    response = post(routes, body)
    assert tree(response).tag == "{http://www.w3.org/2003/05/soap-envelope}Envelope"
    assert texts(response, "//dc:identifier/text()") == ["PCRS_D046"]


def test_a_form_is_read_as_a_query(routes):
    response = post(routes, f"{KVP}GetRecords&resultType=hits", "application/x-www-form-urlencoded")
    assert results(response).get("numberOfRecordsMatched") == "9"


# Harvesters


@pytest.mark.parametrize("name", ["udata_getrecords.xml", "udata_2023_iso.xml"])
def test_data_gouv_harvests_what_it_asks_for(routes, name):
    found = identifiers(walk(routes, request(name, schema=GMD), step="next"))
    assert tuple(found) == IDENTIFIERS


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        (GMD, "gmd:MD_Metadata"),
        (NS["csw"], "csw:Record,gmd:MD_Metadata"),
        (GMD, "csw:Record,gmd:MD_Metadata"),
        (GMD, "gmd:MD_Metadata,csw:Record"),
    ],
)
def test_geonetwork_harvests_every_record_once(many, schema, types):
    """Its operator chose a schema, or none: then it asks for every type that the capabilities name."""
    pages = walk(many, request("geonetwork_getrecords.xml", schema=schema, types=types))
    assert len(pages) == MANY / 20
    found = identifiers(pages)
    assert len(set(found)) == len(found) == MANY
    assert pages[-1].get("nextRecord") == "0"


@pytest.mark.parametrize(
    ("asked", "returned"),
    [
        ("", 10),
        ("&maxRecords=", 10),
        ("&maxRecords=0", 0),
        ("&maxRecords=1000", 100),
        ("&maxRecords=unlimited", 100),
    ],
)
def test_an_answer_has_ten_records_unless_it_is_asked_for_others(many, asked, returned):
    page = results(get(many, f"{KVP3}GetRecords{asked}"))
    assert page.get("numberOfRecordsReturned") == str(returned)
    posted = asked.replace("&maxRecords=", 'maxRecords="') + ('"' if asked else "")
    body = f'<csw:GetRecords {HEAD3} {posted}><csw:Query typeNames="csw:Record"/></csw:GetRecords>'
    assert results(post(many, body)).get("numberOfRecordsReturned") == str(returned)


@pytest.mark.parametrize("size", [7, 20, 100])
def test_pages_of_any_size_hold_every_record_once(many, size):
    body = request("geonetwork_getrecords.xml", schema=GMD, types="gmd:MD_Metadata")
    found = identifiers(walk(many, body.replace('maxRecords="20"', f'maxRecords="{size}"'), step="next"))
    assert found == sorted(set(found))
    assert len(found) == MANY


def test_many_clients_at_once_get_whole_answers(many):
    paths = [f"/csw?{RECORDS_KVP}&startPosition={1 + 20 * n}&maxRecords=20" for n in range(15)] * 2
    answers = ask_all(many, paths)
    assert {response.status_code for response in answers} == {200}
    found = identifiers([results(response) for response in answers])
    assert set(Counter(found).values()) == {2}
    assert len(found) == 2 * MANY


def test_a_publication_is_seen_at_the_next_request(tmp_path):
    store = filled(tmp_path / "records.db")
    with served(tmp_path / "records.db") as service:
        routes = service.routes()
        before = get(routes, f"{KVP}GetCapabilities")
        document = store.get("PCRS_D046").replace(
            b"PCRS_D046</gco:CharacterString>", b"NEW</gco:CharacterString>"
        )
        store.put(document, inserted=datetime(2027, 1, 1, tzinfo=UTC))
        assert texts(get(routes, f"{KVP}GetRecordById&id=NEW"), "//dc:identifier/text()") == ["NEW"]
        after = get(routes, f"{KVP}GetCapabilities")
    assert tree(before).get("updateSequence") != tree(after).get("updateSequence")


def test_an_answer_that_is_known_is_not_sent_again(tmp_path):
    store = filled(tmp_path / "records.db")
    with served(tmp_path / "records.db") as service:
        routes = service.routes()
        first = get(routes, RECORDS_KVP)
        known = {"headers": {"If-None-Match": first.headers["etag"]}}
        assert "max-age" in first.headers["cache-control"]
        again = get(routes, RECORDS_KVP, **known)
        assert (again.status_code, again.content) == (304, b"")
        assert get(routes, f"{RECORDS_KVP}&maxRecords=1", **known).status_code == 200
        refused = get(routes, f"{RECORDS_KVP}&maxRecords=x")
        assert (refused.headers["cache-control"], refused.headers.get("etag")) == ("no-store", None)
        document = store.get("PCRS_D046").replace(b"PCRS_D046</gco", b"NEW</gco")
        store.put(document, inserted=datetime(2027, 1, 1, tzinfo=UTC))
        assert get(routes, RECORDS_KVP, **known).status_code == 200


def test_requests_leave_nothing_behind(routes):
    """A stock server keeps an engine and its classes for each: 1 MB a request."""

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    queries = (RECORDS_KVP, f"{KVP}GetRecordById&id=PCRS_D046", f"{KVP3}GetRecords", f"{KVP}GetCapabilities")

    def burst(count: int) -> None:
        for _ in range(count):
            assert [get(routes, query).status_code for query in queries] == [200] * 4

    burst(10)
    before = resident()
    burst(25)
    assert resident() - before < 25 * 2**20


def test_an_empty_catalogue_answers(tmp_path):
    RecordStore(tmp_path / "records.db")
    with served(tmp_path / "records.db") as service:
        assert get(service.routes(), f"{KVP}GetCapabilities&updateSequence=1").status_code == 400
        assert results(get(service.routes(), RECORDS_KVP)).get("numberOfRecordsMatched") == "0"


def test_a_store_that_fails_is_never_a_short_catalogue(tmp_path):
    store = filled(tmp_path / "records.db")
    with served(tmp_path / "records.db") as service:
        with store._engine.begin() as connection:
            RECORDS.drop(connection)
        for query in (RECORDS_KVP, f"{KVP}GetRecordById&id=PCRS_D046", f"{KVP3}GetRecords"):
            response = get(service.routes(), query)
            assert response.status_code == 503
            assert tree(response).tag.endswith("}ExceptionReport")
            assert str(tmp_path) not in response.text


def test_beyond_its_queue_it_asks_to_come_back(tmp_path, monkeypatch):
    filled(tmp_path / "records.db")
    may_go_on = threading.Event()

    def slow(*given):
        may_go_on.wait(30)
        return answer(*given)

    monkeypatch.setattr(csw, "answer", slow)

    async def burst(service):
        transport = httpx.ASGITransport(app=Starlette(routes=service.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
            asked = [asyncio.create_task(client.get(f"/csw?{RECORDS_KVP}")) for _ in range(6)]
            while sum(task.done() for task in asked) < 3:
                await asyncio.sleep(0.01)
            may_go_on.set()
            return await asyncio.gather(*asked)

    with served(tmp_path / "records.db", threads=1, waiting=2) as service:
        answers = asyncio.run(burst(service))
        assert sorted(one.status_code for one in answers) == [200, 200, 200, 503, 503, 503]
        for refused in (one for one in answers if one.status_code == 503):
            assert int(refused.headers["Retry-After"]) > 0
            assert tree(refused).tag.endswith("}ExceptionReport")
        assert get(service.routes(), RECORDS_KVP).status_code == 200


def test_a_question_without_end_is_ended(many, monkeypatch):
    monkeypatch.setattr(record_engines, "LONGEST_S", -1)
    monkeypatch.setattr(record_engines, "_STEPS", 100)
    pattern = "%".join("aeiou" * 40)
    query = urlencode({"constraintLanguage": "CQL_TEXT", "constraint": f"csw:AnyText like '%{pattern}%'"})
    response = get(many, f"{RECORDS_KVP}&{query}")
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    monkeypatch.undo()
    assert results(get(many, f"{RECORDS_KVP}&{query}")).get("numberOfRecordsMatched") == "0"


# Clients


def test_owslib_reads_2_0_2_as_metasearch_does(address):
    client = Csw2(address)
    assert client.identification.title == "Catalogue : PCRS du Lot"
    filters = [
        PropertyIsLike("csw:AnyText", "%objets vecteur%"),
        BBox([44.0, 1.0, 45.0, 2.0], crs="urn:ogc:def:crs:EPSG::4326"),
    ]
    client.getrecords2(constraints=[filters], esn="full", maxrecords=10)
    assert client.results == {"matches": 2, "returned": 2, "nextrecord": 0}
    record = client.records["PCRS_D046_VECTEUR"]
    assert ("OGC API Features", f"{address.removesuffix('/csw')}/ogcapi/collections/AffleurantPCRS") in {
        (link["scheme"], link["url"]) for link in record.references
    }
    client.getrecordbyid(id=["PCRS_D046_RVB-0M05"], outputschema=GMD)
    full = client.records["PCRS_D046_RVB-0M05"]
    assert full.identification[0].uricode == [f"{address.removesuffix('/csw')}/id/dataset/PCRS_D046_RVB-0M05"]
    assert client.get_operation_by_name("GetRecords").methods[0]["url"] == address


def test_owslib_reads_3_0_0(address):
    client = Csw3(address, version="3.0.0")
    client.getrecords(maxrecords=5)
    assert client.results["matches"] == 9
    assert client.results["nextrecord"] == 6
    assert list(client.records) == list(IDENTIFIERS[:5])


def test_gdal_reads_the_catalogue(address):
    pyogrio = pytest.importorskip("pyogrio")
    if "CSW" not in pyogrio.list_drivers():
        pytest.skip("this GDAL has no CSW driver")
    program = (  # in another process: GDAL waits without letting the server's thread run
        "import sys, pyogrio.raw as raw;"
        "print(*raw.read(sys.argv[1], read_geometry=False, columns=['identifier'])[3][0])"
    )
    command = [sys.executable, "-c", program, f"CSW:{address}"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert sorted(found.stdout.split()) == sorted(IDENTIFIERS)


# What is refused

BAD_QUERIES = [
    ("request=GetCapabilities", "MissingParameterValue", "service"),
    ("service=WMS&request=GetCapabilities", "InvalidParameterValue", "service"),
    ("service=CSW", "MissingParameterValue", "request"),
    ("service=CSW&request=", "MissingParameterValue", "request"),
    (f"{KVP}GetRecord", "InvalidParameterValue", "request"),
    (f"{KVP}Transaction", "OperationNotSupported", "request"),
    (f"{KVP}Harvest&source=http://127.0.0.1/", "OperationNotSupported", "request"),
    ("service=CSW&request=GetRecords", "MissingParameterValue", "version"),
    ("service=CSW&version=1.0&request=GetRecords", "InvalidParameterValue", "version"),
    ("service=CSW&request=GetCapabilities&acceptVersions=9.9", "VersionNegotiationFailed", "acceptversions"),
    (f"{RECORDS_KVP}&maxRecords=x", "InvalidParameterValue", "maxrecords"),
    (f"{RECORDS_KVP}&maxRecords=-5", "InvalidParameterValue", "maxrecords"),
    (f"{RECORDS_KVP}&maxRecords=1e3", "InvalidParameterValue", "maxrecords"),
    (f"{RECORDS_KVP}&maxRecords=unlimited", "InvalidParameterValue", "maxrecords"),
    (f"{RECORDS_KVP}&startPosition=x", "InvalidParameterValue", "startposition"),
    (f"{RECORDS_KVP}&startPosition=-1", "InvalidParameterValue", "startposition"),
    (f"{RECORDS_KVP}&startPosition=%D9%A1.5", "InvalidParameterValue", "startposition"),
    (f"{RECORDS_KVP}&outputFormat=a%0d%0aX-Injected:1", "InvalidParameterValue", "outputformat"),
    (f"{RECORDS_KVP}&outputFormat=%E2%82%AC", "InvalidParameterValue", "outputformat"),
    (f"{KVP}GetCapabilities&outputFormat=text/html", "InvalidParameterValue", "outputformat"),
    (f"{RECORDS_KVP}&outputSchema=http://www.w3.org/ns/dcat", "InvalidParameterValue", "outputschema"),
    (
        f"{RECORDS_KVP}&outputSchema=http://www.opengis.net/cat/csw/csdgm",
        "InvalidParameterValue",
        "outputschema",
    ),
    (f"{KVP}GetRecords&typeNames=gfc:FC", "InvalidParameterValue", "typenames"),
    (f"{RECORDS_KVP}&resultType=all", "InvalidParameterValue", "resulttype"),
    (f"{RECORDS_KVP}&elementSetName=all", "InvalidParameterValue", "elementsetname"),
    (f"{RECORDS_KVP}&elementName=dc:nothing", "InvalidParameterValue", "elementname"),
    (f"{RECORDS_KVP}&sortBy=dc:nothing:A", "InvalidParameterValue", "sortby"),
    (f"{RECORDS_KVP}&sortBy=dc:title", "InvalidParameterValue", "sortby"),
    (f"{RECORDS_KVP}&bbox=1,2,3", "InvalidParameterValue", "bbox"),
    (f"{RECORDS_KVP}&bbox=nan,44,2,45", "InvalidParameterValue", "bbox"),
    (f"{RECORDS_KVP}&bbox=1,44,2,45,EPSG:x", "InvalidParameterValue", "bbox"),
    (f"{RECORDS_KVP}&constraint=title='a'", "MissingParameterValue", "constraintlanguage"),
    (f"{RECORDS_KVP}&constraintLanguage=CQL_TEXT&constraint=title", "InvalidParameterValue", "constraint"),
    (f"{RECORDS_KVP}&constraintLanguage=CQL_TEXT&constraint=x='a'", "InvalidParameterValue", "constraint"),
    (f"{RECORDS_KVP}&constraintLanguage=FILTER&constraint=<a/>", "InvalidParameterValue", "constraint"),
    (f"{RECORDS_KVP}&constraintLanguage=FILTER&constraint=<a", "NoApplicableCode", "constraint"),
    (
        f"{RECORDS_KVP}&constraintLanguage=FILTER&constraint=<!DOCTYPE a><a/>",
        "NoApplicableCode",
        "constraint",
    ),
    (f"{RECORDS_KVP}&responseHandler=ftp://127.0.0.1/x", "OptionNotSupported", "responsehandler"),
    (f"{RECORDS_KVP}&time=a/b/c", "InvalidParameterValue", "constraint"),
    (f"{RECORDS_KVP}&mode=oaipmh&verb=Identify", "InvalidParameterValue", "mode"),
    (f"{RECORDS_KVP}&q=%00", "InvalidParameterValue", "q"),
    (f"{RECORDS_KVP}&q=%ff", "NoApplicableCode", "request"),
    (f"{KVP}GetCapabilities&updateSequence=x", "InvalidParameterValue", "updatesequence"),
    (f"{KVP}GetCapabilities&updateSequence=99999999999", "InvalidUpdateSequence", "updatesequence"),
    (f"{KVP}GetRecordById", "MissingParameterValue", "id"),
    (f"{KVP}GetRecordById&id=", "InvalidParameterValue", "id"),
    (f"{KVP}DescribeRecord&typeName=Record", "InvalidParameterValue", "typename"),
    (f"{KVP}GetDomain", "MissingParameterValue", "parametername"),
    ("&".join(f"a{n}=1" for n in range(100)), "NoApplicableCode", "request"),
]


ONLY_2 = ("unlimited", "DescribeRecord", "resultType=all")
BAD_QUERIES_3 = [
    (query.replace("version=2.0.2", "version=3.0.0"), code, locator)
    for query, code, locator in BAD_QUERIES
    if "version=2.0.2" in query and not any(word in query for word in ONLY_2)
]


@pytest.mark.parametrize(("query", "code", "locator"), [*BAD_QUERIES, *BAD_QUERIES_3])
def test_a_bad_query_is_told_what_is_wrong(routes, query, code, locator):
    response = get(routes, query)
    assert 400 <= response.status_code < 500, response.text
    (exception,) = tree(response).findall("{*}Exception")
    assert (exception.get("exceptionCode"), exception.get("locator")) == (code, locator), response.text
    assert "X-Injected" not in response.headers
    assert response.headers["Content-Type"] == "application/xml; charset=UTF-8"
    for secret in ("Traceback", "site-packages", "/usr", "/work", ".py"):
        assert secret not in response.text


PARAMETERS = (
    "acceptVersions acceptFormats sections updateSequence outputFormat outputSchema resultType typeNames"
    " elementSetName elementName constraint constraintLanguage sortBy startPosition maxRecords requestId id"
    " typeName schemaLanguage parameterName propertyName valueReference mode q bbox time start stop recordIds"
).split()
VALUES = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.sampled_from(
        "0 -1 1,2,3,4 CQL_TEXT FILTER dc:title dc:title:A apiso:type:D results hits brief full opensearch"
        " gmd:MD_Metadata csw:Record application/json application/atom+xml 2020/2021 /a/b ' %".split()
    ),
    st.sampled_from([GMD, "http://www.w3.org/2005/Atom", "title = 'x'", "a.b", "GetRecords.typeNames"]),
)


@given(
    st.sampled_from(["GetCapabilities", "DescribeRecord", "GetDomain", "GetRecords", "GetRecordById"]),
    st.sampled_from(["2.0.2", "3.0.0"]),
    st.dictionaries(st.sampled_from(PARAMETERS), VALUES, max_size=5),
)
@settings(max_examples=250, deadline=None)
def test_no_query_breaks_the_service(routes, operation, version, parameters):
    query = urlencode({"service": "CSW", "version": version, "request": operation, **parameters})
    response = get(routes, query)
    assert response.status_code in (200, 400, 404), (query, response.text)
    if "json" not in response.headers["Content-Type"]:
        tree(response)


def records_with(attributes="", inside='<csw:Query typeNames="csw:Record"/>'):
    return f"<csw:GetRecords {HEAD} {attributes}>{inside}</csw:GetRecords>"


def nested_filter(depth):
    inner = (
        "<ogc:PropertyIsEqualTo><ogc:PropertyName>dc:type</ogc:PropertyName><ogc:Literal>dataset</ogc:Literal>"
        "</ogc:PropertyIsEqualTo>"
    )
    nested = f"{'<ogc:Not>' * depth}{inner}{'</ogc:Not>' * depth}"
    return records_with(
        inside='<csw:Query typeNames="csw:Record"><csw:ElementSetName>brief</csw:ElementSetName>'
        f'<csw:Constraint version="1.1.0"><ogc:Filter>{nested}</ogc:Filter></csw:Constraint></csw:Query>'
    )


BAD_BODIES = [
    ("", "NoApplicableCode"),
    ("<a", "NoApplicableCode"),
    ("<a/>", "InvalidParameterValue"),
    ("texte", "NoApplicableCode"),
    ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "NoApplicableCode"),
    (f"<!DOCTYPE csw:GetRecords>{records_with()}", "NoApplicableCode"),
    (records_with().replace('service="CSW"', ""), "MissingParameterValue"),
    (records_with().replace('service="CSW"', 'service="WFS"'), "InvalidParameterValue"),
    (records_with().replace('version="2.0.2"', 'version="1"'), "InvalidParameterValue"),
    (records_with('maxRecords="x"'), "InvalidParameterValue"),
    (records_with('maxRecords="-1"'), "InvalidParameterValue"),
    (records_with('startPosition="x"'), "InvalidParameterValue"),
    (records_with('outputFormat="a&#13;&#10;X-Injected: 1"'), "InvalidParameterValue"),
    (records_with('outputSchema="urn:x"'), "InvalidParameterValue"),
    (records_with('resultType="all"'), "InvalidParameterValue"),
    (records_with(inside=""), "InvalidParameterValue"),
    (records_with(inside='<csw:Query typeNames="gfc:FC"/>'), "InvalidParameterValue"),
    (
        records_with(
            inside="<csw:ResponseHandler>ftp://127.0.0.1/</csw:ResponseHandler>"
            '<csw:Query typeNames="csw:Record"/>'
        ),
        "OptionNotSupported",
    ),
    (
        records_with(
            inside='<csw:Query typeNames="csw:Record"><csw:ElementSetName>brief</csw:ElementSetName>'
            '<csw:Constraint version="1.1.0"><ogc:Filter><ogc:PropertyIsEqualTo><ogc:PropertyName>x'
            "</ogc:PropertyName><ogc:Literal>y</ogc:Literal></ogc:PropertyIsEqualTo></ogc:Filter>"
            "</csw:Constraint></csw:Query>"
        ),
        "InvalidParameterValue",
    ),
    (
        records_with(
            inside='<csw:Query typeNames="csw:Record"><csw:ElementSetName>brief</csw:ElementSetName>'
            '<csw:Constraint version="1.1.0"><csw:CqlText>title</csw:CqlText></csw:Constraint></csw:Query>'
        ),
        "InvalidParameterValue",
    ),
    (
        records_with(
            inside='<csw:Query typeNames="csw:Record"><csw:ElementSetName>brief</csw:ElementSetName>'
            "<ogc:SortBy><ogc:SortProperty><ogc:PropertyName>x</ogc:PropertyName></ogc:SortProperty>"
            "</ogc:SortBy></csw:Query>"
        ),
        "InvalidParameterValue",
    ),
    (f"<csw:Transaction {HEAD}><csw:Delete/></csw:Transaction>", "OperationNotSupported"),
    (
        f"<csw:Harvest {HEAD}><csw:Source>http://127.0.0.1/</csw:Source></csw:Harvest>",
        "OperationNotSupported",
    ),
    (f"<csw:GetRecordById {HEAD}/>", "InvalidParameterValue"),
    (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>',
        "NoApplicableCode",
    ),
    ("<a>" * 5000, "NoApplicableCode"),
    (nested_filter(60), "InvalidParameterValue"),
    (nested_filter(2000), "NoApplicableCode"),
]


@pytest.mark.parametrize(("body", "code"), BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_a_bad_body_is_told_what_is_wrong(routes, body, code):
    response = post(routes, body)
    assert response.status_code == 400, response.text
    (exception,) = tree(response).findall("{*}Exception")
    assert exception.get("exceptionCode") == code, response.text
    assert "X-Injected" not in response.headers
    for secret in ("Traceback", "site-packages", "root:", "/work", ".py"):
        assert secret not in response.text


@pytest.mark.parametrize("size", [MAX_BODY + 1, 10_000_000])
@pytest.mark.parametrize("told", [True, False])
def test_a_body_that_is_too_large_is_not_read(routes, size, told):
    chunk = b"<" * 50_000
    taken = []

    async def chunks():
        for _ in range(0, size, len(chunk)):
            taken.append(len(chunk))
            yield chunk

    response = post(routes, b"<" * size if told else chunks())
    assert response.status_code == 413
    assert tree(response).tag.endswith("}ExceptionReport")
    assert sum(taken) <= MAX_BODY + 2 * len(chunk)


def test_entity_bombs_are_refused(routes):
    layers = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    body = f'<!DOCTYPE a [<!ENTITY a0 "ha">{layers}]>{records_with().replace("csw:Record", "&a9;")}'
    assert post(routes, body).status_code == 400


def test_other_encodings_are_read(routes):
    body = f'<?xml version="1.0" encoding="UTF-16"?>{records_with()}'.encode("utf-16")
    assert post(routes, body).status_code == 200


def test_head_options_and_other_methods(routes):
    path = f"/csw?{KVP}GetCapabilities"
    head, whole = ask(routes, path, "HEAD"), ask(routes, path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert ask(routes, path, "OPTIONS").headers["Allow"] == "GET, HEAD, POST, OPTIONS"
    for method in ("PUT", "DELETE", "PATCH"):
        assert ask(routes, path, method).status_code == 405
