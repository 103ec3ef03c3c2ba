"""The service behind nginx, with the configuration of `docker/`, run natively."""

import time

import httpx
import pytest

from tests.clients.conftest import need
from tests.nginx import fronted
from tests.patience import PATIENCE_S


@pytest.fixture(scope="module")
def front(demo_url, tmp_path_factory):
    """The address of nginx before the demo, and its log."""
    with fronted(need("nginx"), demo_url, tmp_path_factory.mktemp("nginx")) as told:
        yield told


def test_everything_goes_through_as_it_is(front, demo_url, a_dalle):
    url, log = front
    tile = "/wmts/PCRS_D046_RVB/2154_5cm/16/703/6869.jpeg"
    file = f"/listing/dalles/2025/{a_dalle}.tif"
    with httpx.Client(base_url=url, timeout=PATIENCE_S) as client:
        direct = httpx.get(f"{demo_url}{tile}", timeout=PATIENCE_S)
        through = client.get(tile)
        assert (through.status_code, through.content) == (direct.status_code, direct.content)
        assert through.headers["etag"] == direct.headers["etag"]
        assert client.get(tile, headers={"If-None-Match": direct.headers["etag"]}).status_code == 304
        part = client.get(file, headers={"Range": "bytes=0-9"})
        assert (part.status_code, len(part.content)) == (206, 10)
        assert "content-encoding" not in part.headers
        first, second = client.get("/ogcapi/collections?f=json"), client.get("/ogcapi/collections?f=json")
        assert first.json() == second.json()
        assert second.headers["x-cache"] == "HIT"
        assert second.headers["content-encoding"] == "gzip"
        personal = client.get("/ogcapi/collections?f=json&apikey=SECRETTOKEN")
        assert personal.status_code == 401
        assert (
            client.get("/ogcapi/collections?f=json", headers={"Authorization": "Bearer x"}).status_code == 401
        )
        assert client.get("/ogcapi/collections/nothing").status_code == 404
        forged = client.get(
            "/ogcapi?f=json", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        )
        assert "evil.example" not in forged.text
        assert client.get("/" + "a" * 20_000).status_code == 414
    time.sleep(0.1)
    written = log.read_text(encoding="utf-8")
    assert "/ogcapi/collections" in written
    assert "SECRETTOKEN" not in written
