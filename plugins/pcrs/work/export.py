"""An extract of a site's objects: what to take, how, and the file that appears when it is whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from shapely.geometry.base import BaseGeometry

from pcrs.errors import ConflictError, InputError, NotFoundError
from pcrs.standard.crs import L93, BBox, transform_bbox, transform_geometries
from pcrs.standard.model import CONCRETE
from pcrs.store.base import FeatureStore, Layer, Query, Row
from pcrs.vector.drawing import AFFLEURANTS
from pcrs.vector.formats import Format
from pcrs.vector.packs import NOTICE, zip_files
from pcrs.vector.sheets import Extract, Record, Sheet
from pcrs.work.areas import Area
from pcrs.work.covers import COVER_CLASSES, COVER_COLUMNS, covers
from pcrs.work.cutting import cut
from pcrs.work.notice import Credits, notice
from pcrs.work.progress import Progress, Step, silent
from pcrs.work.selection import EVERY, Selection

_TRIES = 3
"""Times that an extract is begun again because the store changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked: an area, the objects of one layer that a query has, or everything.

    `epsg` None: the CRS that the format prefers; `layers` empty: every CNIG class.
    """

    format: Format
    credits: Credits
    day: date
    area: Area | None = None
    epsg: int | None = None
    clip: bool = False
    layers: tuple[str, ...] = ()
    objects_max: int | None = None
    query: Query = EVERY
    """Of one layer, without an area: which objects. With an area or several layers: its date alone."""
    bound: BaseGeometry | None = None
    """EPSG:2154: with an area, what lies outside is not in the extract, even if it is referred to."""
    columns: frozenset[str] | None = None
    """Attributes to write; None: all."""

    @property
    def target_epsg(self) -> int:
        """The CRS of the file."""
        return self.epsg or self.format.epsg

    def check(self) -> None:
        """Nothing, when the format can do what is asked.

        Raises:
            InputError: it cannot.
        """
        allowed = self.format.crs
        if allowed is not None and self.target_epsg not in allowed:
            codes = ", ".join(map(str, allowed))
            raise InputError(
                f"{self.format.title} : EPSG:{self.target_epsg} n'y va pas ; choisir parmi {codes}"
            )
        if self.clip and self.format.whole:
            raise InputError(f"{self.format.title} : l'échange se fait par objets entiers, sans découpe")
        if self.format.whole and (self.columns is not None or not self.query.geometry):
            raise InputError(f"{self.format.title} : l'échange se fait par objets entiers, attributs compris")

    @property
    def base(self) -> Query:
        """What is asked of every layer."""
        alone = self.area is None and len(self.layers) == 1
        return self.query if alone else replace(EVERY, at=self.query.at)


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the file and how many objects of each class; none: there is no file."""

    path: Path
    counts: Mapping[str, int]


def export(store: FeatureStore, order: Order, path: Path, progress: Progress = silent) -> Exported:
    """The extract is at `path`, whole and of one state of the store; with `.zip`, the notice is beside it.

    Raises:
        InputError: the format cannot do what is asked, or a layer is unknown.
        TooLargeError: more objects than `order.objects_max`.
        ConflictError: the store kept changing.
    """
    order.check()
    for _ in range(_TRIES):
        before = store.revision()
        extract = extract_of(store, order, progress)
        if not extract.sheets:
            return Exported(path, {})
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as held:
            written = _write(Path(held), path, order.format, extract)
            if store.revision() == before:
                written.replace(path)
                return Exported(path, {sheet.name: sheet.count for sheet in extract.sheets})
    raise ConflictError("the store changed each time that the extract was written: try again later")


def _write(folder: Path, path: Path, form: Format, extract: Extract) -> Path:
    """The file in `folder`, under the name that it will have: projects and archives repeat it."""
    if path.suffix.lower() != ".zip" or form.suffix == ".zip":
        form.writer(folder / path.name, extract)
        return folder / path.name
    inner = folder / f"{path.stem}{form.suffix}"
    form.writer(inner, extract)
    (folder / NOTICE).write_text(extract.notice + "\n", encoding="utf-8-sig", newline="\r\n")
    zip_files(folder / path.name, [folder / NOTICE, inner])
    return folder / path.name


def extract_of(store: FeatureStore, order: Order, progress: Progress = silent) -> Extract:
    """What is asked, ready to be written; its objects are read from the store as they are written.

    Raises:
        NotFoundError: a layer is unknown.
        TooLargeError: more objects than `order.objects_max`.
    """
    layers = _layers(store, order)
    region = order.area.region if order.area else None
    selection = Selection(store, layers, region, order.base, order.objects_max, order.bound)
    done: list[str] = []

    def told(name: str) -> None:
        done.append(name)
        progress(Step("choix", len(done), len(layers)))

    selection.choose(told)
    facts = selection.facts
    total = sum(one.count for one in facts.values())
    title = _title(order, layers)
    boxes = [transform_bbox(one.box, L93, order.target_epsg) for one in facts.values() if one.box is not None]
    said = covers(_covering(store, selection, order))
    reader = _Reader(selection, order, said, _Counter(total, progress))
    return Extract(
        title=f"{order.credits.title} – {title}",
        epsg=order.target_epsg,
        sheets=tuple(reader.sheet(layers[name]) for name in facts),
        box=_union(boxes),
        notice=notice(order.credits, title, order.target_epsg, facts, order.day, clipped=order.clip),
    )


def _layers(store: FeatureStore, order: Order) -> dict[str, Layer]:
    """The layers asked, in the order of the standard; every CNIG class of the store when none is named."""
    known = {layer.name: layer for layer in store.layers()}
    unknown = [name for name in order.layers if name not in known]
    if unknown:
        raise NotFoundError(f"no layer {', '.join(unknown)} in this site (there are {', '.join(known)})")
    if order.layers:
        return {name: known[name] for name in order.layers}
    return {model.name: known[model.name] for model in CONCRETE if model.name in known}


def _title(order: Order, layers: Mapping[str, Layer]) -> str:
    if order.area:
        return order.area.title
    return "tout le site" if not order.layers else ", ".join(layer.title for layer in layers.values())


def _covering(store: FeatureStore, selection: Selection, order: Order) -> Selection:
    """Where covers are told: with a layer of their geometries alone, in the whole store."""
    known = {layer.name: layer for layer in store.layers()}
    chosen = selection.facts.keys()
    if not chosen & set(AFFLEURANTS) or not chosen.isdisjoint(COVER_CLASSES):
        return selection
    layers = {name: known[name] for name in COVER_CLASSES if name in known}
    return Selection(store, layers, None, replace(EVERY, geometry=False, at=order.query.at))


def _union(boxes: Sequence[BBox]) -> BBox | None:
    result = None
    for box in boxes:
        result = box if result is None else result.union(box)
    return result


class _Counter:
    """Tells how many objects have been read."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._progress, self._done = total, progress, 0

    def add(self, number: int) -> None:
        """So many more."""
        self._done = min(self._total, self._done + number)
        self._progress(Step("objets", self._done, self._total))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes sheets of layers: rows in the CRS of the file, covers with what their AffleurantPCRS says."""

    selection: Selection
    order: Order
    covers: Mapping[str, Mapping[str, str | None]]
    counter: _Counter

    def sheet(self, layer: Layer) -> Sheet:
        """The sheet of a layer that has objects."""
        facts = self.selection.facts[layer.name]
        chosen = self.order.columns
        columns = tuple(
            f for f in layer.fields if chosen is None or f.name in chosen or f.name == layer.id_field
        )
        return Sheet(
            name=layer.name,
            title=layer.title,
            shape=self._shape(layer),
            columns=columns + (COVER_COLUMNS if layer.name in AFFLEURANTS else ()),
            id_column=layer.id_field,
            count=facts.count,
            has_z=facts.has_z,
            batches=lambda: self._batches(layer),
        )

    def _shape(self, layer: Layer) -> str | None:
        """The shape of the model; None when there is no geometry, or none is asked."""
        return layer.geometry if self.order.query.geometry else None

    def _batches(self, layer: Layer) -> Iterator[list[Record]]:
        for rows in self.selection.rows(layer.name):
            records = self._records(layer, rows)
            self.counter.add(len(rows))
            yield records

    def _records(self, layer: Layer, rows: Sequence[Row]) -> list[Record]:
        records: list[Record] = [(row.id, row.geometry, self._values(layer, row)) for row in rows]
        if self._shape(layer) is None:
            return records
        area = self.order.area
        if self.order.clip and area is not None:
            records = [piece for record in records for piece in cut(area.region, record)]
        shapes = np.empty(len(records), dtype=object)
        shapes[:] = [record[1] for record in records]
        moved = transform_geometries(shapes, L93, self.order.target_epsg)
        return [
            (id_, shape, {**values, layer.id_field: id_})
            for (id_, _, values), shape in zip(records, moved, strict=True)
        ]

    def _values(self, layer: Layer, row: Row) -> Mapping[str, object]:
        if layer.name not in AFFLEURANTS:
            return row.values
        return {**row.values, **self.covers.get(row.id, {})}
