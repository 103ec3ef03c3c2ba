"""HTTP with an end to patience: what slow or endless clients hold of a process is bounded.

How long and how large the head of a request may be, how long its body and the reading of its answer may rest.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_URL = 16 * 1024
"""Bytes; a GetMap has some hundreds, a CQL2 filter with a polygon some thousands."""
MAX_HEADERS = 64 * 1024
"""Bytes of all headers."""
HEAD_S = 15.0
"""Seconds until the head of a request, once begun, is complete; and until a new connection says something."""
BODY_S = 30.0
"""Seconds without a byte of a body that was announced."""
READING_S = 60.0
"""Seconds in which a client takes nothing of the answer that waits for it."""
LAST_S = 1.0
"""Seconds in which a connection without a request is heard, once the process is to end."""
_WORDS = {414: b"414 URI Too Long", 431: b"431 Request Header Fields Too Large"}


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.leaving = False
        """The process is to end: what is asked now is answered, and the connection ends with that."""
        self._refused = False
        self._head_size = 0
        self._in_head = True
        self._in_body = False
        self._patience: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._cycles: list[RequestResponseCycle] = []
        """Requests that have no whole answer yet; uvicorn itself knows the newest only."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It begins."""
        super().connection_made(transport)
        self._wait(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """It ends."""
        self._wait(None)
        self._read_on()
        self._leave(self._under_way())
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came: what is still awaited is awaited for so long."""
        if self._refused:
            return
        super().data_received(data)
        if self._in_body:
            self._wait(BODY_S)
        elif self._in_head and self._head_size:
            if self._patience is None:
                self._wait(HEAD_S)
        else:
            self._wait(None)

    def shutdown(self) -> None:
        """The process is to end. A request that is on its way is answered: its client has seen no end yet."""
        self.leaving = True
        if self._under_way():
            super().shutdown()
        else:
            self._wait(LAST_S)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head, self._head_size = True, 0

    def on_url(self, url: bytes) -> None:
        """A part of its address."""
        super().on_url(url)
        self._head_size += len(url)
        if len(self.url) > MAX_URL:
            self._refuse(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its headers."""
        super().on_header(name, value)
        self._head_size += len(name) + len(value) + 4
        if self._head_size > MAX_URL + MAX_HEADERS:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._in_head, self._in_body = False, True
        super().on_headers_complete()
        self._cycles = self._under_way()
        if self.cycle is not None and self.cycle not in self._cycles:
            self._cycles.append(self.cycle)
        if self.cycle is not None and self.leaving:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """It is whole."""
        self.whole()
        super().on_message_complete()

    def whole(self) -> None:
        """Nothing more of the request is awaited."""
        self._in_body, self._head_size = False, 0

    def send_400_response(self, msg: str) -> None:
        """What cannot be parsed; nothing, where it was refused already or follows what is being answered."""
        if not self._refused and not self._broken_off():
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        """The client does not take what is sent."""
        super().pause_writing()
        if self._reading is None:
            self._reading = self.loop.call_later(READING_S, self.transport.abort)

    def resume_writing(self) -> None:
        """It takes it again."""
        super().resume_writing()
        self._read_on()

    def _read_on(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _wait(self, seconds: float | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = None if seconds is None else self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        self._patience = None
        if not self._broken_off() and not self.transport.is_closing():
            self.transport.close()

    def _broken_off(self) -> bool:
        """True when an answer was under way: it ends here with the connection, and nothing follows it.

        A request that is at fault in its own body can still be told so, until its answer has begun.
        """
        under_way = self._under_way()
        if not under_way:
            return False
        self._leave(under_way)
        if self._in_body and under_way == [self.cycle] and not under_way[0].response_started:
            return False
        self.transport.close()
        return True

    def _under_way(self) -> list[RequestResponseCycle]:
        return [cycle for cycle in self._cycles if not cycle.response_complete]

    @staticmethod
    def _leave(cycles: list[RequestResponseCycle]) -> None:
        """Whoever makes their answers sees a client that went away."""
        for cycle in cycles:
            cycle.disconnected = True
            cycle.message_event.set()

    def _refuse(self, status: int) -> None:
        """The request is refused before it is whole, and the connection ends.

        Raises:
            ValueError: for the parser, which goes no further.
        """
        if not self._refused:
            self._refused = True
            if self._broken_off():
                raise ValueError(_WORDS[status].decode())
            line = b"HTTP/1.1 " + _WORDS[status] + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(line)
            self.transport.close()
        raise ValueError(_WORDS[status].decode())
