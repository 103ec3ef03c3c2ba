"""What a process bears of clients that are slow, endless, many or large."""

import asyncio
import socket
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

from pcrs.serve import bounded_protocol
from pcrs.serve.bounded_protocol import MAX_HEADERS, MAX_URL, BoundedProtocol
from pcrs.serve.guard import Guard, Routes
from pcrs.serve.limits import MAX_BODY, Limits
from pcrs.serve.native import NativeTiles
from pcrs.serve.use import Recorder
from tests.patience import PATIENCE_S, until
from tests.serving import free_port


async def _large(_request: Request) -> StreamingResponse:
    return StreamingResponse(b"x" * 2**20 for _ in range(200))


async def _hello(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


async def _body(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


_ROUTES = Starlette(
    routes=[Route("/large", _large), Route("/body", _body, methods=["POST"]), Route("/{x:path}", _hello)]
)


@contextmanager
def served(app=_ROUTES):
    port = free_port()
    config = uvicorn.Config(app, port=port, http=BoundedProtocol, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started or not thread.is_alive())
    try:
        yield port, server
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


@pytest.fixture(scope="module")
def port():
    with served() as (port, _):
        yield port


def talk(port, *pieces, pause=0.0):
    """What comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as link:
        for piece in pieces:
            link.sendall(piece)
            time.sleep(pause)
        answer = b""
        try:
            while data := link.recv(65536):
                answer += data
                if b"hello" in data:
                    break
        except ConnectionResetError:
            pass
        return answer


HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"


def test_what_is_ordinary_goes_through(port):
    assert b"hello" in talk(port, HEAD + b"\r\n")
    assert b"hello" in talk(port, HEAD[:9], HEAD[9:] + b"\r\n", pause=0.05)
    assert b"hello" in talk(port, b"GET /" + b"a" * (MAX_URL - 100) + b" HTTP/1.1\r\nHost: x\r\n\r\n")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + b"a" * MAX_URL + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (HEAD + b"A: " + b"b" * (MAX_URL + MAX_HEADERS) + b"\r\n\r\n", b"431"),
        (HEAD + b"".join(b"A%d: b\r\n" % n for n in range(20_000)) + b"\r\n", b"431"),
        (b"NONSENSE\r\n\r\n", b"400"),
    ],
)
def test_a_head_that_is_too_large_is_refused_once(port, request_, status):
    answer = talk(port, request_)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "pieces",
    [
        [b""],
        [HEAD[:10]],
        [HEAD + b"X-a: b\r\n"],
        [b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n123"],
    ],
)
def test_who_says_no_more_is_let_go(port, pieces, monkeypatch):
    monkeypatch.setattr(bounded_protocol, "HEAD_S", 0.2)
    monkeypatch.setattr(bounded_protocol, "BODY_S", 0.2)
    assert b"200" not in talk(port, *[piece for piece in pieces if piece])


def test_who_reads_no_more_is_let_go(monkeypatch):
    monkeypatch.setattr(bounded_protocol, "READING_S", 0.2)
    with (
        served() as (port, server),
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as link,
    ):
        link.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: server.server_state.connections)
        until(lambda: not server.server_state.connections)


def test_who_asks_while_the_process_is_told_to_end_is_answered(monkeypatch):
    monkeypatch.setattr(bounded_protocol, "LAST_S", PATIENCE_S)
    with served() as (port, server), _link(port) as fresh, _link(port) as half, _link(port) as used:
        half.sendall(HEAD[:20])
        used.sendall(HEAD + b"\r\n")
        assert b"hello" in used.recv(65536)
        until(lambda: len(server.server_state.connections) == 3)
        server.should_exit = True
        until(lambda: all(one.leaving for one in server.server_state.connections))
        for link, rest in ((fresh, HEAD), (half, HEAD[20:]), (used, HEAD)):
            link.sendall(rest + b"\r\n")
            answer = link.makefile("rb").read().lower()
            assert answer.startswith(b"http/1.1 200")
            assert b"\r\nconnection: close\r\n" in answer
            assert answer.endswith(b"hello")


def test_who_says_nothing_does_not_keep_the_process(monkeypatch):
    monkeypatch.setattr(bounded_protocol, "LAST_S", 0.2)
    with served() as (port, server), _link(port) as fresh, _link(port) as half:
        half.sendall(HEAD)
        until(lambda: len(server.server_state.connections) == 2)
        server.should_exit = True
        assert fresh.recv(1) == b""
        assert half.recv(1) == b""


def _link(port):
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


@pytest.mark.parametrize(
    "after", [b"NONSENSE\r\n\r\n", b"GET /" + b"a" * (MAX_URL + 1) + b" HTTP/1.1\r\nHost: x\r\n\r\n"]
)
def test_what_is_no_request_ends_the_answer_to_the_one_before(after):
    """Nothing is written into that answer, and who makes it sees a client that went away, not a fault."""
    seen, over = [], threading.Event()

    async def app(scope, receive, send):
        await asyncio.sleep(0.2)
        try:
            await PlainTextResponse("late")(scope, receive, send)
            seen.append("sent")
        except RuntimeError as error:
            seen.append(str(error))
        over.set()

    with served(app) as (port, _):
        assert talk(port, HEAD + b"\r\n" + after) == b""
        assert over.wait(PATIENCE_S)
    assert seen == ["sent"]


def test_who_sends_two_requests_and_leaves_is_no_fault():
    """The first is being answered, the second waits: the first is told that nobody reads any more."""
    seen, begun, left = [], threading.Event(), asyncio.Event()

    async def app(scope, receive, send):
        begun.set()
        await left.wait()
        while (await receive())["type"] != "http.disconnect":
            pass
        try:
            await PlainTextResponse("late")(scope, receive, send)
            seen.append("sent")
        except RuntimeError as error:
            seen.append(str(error))

    with served(app) as (port, server):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as link:
            link.sendall((HEAD + b"\r\n") * 2)
            assert begun.wait(PATIENCE_S)
        server.servers[0].get_loop().call_soon_threadsafe(left.set)
        until(lambda: seen)
    assert seen == ["sent"]


def ask(app, *requests):
    async def _ask():
        transport = httpx.ASGITransport(app=app, client=("203.0.113.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await asyncio.gather(*(client.request(*one, **more) for *one, more in requests))

    return asyncio.run(_ask())


def slow(release):
    async def app(scope, receive, send):
        await release.wait()
        await PlainTextResponse("ok")(scope, receive, send)

    return app


@pytest.mark.parametrize(("at_once", "each", "status"), [(3, 100, 503), (100, 3, 429)])
def test_so_many_at_once_and_no_more(at_once, each, status):
    async def run():
        release = asyncio.Event()
        limits = Limits(slow(release), at_once=at_once, each=each)
        transport = httpx.ASGITransport(app=limits, client=("203.0.113.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            tasks = [asyncio.create_task(client.get("/")) for _ in range(5)]
            while sum(task.done() for task in tasks) < 2:  # who is refused does not wait
                await asyncio.sleep(0)
            release.set()
            answers = await asyncio.gather(*tasks)
            again = await client.get("/")
        return answers, again

    answers, again = asyncio.run(run())
    refused = [answer for answer in answers if answer.status_code != 200]
    assert [answer.status_code for answer in refused] == [status] * 2
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert again.status_code == 200


def test_a_body_that_is_too_large_is_not_read():
    read = []

    async def app(scope, receive, send):
        total, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                read.append("cut")
                break
            total, more = total + len(message.get("body", b"")), message.get("more_body", False)
        await PlainTextResponse(str(total))(scope, receive, send)

    async def chunks():
        for _ in range(MAX_BODY // 2**20 + 2):
            yield b"x" * 2**20

    limits = Limits(app, at_once=10, each=10)
    (announced,) = ask(
        limits, ("POST", "/", {"content": b"", "headers": {"Content-Length": str(MAX_BODY + 1)}})
    )
    assert announced.status_code == 413
    assert read == []
    ask(limits, ("POST", "/", {"content": chunks()}))
    assert read == ["cut"]


def test_a_body_that_is_cut_off_in_the_middle_is_said_to_be_too_large():
    async def chunks():
        for _ in range(MAX_BODY // 2**20 + 2):
            yield b"x" * 2**20

    routes = Routes([Route("/body", _body, methods=["POST"])])
    guarded = Guard(Limits(routes, at_once=10, each=10), NativeTiles(dict), Recorder(None))
    (answer,) = ask(guarded, ("POST", "/body", {"content": chunks()}))
    assert answer.status_code == 413


def test_a_fault_behind_routes_is_told_with_its_number_and_no_trace(caplog):
    def broken(_request):
        raise ZeroDivisionError("secret")

    guarded = Guard(Routes([Route("/page", broken)]), NativeTiles(dict), Recorder(None))
    answer, absent = ask(guarded, ("GET", "/page", {}), ("GET", "/absent", {}))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["fault"] in caplog.text
    assert "secret" not in answer.text
    assert absent.status_code == 404


def test_pages_say_what_they_may_load():
    app = Starlette(
        routes=[Route("/page", lambda _: HTMLResponse("x")), Route("/text", lambda _: PlainTextResponse("x"))]
    )
    guarded = Guard(app, NativeTiles(dict), Recorder(None))
    page, text = ask(guarded, ("GET", "/page", {}), ("GET", "/text", {}))
    assert "object-src 'none'" in page.headers["content-security-policy"]
    assert "content-security-policy" not in text.headers
    assert page.headers["x-content-type-options"] == text.headers["x-content-type-options"] == "nosniff"
