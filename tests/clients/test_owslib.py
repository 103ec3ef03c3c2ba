from io import BytesIO

import pytest
from owslib.csw import CatalogueServiceWeb
from owslib.fes import PropertyIsLike
from owslib.ogcapi.features import Features
from owslib.wms import WebMapService
from owslib.wmts import WebMapTileService
from PIL import Image


def test_wmts(demo_url):
    service = WebMapTileService(f"{demo_url}/wmts")
    layer = service["PCRS_D046_RVB"]
    assert set(layer.tilematrixsetlinks) == {"2154_5cm", "PM"}
    assert "PCRS_D046_RVB_2025" in service.contents
    assert service.tilematrixsets["2154_5cm"].tilematrix["22"].topleftcorner == (0.0, 12_000_000.0)
    tile = service.gettile(
        layer="PCRS_D046_RVB",
        tilematrixset="2154_5cm",
        tilematrix="22",
        row=439_662,
        column=45_030,
        format="image/jpeg",
    )
    with Image.open(BytesIO(tile.read())) as image:
        assert image.size == (256, 256)
        assert image.format == "JPEG"


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_wms(demo_url, version):
    service = WebMapService(f"{demo_url}/wms", version=version)
    answer = service.getmap(
        layers=["PCRS_D046_RVB"],
        srs="EPSG:2154",
        bbox=(576_400, 6_372_400, 576_500, 6_372_500),
        size=(400, 400),
        format="image/png",
    )
    with Image.open(BytesIO(answer.read())) as image:
        assert image.size == (400, 400)
        assert len(image.convert("RGB").getcolors(400 * 400)) > 1000


EXPECTED = {"PCRS_D046", "PCRS_D046_RVB-0M05", "PCRS_D046_VECTEUR"}
GMD = "http://www.isotc211.org/2005/gmd"


def everything(catalogue, version, **how):
    """GetRecords, by the name that OWSLib gives it for each version."""
    (catalogue.getrecords2 if version == "2.0.2" else catalogue.getrecords)(maxrecords=50, **how)


@pytest.mark.parametrize("version", ["2.0.2", "3.0.0"])
def test_csw(demo_url, version):
    catalogue = CatalogueServiceWeb(f"{demo_url}/csw", version=version)
    everything(catalogue, version)
    known = set(catalogue.records)
    assert known >= EXPECTED
    assert len(known) == catalogue.results["matches"] >= 6
    assert "Lot" in catalogue.records["PCRS_D046_RVB-0M05"].title


def test_csw_iso_record(demo_url):
    catalogue = CatalogueServiceWeb(f"{demo_url}/csw")
    catalogue.getrecordbyid(id=["PCRS_D046_RVB-0M05"], outputschema=GMD)
    record = catalogue.records["PCRS_D046_RVB-0M05"]
    assert record.identification[0].title
    assert float(record.identification[0].extent.boundingBox.minx) > 1.3


def test_csw_text_search(demo_url):
    catalogue = CatalogueServiceWeb(f"{demo_url}/csw")
    catalogue.getrecords2(constraints=[PropertyIsLike("csw:AnyText", "%rue%")], maxrecords=50)
    assert set(catalogue.records) >= EXPECTED
    catalogue.getrecords2(constraints=[PropertyIsLike("csw:AnyText", "%baleine%")], maxrecords=50)
    assert catalogue.results["matches"] == 0


def test_ogc_api_features(demo_url):
    service = Features(f"{demo_url}/ogcapi")
    names = service.feature_collections()
    assert {"dalles", "LimiteVoiriePCRS", "AffleurantPCRS", "RasterPCRS"} <= set(names)
    dalles = service.collection_items("dalles", limit=100)
    assert dalles["numberMatched"] == 25
    assert len(dalles["features"]) == 25
