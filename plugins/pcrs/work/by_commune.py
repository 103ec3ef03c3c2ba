"""A file for each commune and format, kept for download and made again when its objects changed.

The objects of a commune are fingerprinted as they would be written, so nothing is written in vain; a file is
known only when it is in its place, so a run that was killed goes on where it stopped.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import orjson
from shapely import to_wkb

from pcrs.blobs import Blobs
from pcrs.errors import InputError
from pcrs.files import md5_of, sha256_of
from pcrs.publish.addresses import Addresses
from pcrs.standard.crs import BBox
from pcrs.standard.model import CONCRETE
from pcrs.store.base import FeatureStore, Query, Row
from pcrs.store.extracts import ExtractFile, Extracts
from pcrs.vector.formats import Format, format_of
from pcrs.work.areas import Area, commune_area
from pcrs.work.export import Order, export
from pcrs.work.layers import COMMUNES
from pcrs.work.notice import Credits
from pcrs.work.progress import Progress, Step
from pcrs.work.selection import Selection

FORMATS = ("gml", "gpkg", "dxf")


@dataclass(frozen=True, slots=True)
class Means:
    """What the files are made of, and where they go. `now`: UTC."""

    store: FeatureStore
    extracts: Extracts
    hot: Blobs
    scratch: Path
    departement: str
    credits: Credits
    now: datetime


class Made(NamedTuple):
    """Names of the files that were written, and that went; how many stayed as they were."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    kept: int


class _State(NamedTuple):
    fingerprint: str
    objects: int
    box: BBox | None


def make_files(means: Means, formats: Sequence[str], progress: Progress) -> Made:
    """The files of all communes in these formats are as the objects are; those of other formats go.

    Raises:
        InputError: a format is not one of `FORMATS`, or the site has no communes.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise InputError(f"{', '.join(unknown)}: files of communes are {', '.join(FORMATS)}")
    communes = [row.id for row in _communes(means.store)]
    if not communes:
        raise InputError("the site has no communes: `pcrs communes FILE` loads them")
    before = {file.name: file for file in means.extracts.all()}
    there: set[str] = set()
    written: list[str] = []
    for number, code in enumerate(communes, start=1):
        area = commune_area(means.store, code)
        state = _state(means.store, area)
        for name in formats if state.objects else ():
            form = format_of(name)
            file = _name(means.departement, code, form)
            there.add(file)
            known = before.get(file)
            if known is None or known.fingerprint != state.fingerprint:
                _write(means, form, (file, code), area, state)
                written.append(file)
        progress(Step("communes", number, len(communes)))
    gone = sorted(before.keys() - there)
    means.extracts.remove(gone)
    for file in gone:
        means.hot.delete(before[file].place)
    return Made(tuple(written), tuple(gone), len(there) - len(written))


def _communes(store: FeatureStore) -> Iterator[Row]:
    if all(layer.name != COMMUNES.name for layer in store.layers()):
        return
    after: int | None = 0
    while after is not None:
        page = store.query(COMMUNES.name, Query(after=after, geometry=False))
        yield from page.rows
        after = page.next_after


def _name(departement: str, code: str, form: Format) -> str:
    part = Addresses("", departement).by_commune(form.name, (form.epsg,))
    return f"{part}_{code}{form.suffix}"


def _state(store: FeatureStore, area: Area) -> _State:
    """What an extract of the area holds now."""
    known = {layer.name: layer for layer in store.layers()}
    layers = {model.name: known[model.name] for model in CONCRETE if model.name in known}
    selection = Selection(store, layers, area.region)
    selection.choose(lambda name: None)
    digest = hashlib.sha256()
    box: BBox | None = None
    for name, facts in selection.facts.items():
        for rows in selection.rows(name):
            for row in rows:
                shape = to_wkb(row.geometry, hex=True) if row.geometry is not None else None
                told = (name, row.id, shape, row.values)
                digest.update(orjson.dumps(told, option=orjson.OPT_SORT_KEYS, default=str))
        if facts.box is not None:
            box = facts.box if box is None else box.union(facts.box)
    return _State(digest.hexdigest()[:32], sum(f.count for f in selection.facts.values()), box)


def _write(means: Means, form: Format, called: tuple[str, str], area: Area, state: _State) -> None:
    """The file is in its place, then it is known."""
    name, code = called
    order = Order(form, means.credits, means.now.date(), area)
    means.scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=means.scratch) as held:
        file = Path(held) / name
        export(means.store, order, file)
        west, south, east, north = state.box or BBox(*area.region.bounds)
        known = ExtractFile(
            name=name,
            commune=code,
            format=form.name,
            epsg=order.target_epsg,
            octets=file.stat().st_size,
            md5=md5_of(file),
            fingerprint=state.fingerprint,
            objects=state.objects,
            updated=means.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            west=west,
            south=south,
            east=east,
            north=north,
        )
        means.hot.put_file(known.place, file, sha256_of(file), replace=True)
        means.extracts.put(known)
