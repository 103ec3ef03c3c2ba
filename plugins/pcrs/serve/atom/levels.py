"""The three levels of the download service, as feeds: resources, parts of one, files of a part."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache, reduce
from urllib.parse import urlencode

import numpy as np
import shapely

from pcrs.publish.addresses import Addresses
from pcrs.serve.atom import words
from pcrs.serve.atom.feed import ATOM, Entry, Feed, Link, Paging, Term
from pcrs.serve.atom.selection import MAX_LIMIT, Selection
from pcrs.serve.context import Served
from pcrs.serve.listing import media_type
from pcrs.standard.crs import L93, BBox, transform_bbox
from pcrs.work.downloads import Item, Part, Resource, Shelf

OPENSEARCH = "application/opensearchdescription+xml"
_XML = "application/xml"
_HTML = "text/html"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Date of a feed without any entry."""
_WGS84 = 4326


@dataclass(frozen=True, slots=True)
class _Draft:
    """What one level has of its own."""

    id: str
    title: str
    subtitle: str
    up: str
    links: tuple[Link, ...] = ()
    about: Entry | None = None


class Levels:
    """Feeds of one site. A part of thousands of files costs what one page of it costs."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self.at = Addresses(served.public_url, served.departement, served.identifier_base)

    def capabilities(self, shelf: Shelf, asked: Selection) -> Feed:
        """Every resource that has a part which is asked for.

        Raises:
            PageError: there is no such page.
        """
        kept = [(r, parts) for r in shelf.resources if (parts := self._taken(r, asked))]
        kept = _sorted(
            kept, asked, lambda pair: pair[0].name, lambda pair: max(part.dated for part in pair[1])
        )
        paging = asked.paging(len(kept))
        entries = [self._resource(resource, parts, asked) for resource, parts in kept[asked.slice]]
        record = Link(self.at.record(self.at.atom), "describedby", _XML, words.say("record", asked.lang))
        at, title = self.at.atom_capabilities, self._served.title
        draft = _Draft(
            id=at,
            title=words.say("service", asked.lang, title=title),
            subtitle=words.say("service.about", asked.lang),
            up=at,
            links=(record,),
        )
        return self._feed(shelf, draft, entries, paging, asked)

    def resource(self, shelf: Shelf, resource: Resource, asked: Selection) -> Feed:
        """The parts of a resource that are asked for.

        Raises:
            PageError: there is no such page.
        """
        kept = _sorted(self._taken(resource, asked), asked, lambda part: part.name, lambda part: part.dated)
        paging = asked.paging(len(kept))
        entries = [self._part(resource, part, asked) for part in kept[asked.slice]]
        classes = (
            self.at.collection("ortho") if resource.kind == "raster" else f"{self.at.ogcapi}/collections"
        )
        draft = _Draft(
            id=self.at.resource(resource.kind),
            title=self._title(resource, asked),
            subtitle=words.say(f"{resource.kind}.about", asked.lang),
            up=self.at.atom_capabilities,
            links=(Link(f"{classes}?f=html", "describedby", _HTML, words.say("classes", asked.lang)),),
            about=self._resource(resource, resource.parts, asked),
        )
        return self._feed(shelf, draft, entries, paging, asked)

    def part(self, shelf: Shelf, resource: Resource, part: Part, asked: Selection) -> Feed:
        """The files of a part that are asked for.

        Raises:
            PageError: there is no such page.
        """
        taken = part.items if asked.takes(part, resource.kind, self.at) else ()
        kept = _sorted(
            _meeting(taken, asked), asked, lambda item: item.name, lambda item: item.updated.date()
        )
        paging = asked.paging(len(kept))
        entries = [self._item(resource, part, item) for item in kept[asked.slice]]
        about = self._part(resource, part, asked)
        draft = _Draft(
            id=self.at.resource(resource.kind, part.name),
            title=part.name,
            subtitle=about.content,
            up=self.at.resource(resource.kind),
            links=tuple(link for link in about.links if link.rel == "describedby"),
            about=about,
        )
        return self._feed(shelf, draft, entries, paging, asked)

    def search(self, shelf: Shelf, text: str, asked: Selection) -> Feed:
        """Parts of any resource whose name or description has every word of a text.

        Raises:
            PageError: there is no such page.
        """
        sought = text.casefold().split()
        entries = [self._part(r, part, asked) for r in shelf.resources for part in r.parts]
        kept = [e for e in entries if all(word in f"{e.title} {e.content}".casefold() for word in sought)]
        draft = _Draft(
            id=f"{self.at.public_url}/telechargement/search?{urlencode({'q': text})}",
            title=words.say("found", asked.lang, text=text),
            subtitle=words.say("service.about", asked.lang),
            up=self.at.atom_capabilities,
        )
        return self._feed(shelf, draft, kept[asked.slice], asked.paging(len(kept)), asked)

    def record_of(self, resource: Resource, part: Part | None) -> str:
        """Identifier of the record of a resource, or of one of its parts."""
        if resource.kind == "vector":
            return self.at.vector
        return self.at.raster(part.edition if part is not None else None)

    def dataset_of(self, resource: Resource, part: Part | None) -> str:
        """Identifier of the dataset of a resource, or of one of its parts, as its record gives it."""
        return self.at.uri("dataset", self.record_of(resource, part))

    def _taken(self, resource: Resource, asked: Selection) -> list[Part]:
        return [part for part in resource.parts if asked.takes(part, resource.kind, self.at)]

    def _title(self, resource: Resource, asked: Selection) -> str:
        return words.say(resource.kind, asked.lang, title=self._served.title)

    def _zone(self, asked: Selection) -> Term:
        return words.zone(self.at.zone, self.at.departement, asked.lang)

    def _record(self, resource: Resource, part: Part | None, asked: Selection) -> Link:
        href = self.at.record(self.record_of(resource, part))
        return Link(href, "describedby", _XML, words.say("record", asked.lang))

    def _resource(self, resource: Resource, parts: Sequence[Part], asked: Selection) -> Entry:
        title, dates = self._title(resource, asked), [part.dated for part in parts]
        address = self.at.resource(resource.kind)
        return Entry(
            id=address,
            title=title,
            updated=max(part.updated for part in parts),
            links=(
                Link(address, "alternate", ATOM, title, asked.lang),
                self._record(resource, None, asked),
            ),
            content=words.say(f"{resource.kind}.about", asked.lang),
            dataset=self.dataset_of(resource, None),
            bbox=_degrees(_union(part.bbox for part in parts)),
            crs=_distinct(words.crs(code) for part in parts for code in part.crs),
            zones=(self._zone(asked),),
            formats=_distinct(words.formats(part) for part in parts),
            resolutions=words.resolutions(resource.kind),
            edition_span=(min(dates), max(dates)),
        )

    def _part(self, resource: Resource, part: Part, asked: Selection) -> Entry:
        """Its files are linked one by one while they fit a page; its feed names them in any case."""
        address, box = self.at.resource(resource.kind, part.name), _degrees(part.bbox)
        files = part.items if len(part.items) <= MAX_LIMIT else ()
        return Entry(
            id=address,
            title=part.name,
            updated=part.updated,
            links=(
                Link(address, "alternate", ATOM, part.name, asked.lang, bbox=box),
                self._record(resource, part, asked),
                *(self._file(resource, part, item, "section") for item in files),
            ),
            content=words.described(part, self._title(resource, asked), asked.lang),
            dataset=self.dataset_of(resource, part),
            bbox=box,
            crs=tuple(words.crs(code) for code in part.crs),
            zones=(self._zone(asked),),
            formats=(words.formats(part),),
            resolutions=words.resolutions(resource.kind),
            edition_date=part.dated,
        )

    def _file(self, resource: Resource, part: Part, item: Item, rel: str) -> Link:
        return Link(
            href=self.at.download(resource.kind, part.name, item.name),
            rel=rel,
            type=media_type(item.name),
            title=item.name,
            length=item.octets,
            bbox=_degrees(item.bbox),
        )

    def _item(self, resource: Resource, part: Part, item: Item) -> Entry:
        link = self._file(resource, part, item, "alternate")
        return Entry(
            id=link.href,
            title=item.name,
            updated=item.updated,
            links=(link,),
            content=item.md5,
            bbox=link.bbox,
            crs=tuple(words.crs(code) for code in part.crs),
            mime_type=link.type,
        )

    def _feed(
        self, shelf: Shelf, draft: _Draft, entries: Sequence[Entry], paging: Paging, asked: Selection
    ) -> Feed:
        everything = [part.updated for resource in shelf.resources for part in resource.parts]
        return Feed(
            id=draft.id,
            title=draft.title,
            subtitle=draft.subtitle,
            rights=f"{self._served.licence_title} : {self._served.licence_url}",
            updated=draft.about.updated if draft.about else max(everything, default=_NEVER),
            author=self._served.operator,
            email=self._served.contact_email,
            lang=asked.lang,
            links=(*self._frame(draft, paging, asked), *draft.links),
            entries=tuple(entries),
            paging=paging,
            about=draft.about,
        )

    def _frame(self, draft: _Draft, paging: Paging, asked: Selection) -> Iterable[Link]:
        """Links that every feed has: itself, its other language, its HTML, its pages, what is above it."""
        here = dict(asked.given)
        say, lang = words.say, asked.lang
        other = next(code for code in words.LANGS if code != lang)

        def to(**changes: object) -> str:
            query = urlencode({**here, **changes})
            return f"{draft.id}{'&' if '?' in draft.id else '?'}{query}" if query else draft.id

        yield Link(to() if asked.page == 1 else to(page=asked.page), "self", ATOM, say("self", lang), lang)
        yield Link(to(lang=other), "alternate", ATOM, say("other", lang), other)
        yield Link(to(outputFormat=_HTML), "alternate", _HTML, say("page", lang), lang)
        opensearch = f"{self.at.public_url}/telechargement/opensearch.xml"
        yield Link(opensearch, "search", OPENSEARCH, say("search", lang), lang)
        yield Link(draft.up, "up")
        if paging.pages > 1:
            yield Link(to(), "first")
            yield Link(to(page=paging.pages), "last")
        if paging.page > 1:
            yield Link(to(page=paging.page - 1), "previous")
        if paging.page < paging.pages:
            yield Link(to(page=paging.page + 1), "next")


def _sorted[T](
    things: list[T], asked: Selection, title: Callable[[T], str], dated: Callable[[T], date]
) -> list[T]:
    """In the order that is asked for; in that of the shelf without one."""
    if not asked.sort_by:
        return things[::-1] if asked.descending else things
    key = title if asked.sort_by == "title" else dated
    return sorted(things, key=key, reverse=asked.descending)


def _meeting(items: Sequence[Item], asked: Selection) -> list[Item]:
    """The files whose box meets the polygon of the request, all in one call; all of them without one."""
    if asked.area is None:
        return list(items)
    placed = [item for item in items if item.bbox is not None]
    boxes = shapely.box(*np.array([item.bbox for item in placed]).reshape(-1, 4).T)
    meets = shapely.intersects(asked.area, boxes)
    return [item for item, met in zip(placed, meets, strict=True) if met]


def _distinct(terms: Iterable[Term]) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(terms))


def _union(boxes: Iterable[BBox | None]) -> BBox | None:
    known = [box for box in boxes if box is not None]
    return reduce(BBox.union, known) if known else None


@lru_cache(maxsize=20_000)
def _degrees(box: BBox | None) -> BBox | None:
    """A box of EPSG:2154 in degrees of longitude and latitude, six decimals."""
    if box is None:
        return None
    return BBox(*(round(side, 6) for side in transform_bbox(box, L93, _WGS84)))
