"""A delivery of two dalles, and a site that took them in."""

import shutil

import pytest

from pcrs.standard.names import format_name
from pcrs.work.site import Site
from tests.dalles import hm_name, make_dalle
from tests.sites import new_site, take

LEFT, RIGHT = hm_name(576_000), hm_name(576_200)


LEFT_STEM, RIGHT_STEM = format_name(LEFT), format_name(RIGHT)


@pytest.fixture(scope="module")
def two_dalles(tmp_path_factory):
    """A delivery of two dalles that touch, with a world file and a note beside them."""
    folder = tmp_path_factory.mktemp("depot")
    make_dalle(folder / f"{LEFT_STEM}.tif", LEFT, compress="lzw", tfw=True)
    make_dalle(folder / "bloc2" / f"{RIGHT_STEM}.tif", RIGHT, compress="deflate", tiled=True)
    (folder / "LISEZMOI.txt").write_text("bonjour")
    return folder


@pytest.fixture(scope="module")
def accepted(two_dalles, tmp_path_factory):
    """A site that took them in."""
    site = new_site(tmp_path_factory.mktemp("accepted") / "site")
    delivery, files = take(site, two_dalles)
    return site, delivery, files


@pytest.fixture
def copied(accepted, tmp_path):
    """A copy of that site, to change."""
    site = Site(tmp_path / "copied")
    shutil.copytree(accepted[0].root, site.root, symlinks=True)
    return site
