import json

import pytest
import shapely
from typer.testing import CliRunner

from pcrs.cli import app
from pcrs.errors import InputError
from pcrs.extracting import Asked
from pcrs.standard.model import Feature
from pcrs.store.geopackage import GeoPackage
from tests.extracts import put
from tests.sites import new_site

WALL = Feature(
    "MurPCRS",
    "mur1",
    {"idObjet": "1", "thematique": "05", "qualiteCategorisation": "01", "precisionPlanimetrique": "005",
     "producteur": "APLC", "typeMur": "02"},
    shapely.LineString([(576_500, 6_372_500, 130), (576_510, 6_372_500, 131)]),
    2154,
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = new_site(tmp_path_factory.mktemp("site") / "lot")
    store = GeoPackage(made.root / "stores" / "features.gpkg")
    put(store, [WALL])
    store.close()
    return made


def command(site, *words):
    return CliRunner().invoke(app, ["export", "--site", str(site.root), *words])


@pytest.mark.parametrize(
    "words", [{}, {"commune": "46042", "everything": True}, {"bbox": "1,2,3,4", "dalle": "x"}]
)
def test_exactly_one_area_is_asked(words):
    with pytest.raises(InputError, match="one area"):
        Asked("gml", **words).check()


def test_an_extract_lies_in_the_site_unless_a_file_is_named(site, tmp_path):
    done = command(site, "--dalle", "2025-05764-63726-LA93-0M05-RVB", "--format", "gml", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["classes"] == {"MurPCRS": 1}
    assert told["file"] == str(site.root / "exports" / "2025-05764-63726-LA93-0M05-RVB-2154.gml")
    done = command(
        site, "--all", "--format", "shp", "--crs", "EPSG:3945", "--output", str(tmp_path / "m.zip")
    )
    assert done.exit_code == 0, done.output
    assert (tmp_path / "m.zip").is_file()


def test_an_empty_area_is_a_finding_and_no_file(site, tmp_path):
    target = tmp_path / "none.gml"
    done = command(
        site, "--bbox", "600000,6400000,600100,6400100", "--format", "gml", "--output", str(target)
    )
    assert done.exit_code == 1
    assert "aucun objet" in done.output
    assert not target.exists()


def test_a_site_without_dalles_has_no_image(site, tmp_path):
    target = tmp_path / "none.tif"
    done = command(site, "--all", "--format", "tif", "--output", str(target), "--json")
    assert (done.exit_code, json.loads(done.stdout)["file"], target.exists()) == (1, None, False)
    assert "aucune dalle" in command(site, "--all", "--format", "jp2").output


def test_an_unknown_commune_is_said(site):
    done = command(site, "--commune", "46999", "--format", "gml")
    assert isinstance(done.exception, InputError)
    assert "pcrs communes" in str(done.exception)
