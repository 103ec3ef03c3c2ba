"""Objects put in bags on several targets: what they are, where they go, what a kill leaves."""

import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import bagit
import pytest

from pcrs.archiving import thumbnails_of
from pcrs.errors import InputError
from pcrs.store.inventory import Rule
from pcrs.work.custody.describe import thumbnail_path
from pcrs.work.custody.standing import Standings, standings
from tests.archives import CHANTIER, X, Y, custody, fetched, make_sip, put_away, site_with, table, two_folders
from tests.buckets import REGION

KINDS = {
    "Plan de vol/plan_vol_realise.shp": "plan-de-vol",
    "Plan de vol/plan_vol_realise.prj": "plan-de-vol",
    "calibration/Calibration UltraCam.pdf": "calibration",
    "Rapport de vol.pdf": "rapport-de-vol",
    "trajectoire/vol1.sbet": "trajectoire",
    "orientation/XYZOPK.txt": "orientation",
    "AT/Rapport d'aérotriangulation.pdf": "rapport-at",
    "AT/projet.xpf": "projet",
    "stéréopréparation/fiche 12 %.pdf": "stereopreparation",
    "lidar/0576_6373.laz": "nuage",
    "lignes de mosaïque.shp": "lignes-de-mosaique",
    "metadata.xml": "metadonnees",
    "notes.bin": "autre",
    "clichés/cliche_0000.tif": "cliche",
    "ortho/2025-05760-63730-LA93-0M05-RVB.tif": "ortho",
    "mnt/terrain.tif": "mnt",
}


@pytest.fixture(scope="module")
def sip(tmp_path_factory):
    return make_sip(tmp_path_factory.mktemp("sip"))


@pytest.fixture(scope="module")
def kept(sip, tmp_path_factory):
    """A site with the folder archived on two folders."""
    root = tmp_path_factory.mktemp("kept")
    site = two_folders(root, bag_gb=0.001)
    return root, site, put_away(site, sip)


def bags_of(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("*/bagit.txt"))


def assert_whole(folder: Path, sip: Path) -> None:
    """Every bag is valid for another validator, and together they hold the folder."""
    found = {}
    for path in bags_of(folder):
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            bagit.Bag(str(path)).validate()
        data = path / "data"
        found |= {f.relative_to(data).as_posix(): f.read_bytes() for f in data.rglob("*") if f.is_file()}
    names = [f for f in sip.rglob("*") if f.is_file()]
    assert found == {f.relative_to(sip).as_posix().replace("%", "％"): f.read_bytes() for f in names}


def test_bags_are_whole_and_split(kept, sip):
    root, _, done = kept
    assert done.whole
    assert len(done.bags) == 3  # one before and one after the point cloud, which is full by itself
    for name in ("nas", "bande"):
        assert [path.name for path in bags_of(root / name)] == done.bags
        assert_whole(root / name, sip)
    text = (root / "nas" / done.bags[0] / "lisez-moi.txt").read_text(encoding="utf-8")
    assert "sha256sum --check" in text
    assert CHANTIER in text


def test_objects_are_recognised(kept):
    _, site, _ = kept
    with custody(site) as held:
        objects = {one.name: one for one in held.inventory.objects()}
    assert {name: objects[name].kind for name in KINDS} == KINDS
    assert objects["lidar/0576_6373.laz"].bbox == (X, Y, X + 200, Y + 200)
    assert objects["clichés/cliche_0002.tif"].bbox == (X + 20, Y, X + 20, Y)
    assert objects["ortho/2025-05760-63730-LA93-0M05-RVB.tif"].bbox == (X, Y - 200, X + 200, Y)
    assert objects["mnt/terrain.tif"].bbox == (X, Y - 50, X + 60, Y)
    assert objects["lignes de mosaïque.shp"].bbox == (X, Y, X + 100, Y + 100)
    assert objects["lignes de mosaïque.shp"].licence == "ouverte"
    assert objects["clichés/cliche_0000.tif"].licence == "convention-enedis"
    for name in ("clichés/cliche_0000.tif", "mnt/terrain.tif"):
        picture = thumbnail_path(thumbnails_of(site), objects[name].id)
        assert picture.read_bytes().startswith(b"\xff\xd8")


def test_the_rule_is_computed(kept):
    _, site, _ = kept
    with custody(site) as held:
        for rule, red in ((Rule(2, 2, 1), 0), (Rule(3, 2, 1), 18), (Rule(2, 3, 1), 18), (Rule(2, 2, 2), 18)):
            told = Standings(rule)
            assert len(list(standings(held, rule, "2000", told))) == red
            assert told.red == red
            assert told.tallies[CHANTIER].objects == 18


def test_the_same_again_reads_and_writes_nothing(kept, sip):
    root, site, _ = kept
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if "site" not in path.parts}
    done = put_away(site, sip)
    assert (done.objects, done.bytes, done.whole) == (0, 0, True)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*") if "site" not in path.parts} == before


def test_what_is_new_or_changed_goes_into_a_new_bag(tmp_path):
    site, sip = two_folders(tmp_path), make_sip(tmp_path / "sip", cliches=1)
    put_away(site, sip)
    (sip / "notes.bin").write_bytes(b"now with text")
    (sip / "more.txt").write_bytes(b"more")
    done = put_away(site, sip)
    assert (done.objects, len(done.bags)) == (2, 1)
    data = tmp_path / "nas" / done.bags[0] / "data"
    assert sorted(path.name for path in data.iterdir()) == ["more.txt", "notes.bin"]


def test_a_sheet_beside_the_files_decides(tmp_path):
    site, sip = two_folders(tmp_path), make_sip(tmp_path / "sip", cliches=2)
    (sip / "objets.csv").write_text(
        "chemin;type;licence;date\nclichés/*;cliche;aplc;2025-04-12\nnotes.bin;rapport-de-vol;;\n",
        encoding="utf-8",
    )
    put_away(site, sip)
    with custody(site) as held:
        objects = {one.name: one for one in held.inventory.objects()}
    one = objects["clichés/cliche_0001.tif"]
    assert (one.kind, one.licence, one.acquired) == ("cliche", "aplc", "2025-04-12")
    assert (objects["notes.bin"].kind, objects["notes.bin"].licence) == ("rapport-de-vol", "aplc")
    assert "objets.csv" not in objects


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("objets.toml", "[[objets]]\nchemin='*'\ntype='photo'\n", r"type 'photo' is none of plan-de-vol"),
        ("objets.toml", "[[objets]]\nchemin='*'\nlicence='libre'\n", r"licence 'libre' is none of ouverte"),
        ("objets.toml", "[objets", "not TOML"),
        ("objets.csv", "chemin;genre\na;b\n", "unknown: genre"),
        ("objets.csv", "type\ncliche\n", "chemin being there"),
        ("objets.csv", "chemin;type\nété;cliche\n", "UTF-8"),
        ("objets.toml", "[[objets]]\nchemin='été'\n", r"UTF-8 \(line 2\)"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_said(tmp_path, name, text, said):
    site = two_folders(tmp_path)
    sip = tmp_path / "sip"
    sip.mkdir()
    (sip / "a").write_bytes(b"a")
    (sip / name).write_text(text, encoding="cp1252")  # as Excel writes CSV
    with pytest.raises(InputError, match=said):
        put_away(site, sip)
    assert list((tmp_path / "nas").iterdir()) == []


def test_a_target_that_is_away_is_said_and_served_later(tmp_path, sip):
    site = two_folders(tmp_path)
    first = make_sip(tmp_path / "first", cliches=1)
    put_away(site, first)
    (tmp_path / "bande").rename(tmp_path / "unmounted")
    (tmp_path / "bande").mkdir()  # the folder on which nothing is mounted
    done = put_away(site, sip, "Gourdon")
    assert list(done.failed) == ["bande"]
    assert "not mounted" in done.failed["bande"]
    assert list((tmp_path / "bande").iterdir()) == []
    assert len(bags_of(tmp_path / "nas")) == 2
    (tmp_path / "bande").rmdir()
    (tmp_path / "unmounted").rename(tmp_path / "bande")
    shutil.rmtree(first)
    assert put_away(site, sip, "Gourdon").whole
    assert [p.name for p in bags_of(tmp_path / "bande")] == [p.name for p in bags_of(tmp_path / "nas")]


KILLED = """
import sys
from pathlib import Path
from tests.archives import put_away
from pcrs.work.site import Site
put_away(Site(Path(sys.argv[1])), Path(sys.argv[2]))
"""


def test_killed_at_any_moment_it_ends_complete_on_three_targets(tmp_path, s3_server, sftp_server):
    (tmp_path / "nas").mkdir()
    (sftp_server.root / "distant").mkdir()
    sip = make_sip(tmp_path / "sip", cliches=20)
    site = site_with(
        tmp_path / "site",
        table("nas", tmp_path / "nas", "nas"),
        table("objet", "s3://pcrs/killed", "objet", endpoint=s3_server, region=REGION, offsite=True),
        table(
            "distant",
            sftp_server.url("distant"),
            "disque",
            key_file=str(sftp_server.key_file),
            known_hosts=str(sftp_server.known_hosts),
        ),
        bag_gb=0.001,
    )
    command = [sys.executable, "-c", KILLED, str(site.root), str(sip)]
    for there in (2, 12):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and sum(1 for _ in (tmp_path / "nas").rglob("*.tif")) < there:
                time.sleep(0.02)
            process.kill()
        assert process.returncode == -signal.SIGKILL
    assert put_away(site, sip).whole
    assert_whole(tmp_path / "nas", sip)
    assert_whole(sftp_server.root / "distant", sip)
    with custody(site) as held:
        assert_whole(fetched(held.place("objet").target, tmp_path / "fetched"), sip)
        assert held.inventory.count("copy") == 3 * held.inventory.count("object")
