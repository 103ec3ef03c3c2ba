from dataclasses import replace

import pytest

from pcrs.publish.control.layer import write_layer
from pcrs.vector.check import GmlControl
from tests.clean import clean_document
from tests.clients.qgis_asked import qgis_told
from tests.deliveries import DOSSIER, control
from tests.faults import plant

BOX = ("576420", "6372420", "576480", "6372480")


@pytest.fixture(scope="module")
def told(demo_url, tmp_path_factory):
    """What QGIS, without a screen, says of each layer."""
    folder = tmp_path_factory.mktemp("qgis")
    deliver = tmp_path_factory.mktemp("livraison")
    plant(clean_document(folder / "propre.gml"), deliver / "fautes.gml")
    write_layer(control(deliver, replace(DOSSIER, vector=GmlControl())), folder / "constats.gpkg")
    return qgis_told("qgis_probe.py", folder, demo_url, folder, *BOX)


@pytest.mark.parametrize(("matrix_set", "crs"), [("2154_5cm", "EPSG:2154"), ("PM", "EPSG:3857")])
def test_qgis_draws_the_wmts(told, matrix_set, crs):
    layer = told[matrix_set]
    assert layer["valid"], layer
    assert layer["crs"] == crs
    assert layer["errors"] == []
    assert layer["colours"] > 500


def test_qgis_walks_the_features(told):
    assert told["dalles"]["valid"], told["dalles"]
    assert told["dalles"]["count"] == 25
    assert "date_acquisition" in told["dalles"]["fields"]
    limits = told["LimiteVoiriePCRS"]
    assert limits["valid"], limits
    assert limits["count"] > 10
    assert {"idObjet", "precisionPlanimetrique"} <= set(limits["fields"])
    west, south, east, north = limits["extent"]
    assert 1.3 < west < east < 1.5
    assert 44.3 < south < north < 44.6


def test_qgis_opens_the_coverage(told):
    assert told["coverage"]["valid"], told["coverage"]
    assert told["coverage"]["crs"] == "EPSG:2154"
    assert told["coverage"]["colours"] > 500


def test_qgis_opens_the_findings_dressed(told):
    layer = told["findings"]
    assert (layer["valid"], layer["crs"]) == (True, "EPSG:2154")
    assert layer["count"] > 40
    assert layer["colours"]["erreur"] == "#d62728"
    assert layer["colours"]["avertissement"] == "#ff7f0e"
    assert (layer["order"], layer["title"]) == ("", "")
    assert layer["aliases"][1:4] == ["Règle", "Niveau", "Constat"]
