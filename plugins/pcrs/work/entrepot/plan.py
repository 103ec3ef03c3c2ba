"""What a push is to do, read from the site: products, the files of each in lots, what will be held then."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import orjson
from shapely import to_wkb

from pcrs.publish.geoplateforme.products import (
    Part,
    Product,
    Sheet,
    archive_product,
    raster_product,
    vector_product,
)
from pcrs.store.base import FeatureStore, Query
from pcrs.store.index import Dalle, Index
from pcrs.vector.formats import format_of
from pcrs.vector.gdal_files import write_geopackage
from pcrs.vector.sheets import Extract
from pcrs.work.downloads import Item, Shelf
from pcrs.work.downloads import Part as Shelved
from pcrs.work.entrepot.deliver import Lot, lots_of
from pcrs.work.entrepot.ledger import Ledger
from pcrs.work.entrepot.multipart import Source, file_source, kept_source
from pcrs.work.export import Order, export
from pcrs.work.progress import Progress
from pcrs.work.project import current
from pcrs.work.tiers import Tiers

Origin = Literal["original", "compressed"]
_PYRAMID, _DATABASE = 1.1, 2.0
"""Bytes of a pyramid with its masks for a byte of hot dalles; of a database for a byte of GeoPackage."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A product, and how its stored data come to hold what they should."""

    product: Product
    lots: Mapping[str, tuple[Lot, ...]]
    """By the name of a stored data: what is to be sent to it, at most."""
    held: Mapping[str, Mapping[str, str]]
    """Likewise: every file that it will hold then, and what tells it from another of its name."""
    grows: Mapping[str, int]
    """Likewise: bytes that it will take on the platform, as far as can be told."""


@dataclass(frozen=True, slots=True)
class Means:
    """Where the files are, what was pushed before, how large an upload may be (bytes)."""

    tiers: Tiers
    ledger: Ledger
    lot_octets: int


def fingerprint(files: Mapping[str, str]) -> str:
    """Sixteen hexadecimal digits of a set of files."""
    text = "\n".join(f"{name} {digest}" for name, digest in sorted(files.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def raster(means: Means, sheet: Sheet, index: Index, origin: Origin) -> Wanted | None:
    """The current mosaic; None: there is none yet. Only what the pyramid shown now has not is sent."""
    dalles = current(index.dalles())
    if not dalles:
        return None
    sources = [_dalle(means.tiers, dalle, origin) for dalle in dalles]
    files = {source.name: source.sha256 for source in sources}
    base, before = _base(means.ledger, files)
    product = raster_product(sheet, max(index.editions()), fingerprint(files), base)
    stored = product.stored[0]
    fresh = [source for source in sources if before.get(source.name) != source.sha256]
    names = {source.name for source in fresh}
    tiles = sum(dalle.hot_bytes for dalle in dalles if f"{dalle.stem}.tif" in names)
    return Wanted(
        product,
        {stored.name: lots_of(stored, fresh, means.lot_octets)},
        {stored.name: files},
        {stored.name: round(tiles * _PYRAMID)},
    )


def _base(ledger: Ledger, files: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """The pyramid shown now and its files, when it holds some that stay and is not this mosaic already."""
    shown = ledger.shown.get("raster", "")
    before = ledger.held.get(shown, {})
    stays = any(files.get(name) == digest for name, digest in before.items())
    return (shown, before) if stays and before != files else ("", {})


def _dalle(tiers: Tiers, dalle: Dalle, origin: Origin) -> Source:
    if origin == "original":
        kept = tiers.master(dalle.edition, dalle.stem)
        size, md5, sha256 = dalle.master_bytes, "", dalle.master_sha256
    else:
        kept = tiers.hot_dalle(dalle.edition, dalle.stem)
        size, md5, sha256 = dalle.hot_bytes, dalle.hot_md5, dalle.hot_sha256
    return kept_source(kept.blobs, kept.key, size=size, md5=md5, sha256=sha256)


def archive(means: Means, datasets: Iterable[tuple[Sheet, Shelf]]) -> Wanted | None:
    """The files of every edition as they are downloaded here; None: there are none."""
    told: list[tuple[Sheet, list[Part]]] = []
    items: dict[str, tuple[Item, ...]] = {}
    for sheet, shelf in datasets:
        parts = []
        for resource in shelf.resources:
            for part in resource.parts:
                if part.edition is not None:
                    parts.append(_part(part))
                    items[f"{sheet.prefix}{part.name}"] = part.items
        told.append((sheet, parts))
    product = archive_product(told)
    if not product.stored:
        return None
    lots: dict[str, tuple[Lot, ...]] = {}
    for stored in product.stored:
        before = means.ledger.held.get(stored.name, {})
        sources = [_item(means.tiers, item) for item in items[stored.name]]
        fresh = [source for source in sources if before.get(source.name) != source.sha256]
        lots[stored.name] = lots_of(stored, fresh, means.lot_octets)
    held = {name: {item.name: _stamp(item) for item in files} for name, files in items.items()}
    grows = {name: sum(lot.octets for lot in each) for name, each in lots.items()}
    return Wanted(product, lots, held, grows)


def _part(part: Shelved) -> Part:
    raster = part.format == "TIF"
    files = {item.name: _stamp(item) for item in part.items}
    return Part(
        name=part.name,
        title=f"Édition {part.edition} – {'dalles GeoTIFF (COG)' if raster else 'GML du CNIG'}",
        format="TIFF" if raster else "GML",
        resolution="5cm" if raster else "",
        dated=part.dated.isoformat(),
        fingerprint=fingerprint(files),
    )


def _stamp(item: Item) -> str:
    """What tells a file from another of its name."""
    return item.md5 or f"{item.octets}-{item.updated.isoformat()}"


def _item(tiers: Tiers, item: Item) -> Source:
    return kept_source(tiers.hot, item.place, size=item.octets, md5=item.md5, sha256=_stamp(item))


@dataclass(frozen=True, slots=True)
class Objects:
    """The objects that are pushed, and how they are written; files wait in `folder`."""

    store: FeatureStore
    order: Order
    folder: Path
    edition: str
    classes: tuple[str, ...]
    """Those of the store that anybody may read."""


def vector(means: Means, sheet: Sheet, objects: Objects, progress: Progress) -> Wanted | None:
    """Every object as one GeoPackage; None: there is none. It is written once for one state of the store."""
    classes = [name for name in objects.classes if objects.store.count(name, Query())]
    if not classes:
        return None
    print_ = contents(objects.store, classes)
    product = vector_product(sheet, classes, objects.edition, print_)
    stored = product.stored[0]
    files = {f"{stored.name}.gpkg": print_}
    if means.ledger.held.get(stored.name) == files:
        return Wanted(product, {stored.name: ()}, {stored.name: files}, {stored.name: 0})
    file = objects.folder / f"{stored.name}.gpkg"
    if not file.exists():
        plain = replace(format_of("gpkg"), writer=_plain)
        export(objects.store, replace(objects.order, format=plain, layers=tuple(classes)), file, progress)
    source = replace(file_source(file), sha256=print_)
    lots = lots_of(stored, [source], means.lot_octets)
    return Wanted(
        product, {stored.name: lots}, {stored.name: files}, {stored.name: round(source.size * _DATABASE)}
    )


def contents(store: FeatureStore, classes: Sequence[str]) -> str:
    """Sixteen hexadecimal digits of all objects of these layers, whatever their order in the store."""
    total = 0
    for name in sorted(classes):
        after: int | None = 0
        while after is not None:
            page = store.query(name, Query(after=after))
            for row in page.rows:
                shape = to_wkb(row.geometry, hex=True) if row.geometry is not None else None
                text = orjson.dumps(
                    (name, row.id, shape, row.values), option=orjson.OPT_SORT_KEYS, default=str
                )
                total = (total + int.from_bytes(hashlib.blake2b(text, digest_size=16).digest())) % (1 << 128)
            after = page.next_after
    return f"{total:032x}"[:16]


def _plain(path: Path, extract: Extract) -> int:
    """A GeoPackage of layers alone: the platform makes a table of everything in it."""
    return sum(table.sheet.count for table in write_geopackage(path, extract))
