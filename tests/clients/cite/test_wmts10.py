"""OGC's conformance tests of WMTS 1.0.0, KVP and GetFeatureInfo included, over a small site of maps.

Three things are not as the suite comes. Its schemas of OWS and XLink are those that pycsw's wheel has: there
is no network. Names of headers are written as nginx writes them. Its test of transparent no-data wants a
layer made for it, which no site has.
"""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from tests.clients.cite.runner import as_nginx_writes, run_ctl
from tests.clients.judges import judge
from tests.services.asking import running
from tests.services.maps import map_site

WMTS = "http://www.opengis.net/wmts/1.0"
GET = "wmts:Server.KVP.GET."
_CHARSET = "texts are told with their charset, and the suite compares the whole header with the InfoFormat"
_POINT = "the standard's code is PointIJOutOfRange for it; the suite wants TileOutOfRange"
EXPLAINED = {
    "GetCapabilities.Response.TileMatrixSet.WellKnownScaleSet": "the suite compares with the letters of "
    "annex E, EPSG:6.18:3:3857, where clients know EPSG::3857",
    "GetTile.Valid.Tile.Transparency": "wants a layer of the name TransparentNodata, made for it",
    "GetFeatureInfo.Mandatory": _CHARSET,
    "GetFeatureInfo.Valid.InfoFormat": _CHARSET,
    "GetFeatureInfo.Invalid.Pixel.Row.J": _POINT,
    "GetFeatureInfo.Invalid.Pixel.Col.I": _POINT,
}
"""What fails, and why."""


def offline(suite: Path, folder: Path) -> tuple[Path, Path]:
    """The main script and the resources of the suite, whose schemas are files of this machine."""
    scripts, resources, schemas = folder / "ctl", folder / "resources", folder / "schemas"
    shutil.copytree(suite / "scripts" / "ctl", scripts)
    shutil.copytree(suite / "resources", resources)
    shutil.copytree(str(files("pycsw.core") / "schemas"), schemas)
    places = {
        "http://schemas.opengis.net/": f"{schemas.as_uri()}/ogc/",
        "http://www.w3.org/": f"{schemas.as_uri()}/w3c/",
    }
    for file in (*resources.rglob("*.xsd"), *schemas.rglob("*.xsd"), *scripts.iterdir()):
        text = file.read_bytes()
        for remote, local in places.items():
            for before in ('schemaLocation="', 'schema type="url">'):
                text = text.replace(f"{before}{remote}".encode(), f"{before}{local}".encode())
        file.write_bytes(text)
    return scripts / "wmts-auto.xml", resources


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    jars, suite = judge("teamengine"), judge("ets-wmts10") / "src" / "main"
    folder = tmp_path_factory.mktemp("cite")
    late = []

    async def app(scope, receive, send):
        await late[0].service(scope, receive, send)

    with running(as_nginx_writes(app), http="h11") as url:
        late.append(map_site(folder / "site", public_url=url))
        yield run_ctl(
            jars,
            *offline(suite, folder),
            f"{{{WMTS}}}main",
            folder / "run",
            patience_s=900,
            **{
                "capabilities-url": f"{url}/wmts?SERVICE=WMTS&REQUEST=GetCapabilities",
                "fail-early": "off",
                "include-CommonOperations-tests": "on",
                "include-GetCapabilities-tests": "on",
                "include-GetTile-tests": "on",
                "include-GetFeatureInfo-tests": "on",
                "include-kvp-get-encoding": "on",
                "include-restful-encoding": "off",
            },
        )
        late[0].service.close()


def test_what_fails_is_explained(verdicts):
    cases = {name: verdict for name, verdict in verdicts.items() if name.startswith("wmts:Server.")}
    failed = {name.removeprefix(GET) for name, verdict in cases.items() if verdict == "Failed"}
    assert failed == set(EXPLAINED)
    assert sum(verdict == "Passed" for verdict in cases.values()) >= 39
