"""What can be downloaded, read from the index: resources, their parts, and the files of each part.

A resource is a dataset, a part of it one edition in one encoding and CRS (and, for dalles,
the current mosaic), as the Géoplateforme's download service has resources and sub-resources.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import reduce
from pathlib import PurePath
from typing import Literal

from pcrs.publish.addresses import RESOURCES, Addresses, Kind
from pcrs.standard.crs import L93, BBox
from pcrs.store.extracts import ExtractFile
from pcrs.store.index import Dalle, DeliveredFile, Delivery, Index
from pcrs.work.project import current, row_of

Format = Literal["TIF", "GML", "GPKG", "DXF"]
_FORMATS: dict[str, Format] = {"gml": "GML", "gpkg": "GPKG", "dxf": "DXF"}
_DATED = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")


@dataclass(frozen=True, slots=True)
class Item:
    """One file."""

    name: str
    place: str
    """Its address among the public files: `dalles/2025/x.tif`."""
    octets: int
    md5: str
    """In hexadecimal; empty when it was never noted."""
    updated: datetime
    """Moment of its acceptance, UTC."""
    bbox: BBox | None
    """EPSG:2154, metres; None when nothing in it has a place, or it was never noted."""
    dalle: Dalle | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Files of one edition, encoding and CRS. Never empty."""

    name: str
    edition: str | None
    """None: the current mosaic, over all editions."""
    dated: date
    """The edition's date: that of its name, or the day of its last acceptance."""
    format: Format
    crs: tuple[int, ...]
    """EPSG codes."""
    items: tuple[Item, ...]
    updated: datetime
    bbox: BBox | None
    by_commune: bool = False
    """True: each file has the objects of one commune, as they are now."""

    def item(self, name: str) -> Item | None:
        """The file of that name."""
        return next((item for item in self.items if item.name == name), None)


@dataclass(frozen=True, slots=True)
class Resource:
    """A dataset: its parts, the current mosaic first, then the latest editions first. Never empty."""

    name: str
    kind: Kind
    parts: tuple[Part, ...]

    def part(self, name: str) -> Part | None:
        """The part of that name."""
        return next((part for part in self.parts if part.name == name), None)

    @property
    def whole(self) -> Part | None:
        """The part that is the dataset as it stands; None when only all parts together are."""
        delivered = [part for part in self.parts if not part.by_commune]
        if delivered and (delivered[0].edition is None or len(delivered) == 1):
            return delivered[0]
        return None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything that can be downloaded."""

    resources: tuple[Resource, ...]

    def resource(self, name: str) -> Resource | None:
        """The resource of that name."""
        return next((resource for resource in self.resources if resource.name == name), None)


def shelf(index: Index, departement: str, extracts: Iterable[ExtractFile] = ()) -> Shelf:
    """What is published, or shows already; a département of 5 500 dalles takes a tenth of a second.

    It may change when `Index.shown_mark` does, or `Extracts.mark`. `extracts`: the files of communes.
    """
    at = Addresses("", departement)
    decided = {delivery.id: _moment(delivery) for delivery in index.deliveries()}
    parts: dict[Kind, list[Part]] = {
        "raster": _raster(index.shown(max(index.editions(), default="")), decided, at),
        "vector": [*_vector(index, decided, at), *_by_commune(extracts, at)],
    }
    return Shelf(tuple(Resource(RESOURCES[kind], kind, tuple(p)) for kind, p in parts.items() if p))


def _moment(delivery: Delivery) -> datetime:
    when = datetime.fromisoformat(delivery.decided_at or delivery.received_at)
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def _raster(dalles: list[Dalle], decided: Mapping[str, datetime], at: Addresses) -> list[Part]:
    if not dalles:
        return []
    items = {dalle.rank: _dalle_item(dalle, decided[dalle.delivery], at.departement) for dalle in dalles}
    editions: dict[str, list[Item]] = defaultdict(list)
    for dalle in sorted(dalles, key=lambda dalle: dalle.stem):
        editions[dalle.edition].append(items[dalle.rank])
    top = [items[dalle.rank] for dalle in current(dalles)]
    latest = max(editions)
    dated = _edition_date(latest, editions[latest])
    parts = [_part(at.part("raster", None), None, dated, "TIF", (L93,), tuple(top))]
    for edition in sorted(editions, reverse=True):
        own = tuple(editions[edition])
        name = at.part("raster", edition)
        parts.append(_part(name, edition, _edition_date(edition, own), "TIF", (L93,), own))
    return parts


def _edition_date(edition: str, items: Iterable[Item]) -> date:
    return date_of(edition) or max(item.updated for item in items).date()


def _dalle_item(dalle: Dalle, when: datetime, departement: str) -> Item:
    _, _, values = row_of(dalle, departement)
    return Item(values["fichier"], values["href"], dalle.hot_bytes, dalle.hot_md5, when, dalle.bbox, dalle)


def _vector(index: Index, decided: Mapping[str, datetime], at: Addresses) -> list[Part]:
    """A GML that came twice in one edition is the last one: that is the file which is offered."""
    last: dict[tuple[str, str], tuple[Item, tuple[int, ...]]] = {}
    for delivery in sorted(index.deliveries(), key=lambda delivery: decided[delivery.id]):
        for file in index.files(delivery.id):
            if delivery.state == "publiée" and file.kind == "vecteur" and file.state == "intégré":
                item = _gml_item(file, delivery.edition, decided[delivery.id])
                crs = tuple((file.facts or {}).get("epsg") or (L93,))
                last[delivery.edition, item.name] = item, crs
    groups: dict[tuple[str, tuple[int, ...]], list[Item]] = defaultdict(list)
    for (edition, _), (item, crs) in sorted(last.items()):
        groups[edition, crs].append(item)
    parts = []
    for edition, crs in sorted(groups, reverse=True):
        items = tuple(groups[edition, crs])
        name = at.part("vector", edition, crs)
        parts.append(_part(name, edition, _edition_date(edition, items), "GML", crs, items))
    return parts


def _by_commune(extracts: Iterable[ExtractFile], at: Addresses) -> Iterator[Part]:
    groups: dict[tuple[str, int], list[Item]] = defaultdict(list)
    for file in extracts:
        updated = datetime.fromisoformat(file.updated)
        item = Item(file.name, file.place, file.octets, file.md5, updated, file.bbox)
        groups[file.format, file.epsg].append(item)
    for (form, epsg), items in sorted(groups.items()):
        name, dated = at.by_commune(form, (epsg,)), max(item.updated for item in items).date()
        yield replace(_part(name, None, dated, _FORMATS[form], (epsg,), tuple(items)), by_commune=True)


def _gml_item(file: DeliveredFile, edition: str, when: datetime) -> Item:
    facts = file.facts or {}
    name = PurePath(file.name).name
    box = BBox(*facts["bbox"]) if "bbox" in facts else None
    return Item(name, f"vecteur/{edition}/{name}", file.bytes, facts.get("md5", ""), when, box)


def _part(
    name: str, edition: str | None, dated: date, form: Format, crs: tuple[int, ...], items: tuple[Item, ...]
) -> Part:
    boxes = [item.bbox for item in items if item.bbox is not None]
    box = reduce(BBox.union, boxes) if boxes else None
    return Part(name, edition, dated, form, crs, items, max(item.updated for item in items), box)


def date_of(edition: str) -> date | None:
    """The day that the name of an edition tells: `2025`, `2025-06`, `2025-06-15`; None when it tells none."""
    found = _DATED.fullmatch(edition)
    if found is None:
        return None
    year, month, day = (int(part or 1) for part in found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None
