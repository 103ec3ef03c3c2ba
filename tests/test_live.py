"""A site as it is served, followed while deliveries go in."""

from contextlib import closing
from dataclasses import replace

import pytest

from pcrs.errors import StoreError
from pcrs.live import Live
from pcrs.raster.build import tile_limits
from pcrs.raster.pyramid_files import FilePyramids
from pcrs.raster.rok4 import write_descriptor
from pcrs.standard.grid import Slab
from pcrs.store.index import Index
from tests.sites import new_site
from tests.test_index import dalle, delivery

SLAB = Slab(22, 1, 2)


@pytest.fixture
def site(tmp_path):
    """A site with one published dalle."""
    made = new_site(tmp_path / "site")
    with closing(Index(made.index_file)) as index:
        index.add_delivery(delivery(), [])
        with index.transaction():
            index.accept([dalle("old")], [])
        index.set_state("2025-abc", "publiée")
        write_descriptor(made.pyramids / "P_2025.json", tile_limits([dalle().bbox]))
    return made


@pytest.fixture
def live(site):
    return Live(site, "P", "46", recheck_s=0)


def stems(live):
    return [source.path.stem for source in live.mosaic(None).sources]


def test_a_dalle_shows_in_the_mosaic_when_its_slabs_are_in_place(site, live):
    assert stems(live) == ["old"]
    with closing(Index(site.index_file)) as index:
        index.add_delivery(replace(delivery(), id="2025-def"), [])
        index.set_state("2025-def", "acceptée")
        with index.transaction():
            index.accept([replace(dalle("new"), delivery="2025-def")], [("2025", SLAB)])
        assert stems(live) == ["old"]
        index.done({"2025": [SLAB]})
        assert stems(live) == ["new", "old"]
        index.set_state("2025-def", "publiée")
        assert stems(live) == ["new", "old"]


def test_the_mosaic_is_not_read_again_while_a_delivery_is_only_controlled(site, live):
    before = live.mosaic(None)
    with closing(Index(site.index_file)) as index:
        index.add_delivery(replace(delivery(), id="2025-def"), [])
        index.remember_hash("/depot/a.tif", 1, 2, "f")
    assert live.mosaic(None) is before


def test_an_edition_is_published_with_its_descriptor(site, live):
    assert live.editions() == ("2025",)
    assert live.pyramid("2026") is None
    assert live.mosaic("2026").sources == ()
    write_descriptor(site.pyramids / "P_2026.json", tile_limits([dalle().bbox]))
    assert live.editions() == ("2025", "2026")
    pyramid = live.pyramid(None)
    assert pyramid is not None
    assert pyramid.name == "P_2026"


def test_what_cannot_be_looked_at_is_an_error_until_it_was_known(site, monkeypatch):
    def gone(_self):
        raise StoreError("the tier does not answer")

    live = Live(site, "P", "46", clock=lambda: 10.0)
    with monkeypatch.context() as patched:
        patched.setattr(FilePyramids, "stamp", gone)
        for _ in range(2):
            with pytest.raises(StoreError):
                live.editions()
            with pytest.raises(StoreError):
                live.shelf()
    assert live.editions() == ("2025",)
    now = [10.0]
    followed = Live(site, "P", "46", clock=lambda: now[0])
    assert followed.editions() == ("2025",)
    with monkeypatch.context() as patched:
        patched.setattr(FilePyramids, "stamp", gone)
        now[0] += 2
        assert followed.editions() == ("2025",)
