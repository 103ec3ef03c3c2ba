"""A whole site on a real S3 server, beside the same site in folders: same bytes kept, same bytes served."""

import hashlib
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path

import numpy as np
import pytest

from pcrs.archive.s3 import S3
from pcrs.assembly import tiers
from pcrs.raster.mosaic import Mosaic
from pcrs.raster.rok4 import slab_files
from pcrs.raster.slab import slab_path
from pcrs.settings import load
from pcrs.standard.crs import BBox
from pcrs.standard.grid import Slab
from pcrs.standard.names import format_name
from pcrs.work.project import sources
from pcrs.work.site import Site
from tests.dalles import hm_name, make_dalle
from tests.patience import PATIENCE_S
from tests.serving import serving
from tests.sites import bench, fingerprint, new_site, take

REPOSITORY = Path(__file__).resolve().parents[1]
LEFT, PATCH = hm_name(576_000), hm_name(576_100)
LEFT_STEM = format_name(LEFT)


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory):
    """A dalle, and one of later that lies over its eastern half."""
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    make_dalle(first / f"{LEFT_STEM}.tif", LEFT, compress="deflate")
    make_dalle(second / f"{format_name(PATCH)}.tif", PATCH, seed=5, compress="deflate")
    return first, second


def on_bucket(root: Path, server: str, prefix: str) -> Site:
    """An empty site whose tiers are under a prefix of the bucket."""
    site = new_site(root)
    text = site.settings_file.read_text(encoding="utf-8")
    for key, value in {
        "intermediate": f"s3://pcrs/{prefix}/intermediate",
        "hot": f"s3://pcrs/{prefix}/hot",
        "endpoint": server,
        "region": "eu-west-1",
    }.items():
        lines = [f'{key} = "{value}"' if line.startswith(f"{key} =") else line for line in text.splitlines()]
        text = "\n".join(lines) + "\n"
    site.settings_file.write_text(text, encoding="utf-8")
    return site


def blobs(site: Site) -> tuple[S3, S3]:
    """The intermediate and the hot tier."""
    places = tiers(site, load(site.settings_file))
    assert isinstance(places.intermediate, S3)
    assert isinstance(places.hot, S3)
    return places.intermediate, places.hot


def kept(site: Site) -> dict[str, str]:
    """Everything in the site's buckets, but for where they are, and rows of its stores."""
    told = {}
    for tier, place in zip(("intermediate", "hot"), blobs(site), strict=True):
        home = place.url.removeprefix("s3://").encode()
        short = home.partition(b"/")[2]
        for one in place.list():
            data = place.read(one.key).data.replace(home, b"<home>").replace(short, b"<home>")
            told[f"{tier}/{one.key}"] = hashlib.sha256(data).hexdigest()
    return told | fingerprint(site)


@pytest.fixture(scope="module")
def sites(deliveries, s3_server, tmp_path_factory):
    """The site in folders and the one in buckets, both with both deliveries, the later one as an edition."""
    both = (
        new_site(tmp_path_factory.mktemp("folders") / "site"),
        on_bucket(tmp_path_factory.mktemp("buckets") / "site", s3_server, "whole"),
    )
    for site in both:
        for folder, edition in zip(deliveries, ("2025", "2026"), strict=True):
            assert take(site, folder, edition=edition)[0].state == "publiée"
    return both


def test_the_same_bytes_are_kept(sites):
    folders, buckets = sites
    intermediate, hot = blobs(buckets)
    for tier, place in (("intermediate", intermediate), ("hot", hot)):
        files = {
            file.relative_to(folders.root / tier).as_posix(): file.read_bytes()
            for file in (folders.root / tier / "dalles").rglob("*.tif")
        }
        assert len(files) == 2
        assert {one.key: place.read(one.key).data for one in place.list("dalles")} == files
    assert not list((buckets.root / "intermediate").rglob("*.tif"))
    assert not list((buckets.root / "hot").rglob("*.*"))
    assert not list(buckets.jobs.rglob("*.tif"))
    stores = [{k: v for k, v in fingerprint(site).items() if ":" in k} for site in sites]
    assert stores[0] == stores[1]


def test_the_same_slabs_are_kept_and_the_same_are_links(sites):
    folders, buckets = sites
    pyramids = tiers(buckets, load(buckets.settings_file)).pyramids
    _, hot = blobs(buckets)
    for name in ("PCRS_D046_RVB_2025", "PCRS_D046_RVB_2026"):
        root = folders.pyramids / name
        by_path = {f"{kind}_{s.level}_{s.col}_{s.row}": (kind, s) for kind, s in _named(hot, name)}
        assert len(by_path) == len(list(slab_files(root)))
        links = 0
        for key, (kind, slab) in by_path.items():
            file = root / kind / str(slab.level) / slab_path(*slab)
            files = pyramids.read(name, slab)
            assert file.read_bytes() == (files.data if kind == "DATA" else files.mask)
            is_link = hot.read(f"pyramids/{name}/{key}").data.startswith(b"SYMLINK#")
            assert is_link == file.is_symlink()
            links += is_link
        assert (links > 0) == name.endswith("2026")


def _named(hot: S3, name: str):
    """Kind and place of every slab of a pyramid."""
    for one in hot.list(f"pyramids/{name}"):
        kind, *place = one.key.rpartition("/")[2].split("_")
        yield kind, Slab(*map(int, place))


def test_mosaics_of_both_tiers_are_the_same(sites):
    box = BBox(576_150, 6_372_850, 576_250, 6_372_950)
    for hot in (True, False):
        seen = []
        for site in sites:
            with bench(site) as opened:
                mosaic = Mosaic(sources(opened.means.tiers, opened.means.index.dalles(), hot=hot))
                seen += [mosaic.read(box)[0], mosaic.read(box, (100, 100))[0]]
        np.testing.assert_array_equal(seen[0], seen[2])
        np.testing.assert_array_equal(seen[1], seen[3])
        assert seen[0].std() > 5


def test_the_same_bytes_are_served(sites):
    box = "576100,6372850,576250,6372950"
    paths = {
        "map": f"/wms?service=WMS&version=1.3.0&request=GetMap&layers=PCRS_D046_RVB&styles=&crs=EPSG:2154"
        f"&bbox={box}&width=300&height=200&format=image/jpeg",
        "wmts": "/wmts?SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetTile&LAYER=PCRS_D046_RVB&STYLE=normal"
        "&FORMAT=image/jpeg&TILEMATRIXSET=2154_5cm&TILEMATRIX=22&TILEROW=439618&TILECOL=45011",
        "pm": "/wmts?SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetTile&LAYER=PCRS_D046_RVB_2025&STYLE=normal"
        "&FORMAT=image/jpeg&TILEMATRIXSET=PM&TILEMATRIX=18&TILEROW=94869&TILECOL=132123",
        "coverage": f"/ogcapi/collections/ortho/coverage?bbox={box}&bbox-crs=2154&scale-factor=4&f=png",
        "dalle": f"/listing/dalles/2025/{LEFT_STEM}.tif",
    }
    seen: list[dict[str, bytes]] = []
    for site in sites:
        with serving(site.root) as url:
            seen.append({name: _get(url + path)[1] for name, path in paths.items()})
            status, part, headers = _get(f"{url}{paths['dalle']}", Range="bytes=1000-1999")
            assert (status, part) == (206, seen[-1]["dalle"][1000:2000])
            assert headers["content-range"] == f"bytes 1000-1999/{len(seen[-1]['dalle'])}"
            assert _get(f"{url}{paths['dalle']}", **{"If-None-Match": headers["etag"]})[0] == 304
            status, rest, _ = _get(f"{url}{paths['dalle']}", Range="bytes=-10")
            assert (status, rest) == (206, seen[-1]["dalle"][-10:])
            assert _get(f"{url}{paths['dalle']}", Range="bytes=999999999-")[0] == 416
            assert f'href="{LEFT_STEM}.tif"' in _get(f"{url}/listing/dalles/2025/")[1].decode()
            assert 'href="dalles/"' in _get(f"{url}/listing/")[1].decode()
            for absent in (
                "pyramids/",
                "dalles/2025/none.tif",
                "dalles/2031/",
                f"dalles/2025/{LEFT_STEM}.tif/",
            ):
                assert _get(f"{url}/listing/{absent}")[0] == 404
    for name in paths:
        assert seen[0][name] == seen[1][name], name
        assert len(seen[0][name]) > 500, seen[0][name]


def _get(url: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    try:
        asked = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            return answer.status, answer.read(), _lower(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), _lower(error.headers)


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


KILLED = """
import os, signal, sys
from pathlib import Path
import pcrs.archive.s3 as s3
from pcrs.work.site import Site
from tests.sites import take

def killing(real, after):
    left = [after]
    def step(*given, **how):
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return real(*given, **how)
    return step

step, after, site, folder = sys.argv[1:]
setattr(s3.obstore, step, killing(getattr(s3.obstore, step), int(after)))
take(Site(Path(site)), Path(folder))
"""


@pytest.fixture(scope="module")
def undisturbed(deliveries, s3_server, tmp_path_factory):
    """A site on the bucket that took the delivery of one dalle in."""
    site = on_bucket(tmp_path_factory.mktemp("undisturbed") / "site", s3_server, "undisturbed")
    take(site, deliveries[1])
    return site


@pytest.mark.parametrize(
    ("step", "after"),
    [("copy", 0), ("copy", 1), ("copy", 6), ("put", 8)],
)
def test_killed_while_it_sends_or_switches_the_same_command_completes(
    undisturbed, deliveries, s3_server, tmp_path, step, after
):
    """Two copies end the sending of the dalle and its master; those after them are the switch."""
    site = on_bucket(tmp_path / "site", s3_server, f"{step}{after}")
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    done = subprocess.run(
        [sys.executable, script, step, str(after), site.root, deliveries[1]],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(REPOSITORY), os.environ.get("PYTHONPATH", "")))},
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    take(site, deliveries[1])
    assert kept(site) == kept(undisturbed)
    for place in blobs(site):
        assert place.folder(".aside") is None
    assert not list(site.jobs.rglob("*.tif"))
