"""What can be downloaded, as the index tells it."""

from contextlib import closing
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.publish.addresses import Addresses
from pcrs.standard.crs import BBox
from pcrs.standard.grid import Slab
from pcrs.store.index import Index
from pcrs.work.downloads import date_of
from tests.cnig import arbre, document
from tests.downloads import X, Y, dalle_names, md5, stock
from tests.sites import new_site, take

RASTER = "PCRS_2-0_RVB-0M05_TIF_LAMB93_D046"


@pytest.fixture
def stocked(tmp_path):
    made = stock(tmp_path / "site")
    made.dalles("2022", dalle_names(3, 2022), at="2023-03-01T09:00:00+00:00")
    made.dalles("2025", dalle_names(2, 2025, first=2))
    return made


def test_nothing_accepted_is_nothing_to_download(tmp_path):
    assert stock(tmp_path / "site").shelf().resources == ()


def test_the_current_mosaic_then_the_latest_editions(stocked):
    (raster,) = stocked.shelf().resources
    assert [part.name for part in raster.parts] == [RASTER, f"{RASTER}_2025", f"{RASTER}_2022"]
    assert [len(part.items) for part in raster.parts] == [4, 2, 3]
    assert raster.whole is raster.parts[0]


def test_the_current_mosaic_has_the_newest_dalle_of_each_footprint(stocked):
    current = stocked.shelf().resource("PCRS").parts[0]
    assert [item.place for item in current.items] == [
        "dalles/2022/46-2022-0576-6373-LA93-0M05-RVB.tif",
        "dalles/2022/46-2022-0577-6373-LA93-0M05-RVB.tif",
        "dalles/2025/46-2025-0578-6373-LA93-0M05-RVB.tif",
        "dalles/2025/46-2025-0579-6373-LA93-0M05-RVB.tif",
    ]
    assert current.bbox == BBox(X, Y - 1000, X + 4000, Y)
    assert current.updated == datetime(2026, 3, 1, 10, 20, 30, tzinfo=UTC)


def test_a_file_has_its_size_and_md5(stocked):
    item = stocked.shelf().resource("PCRS").part(f"{RASTER}_2022").items[0]
    content = (stocked.site.root / "hot" / item.place).read_bytes()
    assert (item.octets, item.md5) == (len(content), md5(content))


def test_a_gml_that_came_again_is_the_last_one(stocked):
    stocked.gml("2025", "a.gml", at="2026-04-02T08:00:00+00:00")
    stocked.gml("2025", "a.gml", at="2026-05-02T08:00:00+00:00")
    (part,) = stocked.shelf().resource("PCRS-VECTEUR").parts
    (item,) = part.items
    assert item.updated.month == 5
    assert item.md5 == md5(stocked.site.vector("hot", "2025", "a.gml").read_bytes())


def test_what_is_not_published_is_not_offered(stocked):
    stocked.gml("2025", "a.gml")
    with closing(Index(stocked.site.index_file)) as index:
        mark = index.shown_mark()
        for delivery in index.deliveries():
            if delivery.edition == "2025":
                index.set_state(delivery.id, "acceptée")
        with index.transaction():
            index.accept([], [("2025", Slab(22, 1, 2))])
        assert index.shown_mark() != mark
    (raster,) = stocked.shelf().resources
    assert [part.edition for part in raster.parts] == [None, "2022"]


def test_gml_of_other_crs_are_parts_of_their_own(stocked):
    stocked.gml("2025", "a.gml")
    stocked.gml("2025", "b.gml", epsg=(3945,))
    stocked.gml("2022", "c.gml", epsg=(2154, 3945))
    vector = stocked.shelf().resource("PCRS-VECTEUR")
    assert {part.name: part.crs for part in vector.parts} == {
        "PCRS_2-0_VECTEUR_GML_CC45_D046_2025": (3945,),
        "PCRS_2-0_VECTEUR_GML_LAMB93_D046_2025": (2154,),
        "PCRS_2-0_VECTEUR_GML_LAMB93-CC45_D046_2022": (2154, 3945),
    }
    assert vector.whole is None


def test_acceptance_notes_what_a_gml_holds(tmp_path):
    folder = tmp_path / "depot"
    folder.mkdir()
    far = '<gml:Point gml:id="g.{id}" srsName="EPSG:2154"><gml:pos>577100 6373050 1</gml:pos></gml:Point>'
    text = document(arbre("a1"), arbre("a2", geometry=far))
    (folder / "lot.gml").write_text(text, encoding="utf-8")
    site = new_site(tmp_path / "site")
    _, files = take(site, folder)
    facts = files["lot.gml"].facts
    assert (facts["taken"], facts["epsg"], facts["md5"]) == (2, [2154], md5(text.encode()))
    assert facts["bbox"] == [577000.5, 6373000.25, 577100, 6373050]
    with closing(Index(site.index_file)) as index:
        assert index.dalles() == []


@given(st.dates(date(1000, 1, 1)))
def test_an_edition_named_by_a_day_has_that_date(day):
    assert date_of(day.isoformat()) == day
    assert date_of(f"{day:%Y-%m}") == day.replace(day=1)
    assert date_of(f"{day:%Y}") == day.replace(day=1, month=1)


@pytest.mark.parametrize("edition", ["2025-b", "2025-13", "2025-02-30", "0000", "été", "", "20251"])
def test_another_edition_tells_no_date(edition):
    assert date_of(edition) is None


def test_names_follow_the_geoplateforme():
    at = Addresses("https://pcrs.example.fr", "2A")
    assert at.part("raster", "2025-06-01") == "PCRS_2-0_RVB-0M05_TIF_LAMB93_D02A_2025-06-01"
    assert at.download("raster", "p", "é & b.tif") == (
        "https://pcrs.example.fr/telechargement/download/PCRS/p/%C3%A9%20%26%20b.tif"
    )
