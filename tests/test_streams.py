"""What QGIS is given: a project and a layer definition over the services of a site."""

import io
import zipfile

import pytest
from lxml import etree

from pcrs.publish.streams import Streams, entries, qgis_layers, qgis_package, qgis_project
from pcrs.standard.crs import BBox
from pcrs.standard.fields import Field
from pcrs.vector.sheets import Sheet
from pcrs.work.covers import COVER_COLUMNS

URL = "https://pcrs.example.fr/lot"


def sheet(name, shape, *columns):
    return Sheet(name, f"Titre de {name}", shape, columns, "gml_id", 1, False, tuple)


@pytest.fixture
def streams():
    wall = sheet("MurPCRS", "Curve", Field("typeMur", "string", "type de mur", {"01": "Mur"}))
    cover = sheet("AffleurantEnveloppePCRS", "Polygon", *COVER_COLUMNS)
    return Streams(
        title="PCRS du Lot",
        public_url=URL,
        raster={"PCRS_D046_RVB": "Mosaïque", "PCRS_D046_RVB_2025": "Édition 2025"},
        grid="2154_5cm",
        sheets=[sheet("dalles", "Polygon"), cover, wall, sheet("NomVoiriePCRS", "Point")],
        box=BBox(576_000, 6_372_000, 577_000, 6_373_000),
    )


def test_layers_stand_as_a_plan_is_drawn_and_imagery_lies_under_them(streams):
    assert [entry.name for entry in entries(streams)] == [
        "NomVoiriePCRS", "AffleurantEnveloppePCRS", "MurPCRS", "dalles",
        "PCRS_D046_RVB", "PCRS_D046_RVB_2025",
    ]  # fmt: skip
    shown = {entry.name: entry.shown for entry in entries(streams)}
    assert shown == {
        "NomVoiriePCRS": True, "AffleurantEnveloppePCRS": True, "MurPCRS": True, "dalles": False,
        "PCRS_D046_RVB": True, "PCRS_D046_RVB_2025": False,
    }  # fmt: skip


def test_a_project_names_the_services_by_their_public_address(streams):
    root = etree.fromstring(qgis_project(streams))
    sources = {layer.findtext("id"): layer.findtext("datasource") for layer in root.iter("maplayer")}
    assert sources["couche_PCRS_D046_RVB"] == (
        "contextualWMSLegend=0&crs=EPSG:2154&dpiMode=7&format=image/jpeg&layers=PCRS_D046_RVB&styles=normal"
        f"&tileMatrixSet=2154_5cm&url={URL}/wmts?SERVICE%3DWMTS%26REQUEST%3DGetCapabilities"
    )
    assert f"url='{URL}/ogcapi' typename='MurPCRS'" in sources["couche_MurPCRS"]
    assert root.findtext("projectCrs/spatialrefsys/authid") == "EPSG:2154"
    opened = [float(each.text) for each in root.find("mapcanvas/extent")]
    assert opened == [576_000, 6_372_000, 577_000, 6_373_000]
    tree = [node.get("id") for node in root.find("layer-tree-group").iter("layer-tree-layer")]
    assert tree == list(sources)


def test_objects_are_dressed_and_asked_for_at_a_large_scale_only(streams):
    layers = {each.findtext("id"): each for each in etree.fromstring(qgis_project(streams)).iter("maplayer")}
    wall, cover = layers["couche_MurPCRS"], layers["couche_AffleurantEnveloppePCRS"]
    assert (wall.get("minScale"), wall.get("hasScaleBasedVisibilityFlag")) == ("1500", "1")
    assert wall.find("renderer-v2").get("attr") == "typeMur"
    assert cover.find("renderer-v2").get("attr") == "reseau"
    assert layers["couche_PCRS_D046_RVB"].get("minScale") is None


def test_the_same_layers_come_as_a_package_and_as_a_definition(streams):
    with zipfile.ZipFile(io.BytesIO(qgis_package(streams))) as packed:
        assert packed.read("pcrs.qgs") == qgis_project(streams)
        assert packed.getinfo("pcrs.qgs").compress_size < packed.getinfo("pcrs.qgs").file_size / 4
    root = etree.fromstring(qgis_layers(streams))
    assert root.tag == "qlr"
    assert len(root.findall("maplayers/maplayer")) == 6
    assert root.find("layer-tree-group/layer-tree-group").get("name") == "PCRS du Lot"
