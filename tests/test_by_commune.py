"""A file of each commune: made once, again when its objects change, offered with its true size and date."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from hashlib import md5
from pathlib import PurePath

import pytest
import shapely
from lxml import etree
from typer.testing import CliRunner

from pcrs.app import create_app
from pcrs.assembly import features_of, tiers
from pcrs.cli import app as cli
from pcrs.errors import InputError
from pcrs.settings import load
from pcrs.store.extracts import Extracts
from pcrs.work import by_commune
from pcrs.work.by_commune import Means, make_files
from pcrs.work.layers import COMMUNES
from pcrs.work.notice import Credits
from pcrs.work.progress import silent
from pcrs.work.site import Site
from tests.cnig import arbre, document
from tests.entrepot_site import site_with_objects
from tests.services.asking import ask_app
from tests.sites import new_site, take

PUBLIC = "https://pcrs.example.fr"
EAST, WEST = "46042", "46100"


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """Trees in one commune, nothing in the other."""
    made = site_with_objects(tmp_path_factory.mktemp("communes"))
    with closing(features_of(made, load(made.settings_file))) as store:
        box = next(box for layer in store.layers() if (box := store.extent(layer.name)) is not None)
        around = shapely.box(box.xmin - 50, box.ymin - 50, box.xmax + 50, box.ymax + 50)
        away = shapely.box(box.xmin - 9000, box.ymin, box.xmin - 8000, box.ymin + 1000)
        with store.transaction():
            store.ensure(COMMUNES)
            store.put("communes", [(EAST, around, {"nom": "Cahors"}), (WEST, away, {"nom": "Figeac"})])
    return made


@pytest.fixture
def site(stock, tmp_path):
    shutil.copytree(stock.root, tmp_path / "site")
    return Site(tmp_path / "site")


def make(site, *formats, day=1):
    settings = load(site.settings_file)
    now = datetime(2026, 11, day, 8, tzinfo=UTC)
    with closing(features_of(site, settings)) as store, closing(Extracts(site.index_file)) as extracts:
        hot = tiers(site, settings).hot
        means = Means(store, extracts, hot, site.scratch, "46", Credits("PCRS du Lot"), now)
        return make_files(means, formats, silent), {file.name: file for file in extracts.all()}


def test_files_are_made_once_and_again_only_for_what_changed(site, tmp_path):
    made, known = make(site, "gml", "gpkg", "dxf")
    assert made.written == (
        f"PCRS_2-0_VECTEUR_GML_LAMB93_D046_COMMUNES_{EAST}.gml",
        f"PCRS_2-0_VECTEUR_GPKG_LAMB93_D046_COMMUNES_{EAST}.gpkg",
        f"PCRS_2-0_VECTEUR_DXF_LAMB93_D046_COMMUNES_{EAST}.dxf",
    )
    for file in known.values():
        content = (site.root / "hot" / file.place).read_bytes()
        assert (file.octets, file.md5) == (len(content), md5(content).hexdigest())
        assert file.objects >= 2
    again, same = make(site, "gml", "gpkg", "dxf", day=2)
    assert (again, same) == (((), (), 3), known)
    (tmp_path / "plus").mkdir()
    (tmp_path / "plus" / "plus.gml").write_text(document(arbre("a3")), encoding="utf-8")
    take(site, tmp_path / "plus", edition="2026")
    later, new = make(site, "gml", day=3)
    assert len(later.written) == 1
    assert len(later.removed) == 2
    assert [file.updated for file in new.values()] == ["2026-11-03T08:00:00Z"]
    assert [p.name for p in (site.root / "hot" / "vecteur" / "par-commune").rglob("*.*")] == list(new)


def test_a_run_that_was_killed_goes_on(site, monkeypatch):
    whole, count = by_commune.export, []

    def dying(*args):
        count.append(args)
        if len(count) == 2:
            raise KeyboardInterrupt
        return whole(*args)

    monkeypatch.setattr(by_commune, "export", dying)
    with pytest.raises(KeyboardInterrupt):
        make(site, "gml", "gpkg")
    made, known = make(site, "gml", "gpkg")
    assert [PurePath(name).suffix for name in made.written] == [".gpkg"]
    assert len(known) == 2


def test_what_cannot_be_made_is_said(site, tmp_path):
    with pytest.raises(InputError, match="gml, gpkg, dxf"):
        make(site, "shp")
    empty = new_site(tmp_path / "vide")
    with pytest.raises(InputError, match="pcrs communes"):
        make(empty, "gml")


def test_the_download_service_offers_them_with_true_sizes_dates_and_sums(site):
    done = CliRunner().invoke(cli, ["export", "--communes", "--format", "gpkg,dxf", "--site", str(site.root)])
    assert (done.exit_code, "2 fichiers écrits" in done.stdout) == (0, True), done.output
    app = create_app(site, load(site.settings_file), PUBLIC)

    def get(path):
        return ask_app(app, [path])[0]

    resource = etree.fromstring(get("/telechargement/resource/PCRS-VECTEUR").content)
    titles = resource.xpath("//*[local-name()='entry']/*[local-name()='title']/text()")
    assert titles == [
        "PCRS_2-0_VECTEUR_GML_LAMB93_D046_2025",
        "PCRS_2-0_VECTEUR_DXF_LAMB93_D046_COMMUNES",
        "PCRS_2-0_VECTEUR_GPKG_LAMB93_D046_COMMUNES",
    ]
    part = f"/telechargement/resource/PCRS-VECTEUR/{titles[2]}"
    (entry,) = etree.fromstring(get(part).content).xpath("//*[local-name()='entry']")
    (link,) = entry.xpath("*[local-name()='link'][@rel='alternate']")
    file = get(link.get("href").removeprefix(PUBLIC))
    assert link.get("type") == file.headers["content-type"] == "application/geopackage+sqlite3"
    assert int(link.get("length")) == len(file.content)
    assert entry.xpath("*[local-name()='content']/text()") == [md5(file.content).hexdigest()]
    chosen = get("/telechargement/resource/PCRS-VECTEUR?format=DXF").text
    assert titles[1] in chosen
    assert titles[2] not in chosen
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(file.content)
        tables = [row[0] for row in db.execute("SELECT table_name FROM gpkg_contents")]
    assert {"lisez_moi", "layer_styles"} < set(tables)
