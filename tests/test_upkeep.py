"""A site looked over, copied while it is used, and brought back."""

import json
import os
import shutil
import sqlite3
import tarfile
import threading
from contextlib import closing
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from pcrs.cli import app
from pcrs.doctor import examine
from pcrs.errors import InputError, SiteError
from pcrs.settings import load
from pcrs.standard.names import format_name
from pcrs.store.index import Index
from pcrs.store.tokens import Scope, Tokens
from pcrs.work.backup import backup, check, restore
from pcrs.work.site import Site
from tests.cnig import arbre, document
from tests.dalles import hm_name, make_dalle
from tests.sites import new_site, take

NAME = hm_name()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("upkeep")
    make_dalle(root / "depot" / f"{format_name(NAME)}.tif", NAME, compress="deflate", tiled=True)
    (root / "depot" / "lot.gml").write_text(document(arbre("a1")), encoding="utf-8")
    site = new_site(root / "site")
    take(site, root / "depot")
    return site


@pytest.fixture
def site(made, tmp_path):
    shutil.copytree(made.root, tmp_path / "site", symlinks=True)
    return Site(tmp_path / "site")


def said(site):
    return {(one.code, one.level): one.message for one in examine(site, load(site.settings_file))}


def test_a_new_site_has_advice_and_no_fault(site):
    told = said(site)
    assert {level for _, level in told} == {"warning"}
    assert ("doctor.address", "warning") in told
    assert ("doctor.copies", "warning") in told


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (lambda site: site.hot("2025", format_name(NAME)).unlink(), "doctor.served"),
        (lambda site: site.hot("2025", format_name(NAME)).write_bytes(b"x"), "doctor.served"),
        (
            lambda site: (site.root / "stores" / "records.db").write_bytes(
                b"SQLite format 3\0" + b"x" * 5000
            ),
            "doctor.stores",
        ),
        (lambda site: (site.tokens_file.touch(), site.tokens_file.chmod(0o644)), "doctor.access"),
        (lambda site: os.utime(site.index_file, (2e9 * 2, 2e9 * 2)), "doctor.machine"),
        (lambda site: site.metadata_file.write_text("[organisation]\nnom = 1\n"), "doctor.catalogue"),
    ],
)
def test_each_fault_is_found_and_named(site, harm, code):
    harm(site)
    told = said(site)
    assert (code, "error") in told, told
    done = CliRunner().invoke(app, ["doctor", "--site", str(site.root), "--json"])
    assert done.exit_code == 1
    assert code in {one["code"] for one in json.loads(done.stdout)["findings"]}


def test_what_is_only_odd_is_a_warning(site):
    part = site.root / "hot" / ".x.1.part"
    part.touch()
    os.utime(part, (0, 0))
    with closing(Tokens(site.tokens_file)) as tokens:
        tokens.create(Scope("x", "admin"), now="2026-11-28")
    told = said(site)
    assert ("doctor.left", "warning") in told
    assert "n'expire jamais" in told["doctor.access", "warning"]


def test_a_target_that_does_not_answer(site):
    text = site.settings_file.read_text(encoding="utf-8")
    target = '[[archive.targets]]\nname = "x"\nurl = "sftp://a@127.0.0.1:9/x"\nmedium = "nas"\n'
    site.settings_file.write_text(text + target, encoding="utf-8")
    assert ("doctor.copies", "error") in said(site)


def test_a_backup_is_the_site_again(site, tmp_path):
    file = tmp_path / "x" / "site.tar"
    now = datetime.now(UTC).isoformat()
    copied = backup(site, file, now=now, version="1")
    assert check(file) == copied
    again = Site(tmp_path / "again")
    assert restore(file, again) == copied
    with closing(Index(site.index_file)) as one, closing(Index(again.index_file)) as other:
        assert one.dalles() == other.dalles()
    assert load(again.settings_file) == load(site.settings_file)
    with pytest.raises(SiteError, match="holds a site already"):
        restore(file, again)


def test_stores_in_use_are_copied_as_they_are_at_one_moment(site, tmp_path):
    """A writer keeps two rows equal; no copy ever holds them apart."""
    file = site.root / "stores" / "busy.db"
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE n (id INTEGER PRIMARY KEY, value INTEGER, fill BLOB)")
        db.executemany("INSERT INTO n VALUES (?, 0, zeroblob(40000))", [(n,) for n in range(100)])
        db.commit()
    stop = threading.Event()

    def write():
        with closing(sqlite3.connect(file, timeout=30)) as db:
            while not stop.is_set():
                db.execute("UPDATE n SET value = value + 1")
                db.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backup(site, tmp_path / "b.tar", now="x", version="1")
    finally:
        stop.set()
        writer.join()
    restore(tmp_path / "b.tar", Site(tmp_path / "again"))
    with closing(sqlite3.connect(tmp_path / "again" / "stores" / "busy.db")) as db:
        assert db.execute("SELECT COUNT(DISTINCT value) FROM n").fetchone() == (1,)


def test_a_damaged_backup_is_not_restored(site, tmp_path):
    file = tmp_path / "b.tar"
    backup(site, file, now="x", version="1")
    whole = file.read_bytes()
    place = whole.index(b"SQLite format 3") + 3000
    for wrong in (
        whole[:place] + b"\xff\xfe" + whole[place + 2 :],
        whole[: len(whole) // 2],
        b"",
        b"x" * 10_000,
    ):
        file.write_bytes(wrong)
        with pytest.raises(InputError):
            restore(file, Site(tmp_path / "again"))
        assert not (tmp_path / "again").exists()


def test_a_backup_cannot_write_outside_the_site(site, tmp_path):
    file = tmp_path / "b.tar"
    backup(site, file, now="x", version="1")
    evil = tmp_path / "evil.tar"
    with tarfile.open(file) as source, tarfile.open(evil, "w") as target:
        for entry in source:
            data = source.extractfile(entry).read()
            if entry.name == "manifest.json":
                told = json.loads(data)
                told["files"]["../evil"] = told["files"].pop("pcrs.toml")
                data = json.dumps(told).encode()
            elif entry.name == "pcrs.toml":
                entry.name = "../evil"
            entry.size = len(data)
            import io

            target.addfile(entry, io.BytesIO(data))
    with pytest.raises(InputError, match="outside a site"):
        restore(evil, Site(tmp_path / "again"))
    assert not (tmp_path / "evil").exists()


def test_the_commands(site, tmp_path):
    run = CliRunner()
    file = tmp_path / "b.tar"
    made_ = run.invoke(app, ["backup", str(file), "--site", str(site.root)], catch_exceptions=False)
    assert made_.exit_code == 0
    assert "relus" in made_.stdout
    done = run.invoke(app, ["restore", str(file), "--site", str(tmp_path / "again")], catch_exceptions=False)
    assert "vérifiés" in done.stdout
