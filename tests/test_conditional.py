import pytest
from starlette.requests import Request

from pcrs.serve.conditional import tagged, unchanged

TAGGED = {"ETag": '"abc"', "Vary": "Accept"}
DATED = TAGGED | {"Last-Modified": "Sun, 29 Nov 2026 10:00:00 GMT"}


def asking(method="GET", **headers):
    said = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "headers": said})


@pytest.mark.parametrize("given", ['"abc"', 'W/"abc"', '"other", "abc"', '"other",W/"abc"', "*", " * "])
@pytest.mark.parametrize("tag", ['"abc"', 'W/"abc"'])
def test_who_names_the_tag_gets_304_under_the_same_headers(given, tag):
    answer = unchanged(asking(if_none_match=given), TAGGED | {"ETag": tag})
    assert (answer.status_code, answer.body) == (304, b"")
    assert dict(answer.headers) == {"etag": tag, "vary": "Accept"}


@pytest.mark.parametrize("given", ['"ab"', '"other"', "abc", ""])
def test_who_names_another_tag_is_sent_the_answer(given):
    assert unchanged(asking(if_none_match=given), TAGGED) is None
    assert unchanged(asking(), TAGGED) is None


@pytest.mark.parametrize(
    ("since", "known"),
    [
        ("Sun, 29 Nov 2026 10:00:00 GMT", True),
        ("Sun, 29 Nov 2026 11:00:01 +0100", True),
        ("Sun, 29 Nov 2026 09:59:59 GMT", False),
        ("yesterday", False),
    ],
)
def test_a_date_counts_where_one_is_told_and_no_tag_is_named(since, known):
    assert (unchanged(asking(if_modified_since=since), DATED) is not None) is known
    assert unchanged(asking(if_modified_since=since), TAGGED) is None
    assert unchanged(asking(if_modified_since=since, if_none_match='"other"'), DATED) is None


def test_a_document_has_the_tag_of_its_bytes():
    whole = tagged(asking(), b"bytes", "text/plain", {"Vary": "Accept"})
    head = tagged(asking("HEAD"), b"bytes", "text/plain", {"Vary": "Accept"})
    assert (whole.status_code, whole.body, head.body) == (200, b"bytes", b"")
    assert head.headers == whole.headers
    again = tagged(asking(if_none_match=whole.headers["etag"]), b"bytes", "text/plain", {"Vary": "Accept"})
    assert again.status_code == 304
    told = {name: whole.headers[name] for name in ("vary", "cache-control", "etag")}
    assert dict(again.headers) == told
