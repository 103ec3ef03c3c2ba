"""Rules that let copies go: said first, and never before what remains was read."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pcrs.archiving import archive_site, lifecycle, rules_of
from pcrs.errors import SettingsError
from pcrs.settings import load
from pcrs.standard.names import format_name
from pcrs.store.inventory_schema import Copy
from pcrs.work.custody.deposit import complete
from pcrs.work.custody.lifecycle import LetGo
from pcrs.work.receive import receive
from tests.archives import custody, make_sip, put_away, read_all, two_folders
from tests.dalles import hm_name, make_dalle
from tests.sites import bench
from tests.test_archive import bags_of
from tests.test_fixity import flip, state_of

BAGS = LetGo("paquets", 0, 1, "nas")
LATER = timedelta(minutes=3)  # within what clocks may differ by


def apply(site, *rules: LetGo, really: bool = True):
    with bench(site) as opened, custody(site) as held:
        later = replace(held, clock=lambda: datetime.now(UTC) + LATER)
        return lifecycle(later, opened.means, rules, apply=really)


@pytest.fixture
def kept(tmp_path):
    site = two_folders(tmp_path)
    put_away(site, make_sip(tmp_path / "sip", cliches=2))
    return tmp_path, site


def test_a_bag_is_let_go_when_its_other_copies_were_read(kept):
    root, site = kept
    before = state_of(root)
    told = apply(site, BAGS, really=False)
    assert [(one.target, one.objects) for one in told.done] == [("nas", 17)]
    assert {k: v for k, v in state_of(root).items() if "site/" not in k} == {
        k: v for k, v in before.items() if "site/" not in k
    }
    assert len(apply(site, BAGS).done) == 1
    assert bags_of(root / "nas") == []
    assert [p.name for p in (root / "nas").rglob("*") if p.is_file()] == ["pcrs-target.json"]
    with custody(site) as held:
        assert read_all(held).faults == []
        assert complete(held).objects == 0  # it is not put back
        assert {c.target for one in held.inventory.objects() for c in held.inventory.copies(one.id)} == {
            "bande"
        }
    assert apply(site, BAGS).done == []


def test_nothing_goes_when_another_copy_is_rotten(kept):
    root, site = kept
    flip(next((root / "bande").glob("*/data/lidar/*.laz")))
    before = state_of(root / "nas")
    told = apply(site, BAGS)
    assert told.done == []
    assert "0576_6373.laz : il faut 1 autres copies relues, il y en a 0" in told.kept[0][1]
    assert state_of(root / "nas") == before


@pytest.mark.parametrize(
    "rule",
    [LetGo("paquets", 0, 2, "nas"), LetGo("paquets", 30, 1, "nas"), LetGo("paquets", 0, 1, "nas", "Gourdon")],
    ids=["too few copies", "too young", "another chantier"],
)
def test_rules_that_do_not_hold(kept, rule):
    root, site = kept
    assert apply(site, rule).done == []
    assert len(bags_of(root / "nas")) == 1


def test_restored_copies_go_when_their_time_is_over(kept):
    root, site = kept
    with custody(site) as held:
        one = next(held.inventory.objects(kind="nuage"))
        (root / "nas" / "restitutions").mkdir()
        for name, expires in (("a.laz", "2026-01-01T00:00:00+00:00"), ("b.laz", "2100-01-01T00:00:00+00:00")):
            copy = held.inventory.copies(one.id)[0]
            shutil.copy(root / copy.target / copy.key, root / "nas" / "restitutions" / name)
            held.inventory.put_copies(
                [Copy("nas", f"restitutions/{name}", one.id, "", "vérifiée", held.now(), held.now(), expires)]
            )
    assert [one.name for one in apply(site, LetGo("restitutions", 0, 2)).done] == ["restitutions/a.laz"]
    assert [p.name for p in (root / "nas" / "restitutions").iterdir()] == ["b.laz"]


def test_the_compressed_file_of_a_hidden_dalle_goes_and_its_master_stays(tmp_path):
    site = two_folders(tmp_path)
    name = hm_name()
    for seed in (0, 1):
        make_dalle(tmp_path / str(seed) / f"{format_name(name)}.tif", name, seed=seed, compress="deflate")
        with bench(site) as opened:
            delivery = receive(opened.means, tmp_path / str(seed), edition="2025", correction=bool(seed))
            opened.accept(delivery.id)
    rule = LetGo("dalles-remplacees", 0, 3)
    assert "pcrs archive d'abord" in apply(site, rule).kept[0][1]
    with custody(site) as held:
        assert archive_site(held, site, load(site.settings_file)).whole
    assert [one.name for one in apply(site, rule).done] == [f"dalles/2025/{format_name(name)}.tif"]
    hot = sorted(path.name for path in (site.root / "hot" / "dalles").rglob("*.tif"))
    assert hot == [f"{format_name(name)}_v2.tif"]
    assert site.master("2025", format_name(name)).exists()
    with bench(site) as opened:
        assert [dalle.stem for dalle in opened.means.index.shown("2025")] == [f"{format_name(name)}_v2"]
    assert apply(site, rule).done == []


def test_a_rule_without_a_target_is_refused(tmp_path):
    site = two_folders(tmp_path)
    text = site.settings_file.read_text(encoding="utf-8")
    site.settings_file.write_text(text + '\n[[archive.rules]]\nwhat = "paquets"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="no target for bags"):
        rules_of(load(site.settings_file))
    assert Path(site.root).exists()
