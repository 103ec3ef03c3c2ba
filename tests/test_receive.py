"""The life of a delivery, through the same functions that the command line calls."""

import hashlib

import numpy as np
import pytest
import rasterio
import simplejpeg

from pcrs.errors import ConflictError, InputError, NotFoundError
from pcrs.raster.mosaic import Mosaic
from pcrs.raster.pyramid import Pyramid
from pcrs.standard.crs import BBox
from pcrs.standard.grid import LAMB93, Tile, tiles_covering
from pcrs.standard.names import format_name
from pcrs.store.base import Query
from pcrs.work.project import sources
from pcrs.work.receive import accept, receive, refuse
from tests.dalles import ground_pixels, hm_name, make_dalle
from tests.receiving import LEFT, LEFT_STEM, RIGHT, RIGHT_STEM
from tests.receiving import accepted as accepted
from tests.receiving import copied as copied
from tests.receiving import two_dalles as two_dalles
from tests.sites import bench, codes, fingerprint, new_site, take


def test_what_conforms_is_published(accepted):
    site, delivery, files = accepted
    assert delivery.state == "publiée"
    assert {name: file.state for name, file in files.items()} == {
        "LISEZMOI.txt": "conforme",
        f"{LEFT_STEM}.tfw": "conforme",
        f"{LEFT_STEM}.tif": "intégré",
        f"bloc2/{RIGHT_STEM}.tif": "intégré",
    }
    for place in (site.master, site.hot):
        assert place("2025", LEFT_STEM).is_file()
    with bench(site) as opened:
        assert opened.means.index.todo() == []
        for dalle in opened.means.index.dalles():
            bytes_ = site.hot("2025", dalle.stem).read_bytes()
            assert dalle.hot_md5 == hashlib.md5(bytes_, usedforsecurity=False).hexdigest()
        rows = {row.id: row for row in opened.means.store.query("dalles", Query()).rows}
    assert set(rows) == {LEFT_STEM, RIGHT_STEM}
    assert rows[LEFT_STEM].geometry.bounds == tuple(LEFT.bbox)
    assert rows[LEFT_STEM].values["octets"] == site.hot("2025", LEFT_STEM).stat().st_size


def test_the_master_is_the_dalle_and_the_hot_dalle_is_close(accepted):
    site, *_ = accepted
    truth = ground_pixels(LEFT.x_m, LEFT.y_m, 4000, 4000)
    with rasterio.open(site.master("2025", LEFT_STEM)) as master:
        np.testing.assert_array_equal(np.moveaxis(master.read(), 0, 2), truth)
    with rasterio.open(site.hot("2025", LEFT_STEM)) as hot:
        difference = np.abs(np.moveaxis(hot.read(), 0, 2).astype(int) - truth)
    assert difference.mean() <= 3


def test_tiles_show_the_masters_pixels_also_across_the_edge(accepted):
    site, *_ = accepted
    pyramid = Pyramid(site.pyramids / "PCRS_D046_RVB_2025.json")
    edge = RIGHT.x_m
    row = tiles_covering(BBox(edge - 1, LEFT.y_m - 100, edge + 1, LEFT.y_m - 99), 22).min_row
    for cells in (tiles_covering(BBox(edge - 6, LEFT.y_m - 100, edge + 6, LEFT.y_m - 99), 22),):
        for col in range(cells.min_col, cells.max_col + 1):
            tile = Tile(22, col, row)
            box = LAMB93.bbox(tile)
            seen = simplejpeg.decode_jpeg(pyramid.tile(tile)).astype(int)
            truth = ground_pixels(box.xmin, box.ymax, 256, 256)
            assert np.abs(seen - truth).mean() <= 3
    assert set(pyramid.levels) == set(range(6, 23))


def test_the_same_delivery_again_changes_nothing(accepted, two_dalles):
    site, delivery, _ = accepted
    before = fingerprint(site)
    again, _ = take(site, two_dalles)
    assert again.id == delivery.id
    assert fingerprint(site) == before


def test_without_accept_it_stops_at_controlled_then_accept_goes_on(two_dalles, tmp_path, accepted):
    site = new_site(tmp_path / "site")
    delivery, _ = take(site, two_dalles, accept=False)
    assert delivery.state == "contrôlée"
    assert not list((site.root / "hot").rglob("*.tif"))
    with bench(site) as opened:
        assert opened.accept(delivery.id).state == "publiée"
    assert fingerprint(site) == fingerprint(accepted[0])


def test_a_refused_delivery_stays_out(two_dalles, tmp_path):
    site = new_site(tmp_path / "site")
    delivery, _ = take(site, two_dalles, accept=False)
    with bench(site) as opened:
        assert refuse(opened.means.index, delivery.id, "nuages").reason == "nuages"
        with pytest.raises(ConflictError, match="refusée"):
            accept(opened.means, delivery.id)
        with pytest.raises(NotFoundError, match="pcrs deliveries"):
            accept(opened.means, "2025-0000000000")


def test_a_file_changed_after_its_control_is_not_taken(tmp_path):
    folder = tmp_path / "depot"
    file = make_dalle(folder / f"{LEFT_STEM}.tif", LEFT, compress="deflate")
    site = new_site(tmp_path / "site")
    delivery, _ = take(site, folder, accept=False)
    with file.open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"!")
    with bench(site) as opened, pytest.raises(ConflictError, match="not the file that was controlled"):
        opened.accept(delivery.id)
    assert not list((site.root / "hot").rglob("*.tif"))


def test_nothing_and_nowhere_are_said(tmp_path):
    site = new_site(tmp_path / "site")
    (tmp_path / "empty").mkdir()
    with bench(site) as opened:
        with pytest.raises(InputError, match="nothing in this folder"):
            receive(opened.means, tmp_path / "empty", edition="2025")
        with pytest.raises(InputError, match="no such file"):
            receive(opened.means, tmp_path / "absent", edition="2025")
        with pytest.raises(InputError, match="edition"):
            receive(opened.means, tmp_path / "empty", edition="../2025")


def test_the_same_dalle_with_other_bytes_is_a_conflict_and_nothing_is_lost(accepted, copied, tmp_path):
    site, first = copied, accepted[1]
    before = fingerprint(site)
    folder = tmp_path / "depot"
    make_dalle(folder / f"{LEFT_STEM}.tif", LEFT, seed=9, compress="deflate")
    third = hm_name(576_400)
    make_dalle(folder / f"{format_name(third)}.tif", third, compress="deflate")
    delivery, files = take(site, folder, accept=False)
    assert codes(files[f"{LEFT_STEM}.tif"]) == ["delivery.conflict"]
    assert first.id in files[f"{LEFT_STEM}.tif"].findings[-1]["message"]
    assert files[f"{format_name(third)}.tif"].state == "conforme"
    with bench(site) as opened:
        refuse(opened.means.index, delivery.id, "essai")
    after = fingerprint(site)
    kept = [name for name in before if not name.startswith("index.db:delivery")]
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def delivered(folder, seed, **how):
    """A delivery of the left dalle."""
    make_dalle(folder / f"{LEFT_STEM}.tif", LEFT, seed=seed, compress="deflate", **how)
    return folder


def test_a_correction_is_a_new_version_over_the_old_one(copied, tmp_path):
    site, newer = copied, delivered(tmp_path / "depot", seed=9)
    kept = {place: place("2025", LEFT_STEM).read_bytes() for place in (site.master, site.hot)}
    with bench(site) as opened:
        delivery = opened.accept(receive(opened.means, newer, edition="2025", correction=True).id)
        again = receive(opened.means, newer, edition="2025", correction=True)
        versions = opened.means.index.versions("2025", LEFT_STEM)
        mosaic = Mosaic(sources(opened.means.tiers, opened.means.index.dalles(), hot=True))
        rows = {row.id: row.values for row in opened.means.store.query("dalles", Query()).rows}
    assert delivery.state == "publiée"
    assert again.id == delivery.id
    assert [version.stem for version in versions] == [LEFT_STEM, f"{LEFT_STEM}_v2"]
    assert {place: place("2025", LEFT_STEM).read_bytes() for place in kept} == kept
    assert set(rows) == {f"{LEFT_STEM}_v2", RIGHT_STEM}
    assert rows[f"{LEFT_STEM}_v2"]["href"] == f"dalles/2025/{LEFT_STEM}_v2.tif"
    rgb, _ = mosaic.read(BBox(576_090, 6_372_890, 576_100, 6_372_900))
    truth = ground_pixels(576_090, 6_372_900, 200, 200, 9)
    assert np.abs(rgb.astype(int) - truth).mean() <= 3
    inside = tiles_covering(BBox(576_090, 6_372_890, 576_091, 6_372_891), 22)
    tile = Tile(22, inside.min_col, inside.min_row)
    jpeg = Pyramid(site.pyramids / "PCRS_D046_RVB_2025.json").tile(tile)
    box = LAMB93.bbox(tile)
    assert jpeg is not None
    assert (
        np.abs(
            simplejpeg.decode_jpeg(jpeg).astype(int) - ground_pixels(box.xmin, box.ymax, 256, 256, 9)
        ).mean()
        <= 3
    )


def test_of_two_controlled_deliveries_of_one_dalle_the_first_accepted_stays(tmp_path):
    site = new_site(tmp_path / "site")
    folders = [delivered(tmp_path / str(seed), seed) for seed in (3, 4)]
    first, second = (take(site, folder, accept=False)[0] for folder in folders)
    with bench(site) as opened:
        opened.accept(first.id)
        before = site.master("2025", LEFT_STEM).read_bytes()
        opened.accept(second.id)
        (file,) = opened.means.index.files(second.id)
    assert codes(file) == ["delivery.conflict"]
    assert "--correction" in file.findings[-1]["message"]
    assert site.master("2025", LEFT_STEM).read_bytes() == before


def test_twins_in_one_delivery(tmp_path):
    folder = tmp_path / "depot"
    make_dalle(folder / "a" / f"{LEFT_STEM}.tif", LEFT, compress="deflate")
    make_dalle(folder / "b" / f"{LEFT_STEM}.tif", LEFT, seed=3, compress="deflate")
    make_dalle(folder / "a" / f"{RIGHT_STEM}.tif", RIGHT, compress="deflate")
    make_dalle(folder / "b" / f"{RIGHT_STEM}.tif", RIGHT, compress="deflate")
    _, files = take(new_site(tmp_path / "site"), folder, accept=False)
    assert codes(files[f"a/{LEFT_STEM}.tif"]) == codes(files[f"b/{LEFT_STEM}.tif"]) == ["delivery.twin"]
    assert files[f"a/{RIGHT_STEM}.tif"].state == "conforme"
    assert codes(files[f"b/{RIGHT_STEM}.tif"], "warning") == ["delivery.copy"]


def test_a_newer_edition_lies_over_the_older_one(copied, tmp_path):
    site = copied
    folder = tmp_path / "depot"
    newer = hm_name(576_000, year=2026)
    make_dalle(folder / f"{format_name(newer)}.tif", newer, seed=5, compress="deflate")
    take(site, folder, edition="2026")
    old, new = (Pyramid(site.pyramids / f"PCRS_D046_RVB_{edition}.json") for edition in ("2025", "2026"))
    inside = tiles_covering(BBox(576_090, 6_372_890, 576_091, 6_372_891), 22)
    tile = Tile(22, inside.min_col, inside.min_row)
    box = LAMB93.bbox(tile)
    for pyramid, seed in ((old, 0), (new, 5)):
        seen = simplejpeg.decode_jpeg(pyramid.tile(tile)).astype(int)
        assert np.abs(seen - ground_pixels(box.xmin, box.ymax, 256, 256, seed)).mean() <= 3
    far = tiles_covering(BBox(576_390, 6_372_890, 576_391, 6_372_891), 22)
    tile = Tile(22, far.min_col, far.min_row)
    assert old.tile(tile) == new.tile(tile)
    links = [file for file in (site.pyramids / "PCRS_D046_RVB_2026").rglob("*.tif") if file.is_symlink()]
    assert links
    with bench(site) as opened:
        mosaic = Mosaic(sources(opened.means.tiers, opened.means.index.dalles(), hot=True))
        page = opened.means.store.query("dalles", Query())
    assert {row.id for row in page.rows} == {format_name(newer), RIGHT_STEM}
    rgb, _ = mosaic.read(BBox(576_090, 6_372_890, 576_100, 6_372_900))
    assert np.abs(rgb.astype(int) - ground_pixels(576_090, 6_372_900, 200, 200, 5)).mean() <= 3
