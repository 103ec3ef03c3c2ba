from pathlib import Path

import pytest

from pcrs.errors import StoreError
from pcrs.raster.view import data_bbox
from pcrs.serve.map_layers import Published, map_layers
from pcrs.standard.crs import BBox
from pcrs.standard.grid import Cells
from tests.services.asking import attributes, served_by

LEVELS = {21: Cells(22500, 219804, 22501, 219805), 22: Cells(45000, 439609, 45003, 439610)}


class Editions:
    """Editions that come and go."""

    def __init__(self) -> None:
        self.levels = {"2022": LEVELS, "2025": LEVELS}
        self.asked = 0
        self.broken = False

    def names(self) -> tuple[str, ...]:
        self.asked += 1
        if self.broken:
            raise StoreError("the disk is away")
        return tuple(self.levels)

    def pyramid(self, edition: str | None):
        levels = self.levels.get(edition or max(self.levels, default=""))
        return None if levels is None else attributes(levels=levels)


def site(editions: Editions):
    return served_by(Path(), lambda edition: None, editions=editions.names, pyramid=editions.pyramid)


def test_the_current_layer_comes_first_then_the_newest_edition():
    layers = map_layers(site(Editions()))
    assert list(layers) == ["PCRS_D046_RVB", "PCRS_D046_RVB_2025", "PCRS_D046_RVB_2022"]
    assert [layer.edition for layer in layers.values()] == [None, "2025", "2022"]
    assert "2022" in layers["PCRS_D046_RVB_2022"].title


def test_the_extent_is_that_of_the_finest_level():
    assert data_bbox(LEVELS) == BBox(576_000.0, 6_372_979.2, 576_051.2, 6_373_004.8)


def test_nothing_is_a_layer_before_it_has_tiles():
    editions = Editions()
    editions.levels = {"2025": {}}
    assert map_layers(site(editions)) == {}
    editions.levels = {}
    assert map_layers(site(editions)) == {}


def test_changes_are_seen_once_a_second():
    now = [10.0]
    editions = Editions()
    published = Published(site(editions), clock=lambda: now[0])
    assert len(published.layers()) == 3
    first = published.revision
    editions.levels["2026"] = LEVELS
    now[0] += 0.9
    assert len(published.layers()) == 3
    assert editions.asked == 1
    now[0] += 0.2
    assert len(published.layers()) == 4
    assert published.revision == first + 1


def test_an_extent_that_grows_is_a_new_revision_and_the_same_is_not():
    editions = Editions()
    published = Published(site(editions), 0)
    published.layers()
    first = published.revision
    published.layers()
    assert published.revision == first
    editions.levels["2025"] = LEVELS | {22: Cells(45000, 439609, 45004, 439610)}
    assert published.layers()["PCRS_D046_RVB"].bbox.xmax == 576_064.0
    assert published.revision == first + 1


def test_a_site_that_could_never_be_read_is_no_site_without_layers():
    editions = Editions()
    editions.broken = True
    published = Published(site(editions), clock=lambda: 10.0)
    for _ in range(2):
        with pytest.raises(StoreError):
            published.layers()
    editions.broken = False
    assert len(published.layers()) == 3


def test_layers_stay_while_the_site_cannot_be_read(caplog):
    editions = Editions()
    published = Published(site(editions), 0)
    known = published.layers()
    editions.broken = True
    assert published.layers() == known
    assert "the layers known before are served" in caplog.text
