"""One delivery with every fault that the field knows, and good files among them: nothing good is lost."""

import pytest

from pcrs.standard.names import format_name
from pcrs.store.base import Query
from tests.dalles import hm_name, make_dalle
from tests.sites import bench, codes, new_site, take

ROOT = (
    '<?xml version="1.0" encoding="UTF-8"?>{doctype}<PlanCorpsRueSimplifie version="2.0" gml:id="root" '
    'xmlns="http://cnig.gouv.fr/pcrs" xmlns:gml="http://www.opengis.net/gml/3.2" '
    'xmlns:xlink="http://www.w3.org/1999/xlink">\n{members}</PlanCorpsRueSimplifie>\n'
)
TREE = (
    '<featureMember>\n<ArbrePCRS gml:id="{id}"><idObjet>o{id}</idObjet><thematique>06</thematique>'
    "<qualiteCategorisation>01</qualiteCategorisation><precisionPlanimetrique>005</precisionPlanimetrique>"
    "<producteur>{maker}</producteur>{geometry}<reference>chêne</reference></ArbrePCRS></featureMember>\n"
)
PLACE = (
    '<geometrie><gml:Point gml:id="{id}g" srsName="EPSG:2154" srsDimension="3">'
    "<gml:pos>576010.5 6372990.25 130.1</gml:pos></gml:Point></geometrie>"
)


def tree(identifier, *, geometry=True, maker="moi"):
    place = PLACE.format(id=identifier) if geometry else ""
    return TREE.format(id=identifier, geometry=place, maker=maker)


def gml(*members, doctype=""):
    return ROOT.format(doctype=doctype, members="".join(members))


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """Everything below, delivered at once with --accept."""
    root = tmp_path_factory.mktemp("bad")
    folder = root / "depot"
    column = iter(range(576_000, 580_000, 200))
    names: dict[str, str] = {}

    def dalle(kind, **how):
        name = hm_name(next(column))
        file = make_dalle(folder / f"{format_name(name)}.tif", name, compress="deflate", tiled=True, **how)
        names[kind] = file.name
        return file

    dalle("good")
    with dalle("truncated").open("r+b") as stream:
        stream.truncate(3_000_000)
    dalle("wrong CRS", crs=3945)
    dalle("half a pixel", shift_m=(0.025, 0))
    other = hm_name(next(column))
    names["another's name"] = "2025-09000-63730-LA93-0M05-RVB.tif"
    make_dalle(folder / names["another's name"], other, compress="deflate")
    dalle("four bands", bands=4)
    dalle("16 bits", dtype="uint16")
    import numpy as np

    dalle("black", pixels=np.zeros((4000, 4000, 3), np.uint8))
    names["text"] = f"{format_name(hm_name(next(column)))}.tif"
    (folder / names["text"]).write_text("ceci n'est pas une image\n" * 50)
    texts = {
        "good.gml": gml(tree("a1"), tree("a2")),
        "zero.gml": "",
        "malformed.gml": gml(tree("b1"), tree("b2")).replace(
            "</ArbrePCRS></featureMember>\n</Plan", "</Plan"
        ),
        "entity.gml": gml(
            tree("c1", maker="&secret;"),
            doctype='<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/hostname">]>',
        ),
        "placeless.gml": gml(tree("d1", geometry=False), tree("d2")),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    site = new_site(root / "site")
    delivery, files = take(site, folder)
    return site, delivery, files, names


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("truncated", "raster.truncated"),
        ("wrong CRS", "raster.crs"),
        ("half a pixel", "raster.alignment"),
        ("another's name", "raster.georef"),
        ("four bands", "raster.bands"),
        ("16 bits", "raster.depth"),
        ("black", "raster.blank"),
        ("text", "raster.open"),
    ],
)
def test_a_bad_dalle_is_one_clear_finding(taken, kind, code):
    _, _, files, names = taken
    file = files[names[kind]]
    assert codes(file) == [code]
    assert file.state == "refusé"


@pytest.mark.parametrize(
    ("name", "code", "taken_in"),
    [
        ("zero.gml", "gml.xml", 0),
        ("malformed.gml", "gml.xml", 1),
        ("entity.gml", "gml.entity", 0),
        ("placeless.gml", "gml.geometry", 1),
    ],
)
def test_a_bad_gml_is_one_clear_finding_and_its_good_objects_go_in(taken, name, code, taken_in):
    _, _, files, _ = taken
    file = files[name]
    assert codes(file) == [code]
    assert (file.facts or {}).get("taken", 0) == taken_in
    assert file.state == ("intégré" if taken_in else "refusé")


def test_nothing_good_is_lost_and_nothing_bad_goes_in(taken):
    site, delivery, files, names = taken
    assert delivery.state == "publiée"
    assert files[names["good"]].state == files["good.gml"].state == "intégré"
    with bench(site) as opened:
        store = opened.means.store
        trees = {row.id for row in store.query("ArbrePCRS", Query()).rows}
        dalles = {row.id for row in store.query("dalles", Query()).rows}
        makers = {row.values["producteur"] for row in store.query("ArbrePCRS", Query()).rows}
    assert trees == {"a1", "a2", "b1", "d2"}
    assert dalles == {names["good"].removesuffix(".tif")}
    assert makers == {"moi"}


def test_findings_say_where_and_what_was_expected(taken):
    _, _, files, names = taken
    (placeless,) = [f for f in files["placeless.gml"].findings if f["level"] == "error"]
    assert (placeless["line"], placeless["object_id"], placeless["class_name"]) == (3, "d1", "ArbrePCRS")
    (half,) = [f for f in files[names["half a pixel"]].findings if f["level"] == "error"]
    assert half["measured"]
    assert half["expected"]
