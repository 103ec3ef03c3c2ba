"""What others see of the index: the `dalles` layer. Made again from the index whenever it changed."""

from dataclasses import replace
from functools import reduce

import shapely

from pcrs.raster.mosaic import Mosaic, Source
from pcrs.standard.crs import BBox
from pcrs.standard.names import unversioned
from pcrs.store.base import FeatureStore, NewRow, Query
from pcrs.store.index import Dalle, Index
from pcrs.work.layers import DALLES
from pcrs.work.tiers import Tiers, raster_of

_RESOLUTION_CM = 5
_RASTER = "RasterPCRS"


def current(dalles: list[Dalle]) -> list[Dalle]:
    """The version on top of each footprint, in order of names."""
    top = {_square(dalle): dalle for dalle in dalles}
    return sorted(top.values(), key=lambda dalle: dalle.stem)


def project_dalles(index: Index, store: FeatureStore, departement: str) -> int:
    """The `dalles` layer holds the current dalles and no other, at once. How many.

    Only the squares of dalles that are not published yet are looked at, unless the layer is another than it
    should be, or holds another number of dalles.
    """
    with store.transaction():
        as_known = DALLES in store.layers()
        store.ensure(DALLES)
        fresh = index.unpublished()
        if as_known and fresh:
            squares = {_square(dalle) for dalle in fresh}
            around = reduce(BBox.union, (dalle.bbox for dalle in fresh))
            stacked = [dalle for dalle in index.dalles(within=around) if _square(dalle) in squares]
            _put(store, current(stacked), {dalle.stem for dalle in stacked}, departement)
        count = index.footprints()
        if not as_known or store.count(DALLES.name, Query()) != count:
            _put(store, current(index.dalles()), _ids(store), departement)
    return count


def _square(dalle: Dalle) -> tuple[int, int, int]:
    return dalle.x_m, dalle.y_m, dalle.size_m


def _put(store: FeatureStore, shown: list[Dalle], known: set[str], departement: str) -> None:
    """Of the rows that may be known, the layer has those of `shown`."""
    store.remove(DALLES.name, known - {dalle.stem for dalle in shown})
    store.put(DALLES.name, [row_of(dalle, departement) for dalle in shown])


def _ids(store: FeatureStore) -> set[str]:
    """Of every row."""
    known = set()
    after: int | None = 0
    while after is not None:
        page = store.query(DALLES.name, Query(after=after, geometry=False))
        known |= {row.id for row in page.rows}
        after = page.next_after
    return known


def row_of(dalle: Dalle, departement: str) -> NewRow:
    """A dalle as the layer has it."""
    file = f"{dalle.stem}.tif"
    values = {
        "departement": departement,
        "edition": dalle.edition,
        "chantier": dalle.chantier or None,
        "date_acquisition": dalle.acquired,
        "date_recette": dalle.accepted,
        "precision": dalle.precision,
        "resolution_cm": _RESOLUTION_CM,
        "size_m": dalle.size_m,
        "fichier": file,
        "octets": dalle.hot_bytes,
        "sha256": dalle.hot_sha256,
        "master_octets": dalle.master_bytes,
        "master_sha256": dalle.master_sha256,
        "href": f"dalles/{dalle.edition}/{file}",
        "livraison": dalle.delivery,
    }
    return dalle.stem, shapely.box(*dalle.bbox), values


def told_by_vector(store: FeatureStore, dalles: list[Dalle]) -> list[Dalle]:
    """The dalles, with the date and the precision that a `RasterPCRS` object of the store gives them.

    The standard's way of saying when an image was taken: the object whose `nomImage` is the dalle's file.
    """
    if all(layer.name != _RASTER for layer in store.layers()):
        return dalles
    return [_told(store, dalle) for dalle in dalles]


def _told(store: FeatureStore, dalle: Dalle) -> Dalle:
    for suffix in (".tif", ".jp2", ".tiff"):
        query = Query(equals=(("nomImage", unversioned(dalle.stem) + suffix),), limit=1, geometry=False)
        for row in store.query(_RASTER, query).rows:
            day, precision = row.values["dateAcquisition"], row.values["precisionPlanimetriqueCorpsDeRue"]
            return replace(dalle, acquired=day or dalle.acquired, precision=precision or dalle.precision)
    return dalle


def sources(tiers: Tiers, dalles: list[Dalle], *, hot: bool) -> list[Source]:
    """The dalles as a mosaic takes them: hot COGs, or lossless masters."""
    place = tiers.hot_dalle if hot else tiers.master
    return [
        Source(raster_of(place(dalle.edition, dalle.stem)), dalle.bbox, rank)
        for rank, dalle in enumerate(dalles)
    ]


def mosaic(tiers: Tiers, index: Index, edition: str) -> Mosaic:
    """The mosaic of hot dalles of an edition: its own dalles over those of the editions before it.

    It changes with the pyramids: dalles that were just accepted show when their slabs are in place.
    """
    return Mosaic(sources(tiers, index.shown(edition), hot=True))
