import asyncio

import pytest

from pcrs.serve.answers import Answer, etag, send_answer, send_preflight

JPEG = Answer(b"bytes", "image/jpeg")


def sent(answer: Answer, method: str = "GET", **headers: str) -> tuple[int, dict[bytes, bytes], bytes]:
    messages = []

    async def send(message):
        messages.append(message)

    scope = {
        "method": method,
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(send_answer(scope, send, answer))
    start, body = messages
    return start["status"], dict(start["headers"]), body["body"]


def test_an_answer_is_whole():
    status, headers, body = sent(JPEG)
    assert (status, body) == (200, b"bytes")
    assert headers[b"content-type"] == b"image/jpeg"
    assert headers[b"content-length"] == b"5"
    assert headers[b"access-control-allow-origin"] == b"*"
    assert b"must-revalidate" in headers[b"cache-control"]


def test_head_tells_the_length_and_sends_nothing():
    status, headers, body = sent(JPEG, "HEAD")
    assert (status, body, headers[b"content-length"]) == (200, b"", b"5")


@pytest.mark.parametrize("given", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
def test_what_the_client_has_is_not_sent_again(given):
    tag = etag(b"bytes").decode()
    status, headers, body = sent(JPEG, if_none_match=given.format(tag=tag))
    assert (status, body) == (304, b"")
    assert headers[b"etag"].decode() == tag
    assert b"content-length" not in headers


def test_other_bytes_are_sent():
    assert etag(b"bytes") != etag(b"bytez")
    assert sent(JPEG, if_none_match=etag(b"bytez").decode())[0] == 200


def test_errors_are_kept_by_nobody():
    status, headers, _ = sent(Answer(b"<e/>", "text/xml", 400, kept=False), if_none_match="*")
    assert status == 400
    assert headers[b"cache-control"] == b"no-store"
    assert b"etag" not in headers


def test_browsers_may_ask():
    messages = []

    async def send(message):
        messages.append(message)

    asyncio.run(send_preflight(send))
    assert messages[0]["status"] == 204
    assert (b"access-control-allow-origin", b"*") in messages[0]["headers"]
