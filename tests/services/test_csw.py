"""What the catalogue service says of itself, its records and its answers to questions."""

import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pycsw
import pytest
from lxml import etree
from rdflib import RDF, Graph
from rdflib.compare import isomorphic

from pcrs.publish.validate import schema
from pcrs.serve.csw_dcat import NAMESPACES
from pcrs.store.records import RecordStore
from tests.catalogue import IDENTIFIERS, PUBLIC, filled, served
from tests.services.csw_site import (
    GMD,
    HEAD,
    HEAD3,
    KVP,
    KVP3,
    NS,
    RECORDS_KVP,
    get,
    identifiers,
    post,
    results,
    texts,
    tree,
)
from tests.services.csw_site import routes as routes


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
