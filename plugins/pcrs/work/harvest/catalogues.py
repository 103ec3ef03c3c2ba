"""Records of another CSW 2.0.2: all that a search finds, each once, or none."""

from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree
from owslib.catalogue.csw2 import CatalogueServiceWeb
from owslib.fes import BBox, OgcExpression, PropertyIsLike, SortBy, SortProperty
from owslib.util import bind_url

from pcrs.errors import RemoteError, TooLargeError
from pcrs.publish.elements import GMD
from pcrs.work.harvest.fetching import Fetcher

_CSW = "http://www.opengis.net/cat/csw/2.0.2"
_RECORD = f"{{{GMD}}}MD_Metadata"
_PAGE = 20


class _Client(CatalogueServiceWeb):  # type: ignore[misc]
    """OWSLib's client, whose answers come through a bounded fetch and a parser without entities."""

    def __init__(self, url: str, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        super().__init__(url, skip_caps=True)

    def _invoke(self) -> None:
        if isinstance(self.request, str):
            root = self._fetcher.xml(f"{bind_url(self.url)}{self.request}")
        else:
            root = self._fetcher.xml(self.url, etree.tostring(self.request, encoding="utf-8"))
        if root.tag.endswith("}ExceptionReport"):
            words = " ".join(" ".join(str(text) for text in root.itertext()).split())
            raise RemoteError(f"{self.url} refuses the search: {words[:300]}")
        self.exceptionreport = None
        self._exml = etree.ElementTree(root)

    def _parserecords(self, outputschema: str, esn: str) -> None:
        """The documents are taken as they are."""

    @property
    def documents(self) -> list[etree._Element]:
        """The ISO records of the last answer."""
        return list(self._exml.getroot().iter(_RECORD))


def records(
    fetcher: Fetcher,
    url: str,
    *,
    search: str,
    box: Sequence[float] | None,
    identifiers: Sequence[str],
    most: int,
) -> Iterator[bytes]:
    """ISO 19139 documents, UTF-8, as the catalogue has them.

    Args:
        fetcher: gets the answers.
        url: of the CSW.
        search: words that any text of a record holds; empty: any record.
        box: west, south, east, north, degrees; None: anywhere.
        identifiers: take these records and no other.
        most: records at the most.

    Raises:
        RemoteError: the catalogue does not answer, refuses, or gives other records than it counts.
        TooLargeError: the search finds more than `most`.
    """
    client = _Client(url, fetcher)
    if identifiers:
        client.getrecordbyid(id=list(identifiers), outputschema=GMD)
        yield from map(_document, client.documents)
        return
    seen, matched, sort = 0, 1, True
    while seen < matched:
        try:
            _search(client, _constraints(search, box), seen + 1, sort=sort)
        except RemoteError:
            if seen or not sort:
                raise
            sort = False  # some know no dc:identifier where records are ISO
            continue
        matched = int(client.results["matches"])
        if matched > most:
            raise TooLargeError(
                f"{url}: the search finds {matched} records, more than {most}: narrow it (search, bbox, "
                "identifiers), or raise max_records under [[harvest]] in pcrs.toml"
            )
        found = client.documents
        yield from map(_document, found)
        seen += len(found)
        if not found:
            break
    if seen != matched:
        raise RemoteError(f"{url} counts {matched} records and gave {seen}: nothing was taken from it")


def _search(client: _Client, constraints: list[OgcExpression], start: int, *, sort: bool) -> None:
    try:
        client.getrecords2(
            constraints=constraints,
            sortby=SortBy([SortProperty("dc:identifier")]) if sort else None,
            typenames="gmd:MD_Metadata",
            esn="full",
            outputschema=GMD,
            startposition=start,
            maxrecords=_PAGE,
        )
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        raise RemoteError(f"{client.url} does not answer as a CSW 2.0.2 does: {error}") from error


def _constraints(search: str, box: Sequence[float] | None) -> list[Any]:
    both: list[Any] = []
    if search:
        both.append(PropertyIsLike("csw:AnyText", f"%{search}%"))
    if box is not None:
        west, south, east, north = box
        both.append(BBox([south, west, north, east], crs="urn:ogc:def:crs:EPSG::4326"))
    return [both] if len(both) > 1 else both


def _document(record: etree._Element) -> bytes:
    return etree.tostring(record, encoding="utf-8", with_tail=False)
