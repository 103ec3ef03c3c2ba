import re
import sqlite3
import zipfile
from base64 import b64decode
from contextlib import closing

import ezdxf
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pcrs.standard.codes import NETWORK_COLOURS
from pcrs.standard.crs import transform_geometry
from pcrs.standard.fields import Field
from pcrs.standard.model import CONCRETE
from pcrs.store.base import Query
from pcrs.vector.drawing import AFFLEURANTS, DRAWINGS, ground_size
from pcrs.vector.packs import short_names
from pcrs.vector.symbols import SYMBOLS, svg
from pcrs.work.areas import box_area
from tests.extracts import SQUARE, demo_store, extract

GENERIC = re.compile("_(points|lignes|surfaces)$")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = demo_store(tmp_path_factory.mktemp("store") / "features.gpkg")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def rows(store):
    """The objects of the square, by class, as the store has them."""
    query = Query(within=box_area(SQUARE, "EPSG:2154").region, limit=100_000)
    return {layer.name: store.query(layer.name, query).rows for layer in store.layers() if layer.geometry}


def read(source, layer):
    """Geometries by gml:id, and the names of the fields."""
    meta, _, wkb, columns = pyogrio.raw.read(source, layer=layer)
    names = list(meta["fields"])
    ids = columns[names.index("gml_id")]
    return dict(zip(ids, shapely.from_wkb(wkb), strict=True)), dict(zip(names, columns, strict=True))


def near(one, other, tolerance):
    here, there = (shapely.get_coordinates(g, include_z=g.has_z) for g in (one, other))
    return here.shape == there.shape and abs(here - there).max() < tolerance


@pytest.mark.parametrize(
    ("name", "suffix", "epsg"),
    [("gpkg", "", 3945), ("fgb", "fgb", 2154), ("shp", "shp", 3944), ("geojson", "geojson", 4326),
     ("csv", "csv", 2154)],
)  # fmt: skip
def test_a_gis_reads_what_the_store_has(store, rows, tmp_path, name, suffix, epsg):
    target = tmp_path / ("square.gpkg" if name == "gpkg" else "square.zip")
    done = extract(store, target, name, epsg=epsg)
    for layer in ("LimiteVoiriePCRS", "AffleurantSymbolePCRS", "HabillageLignesPCRS", "NomVoiriePCRS"):
        source = target if name == "gpkg" else f"/vsizip/{target}/{layer}.{suffix}"
        found, columns = read(source, layer)
        assert len(found) == done.counts[layer]
        for row in rows[layer]:
            assert near(transform_geometry(found[row.id], epsg, 2154), row.geometry, 0.001), (layer, row.id)
        assert pyogrio.read_info(source, layer=layer)["crs"] in (f"EPSG:{epsg}", "EPSG:4979") or name in (
            "shp",
            "csv",
        )
    if name != "shp":
        assert set(columns) >= {"libelle", "justification", "edition"}


def test_shapefiles_tell_their_encoding_crs_and_names(store, tmp_path):
    target = tmp_path / "square.zip"
    extract(store, target, "shp", epsg=3945)
    with zipfile.ZipFile(target) as packed:
        names = packed.namelist()
        assert packed.read("LimiteVoiriePCRS.cpg") == b"UTF-8"
        assert b"CC45" in packed.read("LimiteVoiriePCRS.prj")
        text = packed.read("LISEZ-MOI.txt").decode("utf-8-sig")
    assert {"AffleurantPCRS.dbf", "NomVoiriePCRS.shp"} <= set(names)
    assert "AffleurantPCRS.shp" not in names
    assert re.search(r"precisionP *= precisionPlanimetrique", text)
    _, columns = read(f"/vsizip/{target}/NomVoiriePCRS.shp", "NomVoiriePCRS")
    assert "Rue de la République" in columns["libelle"]
    assert max(map(len, columns)) <= 10


@given(
    st.lists(st.text("abcdeABCDE_é", min_size=1, max_size=24), min_size=1, max_size=40, unique_by=str.lower)
)
def test_short_names_are_short_and_different(names):
    short = short_names([Field(name, "string") for name in names])
    assert list(short) == names
    assert max(map(len, short.values())) <= 10
    assert len({name.lower() for name in short.values()}) == len(names)


@pytest.fixture(scope="module")
def dressed(store, tmp_path_factory):
    target = tmp_path_factory.mktemp("dressed") / "square.gpkg"
    return target, extract(store, target, "gpkg")


def test_covers_carry_what_their_affleurant_says(store, dressed):
    target = dressed[0]
    _, columns = read(target, "AffleurantSymbolePCRS")
    for symbol, cover, network in zip(
        columns["gml_id"], columns["affleurant"], columns["reseau"], strict=True
    ):
        told = store.get("AffleurantPCRS", cover).values
        assert told["symbolisation"] == f"#{symbol}"
        assert told["reseau"] == network


def test_the_geopackage_is_dressed(dressed, tmp_path):
    target, done = dressed
    with closing(sqlite3.connect(target)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        styles = dict(db.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault"))
        spatial = {name for (name,) in db.execute("SELECT table_name FROM gpkg_geometry_columns")}
        notice = "\n".join(line for (line,) in db.execute("SELECT texte FROM lisez_moi ORDER BY fid"))
        content = db.execute("SELECT content FROM qgis_projects WHERE name = 'pcrs'").fetchone()[0]
    assert set(styles) == spatial
    assert {GENERIC.sub("", name) for name in spatial} == {n for n in done.counts if n in DRAWINGS}
    assert "EPSG:2154" in notice
    assert "ATTENTION" in notice
    for name, text in styles.items():
        root = etree.fromstring(text)
        assert root.find("renderer-v2") is not None, name
        aliases = {a.get("field"): a.get("name") for a in root.find("aliases")}
        assert aliases["gml_id"] == "gml:id"
    categories = etree.fromstring(styles["AffleurantEnveloppePCRS"]).findall(".//category")
    assert {c.get("value") for c in categories} == {*NETWORK_COLOURS, ""}
    assert any(c.get("label") == "Eau potable (AEP)" for c in categories)
    labels = etree.fromstring(styles["NomVoiriePCRS"]).find("labeling")
    assert {o.get("name") for o in labels.iter("Option")} >= {"Hali", "LabelRotation", "Size"}
    (tmp_path / "p.zip").write_bytes(bytes.fromhex(content))
    with zipfile.ZipFile(tmp_path / "p.zip") as packed:
        project = etree.fromstring(packed.read("pcrs.qgs"))
    sources = [layer.findtext("datasource") for layer in project.iter("maplayer")]
    assert f"./{target.name}|layername=MurPCRS" in sources


def test_every_class_with_a_geometry_has_a_drawing_and_every_symbol_is_an_image():
    assert {model.name for model in CONCRETE if model.geometry} == set(DRAWINGS)
    used = {d.symbol for d in DRAWINGS.values() if d.symbol} | {
        symbol for d in DRAWINGS.values() for symbol in d.symbols.values()
    }
    assert used <= set(SYMBOLS)
    for name in SYMBOLS:
        image = etree.fromstring(b64decode(svg(name).removeprefix("base64:")))
        assert len(image[0])
    assert ground_size(None, 0.6) == ground_size(1, 0.6) == 0.6
    assert ground_size(420, 0.6) == 0.42


def test_cad_reads_the_dxf(store, rows, tmp_path):
    target = tmp_path / "square.dxf"
    done = extract(store, target, "dxf", epsg=3945)
    document = ezdxf.readfile(target)
    assert not document.audit().errors
    assert document.units == ezdxf.units.M
    assert dict(document.header.custom_vars)["CRS"] == "EPSG:3945"
    by_id = {}
    for entity in document.modelspace():
        if entity.has_xdata("PCRS"):
            by_id.setdefault(entity.get_xdata("PCRS")[0].value.removeprefix("gml_id="), []).append(entity)
    notice = document.modelspace().query('MTEXT[layer=="LISEZ-MOI"]')
    assert "EPSG:3945" in notice[0].text
    assert len(by_id) == sum(number for name, number in done.counts.items() if name in DRAWINGS)
    for row in rows["LimiteVoiriePCRS"]:
        (line,) = by_id[row.id]
        assert line.dxf.layer == "LimiteVoiriePCRS"
        points = np.array([tuple(v.dxf.location) for v in line.vertices])
        assert near(transform_geometry(shapely.LineString(points), 3945, 2154), row.geometry, 0.001)
    for row in rows["MurPCRS"]:
        assert by_id[row.id][0].dxf.layer == f"MurPCRS-{row.values['typeMur']}"


def test_symbols_and_texts_of_the_dxf_are_turned_as_the_standard_says(store, rows, tmp_path):
    target = tmp_path / "square.dxf"
    extract(store, target, "dxf")
    document = ezdxf.readfile(target)
    texts = {e.dxf.text: e for e in document.modelspace().query("TEXT") if e.dxf.layer == "NomVoiriePCRS"}
    for row in rows["NomVoiriePCRS"]:
        text = texts[row.values["libelle"]]
        assert text.get_placement()[0] == ezdxf.enums.TextEntityAlignment.MIDDLE_CENTER
    row = rows["AffleurantSymbolePCRS"][0]
    covers = [e for e in document.modelspace().query("INSERT") if row.id in e.get_xdata("PCRS")[0].value]
    assert covers[0].dxf.rotation == pytest.approx((90 - row.values["angleRotation"]) % 360)
    for name in {layer.dxf.name for layer in document.layers if layer.dxf.name.startswith(AFFLEURANTS)}:
        code = name.partition("-")[2]
        expected = tuple(bytes.fromhex(NETWORK_COLOURS[code].rgb[1:]))
        assert document.layers.get(name).rgb == expected
