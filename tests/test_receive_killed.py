"""Deliveries that were broken off, at any moment and within the switch, and what ends them."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
import simplejpeg

from pcrs.assembly import status_of, tiers
from pcrs.live import Live
from pcrs.mending import mend
from pcrs.raster import pyramid_files
from pcrs.raster.pyramid import Pyramid
from pcrs.raster.rok4 import slab_files
from pcrs.raster.switch import move_slab, switching
from pcrs.settings import load
from pcrs.standard.grid import Tile
from pcrs.standard.names import format_name
from pcrs.work.site import Site
from tests.conftest import REPOSITORY
from tests.dalles import hm_name, make_dalle
from tests.patience import PATIENCE_S, until
from tests.receiving import LEFT
from tests.receiving import accepted as accepted
from tests.receiving import copied as copied
from tests.receiving import two_dalles as two_dalles
from tests.serving import end, gone, pcrs, serving, start, workers_of
from tests.sites import fingerprint, new_site, take

MOMENTS = (
    ("inventaire", 0.2),
    ("contrôle: 0", 0.3),
    ("dalles: 0", 0.3),
    ("dalles: 1", 0.1),
    ("pyramide: 0", 0.3),
    ("pyramide: 1", 0.02),
)
"""What the command says when it is killed, and how many seconds later at the most."""


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_in_the_same_state(accepted, two_dalles, tmp_path):
    """kill -9 in each stage of `pcrs receive`, a random while after it began; then the same command again."""
    site = new_site(tmp_path / "site")
    command = ("receive", two_dalles, "--site", site.root, "--edition", "2025", "--accept", "--workers", "2")
    delays = random.Random(46)
    killed = 0
    for moment, longest in MOMENTS:
        process = start(*command)
        assert process.stderr is not None
        for line in process.stderr:
            if line.decode().startswith(moment):
                break
        else:
            raise AssertionError(f"« {moment} » was never said")
        time.sleep(delays.uniform(0, longest))
        workers = workers_of(process.pid) if process.poll() is None else []
        killed += process.poll() is None
        process.kill()  # the command alone: its workers see for themselves
        process.wait(timeout=PATIENCE_S)
        gone(workers)
        end(process)
    assert killed >= 5
    last = pcrs(*command)
    assert last.returncode == 0, last.stderr
    assert fingerprint(site) == fingerprint(accepted[0])
    assert not list(site.root.rglob("*.part"))


class BrokenOff(Exception):
    """As abrupt as a kill, for what is in the files."""


def test_a_service_ends_a_switch_that_was_broken_off(undisturbed, copied, patch, monkeypatch):
    """Tiles and dalles are of one moment again, and nobody had to repeat the command."""
    moves = iter(range(7))

    def move(*given):
        if next(moves, None) is None:
            raise BrokenOff
        move_slab(*given)

    with monkeypatch.context() as changed:
        changed.setattr(pyramid_files, "move_slab", move)
        with pytest.raises(BrokenOff):
            take(copied, patch)
    settings = load(copied.settings_file)
    live = Live(copied, settings.layer, "46", recheck_s=0)
    assert len(live.mosaic(None).sources) == 2
    assert pyramids_of(copied) not in (pyramids_of(undisturbed["before"]), pyramids_of(undisturbed["2025"]))
    with serving(copied.root):
        until(lambda: not tiers(copied, settings).pyramids.unfinished())
    assert pyramids_of(copied) == pyramids_of(undisturbed["2025"])
    assert len(live.mosaic(None).sources) == 3
    (left,) = (word for word in status_of(copied, settings)["manques"] if "acceptée" in word)
    assert "pcrs accept 2025-" in left
    take(copied, patch)
    assert fingerprint(copied) == fingerprint(undisturbed["2025"])


def test_whoever_switches_just_now_is_left_alone(copied):
    settings = load(copied.settings_file)
    assert not mend(copied, settings)
    with copied.working(), switching(copied.pyramids):
        assert not mend(copied, settings)
    (copied.pyramids / ".switch").write_text("switching")
    assert mend(copied, settings)
    assert not mend(copied, settings)


def pyramids_of(site: Site) -> dict[str, bytes]:
    """The slabs that a site shows, links followed."""
    roots = sorted(site.pyramids.glob("P*.json"))
    return {
        f"{root.stem}/{file}": (root.with_suffix("") / file).read_bytes()
        for root in roots
        for file in slab_files(root.with_suffix(""))
    }


KILLED_IN_THE_SWITCH = """
import os, signal, sys
from pathlib import Path
from pcrs.raster import pyramid_files
from pcrs.work.site import Site
from tests.sites import take

def killing(real, after):
    left = [after]
    def step(*given):
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return real(*given)
    return step

step, after, site, folder, edition = sys.argv[1:]
setattr(pyramid_files, step, killing(getattr(pyramid_files, step), int(after)))
take(Site(Path(site)), Path(folder), edition=edition)
"""
"""A switch takes milliseconds: the process ends itself, as abruptly, before the step that is named."""


@pytest.fixture(scope="module")
def patch(tmp_path_factory):
    """A delivery that lies over a half of each dalle of the site."""
    folder = tmp_path_factory.mktemp("patch")
    name = hm_name(LEFT.x_m + 100)
    make_dalle(folder / f"{format_name(name)}.tif", name, seed=5, compress="deflate")
    return folder


@pytest.fixture(scope="module")
def undisturbed(accepted, patch, tmp_path_factory):
    """The site after it took the patch in, by edition of the patch."""
    sites = {edition: Site(tmp_path_factory.mktemp("undisturbed") / edition) for edition in ("2025", "2026")}
    for edition, site in sites.items():
        shutil.copytree(accepted[0].root, site.root, symlinks=True)
        take(site, patch, edition=edition)
    return sites | {"before": accepted[0]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edition", "step", "after"),
    [("2025", "move_slab", 7), ("2026", "move_slab", 7), ("2026", "write_list", 0)],
)
def test_killed_within_the_switch_the_same_command_completes(
    undisturbed, copied, patch, tmp_path, edition, step, after
):
    script = tmp_path / "killed.py"
    script.write_text(KILLED_IN_THE_SWITCH)
    done = subprocess.run(
        [sys.executable, script, step, str(after), copied.root, patch, edition],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(REPOSITORY), os.environ.get("PYTHONPATH", "")))},
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    pyramid = Pyramid(copied.pyramids / "PCRS_D046_RVB_2025.json")
    for level, cells in pyramid.levels.items():
        for col, row in cells.cells() if level < 22 else [(cells.min_col, cells.min_row)]:
            jpeg = pyramid.tile(Tile(level, col, row))
            assert jpeg is not None
            assert simplejpeg.decode_jpeg(jpeg).shape == (256, 256, 3)
    take(copied, patch, edition=edition)
    assert fingerprint(copied) == fingerprint(undisturbed[edition])
    assert not list(copied.jobs.rglob("*.tif"))
