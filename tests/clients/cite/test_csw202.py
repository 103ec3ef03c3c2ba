"""OGC's conformance tests of CSW 2.0.2, over the records that come with them.

Two things are not as by default. INSPIRE's block in the capabilities is left out, for the suite validates
them without INSPIRE's schema. Names of headers are written as nginx writes them, for the suite looks for
`Content-Type` letter by letter, and the service behind nginx writes small letters.
"""

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from lxml import etree
from pycsw.core import metadata
from sqlalchemy import insert
from starlette.applications import Starlette

from pcrs.serve.csw import CswService
from pcrs.serve.csw_settings import CatalogueSite
from pcrs.standard.folding import folded
from pcrs.store.record_engines import writing
from pcrs.store.record_rows import placed
from pcrs.store.record_tables import COLUMNS, CONTEXT, RECORDS
from pcrs.store.records import RecordStore
from tests.catalogue import CATALOG
from tests.clients.cite.runner import as_nginx_writes, run_ctl
from tests.clients.judges import judge
from tests.services.asking import running

CSW = "http://www.opengis.net/cat/csw/2.0.2"
_BAGS = SimpleNamespace(dataset=SimpleNamespace)


def row(file: Path) -> dict[str, object]:
    """A `csw:Record` as a row: the store itself takes ISO 19139 only."""
    root = etree.fromstring(file.read_bytes())
    bag = metadata.parse_record(CONTEXT, root, _BAGS)[0]
    found: dict[str, object] = dict.fromkeys(COLUMNS)
    for name, value in vars(bag).items():
        if name in found:
            found[name] = value.decode() if isinstance(value, bytes) else value
    found |= {"anytext": folded(str(found["anytext"])), "xml": etree.tostring(root, encoding="unicode")}
    corners = [root.findtext(f".//{{*}}{side}Corner") for side in ("Lower", "Upper")]
    if None in corners:
        return found | dict.fromkeys(("west", "south", "east", "north"))
    (south, west), (north, east) = (map(float, str(corner).split()) for corner in corners)
    return found | placed(west, south, east, north)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    jars, suite = judge("teamengine"), judge("ets-csw202") / "src" / "main"
    folder = tmp_path_factory.mktemp("cite")
    store = RecordStore(folder / "records.db")
    rows = [row(file) for file in sorted((suite / "resources" / "data").glob("Record_*.xml"))]
    with writing(store.url).begin() as connection:
        connection.execute(insert(RECORDS), rows)
    settings = yaml.safe_load((CATALOG / "pycsw.yml").read_text(encoding="utf-8"))
    settings["metadata"]["inspire"]["enabled"] = False
    (folder / "pycsw.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    app = Starlette()
    with running(as_nginx_writes(app), http="h11") as url:
        site = CatalogueSite(url, store.url, "CITE", "CITE", "cite@example.fr", "aucune", f"{url}/licence")
        service = CswService(site, folder / "pycsw.yml")
        app.router.routes.extend(service.routes())
        yield run_ctl(
            jars,
            suite / "scripts" / "ctl" / "main-auto.xml",
            suite / "resources",
            f"{{{CSW}}}Main-auto",
            folder / "run",
            capabilities__url=f"{url}/csw?service=CSW&version=2.0.2&request=GetCapabilities",
        )
        service.close()


def test_every_test_of_the_suite_passes(verdicts):
    cases = {name: verdict for name, verdict in verdicts.items() if "-tc" in name}
    assert len(cases) == 60
    assert {name: verdict for name, verdict in cases.items() if verdict != "Passed"} == {}
    assert verdicts["csw:Main-auto"] == "Passed"
