"""One connection: bytes go out, answers come back, as a strict reader of HTTP takes them."""

import asyncio
import gzip
import time
import zlib
from dataclasses import dataclass, field

import h11

PATIENCE_S = 45.0
"""Longer than the service's own patience with a body that does not come."""
_MOST = 48 * 2**20


@dataclass(slots=True)
class Reply:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Exchange:
    """What came back over one connection."""

    replies: list[Reply] = field(default_factory=list)
    seconds: float = 0.0
    fault: str = ""
    """Why nothing more could be read: `timeout`, or what is no HTTP; empty at an ordinary end."""


async def exchange(port: int, raw: bytes, *, host: str = "127.0.0.1") -> Exchange:
    """What a server answers to these bytes."""
    came = Exchange()
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await _talk(host, port, raw, came)
    except TimeoutError:
        came.fault = "timeout"
    except h11.RemoteProtocolError as error:
        if "ConnectionClosed" in str(error):
            came.fault = "no answer"
        elif "without sending complete" in str(error):
            came.fault = "cut off"
        else:
            came.fault = f"no HTTP: {error}"
    except ConnectionError as error:
        came.fault = "" if came.replies else f"refused: {type(error).__name__}"
    came.seconds = time.perf_counter() - begun
    return came


async def _talk(host: str, port: int, raw: bytes, came: Exchange) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        sending = asyncio.ensure_future(_send(writer, raw))
        try:
            await _read(reader, raw, came)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
    finally:
        writer.close()


async def _send(writer: asyncio.StreamWriter, raw: bytes) -> None:
    writer.write(raw)
    await writer.drain()


async def _read(reader: asyncio.StreamReader, raw: bytes, came: Exchange) -> None:
    """The answer; of several requests, as many until nothing comes for a second."""
    several = raw.count(b" HTTP/1.") > 1
    method = b"HEAD" if raw.startswith(b"HEAD ") else b"GET"
    parser = h11.Connection(h11.CLIENT)
    while True:
        parser.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
        parser.send(h11.EndOfMessage())
        try:
            async with asyncio.timeout(1.0 if several and came.replies else None):
                reply = await _one(reader, parser)
        except TimeoutError:
            return
        if reply is None:
            return
        came.replies.append(reply)
        if not several or parser.our_state is not h11.DONE or parser.their_state is not h11.DONE:
            return
        parser.start_next_cycle()


async def _one(reader: asyncio.StreamReader, parser: h11.Connection) -> Reply | None:
    reply: Reply | None = None
    body = bytearray()
    while True:
        event = parser.next_event()
        if event is h11.NEED_DATA:
            parser.receive_data(await reader.read(2**16))
        elif isinstance(event, h11.Response):
            named = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in event.headers}
            reply = Reply(event.status_code, named)
        elif isinstance(event, h11.Data):
            body += event.data if len(body) < _MOST else b""
        elif isinstance(event, h11.EndOfMessage):
            if reply is not None:
                reply.body = _plain(bytes(body), reply.headers.get("content-encoding", ""))
            return reply
        elif isinstance(event, h11.ConnectionClosed):
            return None


def _plain(body: bytes, coding: str) -> bytes:
    """The body without its coding.

    Raises:
        RemoteProtocolError: it is not coded as it says.
    """
    try:
        return gzip.decompress(body) if coding == "gzip" and body else body
    except (OSError, EOFError, zlib.error) as error:
        raise h11.RemoteProtocolError(f"content-encoding {coding}, and the body is not: {error}") from error
