import json
from pathlib import Path

import pytest
from lxml import etree
from owslib.wmts import WebMapTileService

from pcrs.serve.map_layers import map_layers
from pcrs.serve.wmts_capabilities import write_capabilities
from pcrs.standard.grid import Cells
from tests.services.asking import PUBLIC, attributes, served_by
from tests.test_ows import schema

LEVELS = {6: Cells(0, 6, 0, 6), 22: Cells(42082, 434322, 49834, 441781)}
NS = {
    "w": "http://www.opengis.net/wmts/1.0",
    "ows": "http://www.opengis.net/ows/1.1",
    "xlink": "http://www.w3.org/1999/xlink",
}


def document(*editions: str, levels: dict[int, Cells] = LEVELS, **changes: str) -> bytes:
    served = served_by(
        Path(),
        lambda edition: None,
        editions=lambda: editions,
        pyramid=lambda edition: attributes(levels=levels) if editions else None,
        **changes,
    )
    return write_capabilities(served, map_layers(served).values())


@pytest.fixture(scope="module")
def tree() -> etree._Element:
    return etree.fromstring(document("2022", "2025"))


def texts(tree: etree._Element, path: str) -> list[str]:
    return tree.xpath(path, namespaces=NS)


@pytest.mark.parametrize("editions", [(), ("2025",), ("2022", "2025")])
def test_it_is_valid(editions):
    schema("wmts/1.0/wmtsGetCapabilities_response.xsd").assertValid(etree.fromstring(document(*editions)))


def test_it_is_valid_whatever_the_operator_is_called():
    raw = document("2025", operator='A & B <"C">', title="É & è", licence_url="https://x.fr/?a=1&b=2")
    tree = etree.fromstring(raw)
    schema("wmts/1.0/wmtsGetCapabilities_response.xsd").assertValid(tree)
    assert texts(tree, "//ows:ProviderName/text()") == ['A & B <"C">']
    assert "https://x.fr/?a=1&b=2" in texts(tree, "//ows:AccessConstraints/text()")[0]


def test_it_stays_small():
    levels = {level: Cells(*([10**6 - 1] * 4)) for level in range(6, 23)}
    assert len(document(*(str(year) for year in range(2015, 2021)), levels=levels)) < 50_000


def test_every_address_is_the_public_one(tree):
    addresses = texts(tree, "//@xlink:href | //@template")
    assert len(addresses) > 20
    assert [address for address in addresses if not address.startswith(f"{PUBLIC}/")] == []
    assert texts(tree, "//w:ServiceMetadataURL/@xlink:href") == [f"{PUBLIC}/wmts/1.0.0/WMTSCapabilities.xml"]


def test_layers_tell_where_they_are_and_what_describes_them(tree):
    assert texts(tree, "//w:Layer/ows:Identifier/text()") == [
        "PCRS_D046_RVB",
        "PCRS_D046_RVB_2025",
        "PCRS_D046_RVB_2022",
    ]
    assert texts(tree, "//w:Layer[1]/ows:BoundingBox/ows:LowerCorner/text()") == ["538649.6 6345190.4"]
    lon, lat = map(float, texts(tree, "//w:Layer[1]/ows:WGS84BoundingBox/ows:LowerCorner/text()")[0].split())
    assert 0.9 < lon < 1.1
    assert 44.1 < lat < 44.3
    record = texts(tree, "//w:Layer[1]/ows:Metadata/@xlink:href")[0]
    assert record.startswith(f"{PUBLIC}/csw?")
    assert "ID=PCRS_D046_RVB-0M05&" in record
    assert texts(tree, "//w:Layer[1]/w:Format/text()") == ["image/jpeg", "image/png"]
    assert texts(tree, "//w:Layer[1]/w:Style/ows:Identifier/text()") == ["normal"]
    assert texts(tree, "//w:Layer[1]/w:Style/w:LegendURL/@xlink:href") == [
        f"{PUBLIC}/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=PCRS_D046_RVB&FORMAT=image/png"
    ]


def test_lambert_93_comes_first_with_its_limits(tree):
    assert texts(tree, "//w:Layer[1]/w:TileMatrixSetLink/w:TileMatrixSet/text()") == ["2154_5cm", "PM"]
    limits = texts(tree, "//w:Layer[1]//w:TileMatrixLimits")
    assert [[child.text for child in entry] for entry in limits] == [
        ["22", "434322", "441781", "42082", "49834"]
    ]


def test_the_scale_set_is_named(tree):
    scale_set = texts(tree, "//w:TileMatrixSet[ows:Identifier='PM']/w:WellKnownScaleSet/text()")
    assert scale_set == ["urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible"]
    first = float(
        texts(tree, "//w:TileMatrixSet[ows:Identifier='PM']/w:TileMatrix[1]/w:ScaleDenominator/text()")[0]
    )
    assert first == pytest.approx(559082264.0287178, rel=1e-9)


def test_the_matrices_are_igns(tree, shared_data):
    published = json.loads((shared_data / "tms" / "2154_5cm.json").read_text(encoding="utf-8"))
    ours = texts(tree, "//w:TileMatrixSet[ows:Identifier='2154_5cm']/w:TileMatrix")
    assert len(ours) == len(published["tileMatrices"])
    for matrix, theirs in zip(ours, published["tileMatrices"], strict=True):
        told = {etree.QName(child).localname: child.text for child in matrix}
        assert told["Identifier"] == theirs["id"]
        assert float(told["ScaleDenominator"]) == pytest.approx(theirs["scaleDenominator"], rel=1e-12)
        assert told["TopLeftCorner"] == "0 12000000"
        assert told["MatrixWidth"] == str(theirs["matrixWidth"])
        assert (
            abs(int(told["MatrixHeight"]) - theirs["matrixHeight"]) <= 1
        )  # IGN's level 19 lacks its last row


def test_owslib_reads_it():
    service = WebMapTileService(f"{PUBLIC}/wmts", xml=document("2025"))
    layer = service["PCRS_D046_RVB"]
    assert list(service.tilematrixsets) == ["2154_5cm", "PM"]
    assert layer.infoformats == ["application/json", "text/plain", "text/html"]
    assert layer.tilematrixsetlinks["2154_5cm"].tilematrixlimits["22"].maxtilecol == 49834
    address = service.buildTileResource(
        layer="PCRS_D046_RVB", tilematrixset="2154_5cm", tilematrix="22", row=439612, column=45003
    )
    assert address.rpartition(".")[0] == f"{PUBLIC}/wmts/PCRS_D046_RVB/2154_5cm/22/45003/439612"
