"""The report on a delivery of GML: everything that was found is on the page, on the map and in the layer."""

import base64
import json
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pyogrio
import pytest
import shapely
from lxml import etree, html

from pcrs.findings import Finding
from pcrs.publish.control.layer import geojson, write_layer
from pcrs.publish.control.page import render
from pcrs.publish.control.vector_summary import RULES
from pcrs.standard.crs import transform_geometry
from pcrs.vector.check import GmlControl
from pcrs.vector.levels import VectorLevels
from pcrs.work.dossier import Dossier
from tests.clean import clean_document
from tests.deliveries import DOSSIER, control
from tests.faults import plant
from tests.serving import said

REPOSITORY = Path(__file__).resolve().parents[1]
VECTOR = Dossier(
    DOSSIER.control,
    DOSSIER.levels,
    DOSSIER.category,
    vector=GmlControl(VectorLevels(today="2026-11-28"), sketch=True),
)


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    folder = tmp_path_factory.mktemp("livraison")
    plant(clean_document(tmp_path_factory.mktemp("source") / "propre.gml"), folder / "fautes.gml")
    return folder


@pytest.fixture(scope="module")
def result(delivery):
    return control(delivery, VECTOR)


@pytest.fixture(scope="module")
def tree(result):
    return html.fromstring(render(result))


def words(tree):
    return " ".join(" ".join(tree.itertext()).split())


def test_every_finding_is_in_a_table_with_its_line(result, tree):
    rows = {
        (row.xpath("string(td[2])").strip(), " ".join(row.xpath("string(td[last()])").split()))
        for row in tree.xpath("//table[@class='told']/tbody/tr")
    }
    assert rows == {(str(f.line), " ".join(f.message.split())) for f in result.every_finding}
    assert len(rows) > 35
    assert "non conforme" in words(tree)
    assert "Joints" not in words(tree)


def test_each_rule_has_its_line_with_what_it_found(result, tree):
    summary = {
        row.xpath("string(td[1]/text())").strip(): words(row)
        for row in tree.xpath("//table[@class='summary']/tbody/tr")
    }
    assert set(summary) == {title for title, *_ in RULES}
    assert "1 constat" in summary["Doublons"]
    assert "conforme" in summary["XML bien formé"]
    assert "non contrôlé" in summary["Schéma XSD"]
    assert "2 constats" in summary["Altitudes"]


def test_every_code_of_the_control_of_gml_belongs_to_a_rule_of_the_report():
    source = "".join(
        file.read_text(encoding="utf-8") for file in (REPOSITORY / "plugins/pcrs/vector").glob("*.py")
    )
    produced = set(re.findall(r'"(gml\.[a-z]+)"', source)) - {"gml.more"}
    assert produced <= {code for _, _, codes, _ in RULES for code in codes}
    assert len(produced) > 18


def test_the_map_numbers_the_findings_and_the_tables_give_the_numbers(result, tree):
    (drawing,) = tree.xpath("//svg[contains(@class, 'map')]")
    etree.fromstring(etree.tostring(drawing))
    on_map = set(drawing.xpath(".//g/text/text()"))
    in_tables = set(tree.xpath("//span[@class='pin']/text()"))
    assert on_map == in_tables
    assert len(on_map) > 8
    placed = [f for f in result.every_finding if f.position]
    assert len(tree.xpath("//span[@class='pin']")) >= len(placed) - 2  # one is 400 m off
    assert drawing.xpath(".//path[@class='emprise']")
    assert drawing.xpath(".//path[@class='objects']")
    numbers = " ".join(drawing.xpath(".//@d | .//@x | .//@y | .//@viewBox"))
    assert "nan" not in numbers
    assert "inf" not in numbers


def test_the_page_needs_nothing_from_elsewhere_and_carries_the_layer(result, tree):
    assert not tree.xpath("//script | //link | //iframe | //object | //@onclick")
    (address,) = tree.xpath("//a/@href")
    kind, _, data = address.partition(";base64,")
    assert kind == "data:application/geo+json"
    assert json.loads(base64.b64decode(data)) == json.loads(geojson(result))


def test_what_a_file_says_is_not_taken_as_markup(result):
    evil = "<script>alert(1)</script>"
    card = result.documents[0]
    finding = Finding("gml.id", "error", evil, evil, 1, evil, evil, evil, measured=evil, expected=evil)
    object.__setattr__(card, "findings", (*card.findings, finding))
    try:
        assert "<script" not in render(result)
    finally:
        object.__setattr__(card, "findings", card.findings[:-1])


def test_the_layer_has_every_finding_at_its_place(result, tmp_path):
    for name in ("constats.geojson", "constats.gpkg"):
        write_layer(result, tmp_path / name)
        meta, _, points, columns = pyogrio.raw.read(tmp_path / name, layer="constats")
        values = dict(zip(meta["fields"], columns, strict=True))
        assert len(points) == len(result.every_finding)
        assert list(values["code"]) == [f.code for f in result.every_finding]
        assert set(values["niveau"]) == {"erreur", "avertissement"}
        assert list(values["ligne"]) == [f.line for f in result.every_finding]
        epsg = int(meta["crs"].partition(":")[2])
        assert epsg == (4326 if name.endswith("json") else 2154)
        for point, finding in zip(shapely.from_wkb(points), result.every_finding, strict=True):
            assert (point is None) == (finding.position is None)
            if point is not None:
                there = transform_geometry(point, epsg, 2154)
                assert shapely.distance(there, shapely.Point(finding.position)) < 0.01
    assert sorted(file.name for file in tmp_path.iterdir()) == ["constats.geojson", "constats.gpkg"]


def test_the_geopackage_of_findings_opens_dressed(result, tmp_path):
    write_layer(result, tmp_path / "constats.gpkg")
    with closing(sqlite3.connect(tmp_path / "constats.gpkg")) as db:
        ((layer, column, style),) = db.execute(
            "SELECT f_table_name, f_geometry_column, styleQML FROM layer_styles WHERE useAsDefault"
        )
        columns = {row[1] for row in db.execute(f'PRAGMA table_info("{layer}")')}
        (geometry,) = db.execute("SELECT column_name FROM gpkg_geometry_columns").fetchone()
    assert (layer, column) == ("constats", geometry)
    tree = etree.fromstring(style)
    symbols = {
        mark.getparent().get("name"): mark.xpath("string(.//Option[@name='color']/@value)")
        for mark in tree.iter("layer")
    }
    colours = {each.get("value"): symbols[each.get("symbol")] for each in tree.iter("category")}
    red, orange = ([int(part) for part in colours[level].split(",")] for level in ("erreur", "avertissement"))
    assert red[0] > 3 * red[1]
    assert orange[0] > orange[1] > 3 * orange[2]
    assert tree.find("renderer-v2").get("attr") in columns
    assert {alias.get("field") for alias in tree.iter("alias")} == columns - {"fid", geometry}


def test_a_clean_delivery_conforms(tmp_path):
    clean_document(tmp_path / "propre.gml")
    result = control(tmp_path, VECTOR)
    page = words(html.fromstring(render(result)))
    assert result.verdict == "conforme"
    assert "Rien n’appelle d’examen" in page
    assert "109 objets valides" in page


def test_several_files_are_told_apart_and_one_that_is_no_document_is_shown(tmp_path):
    for name in ("a.gml", "b.gml"):
        clean_document(tmp_path / name)
    (tmp_path / "c.gml").write_text("<autre/>")
    result = control(tmp_path, VECTOR)
    tree = html.fromstring(render(result))
    rows = [words(row) for row in tree.xpath("//table[@class='files']/tbody/tr")]
    assert rows == ["a.gml 109 0 ✓ conforme", "b.gml 109 0 ✓ conforme", "c.gml – 1 ✕ non conforme"]
    assert tree.xpath("string(//table[@class='told']/tbody/tr/td[2])") == "c.gml"


def test_the_command_controls_reports_and_writes_the_layer(delivery, tmp_path):
    page, layer = tmp_path / "r.html", tmp_path / "c.geojson"
    done = said("check", delivery, "--report", page, "--findings", layer, "--workers", "1")
    assert done.returncode == 1, done.stderr
    assert "1 non conforme" in done.stdout
    told = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    (file,) = told["files"]
    assert file["objects"] > 100
    assert sum(each["count"] for each in file["tally"]) == len(file["findings"])
    assert len(json.loads(layer.read_text(encoding="utf-8"))["features"]) == len(file["findings"])
    done = said("check", delivery, "--findings", tmp_path / "c.shp")
    assert done.returncode == 2
    assert ".gpkg" in done.stderr
    assert isinstance(done, subprocess.CompletedProcess)
