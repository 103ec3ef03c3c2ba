"""The facts of a site, as its catalogue records tell them: read from index, feature store and inventory."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import reduce
from itertools import groupby

from pcrs.publish.facts import ArchiveFacts, Coverage, Intake, Mosaic, RasterFacts, VectorFacts
from pcrs.standard.codes import CODES
from pcrs.standard.crs import BBox
from pcrs.standard.model import CLASSES
from pcrs.store.base import FeatureStore, Layer, Query
from pcrs.store.index import Dalle, FileKind, Index
from pcrs.store.inventory import Inventory
from pcrs.store.inventory_tally import Tally
from pcrs.work.custody.keeping import TIER
from pcrs.work.custody.stock import REGISTERS
from pcrs.work.project import current

_PRECISION = "precisionPlanimetrique"


def raster_facts(index: Index, departement: str) -> RasterFacts | None:
    """What the index knows of the raster PCRS; None before the first acceptance."""
    dalles = index.dalles()
    if not dalles:
        return None
    editions = index.editions()
    by_edition = tuple(_mosaic(e, [d for d in dalles if d.edition == e]) for e in editions)
    mosaic = _mosaic(editions[-1], current(dalles))
    return RasterFacts(departement, mosaic, by_edition, intakes=_intakes(index, "raster"))


def _mosaic(edition: str, dalles: Sequence[Dalle]) -> Mosaic:
    acquired = [date.fromisoformat(d.acquired) for d in dalles if d.acquired]
    accepted = [date.fromisoformat(d.accepted) for d in dalles]
    return Mosaic(
        edition=edition,
        coverage=Coverage(
            bbox=reduce(BBox.union, (d.bbox for d in dalles)),
            acquired=_span(acquired or accepted),
            published=min(accepted),
            revised=max(accepted),
            octets=sum(d.hot_bytes for d in dalles),
        ),
        dalles=len(dalles),
        precision=max(d.precision for d in dalles),
    )


def _span(days: Iterable[date]) -> tuple[date, date]:
    known = sorted(days)
    return known[0], known[-1]


def vector_facts(index: Index, store: FeatureStore, departement: str) -> VectorFacts | None:
    """What index and store know of the vector PCRS; None before an object with a place was taken in."""
    files = list(_taken_files(index))
    layers = [layer for layer in store.layers() if layer.name in CLASSES]
    boxes = [box for layer in layers if (box := store.extent(layer.name)) is not None]
    if not boxes or not files:
        return None
    published = [day for day, _ in files]
    surveyed = [day for layer in layers for day in _survey_days(store, layer)]
    return VectorFacts(
        departement=departement,
        edition=max(_editions(store, layers)),
        coverage=Coverage(
            bbox=reduce(BBox.union, boxes),
            acquired=_span(surveyed or published),
            published=min(published),
            revised=max(published),
            octets=sum(size for _, size in files),
        ),
        objects={layer.name: store.count(layer.name, Query()) for layer in layers},
        precision=_coarsest(store, layers),
        has_altitude=any(_has_altitude(store, layer) for layer in layers),
        intakes=_intakes(index, "vecteur"),
    )


def archive_facts(inventory: Inventory, departement: str) -> tuple[ArchiveFacts, ...]:
    """What the inventory knows of each chantier, by name; the site's registers are left out."""
    on_line = inventory.shelved(TIER)
    by_chantier = groupby(inventory.tallies(), key=lambda one: one.chantier)
    return tuple(
        _archived(departement, name, list(tallies), on_line.get(name, 0))
        for name, tallies in by_chantier
        if name != REGISTERS
    )


def _archived(departement: str, chantier: str, tallies: Sequence[Tally], on_line: int) -> ArchiveFacts:
    kinds: Counter[str] = Counter()
    licences: Counter[str] = Counter()
    for one in tallies:
        kinds[one.kind] += one.objects
        licences[one.licence] += one.objects
    boxes = [one.bbox for one in tallies if one.bbox is not None]
    acquired = [day for one in tallies for day in _days(one.first_acquired, one.last_acquired)]
    return ArchiveFacts(
        departement=departement,
        chantier=chantier,
        editions=tuple(sorted({one.edition for one in tallies if one.edition})),
        bbox=reduce(BBox.union, boxes) if boxes else None,
        acquired=_span(acquired) if acquired else None,
        deposited=_span(day for one in tallies for day in _days(one.first_added, one.last_added)),
        kinds=dict(kinds),
        licences=dict(licences),
        media_types=tuple(sorted({one.media_type for one in tallies})),
        octets=sum(one.bytes for one in tallies),
        on_line=on_line,
    )


def _days(*texts: str | None) -> Iterator[date]:
    """Those that are ISO days: an operator's sheet may say anything."""
    for text in texts:
        try:
            yield date.fromisoformat((text or "")[:10])
        except ValueError:
            continue


def _intakes(index: Index, kind: FileKind) -> tuple[Intake, ...]:
    """What was decided of the files of a kind, by edition and chantier."""
    found: dict[tuple[str, str], Intake] = {}
    for delivery in index.deliveries():
        files = [file for file in index.files(delivery.id) if file.kind == kind]
        if not files or not delivery.decided_at:
            continue
        key = (delivery.edition, delivery.chantier)
        before = found.get(key, Intake(*key, date.min, 0, 0, 0))
        taken = [file for file in files if file.state == "intégré"]
        warnings = [f for file in taken for f in file.findings if f["level"] == "warning"]
        found[key] = Intake(
            *key,
            decided=max(before.decided, date.fromisoformat(delivery.decided_at[:10])),
            taken=before.taken + len(taken),
            refused=before.refused + sum(file.state == "refusé" for file in files),
            reserves=before.reserves + len(warnings),
        )
    return tuple(found[key] for key in sorted(found) if found[key].taken)


def _taken_files(index: Index) -> Iterator[tuple[date, int]]:
    """Day of acceptance and bytes of each GML that was taken in."""
    for delivery in index.deliveries():
        for file in index.files(delivery.id):
            if file.kind == "vecteur" and file.state == "intégré" and delivery.decided_at:
                yield date.fromisoformat(delivery.decided_at[:10]), file.bytes


def _survey_days(store: FeatureStore, layer: Layer) -> list[date]:
    """The first and the last `dateLeve` of a layer."""
    if layer.time_field != "dateLeve":
        return []
    return [date.fromisoformat(day[:10]) for day in store.span(layer.name) or ()]


def _editions(store: FeatureStore, layers: Iterable[Layer]) -> list[str]:
    query = Query(sort=(("edition", False),), limit=1, geometry=False)
    rows = [row for layer in layers for row in store.query(layer.name, query).rows]
    return [row.values["edition"] for row in rows]


def _coarsest(store: FeatureStore, layers: Iterable[Layer]) -> str:
    """The coarsest precision class that an object has; 999 when none says it."""
    measured = [layer for layer in layers if layer.field(_PRECISION)]
    for code in sorted(CODES["CategoriePrecisionPCRSType"].values, reverse=True):
        query = Query(equals=((_PRECISION, code),), limit=1, geometry=False)
        if any(store.query(layer.name, query).rows for layer in measured):
            return code
    return "999"


def _has_altitude(store: FeatureStore, layer: Layer) -> bool:
    rows = store.query(layer.name, Query(limit=1)).rows
    return any(row.geometry is not None and row.geometry.has_z for row in rows)
