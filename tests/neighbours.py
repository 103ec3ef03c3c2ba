"""A CSW 2.0.2 for tests, beside real ones: its records and its manners are the test's."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.services.asking import running

CSW = "http://www.opengis.net/cat/csw/2.0.2"


@dataclass
class Catalogue:
    """What it has, and how it answers."""

    records: dict[str, bytes] = field(default_factory=dict)
    sorts: bool = True
    counts: Callable[[int], int] = lambda number: number
    """What it says that it has."""
    answer: Callable[[], Response] | None = None
    """What it answers to everything."""
    asked: list[bytes] = field(default_factory=list)


def record(identifier: str, title: str = "Orthophotographie de l'Aveyron", more: str = "") -> bytes:
    """A small ISO 19139 record, as an old GeoNetwork writes them."""
    return f"""<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"
 xmlns:gco="http://www.isotc211.org/2005/gco"><gmd:fileIdentifier><gco:CharacterString>{identifier}\
</gco:CharacterString></gmd:fileIdentifier><gmd:hierarchyLevel><gmd:MD_ScopeCode codeList="x"
 codeListValue="dataset"/></gmd:hierarchyLevel><gmd:contact/><gmd:dateStamp><gco:Date>2024-05-01</gco:Date>\
</gmd:dateStamp><gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation><gmd:title>\
<gco:CharacterString>{title}</gco:CharacterString></gmd:title><gmd:date/></gmd:CI_Citation></gmd:citation>\
<gmd:abstract><gco:CharacterString>Résumé {more}</gco:CharacterString></gmd:abstract><gmd:language/>\
</gmd:MD_DataIdentification></gmd:identificationInfo></gmd:MD_Metadata>""".encode()


def _app(catalogue: Catalogue) -> Starlette:
    async def csw(request: Request) -> Response:
        body = await request.body()
        catalogue.asked.append(body)
        if catalogue.answer is not None:
            return catalogue.answer()
        if request.method == "GET":
            wanted = request.query_params["id"].split(",")
            found = b"".join(xml for name, xml in catalogue.records.items() if name in wanted)
            return _answer("GetRecordByIdResponse", found)
        root = etree.fromstring(body)
        names = [etree.QName(element).localname for element in root.iter()]
        if "SortBy" in names and not catalogue.sorts:
            return Response(_REPORT, media_type="application/xml")
        words = [re.sub("[%*]", "", e.text or "") for e in root.iter() if str(e.tag).endswith("}Literal")]
        rows = [xml for xml in catalogue.records.values() if all(w.encode() in xml for w in words)]
        start, most = int(root.get("startPosition", "1")), int(root.get("maxRecords", "10"))
        some = rows[start - 1 : start - 1 + most]
        after = start + len(some) if start + len(some) <= len(rows) else 0
        told = f"numberOfRecordsMatched='{catalogue.counts(len(rows))}' nextRecord='{after}'"
        opened = (
            f"<csw:SearchResults elementSet='full' numberOfRecordsReturned='{len(some)}' {told}>".encode()
        )
        return _answer("GetRecordsResponse", opened + b"".join(some) + b"</csw:SearchResults>")

    return Starlette(routes=[Route("/csw", csw, methods=["GET", "POST"])])


_REPORT = """<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows" version="1.2.0"><ows:Exception
 exceptionCode="InvalidParameterValue"><ows:ExceptionText>Unknown sort</ows:ExceptionText></ows:Exception>
 </ows:ExceptionReport>"""


def _answer(name: str, inner: bytes) -> Response:
    opened, closed = f"<csw:{name} xmlns:csw='{CSW}'>".encode(), f"</csw:{name}>".encode()
    return Response(opened + inner + closed, media_type="application/xml")


@contextmanager
def serving_catalogue(catalogue: Catalogue) -> Iterator[str]:
    """The address of the CSW."""
    with running(_app(catalogue)) as url:
        yield f"{url}/csw"
