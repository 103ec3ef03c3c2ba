"""pycsw as it is, asked within its own process: python -m tests.bench.pycsw_peer DATABASE TIMES.

Its repository does not start on SQLAlchemy 2; only that start is written anew, by its own steps. Prints the
milliseconds of each answer, on one line.
"""

import copy
import logging
import random
import sys
import time
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import yaml
from pycsw.core import log, repository
from pycsw.server import Csw
from sqlalchemy import create_engine, event, func
from sqlalchemy.orm import declarative_base, sessionmaker

from tests.bench.catalogue import full_records

SETTINGS = Path(__file__).resolve().parents[2] / "catalog" / "pycsw.yml"


class Ported(repository.Repository):  # type: ignore[misc]  # pycsw has no types
    """pycsw's repository, begun on SQLAlchemy 2."""

    kept: tuple[Any, Any] | None = None

    def __init__(
        self,
        database: str,
        context: Any,
        app_root: Any = None,
        table: str = "records",
        repo_filter: Any = None,
    ) -> None:
        self.context, self.filter, self.fts = context, repo_filter, False
        self.database, self.table, self.dbtype, self.func = database, table, "sqlite", func
        self.postgis_geometry_column = None
        if Ported.kept is None:
            engine = create_engine(database)
            event.listen(engine, "connect", lambda raw, _: repository.create_custom_sql_functions(raw))
            names = {"__tablename__": table, "__table_args__": {"autoload_with": engine}}
            Ported.kept = sessionmaker(engine)(), type("dataset", (declarative_base(),), names)
        self.session, self.dataset = Ported.kept
        self.queryables: dict[str, Any] = {}
        for kind in context.model["typenames"].values():
            self.queryables |= {name: dict(members) for name, members in kind["queryables"].items()}
        everything = [dict(members) for members in self.queryables.values()]
        self.queryables["_all"] = {key: value for members in everything for key, value in members.items()}
        self.queryables["_all"].update(context.md_core_model["mappings"])


def main(database: str, times: int) -> None:
    """Its answers to the same questions."""
    repository.Repository = Ported
    log.setup_logger = lambda _: None
    logging.disable()
    config = yaml.safe_load(SETTINGS.read_text(encoding="utf-8"))
    config["server"]["url"] = "http://127.0.0.1/csw"
    config["repository"]["database"] = database
    config["metadata"]["provider"] = config["metadata"]["contact"] = {"name": "x", "url": "x", "email": "x"}
    config["metadata"]["inspire"]["enabled"] = False
    config["metadata"]["identification"] |= {"title": "x", "description": "x", "accessconstraints": "x"}
    asked = full_records(random.Random(1), times)
    spent = []
    for query in asked:
        environ: dict[str, Any] = {"QUERY_STRING": query, "PATH_INFO": "/csw"}
        setup_testing_defaults(environ)
        began = time.perf_counter()
        _, body = Csw(copy.deepcopy(config), environ, "2.0.2").dispatch_wsgi()
        spent.append((time.perf_counter() - began) * 1000)
        assert body.count(b"<gmd:MD_Metadata") == 10, body[:2000]
    sys.stdout.write(" ".join(f"{one:.3f}" for one in spent) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
