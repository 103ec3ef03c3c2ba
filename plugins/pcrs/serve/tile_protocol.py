"""HTTP as uvicorn speaks it, but for native tiles: these are written as soon as their request is read.

A tile is one `pread`. uvicorn's way to it, a task and two messages for each answer, costs several times that.
"""

from collections.abc import Sequence
from typing import Any

from pcrs.serve.answers import KEPT, ON_EVERY_ANSWER, etag
from pcrs.serve.bounded_protocol import BoundedProtocol
from pcrs.serve.native import NativeTiles
from pcrs.serve.use.access_log import AccessLog
from pcrs.serve.use.recorder import Recorder, agent_of
from pcrs.standard.grid import Tile

Headers = Sequence[tuple[bytes, bytes]]

_ASKING_MORE = frozenset((b"if-none-match", b"content-length", b"transfer-encoding", b"expect"))
"""A request with one of these headers goes the ordinary way."""


class TileProtocol(BoundedProtocol):
    """One connection. The application has its tiles in `native`; without that, all is ordinary."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        served = self.app
        while not hasattr(served, "native") and hasattr(served, "app"):
            served = served.app  # uvicorn's own ring, where proxies are named
        self._native: NativeTiles | None = getattr(served, "native", None)
        self._recorder: Recorder | None = getattr(served, "recorder", None)
        self._log: AccessLog | None = getattr(served, "log", None)
        self._answered = False

    def on_headers_complete(self) -> None:
        """The tile is sent, when that is all that the request asks."""
        found = self._tile()
        if found is None:
            super().on_headers_complete()
        else:
            self._answered = True
            self._write(found[0])
            if self._recorder is not None:
                self._recorder.tile(agent_of(self.headers), len(found[0]), found[1])
            if self._log is not None:
                path = self.url.partition(b"?")[0].decode("latin-1")
                self._log.answered("GET", path, 200, len(found[0]), None, self._log.request_id(self.headers))
            self.on_response_complete()

    def on_message_complete(self) -> None:
        """The end of a request that is answered needs nothing more."""
        if self._answered:
            self._answered = False
            self.whole()
        else:
            super().on_message_complete()

    def _tile(self) -> tuple[bytes, Tile] | None:
        """The bytes of the tile that is asked for, and its place; None: it is answered the ordinary way."""
        parser, native = self.parser, self._native
        if (
            native is None
            or self.leaving
            or parser.get_method() != b"GET"
            or not self.url.startswith(b"/wmts")
            or (self.cycle is not None and not self.cycle.response_complete)
            or self.flow.write_paused
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
            or parser.should_upgrade()
        ):
            return None
        for name, _ in self.headers:
            if name in _ASKING_MORE:
                return None
        return native.find(self.url)

    def _write(self, jpeg: bytes) -> None:
        """What `send_answer` would make of it, to the byte."""
        begin = _begin.lines(self.server_state.default_headers)
        self.transport.write(
            b"%betag: %b\r\ncontent-type: image/jpeg\r\ncontent-length: %d\r\n%b\r\n%b"
            % (begin, etag(jpeg), len(jpeg), _END, jpeg)
        )


def _lines(headers: Headers) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


class _Begin:
    """What the tiles of a second begin with; uvicorn makes a new list of headers, with the date, in each."""

    def __init__(self) -> None:
        self._default: Headers | None = None
        self._made = b""

    def lines(self, default: Headers) -> bytes:
        """Status line and headers."""
        if default is not self._default:
            self._made = b"HTTP/1.1 200 OK\r\n" + _lines((*default, *KEPT))
            self._default = default
        return self._made


_begin = _Begin()
_END = _lines(ON_EVERY_ANSWER)
