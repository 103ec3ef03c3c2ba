"""Disasters: the hot tier lost, a whole machine lost; what comes back is what was there, byte for byte."""

import shutil
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
import shapely

from pcrs.archiving import archive_site, keeping
from pcrs.assembly import records_of
from pcrs.errors import InputError, NotFoundError
from pcrs.publish.addresses import Addresses
from pcrs.publish.entry import read_entry
from pcrs.raster.pyramid_files import FilePyramids
from pcrs.rebuilding import drill, rebuild, rebuild_from
from pcrs.settings import load
from pcrs.standard.grid import Tile
from pcrs.standard.names import format_name
from pcrs.work.custody.deposit import Deposited
from pcrs.work.custody.stock import UNNAMED
from pcrs.work.layers import COMMUNES
from pcrs.work.progress import silent
from pcrs.work.site import Site
from tests.archives import custody, read_all, site_with, table, two_folders
from tests.cnig import arbre, document
from tests.dalles import hm_name, make_dalle
from tests.serving import serving
from tests.sites import bench, fingerprint, take
from tests.test_fixity import flip

LEFT, PATCH = hm_name(576_000), hm_name(576_100)
POINT = '<gml:Point gml:id="p{0}" srsName="EPSG:2154"><gml:pos>576{0}00 6372950</gml:pos></gml:Point>'


def archived(site: Site) -> Deposited:
    settings = load(site.settings_file)
    with keeping(site, settings, silent) as held:
        return archive_site(held, site, settings)


def again(site: Site, **form: bool):
    return rebuild(site, load(site.settings_file), 1, silent, **form)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A site of two editions with objects and communes, in bags on two folders; and what it is made of."""
    root = tmp_path_factory.mktemp("rebuild")
    site = two_folders(root)
    for name, edition, seed in ((LEFT, "2025", 0), (PATCH, "2026", 5)):
        folder = root / edition
        folder.mkdir()
        make_dalle(folder / f"{format_name(name)}.tif", name, seed=seed, compress="deflate")
        trees = [arbre(f"a{n}", POINT.format(n)) for n in range(1, 3 if edition == "2025" else 2)]
        (folder / "plan.gml").write_text(document(*trees), encoding="utf-8")
        assert take(site, folder, edition=edition)[0].state == "publiée"
    with bench(site) as opened, opened.means.store.transaction():
        opened.means.store.ensure(COMMUNES)
        square = shapely.box(575_000.25, 6_372_000, 577_000, 6_374_000)
        opened.means.store.put("communes", [("46042", square, {"nom": "Cahors"})])
    assert archived(site).whole
    return root, site, fingerprint(site)


def copy_of(site: Site, to: Path) -> Site:
    shutil.copytree(site.root, to, symlinks=True)
    return Site(to)


def test_the_hot_tier_comes_back_and_is_served(kept, tmp_path):
    _, original, before = kept
    site = copy_of(original, tmp_path / "site")
    shutil.rmtree(site.root / "hot")
    told = again(site)
    assert (told.dalles, told.documents, len(told.pyramids)) == (2, 2, 2)
    assert (told.other_bytes, told.lost) == ([], {})
    assert fingerprint(site) == before
    assert again(site).dalles == 0
    tile = Tile(22, 45_000, 439_610)
    expected = FilePyramids(original.pyramids).open("PCRS_D046_RVB_2026").tile(tile)
    place = "LAYER=PCRS_D046_RVB&STYLE=normal&FORMAT=image/jpeg&TILEMATRIXSET=2154_5cm&TILEMATRIX=22"
    with serving(site.root) as url:
        address = f"{url}/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&{place}"
        with urllib.request.urlopen(f"{address}&TILECOL={tile.col}&TILEROW={tile.row}") as answer:
            assert answer.read() == expected


def test_one_lost_file_comes_back_and_pyramids_stay(kept, tmp_path):
    _, original, before = kept
    site = copy_of(original, tmp_path / "site")
    (site.hot("2025", format_name(LEFT))).unlink()
    lists = {name for name in before if name.endswith(".list")}  # they say where the site was before the copy
    told = again(site)
    assert (told.dalles, told.pyramids) == (1, [])
    assert {name: seen for name, seen in fingerprint(site).items() if name not in lists} == {
        name: seen for name, seen in before.items() if name not in lists
    }


def test_a_lost_master_is_said_and_nothing_is_made_of_it(kept, tmp_path):
    _, original, _ = kept
    site = copy_of(original, tmp_path / "site")
    shutil.rmtree(site.root / "hot")
    key = f"dalles/2025/{format_name(LEFT)}.tif"
    (site.root / "intermediate" / key).unlink()
    told = again(site)
    assert list(told.lost) == [key]
    assert "pcrs verify --repair" in told.lost[key]
    assert not list(site.pyramids.glob("*.json"))


def test_a_drill_proves_the_hot_tier_and_finds_one_flipped_bit(kept, tmp_path):
    _, original, _ = kept
    site = copy_of(original, tmp_path / "site")
    slab = next(path for path in sorted(site.pyramids.rglob("*.tif")) if not path.is_symlink())
    flip(slab)
    for path in site.pyramids.glob("*.list"):
        path.write_bytes(path.read_bytes().replace(bytes(original.root), bytes(site.root.resolve())))
    before = fingerprint(site)
    told = drill(site, load(site.settings_file), 1, silent)
    assert not told.proved
    assert set(told.differ) == {
        path.relative_to(site.root / "hot").as_posix()
        for path in site.pyramids.rglob("*.tif")
        if path.resolve() == slab.resolve()
    }
    assert (told.missing, told.extra, told.rebuilt.lost) == ([], [], {})
    assert told.equal > 10
    assert fingerprint(site) == before
    assert not (site.jobs / "drill").exists()


def test_a_site_comes_back_from_cold_bags_alone(kept, tmp_path):
    root, _, before = kept
    bags = shutil.copytree(root / "bande", tmp_path / "bande")
    site = site_with(tmp_path / "site", table("bande", bags, "bande", offsite=True))
    told, rebuilt = rebuild_from(site, load(site.settings_file), ["bande"], 1, silent)
    assert told.faults == {}
    assert rebuilt.other_bytes == []
    assert told.features == 3
    assert {
        name: seen for name, seen in fingerprint(site).items() if not name.endswith(":archives")
    } == before
    assert "[[archive.targets]]" in told.settings.read_text(encoding="utf-8")
    with custody(site) as held:
        assert read_all(held).faults == []
        assert held.inventory.count("bag") == told.bags
    name = Addresses("", "46").archive(UNNAMED)
    record = read_entry(records_of(site, load(site.settings_file)).get(name))
    assert "en ligne. Droits : Licence Ouverte 2.0" in record.abstract
    with pytest.raises(InputError, match="has deliveries"):
        rebuild_from(site, load(site.settings_file), ["bande"], 1, silent)


def test_bags_that_contradict_themselves_are_not_believed(kept, tmp_path):
    root, _, _ = kept
    bags = shutil.copytree(root / "bande", tmp_path / "bande")
    for file in bags.glob("*/metadata/objets.jsonl"):
        file.chmod(0o644)
        file.write_bytes(file.read_bytes().replace(b'"kind": "registre"', b'"kind": "rapport"'))
    site = site_with(tmp_path / "site", table("bande", bags, "bande"))
    with pytest.raises(NotFoundError, match="no bag holds the registers"):
        rebuild_from(site, load(site.settings_file), ["bande"], 1, silent)


def test_the_mirror_follows_the_tier(kept, tmp_path):
    _, original, _ = kept
    site = copy_of(original, tmp_path / "site")
    (tmp_path / "miroir").mkdir()
    text = site.settings_file.read_text(encoding="utf-8")
    extra = table("miroir", tmp_path / "miroir", "nas", offsite=True, takes="miroir")
    site.settings_file.write_text(text + extra, encoding="utf-8")
    assert archived(site).whole
    tier = site.root / "intermediate"
    mirrored = {f.relative_to(tmp_path / "miroir").as_posix() for f in (tmp_path / "miroir").rglob("*.*")}
    assert mirrored - {"pcrs-target.json"} == {f.relative_to(tier).as_posix() for f in tier.rglob("*.*")}
    assert archived(site).objects == 0
    with custody(site) as held, closing(held.inventory):
        assert {
            c.target for c in held.inventory.copies(next(held.inventory.objects(kind="original")).id)
        } == {
            "intermediaire",
            "nas",
            "bande",
            "miroir",
        }
