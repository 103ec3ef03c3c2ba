import zipfile
from dataclasses import replace

import pyogrio
import pytest
import shapely
from lxml import etree

from pcrs.errors import ConflictError, InputError, NotFoundError, TooLargeError
from pcrs.findings import Finding
from pcrs.standard.crs import transform_geometry
from pcrs.standard.model import CLASSES, Feature
from pcrs.vector.formats import FORMATS, format_of
from pcrs.vector.gml import read
from pcrs.work.areas import box_area
from pcrs.work.export import Order, export
from tests.cnig import schema
from tests.extracts import CREDITS, DAY, SQUARE, demo_store, extract
from tests.sites import new_site, take


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = demo_store(tmp_path_factory.mktemp("store") / "features.gpkg")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def everything(store, tmp_path_factory):
    target = tmp_path_factory.mktemp("everything") / "all.gml"
    return target, extract(store, target, "gml", None, epsg=3945)


def objects_of(path):
    """Objects and findings of a document, apart."""
    found = list(read(path))
    return [o for o in found if isinstance(o, Feature)], [o for o in found if isinstance(o, Finding)]


def links_of(feature):
    for attribute in CLASSES[feature.class_name].attributes:
        if attribute.kind == "link":
            value = feature.attributes.get(attribute.name, ())
            yield from (link.removeprefix("#") for link in ((value,) if isinstance(value, str) else value))


def canonical(feature, epsg):
    geometry = feature.geometry
    if geometry is not None:
        geometry = transform_geometry(geometry, feature.epsg, epsg)
    return feature.class_name, dict(feature.attributes), geometry


def test_lyon_comes_back_as_it_was(shared_data, tmp_path):
    folder = shared_data / "pcrs_gml" / "lyon"
    sources = {}
    for file in sorted(folder.glob("*.gml")):
        for feature in objects_of(file)[0]:
            sources[feature.gml_id] = canonical(feature, 3946)
    site = new_site(tmp_path / "site")
    delivery, _ = take(site, folder)
    assert delivery.state == "publiée"
    from pcrs.store import open_store

    target = tmp_path / "lyon.gml"
    opened = open_store(site.features_url, read_only=True)
    done = export(opened, Order(FORMATS["gml"], CREDITS, DAY, epsg=3946), target)
    opened.close()
    schema(shared_data / "xsd").assertValid(etree.parse(target))
    back, findings = objects_of(target)
    assert [f for f in findings if f.level == "error"] == []
    assert sum(done.counts.values()) == len(back) == len(sources) > 800
    for feature in back:
        class_name, attributes, geometry = sources[feature.gml_id]
        assert feature.class_name == class_name
        assert dict(feature.attributes) == attributes
        assert (feature.geometry is None) == (geometry is None)
        if geometry is not None:
            assert feature.epsg == 3946
            assert feature.geometry.geom_type == geometry.geom_type
            assert feature.geometry.has_z == geometry.has_z
            there = shapely.get_coordinates(feature.geometry, include_z=geometry.has_z)
            here = shapely.get_coordinates(geometry, include_z=geometry.has_z)
            assert there.shape == here.shape
            assert abs(there - here).max() < 0.0005


def test_an_area_is_whole_objects_and_no_link_without_its_end(store, tmp_path):
    target = tmp_path / "square.gml"
    done = extract(store, target, "gml")
    extract(store, tmp_path / "again.gml", "gml")
    assert target.read_bytes() == (tmp_path / "again.gml").read_bytes()
    found, findings = objects_of(target)
    assert [f for f in findings if f.level == "error"] == []
    ids = {feature.gml_id for feature in found}
    assert {link for feature in found for link in links_of(feature)} <= ids
    region = box_area(SQUARE, "EPSG:2154").region
    for name in ("LimiteVoiriePCRS", "FacadePCRS", "AffleurantEnveloppePCRS", "SeuilPCRS"):
        expected = {r.id for r in store.query(name, _within(region)).rows}
        assert {f.gml_id for f in found if f.class_name == name} == expected
        assert done.counts[name] == len(expected) > 0
    shown = {f.attributes["representation"][1:] for f in found if f.class_name == "AffleurantPCRS"}
    assert shown == {f.gml_id for f in found if f.class_name == "AffleurantGeometriquePCRS"}
    kerbs = [f for f in found if f.class_name == "LimiteVoiriePCRS"]
    assert any(not region.covers(kerb.geometry) for kerb in kerbs)
    assert any(kerb.attributes.get("pointLeve") for kerb in kerbs)


def _within(region):
    from pcrs.store.base import Query

    return Query(within=region, limit=10_000)


def test_the_lists_of_emprises_are_cut_to_what_is_there(everything, store, tmp_path):
    extract(store, tmp_path / "square.gml", "gml")
    lists = {}
    for name, target in (("all", everything[0]), ("square", tmp_path / "square.gml")):
        found, _ = objects_of(target)
        emprises = [f for f in found if f.class_name == "EmpriseEchangePCRS" and f.attributes.get("objet")]
        lists[name] = {link for f in emprises for link in f.attributes["objet"]}
    assert lists["square"] < lists["all"]
    assert lists["square"]


def test_the_whole_store_comes_back_as_gml(everything, store, shared_data):
    target, done = everything
    schema(shared_data / "xsd").assertValid(etree.parse(target))
    head = target.read_text(encoding="utf-8").partition("<pcrs:Plan")[0]
    assert head.count("EPSG:3945") == 2
    assert "ATTENTION" in head
    found, _ = objects_of(target)
    assert len(found) == sum(done.counts.values())
    for feature in found[:200]:
        if feature.geometry is not None:
            kept = store.get(feature.class_name, feature.gml_id).geometry
            back = transform_geometry(feature.geometry, 3945, 2154)
            assert shapely.hausdorff_distance(back, kept) < 0.001


def test_a_cut_ends_at_the_limit_and_keeps_heights(store, tmp_path):
    target = tmp_path / "cut.gpkg"
    extract(store, target, "gpkg", clip=True)
    _, _, wkb, columns = pyogrio.raw.read(target, layer="LimiteVoiriePCRS", columns=["gml_id"])
    lines = shapely.from_wkb(wkb)
    region = box_area(SQUARE, "EPSG:2154").region
    assert region.buffer(1e-6).covers(shapely.union_all(lines))
    assert shapely.has_z(lines).all()
    assert (shapely.get_coordinates(lines, include_z=True)[:, 2] > 100).all()
    assert len(set(columns[0])) == len(lines)
    kept = {row.id: row.geometry for row in store.query("LimiteVoiriePCRS", _within(region)).rows}
    total = shapely.length(shapely.intersection(region, list(kept.values()))).sum()
    assert shapely.length(lines).sum() == pytest.approx(total)


def test_a_zip_has_the_notice_beside(store, tmp_path):
    extract(store, tmp_path / "plan.zip", "dxf", epsg=3945)
    with zipfile.ZipFile(tmp_path / "plan.zip") as packed:
        assert sorted(packed.namelist()) == ["LISEZ-MOI.txt", "plan.dxf"]
        text = packed.read("LISEZ-MOI.txt").decode("utf-8-sig")
    for word in (
        "EPSG:3945",
        "ATTENTION",
        "WARNING",
        "2026-11-28",
        "levés et dates des objets : 2025-0",
        "APLC d'essai",
        "raccourcit",
    ):
        assert word in text


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_nothing_is_left_when_there_is_nothing(store, tmp_path, name):
    done = extract(store, tmp_path / "none", name, "600000,6400000,600100,6400100")
    assert done.counts == {}
    assert list(tmp_path.iterdir()) == []


class Restless:
    """A store in which somebody writes all the time."""

    def __init__(self, store, changes):
        self._store, self._left = store, changes

    def __getattr__(self, name):
        return getattr(self._store, name)

    def revision(self):
        self._left -= 1
        return str(max(0, self._left))


def test_an_extract_is_of_one_state_of_the_store(store, tmp_path):
    target = tmp_path / "square.gml"
    assert extract(Restless(store, 2), target, "gml", layers=("MurPCRS",)).counts
    target.unlink()
    with pytest.raises(ConflictError):
        extract(Restless(store, 100), target, "gml", layers=("MurPCRS",))
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_done_is_said_and_leaves_nothing(store, tmp_path):
    with pytest.raises(TooLargeError, match="emprise plus petite"):
        extract(store, tmp_path / "x.fgb", "fgb", objects_max=10)
    with pytest.raises(InputError, match="3945"):
        extract(store, tmp_path / "x.dxf", "dxf", epsg=4326)
    with pytest.raises(InputError, match="entiers"):
        extract(store, tmp_path / "x.gml", "gml", clip=True)
    with pytest.raises(InputError, match="communes"):
        extract(store, tmp_path / "x.gml", "gml", layers=("communes",))
    with pytest.raises(NotFoundError, match="Nulle"):
        extract(store, tmp_path / "x.gml", "gml", layers=("Nulle",))
    with pytest.raises(InputError, match="gpkg"):
        format_of("dwg")
    assert list(tmp_path.iterdir()) == []


def test_one_layer_alone_and_one_that_is_not_of_the_standard(store, tmp_path):
    done = extract(store, tmp_path / "c.gpkg", "gpkg", layers=("communes", "MurPCRS"))
    assert set(done.counts) == {"communes", "MurPCRS"}
    assert {"communes", "MurPCRS"} <= set(pyogrio.list_layers(tmp_path / "c.gpkg")[:, 0])


def test_orders_are_values():
    order = Order(FORMATS["geojson"], CREDITS, DAY)
    assert order.target_epsg == 4326
    assert replace(order, epsg=3944).target_epsg == 3944
