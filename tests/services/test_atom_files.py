"""Files of the download service: what caches may keep, what is given, under which addresses."""

import json

from lxml import etree

from tests.downloads import dalle_names, stock
from tests.services.asking import PUBLIC, ask, ask_as_written, refused
from tests.services.atom_feeds import CAPABILITIES, DOWNLOAD, FILE, LEVELS, RASTER, every, feed, routes
from tests.services.atom_feeds import app as app
from tests.services.atom_feeds import stocked as stocked


def test_a_feed_is_not_sent_again_while_it_is_the_same(app):
    for path in (*LEVELS, "/telechargement/opensearch.xml"):
        first = ask(app, path)
        assert first.headers["cache-control"] == "public, max-age=60, must-revalidate"
        again = ask(app, path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = ask(app, path, "HEAD")
        assert head.content == b""
        assert head.headers["etag"] == first.headers["etag"]
        assert head.headers["content-length"] == str(len(first.content))
    assert "Accept" in ask(app, CAPABILITIES).headers["vary"]


def test_a_file_is_answered_as_the_listing_does(app, stocked):
    content = (stocked.site.root / "hot/dalles/2022" / FILE).read_bytes()
    head = ask(app, DOWNLOAD, "HEAD")
    assert head.content == b""
    assert head.headers["content-length"] == str(len(content))
    assert head.headers["accept-ranges"] == "bytes"
    tag = head.headers["etag"]
    part = ask(app, DOWNLOAD, headers={"range": "bytes=5-8", "if-range": tag})
    assert (part.status_code, part.content) == (206, content[5:9])
    assert part.headers["content-range"] == f"bytes 5-8/{len(content)}"
    assert ask(app, DOWNLOAD, headers={"range": "bytes=9999-"}).status_code == 416
    assert ask(app, DOWNLOAD, headers={"if-none-match": tag}).status_code == 304
    current = f"/telechargement/download/PCRS/{RASTER}/{FILE}"
    assert ask(app, current).headers["etag"] == tag


def test_only_what_was_accepted_is_given(stocked, app):
    stray = stocked.site.hot("2022", "stray")
    stray.write_bytes(b"not accepted")
    refused(ask(app, f"/telechargement/download/PCRS/{RASTER}_2022/stray.tif"), 404)
    for name in ("..", ".", "..%2fstray.tif", "%00", ".hidden"):
        status, body = ask_as_written(app, f"/telechargement/download/PCRS/{RASTER}_2022/{name}")
        assert status == 404
        assert json.loads(body)["status"] == 404
    stray.unlink()


def test_a_file_that_is_gone_is_a_problem(tmp_path):
    made = stock(tmp_path / "site")
    made.dalles("2022", dalle_names(1, 2022))
    made.site.hot("2022", FILE.removesuffix(".tif")).unlink()
    refused(ask(routes(made), DOWNLOAD), 404)


def test_addresses_are_of_the_public_url_whatever_host_is_named(app):
    forged = {"host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher"}
    for path in (
        *LEVELS,
        "/telechargement/opensearch.xml",
        "/telechargement/search?q=PCRS",
        "/telechargement",
    ):
        response = ask(app, path, headers=forged)
        assert "evil" not in response.text + str(response.headers)
        assert "http://inside" not in response.text
    for level in LEVELS:
        for address in every(feed(app, level), "//a:link/@href | //a:id/text()"):
            assert address.startswith(f"{PUBLIC}/")
    moved = ask(app, "/telechargement/")
    assert (moved.status_code, moved.headers["location"]) == (303, f"{PUBLIC}{CAPABILITIES}")


def test_the_etag_moves_with_a_new_acceptance(tmp_path):
    made = stock(tmp_path / "site")
    made.dalles("2022", dalle_names(1, 2022))
    before = ask(routes(made), CAPABILITIES)
    made.dalles("2025", dalle_names(1, 2025), at="2026-03-01T11:00:00+00:00")
    after = ask(routes(made), CAPABILITIES)
    assert before.headers["etag"] != after.headers["etag"]
    assert every(etree.fromstring(after.content), "a:updated/text()") == ["2026-03-01T11:00:00Z"]
