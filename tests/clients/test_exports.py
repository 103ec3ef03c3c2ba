"""What users open exports with: QGIS and GDAL's programs, on extracts of the demo."""

import json
import re
from collections import Counter

import ezdxf
import pytest

from pcrs.standard.codes import network_colour
from tests.clients.conftest import need, run
from tests.clients.qgis_asked import qgis_told
from tests.serving import said

BOX = "576470,6372452,576560,6372506"


def exported(site, target, *options):
    made = said("export", "--site", site, "--bbox", BOX, "--output", target, "--json", *options)
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)["classes"]


@pytest.fixture(scope="module")
def plan(demo_site, tmp_path_factory):
    """What QGIS, without a screen, says of the exported GeoPackage."""
    folder = tmp_path_factory.mktemp("plan")
    exported(demo_site, folder / "plan.gpkg", "--format", "gpkg")
    files = (folder / "plan.gpkg", folder / "plan.png")
    return qgis_told("qgis_plan.py", folder, *files, 1500, *BOX.split(","))


def test_qgis_opens_the_geopackage_dressed(plan):
    assert plan["read"]
    assert plan["crs"] == "EPSG:2154"
    assert plan["valid"]
    assert plan["errors"] == []
    assert plan["order"].index("Nom de voirie") < plan["order"].index("Limite de voirie")


def test_each_layer_alone_has_its_style(plan):
    styles = plan["default"]
    assert styles["AffleurantSymbolePCRS"]["renderer"] == "categorizedSymbol"
    assert styles["MurPCRS"] | {"alias": ""} == {
        "renderer": "categorizedSymbol",
        "labels": False,
        "alias": "",
        "widget": "ValueMap",
    }
    assert styles["NomVoiriePCRS"]["renderer"] == "nullSymbol"
    assert styles["NomVoiriePCRS"]["labels"]
    assert styles["MurPCRS"]["alias"] == "gml:id"


def test_the_plan_is_black_on_white_with_covers_in_the_colour_of_their_network(plan):
    seen = plan["colours"]
    assert seen["#ffffff"] > 0.8 * sum(seen.values())
    assert seen["#000000"] > 1000
    for network in ("AEP", "ASSAEU", "COM", "ELECBT", "GAZ"):
        assert seen.get(network_colour(network).rgb.lower(), 0) > 3, network


def test_ogrinfo_and_ezdxf_read_the_same_dxf(demo_site, tmp_path):
    target = tmp_path / "plan.dxf"
    classes = exported(demo_site, target, "--format", "dxf", "--crs", "EPSG:3945")
    query = "SELECT Layer, count(*) AS n FROM entities GROUP BY Layer"
    said = run(need("ogrinfo"), "-q", target, "-dialect", "SQLITE", "-sql", query)
    names, numbers = (
        re.findall(r"Layer \(String\) = (.+)", said),
        re.findall(r"n \(Integer\w*\) = (\d+)", said),
    )
    by_gdal = dict(zip(names, map(int, numbers), strict=True))
    by_ezdxf = Counter(entity.dxf.layer for entity in ezdxf.readfile(target).modelspace())
    assert by_gdal == by_ezdxf
    for name in ("LimiteVoiriePCRS", "FacadePCRS", "SeuilPCRS", "NumeroVoiriePCRS"):
        assert by_gdal[name] == classes[name]
    symbols = [number for name, number in by_gdal.items() if name.startswith("AffleurantSymbolePCRS-")]
    assert sum(symbols) == classes["AffleurantSymbolePCRS"]
