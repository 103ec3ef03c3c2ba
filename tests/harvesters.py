"""The dialogues of the catalogue's harvesters, request by request (`tests/dialogues`), and what they keep.

Each ends its walk, and tells what is new, changed or gone, by the rules of the program that it stands for.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from lxml import etree

from tests.patience import PATIENCE_S

DIALOGUES = Path(__file__).with_name("dialogues")
CSW = "http://www.opengis.net/cat/csw/2.0.2"
DCAT = "http://www.w3.org/ns/dcat#"
GMD = "http://www.isotc211.org/2005/gmd"
NS = {
    "csw": CSW,
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcat": DCAT,
    "dct": "http://purl.org/dc/terms/",
    "gco": "http://www.isotc211.org/2005/gco",
    "gmd": GMD,
    "gmx": "http://www.isotc211.org/2005/gmx",
    "ows": "http://www.opengis.net/ows",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xlink": "http://www.w3.org/1999/xlink",
}
_CAPABILITIES = {"SERVICE": "CSW", "REQUEST": "GetCapabilities", "VERSION": "2.0.2"}


@dataclass
class Run:
    """What one harvest did to what the harvester keeps; identifiers in the order in which they came."""

    seen: list[str] = field(default_factory=list)
    added: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    unchanged: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    requests: int = 0


def request(name: str, **words: object) -> str:
    """A request of the folder, with these words in the place of those in braces."""
    text = (DIALOGUES / name).read_text(encoding="utf-8").rstrip("\n")
    for word, value in words.items():
        text = text.replace(f"{{{word}}}", str(value))
    return text


def texts(element: etree._Element, path: str) -> list[str]:
    """What an XPath finds, as text."""
    return [str(found) for found in element.xpath(path, namespaces=NS)]  # type: ignore[union-attr]


class _Client:
    """Requests of one harvester to one address, counted."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.url = url
        self.asked = 0
        self._headers = headers

    def get(self, **query: str) -> etree._Element:
        return self._told(Request(f"{self.url}?{urlencode(query)}", headers=self._headers))

    def post(self, body: str, url: str = "", **headers: str) -> etree._Element:
        return self._told(Request(url or self.url, body.encode(), self._headers | headers))

    def _told(self, request: Request) -> etree._Element:
        self.asked += 1
        with urlopen(request, timeout=PATIENCE_S) as answer:
            root = etree.fromstring(answer.read(), etree.XMLParser(resolve_entities=False))
        assert not root.tag.endswith("ExceptionReport"), etree.tostring(root)
        return root


def _walk(results: etree._Element, start: int) -> int | None:
    """Where the next page begins: GeoNetwork adds what was returned, udata follows `nextRecord`.

    None: this was the last one, by the four rules of both.
    """
    following = int(results.get("nextRecord", ""))
    matched = int(results.get("numberOfRecordsMatched", ""))
    returned = int(results.get("numberOfRecordsReturned", ""))
    assert returned == len(results)
    if following == 0 or following > matched or returned == 0 or following < start:
        return None
    assert following == start + returned
    return following


def _digest(element: etree._Element) -> str:
    return sha256(etree.tostring(element, with_tail=False)).hexdigest()


class GeoNetwork:
    """GeoNetwork's CSW harvester: summaries by twenty, then each new or changed record whole, by POST.

    `schema` is the output schema that its operator chose; without one it takes the first that it prefers and
    asks for every type of records that the capabilities name, a comma between them.
    """

    def __init__(self, url: str, schema: str = GMD) -> None:
        self._client = _Client(url, {"User-Agent": "GeoNetwork"})
        self._schema = schema
        self.dates: dict[str, str] = {}
        self.records: dict[str, etree._Element] = {}

    def harvest(self) -> Run:
        run, before = Run(), self._client.asked
        capabilities = self._client.get(**_CAPABILITIES)
        post, types = self._operation(capabilities, "GetRecords")
        by_id, _ = self._operation(capabilities, "GetRecordById")
        schema = self._schema or GMD
        self._page(post, schema, types, 1)  # it tries the method first
        start: int | None = 1
        while start is not None:
            results = self._page(post, schema, types, start)
            for summary in results:
                self._align(run, by_id, schema, summary)
            start = _walk(results, start)
        run.gone = self.dates.keys() - set(run.seen)
        for identifier in run.gone:
            del self.dates[identifier], self.records[identifier]
        run.requests = self._client.asked - before
        return run

    def _operation(self, capabilities: etree._Element, name: str) -> tuple[str, str]:
        """The address to POST to, and the types of records to ask for."""
        at = f"ows:OperationsMetadata/ows:Operation[@name='{name}']"
        assert texts(capabilities, f"{at}//ows:HTTP/ows:Get/@xlink:href")
        posts = capabilities.xpath(f"{at}//ows:HTTP/ows:Post", namespaces=NS)
        plain = [one for one in posts if "SOAP" not in texts(one, "ows:Constraint/ows:Value/text()")]
        if name == "GetRecords":
            languages = texts(
                capabilities, f"{at}/ows:Parameter[@name='CONSTRAINTLANGUAGE']/ows:Value/text()"
            )
            assert "filter" in {language.lower() for language in languages}
            schemas = texts(capabilities, f"{at}/ows:Parameter[@name='outputSchema']/ows:Value/text()")
            assert GMD in schemas
        known = texts(capabilities, f"{at}/ows:Parameter[@name='typeNames']/ows:Value/text()")
        types = "gmd:MD_Metadata" if self._schema == GMD else ",".join(known)
        return str(plain[0].get(f"{{{NS['xlink']}}}href")), types

    def _page(self, url: str, schema: str, types: str, start: int) -> etree._Element:
        body = request("geonetwork_getrecords.xml", schema=schema, types=types, start=start)
        answer = self._client.post(body, url, **{"Content-Type": "application/xml; charset=UTF-8"})
        results = answer.find("csw:SearchResults", NS)
        assert results is not None
        return results

    def _align(self, run: Run, url: str, schema: str, summary: etree._Element) -> None:
        (identifier,) = texts(summary, "gmd:fileIdentifier/gco:CharacterString/text()")
        (stamp,) = texts(summary, "gmd:dateStamp/*/text()")
        run.seen.append(identifier)
        known = self.dates.get(identifier)
        if known is not None and not _more_recent(stamp, known):
            run.unchanged.add(identifier)
            return
        body = request("geonetwork_getrecordbyid.xml", schema=schema, id=identifier)
        whole = self._client.post(body, url, **{"Content-Type": "application/xml; charset=UTF-8"})
        assert texts(whole, "*/gmd:fileIdentifier/gco:CharacterString/text()") == [identifier]
        assert texts(whole, "*/gmd:dateStamp/*/text()") == [stamp]
        (run.added if known is None else run.changed).add(identifier)
        self.dates[identifier], self.records[identifier] = stamp, whole[0]


def _more_recent(remote: str, local: str) -> bool:
    """GeoNetwork takes another date for a change, unless it is older by a day."""
    difference = datetime.fromisoformat(remote) - datetime.fromisoformat(local)
    return difference != timedelta() and difference > -timedelta(days=1)


class _Reader(ABC):
    """A harvester that reads everything again in each run, and compares."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._client = _Client(url, headers)
        self.digests: dict[str, str] = {}

    def harvest(self) -> Run:
        run, before = Run(), self._client.asked
        found: dict[str, str] = {}
        for record in self._records():
            identifier = self._identified(record)
            run.seen.append(identifier)
            found[identifier] = _digest(record)
        for identifier, digest in found.items():
            known = self.digests.get(identifier)
            kind = run.added if known is None else run.unchanged if known == digest else run.changed
            kind.add(identifier)
        run.gone = self.digests.keys() - found.keys()
        self.digests = found
        run.requests = self._client.asked - before
        return run

    @abstractmethod
    def _records(self) -> Iterator[etree._Element]:
        """The records of all pages."""

    @abstractmethod
    def _identified(self, record: etree._Element) -> str:
        """What the harvester knows a record by."""


class Udata(_Reader):
    """data.gouv.fr: full records page by page, known by the identifier of the resource.

    `name` is that of the request: it changed with its releases.
    """

    def __init__(self, url: str, name: str, schema: str = GMD) -> None:
        super().__init__(url, {"User-Agent": "uData/0.1 csw"})
        self._name = name
        self._schema = schema

    def _records(self) -> Iterator[etree._Element]:
        start: int | None = 1
        while start is not None:
            body = request(self._name, start=start, schema=self._schema)
            answer = self._client.post(f"\n{body}", **{"Content-Type": "application/xml"})
            results = answer.find("csw:SearchResults", NS)
            assert results is not None
            yield from results
            start = _walk(results, start)

    def _identified(self, record: etree._Element) -> str:
        """`dct:identifier`; of ISO 19139 what the transformation to DCAT makes it of."""
        if self._schema == GMD:
            path = "gmd:identificationInfo/*/gmd:citation/*/gmd:identifier/*/gmd:code/gmx:Anchor/@xlink:href"
        else:
            kinds = " or ".join(f".='{DCAT}{kind}'" for kind in ("Dataset", "DatasetSeries", "DataService"))
            path = f"rdf:Description[rdf:type/@rdf:resource[{kinds}]][dct:title]/dct:identifier/text()"
        (identifier,) = texts(record, path)
        return identifier


class MetaSearch(_Reader):
    """QGIS 3.22: a search, then its pages one by one, as a person pages through the window."""

    def __init__(self, url: str) -> None:
        super().__init__(
            url,
            {
                "User-Agent": "OWSLib (https://geopython.github.io/OWSLib)",
                "Accept": "text/xml,application/xml",
                "Accept-Language": "en-US",
                "Content-type": "text/xml",
            },
        )

    def search(self, constraint: str = "") -> Iterator[etree._Element]:
        """The records of all pages, `csw:Record` in full."""
        self._client.get(service="CSW", version="2.0.2", request="GetCapabilities")
        start, matched = 1, 1
        while start <= matched:
            position = f'startPosition="{start}"' if start > 1 else ""
            body = request("metasearch_getrecords.xml", start=position, constraint=constraint)
            results = self._client.post(body).find("csw:SearchResults", NS)
            assert results is not None
            matched = int(results.get("numberOfRecordsMatched", ""))
            yield from results
            start += 10

    def open(self, identifier: str) -> etree._Element:
        """What a double click shows."""
        return self._client.get(
            service="CSW",
            version="2.0.2",
            request="GetRecordById",
            outputFormat="application/xml",
            outputSchema=CSW,
            elementsetname="full",
            id=identifier,
        )[0]

    def _records(self) -> Iterator[etree._Element]:
        return self.search()

    def _identified(self, record: etree._Element) -> str:
        (identifier,) = texts(record, "dc:identifier/text()")
        return identifier
