"""The public files as crawlers and GDAL ask for them."""

import html.parser
import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from urllib.parse import unquote, urljoin

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from pcrs.serve import listing
from tests.dalles import make_dalle, small_name
from tests.patience import PATIENCE_S, until
from tests.services.asking import PUBLIC, ask, ask_as_written
from tests.serving import free_port

DALLE = "/listing/dalles/2025/46-2025-0576-6373-LA93-0M05-RVB.tif"
BYTES = bytes(range(256)) * 10
SECRET = b"not for you"


@pytest.fixture
def site(tmp_path):
    site = tmp_path / "site"
    hot = site / "hot"
    for folder in ("dalles/2025", "dalles/2022", "vecteur/2025", "pyramids"):
        (hot / folder).mkdir(parents=True)
    (hot / "dalles/2025/46-2025-0576-6373-LA93-0M05-RVB.tif").write_bytes(BYTES)
    (hot / "dalles/2025/.46-2025-0577-6373-LA93-0M05-RVB.tif.77.part").write_bytes(b"half")
    (hot / "dalles/2025/more.part").write_bytes(b"half")
    (hot / "vecteur/2025/L'été & <l'hiver>.gml").write_text("<gml/>")
    (hot / "pyramids/PCRS.json").write_text("{}")
    (hot / ".hidden").mkdir()
    (site / "pcrs.toml").write_bytes(SECRET)
    (tmp_path / "outside.tif").write_bytes(SECRET)
    (hot / "dalles/2025/out.tif").symlink_to(tmp_path / "outside.tif")
    (hot / "dalles/out").symlink_to(site)
    (hot / "dalles/2025/same.tif").symlink_to(hot / "dalles/2025/46-2025-0576-6373-LA93-0M05-RVB.tif")
    return site


@pytest.fixture
def app(site):
    return listing.routes(site, PUBLIC)


class Page(html.parser.HTMLParser):
    """Title and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.title = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._inside = tag
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_data(self, data):
        if self._inside == "title":
            self.title += data

    def handle_endtag(self, tag):
        self._inside = ""


def crawled(app, address="/listing/"):
    """Every file that pcrs-scanner finds: not behind `?`, a leading `/` or `..`; folders end in `/`."""
    page = Page(ask(app, address).text)
    assert page.title.startswith("Index of")
    for link in page.links:
        if "?" in link or link.startswith("/") or ".." in link:
            continue
        if link.endswith("/"):
            yield from crawled(app, urljoin(address, link))
        else:
            yield urljoin(address, link)


def test_a_crawler_finds_every_public_file_and_no_other(app):
    files = sorted(unquote(path) for path in crawled(app))
    assert files == [
        DALLE,
        "/listing/dalles/2025/same.tif",
        "/listing/vecteur/2025/L'été & <l'hiver>.gml",
    ]
    for path in crawled(app):
        head = ask(app, path, "HEAD")
        assert head.status_code == 200
        assert {"content-length", "last-modified", "etag", "content-type", "accept-ranges"} <= set(
            head.headers
        )
        assert head.content == b""
        assert len(ask(app, path).content) == int(head.headers["content-length"])


def test_titles_carry_the_public_path_and_links_are_relative(app):
    page = Page(ask(app, "/listing/dalles/2025/").text)
    assert page.title == "Index of /lot/listing/dalles/2025/"
    assert page.links[0] == "../"
    assert not any(link.startswith(("/", "http")) for link in page.links)
    assert Page(ask(app, "/listing/").text).links == ["dalles/", "vecteur/"]


def test_a_line_gives_date_and_size(app, site):
    os.utime(site / "hot/dalles/2025/46-2025-0576-6373-LA93-0M05-RVB.tif", (0, 1_763_926_980))
    line = next(line for line in ask(app, "/listing/dalles/2025/").text.splitlines() if "0576" in line)
    assert re.search(r"</a>\s+23-Nov-2025 19:43\s+2560$", line)


def test_folders_have_a_slash_whatever_the_prefix(app):
    for path, target in (
        ("/listing", "listing/"),
        ("/listing/dalles", "dalles/"),
        ("/listing/dalles/2025", "2025/"),
    ):
        moved = ask(app, path)
        assert moved.status_code == 308
        assert moved.headers["location"] == target


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.tif", "image/tiff; application=geotiff; profile=cloud-optimized"),
        ("a.TIF", "image/tiff; application=geotiff; profile=cloud-optimized"),
        ("a.gml", "application/gml+xml"),
        ("a.jp2", "image/jp2"),
        ("a.bin", "application/octet-stream"),
    ],
)
def test_content_types(app, site, name, media_type):
    (site / "hot/dalles/2025" / name).write_bytes(b"x")
    assert ask(app, f"/listing/dalles/2025/{name}").headers["content-type"] == media_type


def test_a_file_is_never_compressed_on_the_way(app):
    response = ask(app, DALLE, headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in response.headers
    assert "no-transform" in response.headers["cache-control"]


# ---- ranges


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("0-9", 0, 9),
        ("100-", 100, 2559),
        ("-10", 2550, 2559),
        ("2550-99999", 2550, 2559),
        ("-99999", 0, 2559),
    ],
)
def test_one_range(app, asked, first, last):
    response = ask(app, DALLE, headers={"range": f"bytes={asked}"})
    assert response.status_code == 206
    assert response.headers["content-range"] == f"bytes {first}-{last}/2560"
    assert response.content == BYTES[first : last + 1]
    assert response.headers["content-length"] == str(last + 1 - first)


def test_several_ranges(app):
    response = ask(app, DALLE, headers={"range": "bytes=0-9, 100-109,-5"})
    assert response.status_code == 206
    assert response.headers["content-type"].startswith("multipart/byteranges")
    for part in (BYTES[:10], BYTES[100:110], BYTES[-5:]):
        assert b"\r\n\r\n" + part + b"\r\n" in response.content


@pytest.mark.parametrize("asked", ["bytes=2560-", "bytes=99999-100000", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(app, asked):
    response = ask(app, DALLE, headers={"range": asked})
    assert response.status_code == 416
    assert response.headers["content-range"] == "bytes */2560"


@pytest.mark.parametrize(
    "asked",
    [
        "pixels=0-9",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=9-3",
        "bytes=a-b",
        "bytes=0-9;1",
        "bytes=" + "9" * 5000,
    ],
)
def test_what_is_no_range_is_left_aside(app, asked):
    response = ask(app, DALLE, headers={"range": asked})
    assert response.status_code == 200
    assert response.content == BYTES


def test_head_leaves_ranges_aside(app):
    response = ask(app, DALLE, "HEAD", headers={"range": "bytes=0-9"})
    assert response.status_code == 200
    assert response.headers["content-length"] == "2560"


def test_if_range_decides_between_the_part_and_the_whole(app):
    tag = ask(app, DALLE, "HEAD").headers["etag"]
    date = ask(app, DALLE, "HEAD").headers["last-modified"]
    for good in (tag, date):
        assert ask(app, DALLE, headers={"range": "bytes=0-9", "if-range": good}).status_code == 206
    for bad in ('"other"', f"W/{tag}", "Thu, 01 Jan 1970 00:00:00 GMT"):
        assert ask(app, DALLE, headers={"range": "bytes=0-9", "if-range": bad}).status_code == 200


# ---- validators


def test_the_etag_is_strong_stable_and_changes_with_the_file(app, site):
    tag = ask(app, DALLE, "HEAD").headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]+-[0-9a-f]+"', tag)
    assert ask(app, DALLE).headers["etag"] == tag
    path = site / "hot/dalles/2025/46-2025-0576-6373-LA93-0M05-RVB.tif"
    later = path.stat().st_mtime_ns + 1
    os.utime(path, ns=(later, later))
    assert ask(app, DALLE).headers["etag"] != tag


def test_a_copy_that_is_still_good_is_not_sent_again(app):
    head = ask(app, DALLE, "HEAD").headers
    for headers in (
        {"if-none-match": head["etag"]},
        {"if-none-match": f'"a", W/{head["etag"]}'},
        {"if-none-match": "*"},
        {"if-modified-since": head["last-modified"]},
    ):
        response = ask(app, DALLE, headers=headers)
        assert response.status_code == 304
        assert response.content == b""
        assert response.headers["etag"] == head["etag"]
    for headers in (
        {"if-none-match": '"other"', "if-modified-since": head["last-modified"]},
        {"if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"if-modified-since": "yesterday"},
    ):
        assert ask(app, DALLE, headers=headers).status_code == 200


# ---- what is not public


@pytest.mark.parametrize(
    "path",
    [
        "/listing/pcrs.toml",
        "/listing/pyramides/",
        "/listing/pyramids/PCRS.json",
        "/listing/dalles/../pcrs.toml",
        "/listing/dalles/%2e%2e/%2e%2e/pcrs.toml",
        "/listing/dalles/..%2f..%2fpcrs.toml",
        "/listing/dalles/2025/%2e%2e/%2e%2e/%2e%2e/pcrs.toml",
        "/listing/%2e%2e/pcrs.toml",
        "/listing/dalles//etc/passwd",
        "/listing//etc/passwd",
        "/listing/dalles/%2fetc%2fpasswd",
        "/listing/dalles/2025/out.tif",
        "/listing/dalles/out/",
        "/listing/dalles/out/pcrs.toml",
        "/listing/dalles/2025/.46-2025-0577-6373-LA93-0M05-RVB.tif.77.part",
        "/listing/dalles/2025/more.part",
        "/listing/dalles/2025/absent.tif",
        f"{DALLE}/",
        f"{DALLE}/x",
        "/listing/dalles/2025/a%00b",
        "/listing/dalles/..%5c..%5cpcrs.toml",
        "/listing/dalles/" + "a" * 5000,
    ],
)
def test_what_is_not_public_does_not_exist(app, path):
    status, body = ask_as_written(app, path)
    assert status == 404
    assert SECRET not in body
    assert ask(app, path, "HEAD").headers["content-type"].startswith("text/plain")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["..", ".", "", "2025", "dalles", "out", "%2e%2e", "..%2f", "\\"]),
            st.text(max_size=5),
        ),
        max_size=6,
    )
)
def test_no_address_leads_outside(site, parts):
    found = listing._find({"dalles": site / "hot/dalles"}, "/".join(parts))
    if isinstance(found, listing.PublicFile):
        assert found.path.is_relative_to(site / "hot/dalles")


def test_only_reading_is_allowed(app):
    for method in ("POST", "PUT", "DELETE"):
        assert ask(app, DALLE, method).status_code == 405
    allowed = ask(app, DALLE, "OPTIONS")
    assert allowed.status_code == 204
    assert "Range" in allowed.headers["access-control-allow-headers"]


def test_an_empty_site_has_an_empty_page(tmp_path):
    assert Page(ask(listing.routes(tmp_path), "/listing/").text).links == []


# ---- a real client


def test_gdal_reads_a_dalle_by_ranges(tmp_path):
    name = small_name()
    path = make_dalle(tmp_path / "hot/dalles/2025/a.tif", name, compress="deflate", tiled=True)
    inside = Starlette(routes=listing.routes(tmp_path))
    ranges = []

    async def app(scope, receive, send):
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].endswith(".tif"):
            ranges.append(dict(scope["headers"]).get(b"range"))
        await inside(scope, receive, send)

    with served(app) as url:
        subprocess.run(
            [sys.executable, "-c", READ, f"/vsicurl/{url}/listing/dalles/2025/a.tif"],
            check=True,
            timeout=PATIENCE_S,
        )
    assert ranges
    assert None not in ranges
    assert path.stat().st_size > 16384  # or one range would be all of it


READ = """
import sys, rasterio
with rasterio.Env(CPL_VSIL_CURL_CHUNK_SIZE=16384), rasterio.open(sys.argv[1]) as dalle:
    assert dalle.bounds.left == 576000
    assert dalle.read(1, window=((390, 400), (390, 400))).any()
"""


@contextmanager
def served(app):
    """The address of an application that listens on a socket."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
