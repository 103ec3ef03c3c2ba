"""What the catalogue service refuses, and how it says so."""

from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcrs.serve.csw import MAX_BODY
from tests.services.asking import ask
from tests.services.csw_site import GMD, HEAD, KVP, RECORDS_KVP, get, post, tree
from tests.services.csw_site import routes as routes

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
