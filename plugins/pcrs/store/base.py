"""What a feature store holds and answers, whatever engine is under it.

Everything at rest is in EPSG:2154, easting before northing, metres; z is kept where it was given. Ids are the
caller's (`gml:id`, stem of a dalle, INSEE code) and unique in their layer; a `fid` is the store's own number,
given in order of arrival, and never changes while its row lives.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from shapely.geometry.base import BaseGeometry

from pcrs.standard.crs import BBox
from pcrs.standard.fields import Field
from pcrs.store.filters import Filter

GeometryKind = Literal[
    "Point", "Curve", "Polygon", "MultiPoint", "MultiCurve", "MultiSurface", "Surface", "Any"
]
NewRow = tuple[str, BaseGeometry | None, Mapping[str, Any]]
"""Id, geometry (EPSG:2154), values by field name; fields that are left out are null."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A kind of objects. `geometry` None: the objects have none."""

    name: str
    title: str
    geometry: str | None
    """One of `GeometryKind`."""
    fields: tuple[Field, ...]
    id_field: str
    """The field that repeats the id of the row; it is filled by the store."""
    time_field: str | None = None
    """The field that `Query.interval` speaks of."""
    sought: tuple[str, ...] = ()
    """Fields of texts, or of lists of them, by which `FeatureStore.naming` finds rows quickly."""

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows, in which order, from where. All conditions hold together.

    `equals` gives values as text, as they come from a URL; on a `list` field one equal member is enough.
    `after` pages by fid, and with `beyond` through a sorted query; `offset` goes with all.
    """

    bbox: BBox | None = None
    """EPSG:2154; coarse: rows whose envelope may meet it. Rows without geometry are left out."""
    within: BaseGeometry | None = None
    """EPSG:2154 polygon; exact: rows whose geometry intersects it, in the plane."""
    equals: tuple[tuple[str, str], ...] = ()
    interval: tuple[str | None, str | None] | None = None
    """ISO 8601 bounds on the layer's time field, both included; None is open. Rows without
    a date are in every interval, as OGC API Features wants it."""
    filter: Filter | None = None
    """A CQL2 condition, checked against the layer; exact."""
    after: int | None = None
    offset: int = 0
    limit: int = 1000
    sort: tuple[tuple[str, bool], ...] = ()
    """Field, ascending; ties are ordered by fid, and no sort at all is the order of fid."""
    beyond: tuple[Any, ...] = ()
    """The values that the fields of `sort` have in the row `after`: the page begins after that row."""
    geometry: bool = True
    """False: rows come back without their geometry."""
    at: str | None = None
    """ISO 8601: what was valid at this moment, or when this day ended; None: what is now."""


@dataclass(frozen=True, slots=True)
class Row:
    """One object."""

    fid: int
    id: str
    geometry: BaseGeometry | None
    """EPSG:2154."""
    values: Mapping[str, Any]
    """Every field of the layer, in its order; None where null; lists are lists."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and where the next page begins."""

    rows: tuple[Row, ...]
    next_after: int | None
    """`Query.after` of the next page; None: this is the last one, or the page is sorted by a field."""
    more: bool = False
    """True when rows remain after this page, whatever the order."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a write did to the objects of a layer, or of several."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0

    def __add__(self, other: "Changes") -> "Changes":
        """Both, one after the other."""
        return Changes(
            self.added + other.added,
            self.changed + other.changed,
            self.removed + other.removed,
            self.unchanged + other.unchanged,
        )

    @property
    def given(self) -> int:
        """How many objects were given."""
        return self.added + self.changed + self.unchanged


class FeatureStore(Protocol):
    """Objects at rest that can be asked. Every method may be called from any thread.

    All methods raise `StoreError` when the store itself fails, and `NotFoundError` for a layer that it
    does not hold.
    """

    def __hash__(self) -> int:
        """Stores are compared by identity: what is remembered of one is not taken for another's."""
        ...

    def layers(self) -> tuple[Layer, ...]:
        """Every layer, by name."""
        ...

    def layer(self, name: str) -> Layer:
        """The layer of that name."""
        ...

    def query(self, name: str, query: Query) -> Page:
        """At most `query.limit` rows.

        Raises:
            InputError: a field is unknown, or a value is not of its field's kind.
        """
        ...

    def count(self, name: str, query: Query) -> int:
        """How many rows `query` has in all; its paging is left aside.

        Raises:
            InputError: a field is unknown, or a value is not of its field's kind.
        """
        ...

    def count_up_to(self, name: str, query: Query, most: int) -> int | None:
        """The same when it is `most` or less, else None: the work ends there.

        Raises:
            InputError: as `count`.
        """
        ...

    def ids(self, name: str, query: Query) -> Iterator[list[str]]:
        """The ids of all rows that `query` has, in the order of fid, some ten thousand at a time.

        Nothing of a row but its id is read; `within`, `sort` and paging are left aside.

        Raises:
            InputError: as `count`.
        """
        ...

    def naming(self, name: str, field: str, texts: Collection[str]) -> tuple[Row, ...]:
        """The rows of which a field, or a member of it where it is a list, is one of the texts; by fid.

        Raises:
            InputError: the field is unknown.
        """
        ...

    def get(self, name: str, id_: str) -> Row:
        """The row of that id; `NotFoundError` when there is none."""
        ...

    def extent(self, name: str) -> BBox | None:
        """A box that holds the layer, at most a metre wider; None when nothing has a geometry."""
        ...

    def span(self, name: str) -> tuple[str, str] | None:
        """The first and the last date of the layer; None when it has no dates."""
        ...

    def ensure(self, layer: Layer) -> None:
        """The layer exists with these fields; new fields are added to one that exists already.

        Raises:
            ConflictError: the layer exists with another geometry, or a field with another kind.
        """
        ...

    def put(self, name: str, rows: Iterable[NewRow]) -> int:
        """The rows are in the layer, over those that had their ids: all of them or none. How many.

        Raises:
            InputError: an id is empty, a field is unknown, or a geometry does not suit the layer.
        """
        ...

    def merge(self, name: str, rows: Iterable[NewRow], *, aside: Collection[str] = ()) -> Changes:
        """As `put`, and what became of the objects.

        One that is the same already, the fields of `aside` not compared, is left as it is.

        Raises:
            InputError: as `put`.
        """
        ...

    def remove(self, name: str, ids: Iterable[str]) -> int:
        """The rows of these ids are gone. How many there were."""
        ...

    def transaction(self, at: str | None = None) -> AbstractContextManager[None]:
        """What this thread writes inside is seen by others at the end, at once, or not at all on an error.

        Inside it the thread reads what it wrote. Transactions nest: the outer one decides. `at` (ISO 8601)
        dates what is written: objects that it changes or removes keep their former version, which `Query.at`
        finds. Without it they are written over.

        Raises:
            InputError: `at` is no date.
        """
        ...

    def revision(self) -> str:
        """A text that changes whenever data or layers change, and only then."""
        ...

    def close(self) -> None:
        """Connections are closed; the store opens them again when it is asked again."""
        ...
