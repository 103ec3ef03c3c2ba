"""Fifty faults planted on a target: each found and named, what can be repaired repaired, no more touched."""

import os
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from pcrs.work.custody.repair import repair
from pcrs.work.custody.verify import Wanted, verify
from tests.archives import custody, make_sip, put_away, read_all, site_with, table, two_folders
from tests.buckets import REGION, serving_buckets
from tests.test_archive import assert_whole, bags_of

FUTURE = time.time() + 40 * 86_400


def state_of(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file of a folder: inode, time, bytes."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
        for path in files
    }


def overwrite(path: Path, data: bytes) -> None:
    """Other bytes in place, as rot comes: same file, same time."""
    status = path.stat()
    path.chmod(0o644)
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def flip(path: Path, bit: int = 13) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1 << bit % 8
    overwrite(path, bytes(data))


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    overwrite(one, second)
    overwrite(other, first)


def plant(place: Path) -> dict[str, str]:
    """Fifty faults on a target, as the world plants them: the code that is to be found of each file's key."""
    files = iter(sorted(place.glob("*/data/clichés/*.tif")))
    planted: dict[str, str] = {}

    def take(code: str, *more: Path) -> Path:
        path = next(files) if not more else more[0]
        planted[path.relative_to(place).as_posix()] = code
        return path

    for _ in range(9):
        flip(take("copy.altered"))
    for n in range(8):
        path = take("copy.truncated")
        overwrite(path, path.read_bytes()[: -1 - 300 * n])
    for _ in range(8):
        take("copy.absent").unlink()
    for _ in range(3):
        swap(take("copy.swapped"), take("copy.swapped"))
    for n in range(4):
        path = take("copy.renamed")
        path.rename(path.with_name(f"copie de {n}.tif"))
    for n in range(6):
        take("copy.unexpected", place / f"perdu {n}.tmp").write_bytes(b"extra" * n)
    path = take("copy.longer")
    overwrite(path, path.read_bytes() + b"\0")
    for _ in range(3):
        os.utime(take("copy.clock"), (FUTURE, FUTURE))
    bags = bags_of(place)
    manifest = take("bag.manifest", bags[0] / "manifest-sha256.txt")
    overwrite(manifest, b"".join(manifest.read_bytes().splitlines(keepends=True)[:-1]))
    manifest = take("bag.manifest", bags[1] / "manifest-sha256.txt")
    overwrite(manifest, manifest.read_bytes().replace(b"data/", b"data/old-", 1))
    take("bag.tag", bags[0] / "lisez-moi.txt").unlink()
    flip(take("bag.tag", bags[1] / "bag-info.txt"))
    flip(take("bag.tag", bags[2] / "metadata" / "objets.jsonl"))
    return planted


@pytest.fixture(scope="module", params=["nas", "objet", "distant"])
def site(request, tmp_path_factory, s3_server, sftp_server):
    """A site with a target of each kind in turn, where its files lie here, a tape, and what was put away."""
    root = tmp_path_factory.mktemp("fixity")
    (root / "bande").mkdir()
    with ExitStack() as stack:
        if request.param == "nas":
            place = root / "nas"
            place.mkdir()
            hurt = table("nas", place, "nas")
        elif request.param == "objet":
            address = stack.enter_context(serving_buckets(root / "buckets"))
            place = root / "buckets" / "pcrs" / "x"
            hurt = table("objet", "s3://pcrs/x", "objet", endpoint=address, region=REGION)
        else:
            place = sftp_server.root / "hurt"
            place.mkdir()
            keys = {"key_file": str(sftp_server.key_file), "known_hosts": str(sftp_server.known_hosts)}
            hurt = table("distant", sftp_server.url("hurt"), "disque", **keys)
        tape = table("bande", root / "bande", "bande", offsite=True)
        made = site_with(root / "site", hurt, tape, bag_gb=0.0002)
        sip = make_sip(root / "sip", cliches=52)
        assert put_away(made, sip).whole
        yield request.param, place, root / "bande", made, sip


def test_fifty_faults_are_found_named_and_repaired(site):
    name, place, tape, made, sip = site
    with custody(made) as held:
        assert read_all(held).faults == []
        good, on_tape = state_of(place), state_of(tape)
        planted = plant(place)
        assert len(planted) == 50
        hurt = state_of(place)
        found = read_all(held)
        assert {(fault.target, fault.key): fault.kind.code for fault in found.faults} == {
            (name, key): code for key, code in planted.items()
        }
        assert len(found.faults) == 50
        assert state_of(place) == hurt  # looking changes nothing
        told = repair(held, found)
        assert told.left == {}
        repairable = {key for key, code in planted.items() if code not in ("copy.unexpected", "copy.clock")}
        assert set(told.done) == {(name, key) for key in repairable}
        assert_whole(place, sip)
        mended = state_of(place)
        assert {key: state[2] for key, state in mended.items() if not key.startswith("perdu")} == {
            key: state[2] for key, state in good.items()
        }
        untouched = {key for key in good if hurt.get(key) == good[key]}
        assert len(untouched) > 50
        assert {key: mended[key] for key in untouched} == {key: good[key] for key in untouched}
        assert state_of(tape) == on_tape
        again = read_all(held)
        assert {fault.key: fault.kind.code for fault in again.faults} == {
            key: code for key, code in planted.items() if key not in repairable
        }
        actions = Counter(event.action for event in held.inventory.events(1000))
        assert (actions["défaut"], actions["retirée"]) == (36, 4)


def test_a_clock_that_was_wrong_is_found_and_its_copies_read_again(tmp_path):
    made = two_folders(tmp_path)
    put_away(made, make_sip(tmp_path / "sip", cliches=1))
    with custody(made) as held:
        one = next(held.inventory.objects())
        copy = held.inventory.copies(one.id)[0]
        held.inventory.mark([(copy.target, copy.key)], "vérifiée", "2031-01-01T00:00:00+00:00")
        found = verify(held, Wanted("2000-01-01"))
        assert [(f.kind.code, f.key, f.measured) for f in found.faults] == [
            ("copy.clock", copy.key, "2031-01-01T00:00:00+00:00")
        ]
        assert found.read == 1
        assert held.inventory.copy(copy.target, copy.key).verified_at < "2031"
        assert verify(held, Wanted("2000-01-01")).faults == []


def test_what_has_no_good_copy_is_left_and_said(tmp_path):
    made = two_folders(tmp_path)
    put_away(made, make_sip(tmp_path / "sip", cliches=2))
    with custody(made) as held:
        for target in ("nas", "bande"):
            flip(next((tmp_path / target).glob("*/data/lidar/*.laz")))
        swap(*(tmp_path / "nas").glob("*/data/clichés/*.tif"))
        for path in (tmp_path / "bande").glob("*/data/clichés/*.tif"):
            path.unlink()
        told = repair(held, read_all(held))
        assert {Path(key).name for _, key in told.left} == {"0576_6373.laz"}
        assert all("aucune copie saine" in why for why in told.left.values())
        assert len(told.done) == 4  # the two on the tape first, from the wrong places, then these
        for path in (tmp_path / "sip" / "clichés").iterdir():
            kept = [next((tmp_path / name).glob(f"*/data/clichés/{path.name}")) for name in ("nas", "bande")]
            assert [one.read_bytes() for one in kept] == [path.read_bytes()] * 2


def test_budgets(site):
    *_, made, _ = site
    with custody(made) as held:
        late = "2100-01-01"
        assert verify(held, Wanted(late, files=7)).read == 7
        some = verify(held, Wanted(late, octets=30_000))
        assert 30_000 <= some.bytes < 1_200_000
        assert verify(held, Wanted(late, over=lambda: True)).read == 0
        assert verify(held, Wanted("2000-01-01")).read == 0
        ids = [held.inventory.object(n.id).id for n in held.inventory.objects()]
        sample = verify(held, Wanted(late, files=4, pivot=ids[30], targets=("bande",)))
        assert sample.read == 4


def test_the_oldest_come_first(tmp_path):
    made = two_folders(tmp_path)
    put_away(made, make_sip(tmp_path / "sip", cliches=3))
    with custody(made) as held:
        now = held.now()
        keys = [one.copy.key for one in held.inventory.due("nas", "2100-01-01", now)]
        held.inventory.mark([("nas", keys[3])], "vérifiée", "2001-01-01T00:00:00+00:00")
        held.inventory.mark([("nas", keys[1])], "vérifiée", "2002-01-01T00:00:00+00:00")
        told = [one.copy.key for one in held.inventory.due("nas", "2100-01-01", now)]
        assert told[:2] == [keys[3], keys[1]]
        assert [one.copy.key for one in held.inventory.due("nas", "2002-06-01", now)] == [keys[3], keys[1]]


@pytest.mark.parametrize("pivot", ["", "8"])
def test_each_copy_is_given_once_whatever_is_noted_meanwhile(tmp_path, monkeypatch, pivot):
    monkeypatch.setattr("pcrs.store.inventory_rows._PAGE", 2)
    made = two_folders(tmp_path)
    put_away(made, make_sip(tmp_path / "sip", cliches=3))
    with custody(made) as held:
        now = held.now()
        every = sorted(one.copy.key for one in held.inventory.due("nas", "2100-01-01", now))
        held.inventory.mark([("nas", every[0])], "vérifiée", "2001-01-01T00:00:00+00:00")
        held.inventory.doubt([("nas", key) for key in every[3:6]], now)
        given = []
        for one in held.inventory.due("nas", "2100-01-01", now, pivot=pivot):
            given.append(one.copy)
            held.inventory.mark([("nas", one.copy.key)], "vérifiée", now)
        assert sorted(copy.key for copy in given) == every
        ids = [copy.object for copy in given]
        start = min((n for n, id_ in enumerate(ids) if id_ < pivot), default=len(ids))
        assert not pivot or ids == sorted(ids[:start]) + sorted(ids[start:])
        assert pivot or [copy.key for copy in given[:4]] == [*every[3:6], every[0]]
