"""The tables of a record store, in SQLite and in PostgreSQL: pycsw's columns, boxes, the state of the whole.

pycsw's own set-up does not run on SQLAlchemy 2; column names come from its model. The search text (`anytext`)
is held folded (`standard.folding`), and the box of a record in whole microdegrees, a tenth of a metre: an
R-tree of integers (SQLite) and a GiST of boxes (PostgreSQL) answer exactly.
"""

from importlib.resources import files
from typing import Any

from pycsw.core.config import StaticContext
from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    event,
    func,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

CONTEXT = StaticContext()
COLUMNS: tuple[str, ...] = tuple(CONTEXT.md_core_model["mappings"].values())
"""The 68 columns of pycsw's core model, in its order."""
_REQUIRED = {"identifier", "typename", "schema", "mdsource", "insert_date", "xml", "anytext", "metadata_type"}
_NUMBERS = {"vert_extent_min", "vert_extent_max"}
_SEARCHED = {"type", "parentidentifier", "date_modified", "mdsource"}
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared and sorted byte by byte, in both engines alike."""


def _column(name: str) -> Column[Any]:
    kind = Float if name in _NUMBERS else _TEXT
    unique = True if name == "identifier" else None
    return Column(name, kind, nullable=name not in _REQUIRED, index=name in _SEARCHED, unique=unique)


TABLES = MetaData()
RECORDS = Table(
    "records",
    TABLES,
    *(_column(name) for name in COLUMNS),
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    *(Column(side, Integer) for side in ("west", "south", "east", "north")),
)
"""Beside pycsw's columns: a number, and the box in microdegrees, null where a record has none."""
STATE = Table(
    "catalogue", TABLES, Column("key", _TEXT, primary_key=True), Column("value", Text, nullable=False)
)

_CORNERS = (func.point(RECORDS.c.west, RECORDS.c.south), func.point(RECORDS.c.east, RECORDS.c.north))
Index("records_boxes", func.box(*_CORNERS), postgresql_using="gist").ddl_if(dialect="postgresql")
_IN_SQLITE = (
    "CREATE VIRTUAL TABLE record_boxes USING rtree_i32(number, west, east, south, north)",
    "CREATE TRIGGER records_inserted AFTER INSERT ON records WHEN new.west IS NOT NULL BEGIN "
    "INSERT INTO record_boxes VALUES (new.number, new.west, new.east, new.south, new.north); END",
    "CREATE TRIGGER records_deleted AFTER DELETE ON records BEGIN "
    "DELETE FROM record_boxes WHERE number = old.number; END",
)
for _statement in _IN_SQLITE:
    event.listen(RECORDS, "after_create", DDL(_statement).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]


class near(FunctionElement[bool]):
    """`near(west, south, east, north)`: the box of a record meets this one, by the spatial index."""

    type = Boolean()
    inherit_cache = True
    name = "near"


@compiles(near, "sqlite")
def _near_in_sqlite(element: near, compiler: SQLCompiler, **options: Any) -> str:
    west, south, east, north = (compiler.process(side, **options) for side in element.clauses)
    boxes = f"west <= {east} AND east >= {west} AND south <= {north} AND north >= {south}"
    return f"records.number IN (SELECT number FROM record_boxes WHERE {boxes})"  # noqa: S608 - bound names


@compiles(near, "postgresql")
def _near_in_postgresql(element: near, compiler: SQLCompiler, **options: Any) -> str:
    west, south, east, north = (compiler.process(side, **options) for side in element.clauses)
    own = "box(point(records.west, records.south), point(records.east, records.north))"
    return f"{own} && box(point({west}, {south}), point({east}, {north}))"


def make(connection: Connection) -> None:
    """The tables, and the functions that filters call."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            files("pcrs.store").joinpath("sql/records.sql").read_text(encoding="utf-8")
        )
    TABLES.create_all(connection)
