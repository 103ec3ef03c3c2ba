"""A line of JSON for each request, for those who run the service: no query, no token, no client's address."""

import json
import os
import re
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

_EVERY_S = 0.5
_AT_ONCE = 4096
"""Bytes: writes of no more than that do not mix with those of other processes on one pipe."""
_LONGEST = 512
_SECRET = re.compile(r"^/(commandes/[^/]+|ogcapi/jobs)/[^/]+")
_ID = re.compile(rb"[\w.-]{1,64}").fullmatch


class AccessLog:
    """Lines are kept for half a second and written by a thread, beside the answers.

    Args:
        write: takes whole lines; standard output where none is given.
    """

    def __init__(self, write: Callable[[bytes], object] | None = None) -> None:
        self._write = write or (lambda lines: os.write(1, lines))
        self._lines: list[bytes] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        threading.Thread(target=self._now_and_then, name="log", daemon=True).start()

    def request_id(self, headers: list[tuple[bytes, bytes]]) -> str:
        """What a proxy calls the request, or a name of its own."""
        told = next((value for name, value in headers if name == b"x-request-id"), b"")
        return told.decode() if _ID(told) else uuid.uuid4().hex[:16]

    def answered(
        self, method: str, path: str, status: int, octets: int, seconds: float | None, request_id: str
    ) -> None:
        """A request was answered; status 0: its client was gone before."""
        told = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "method": method[:16],
            "path": _SECRET.sub(r"/\1/…", path)[:_LONGEST],
            "status": status,
            "bytes": octets,
            "request": request_id,
        }
        if seconds is not None:
            told["ms"] = round(seconds * 1000, 2)
        line = json.dumps(told, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self._lines.append(line)

    def close(self) -> None:
        """The last lines are written; the thread ends."""
        self._stop.set()
        self.flush()

    def flush(self) -> None:
        """What waits is written."""
        with self._lock:
            lines, self._lines = self._lines, []
        batch = b""
        for line in lines:
            if len(batch) + len(line) > _AT_ONCE:
                self._write(batch)
                batch = b""
            batch += line
        if batch:
            self._write(batch)

    def _now_and_then(self) -> None:
        while not self._stop.wait(_EVERY_S):
            try:
                self.flush()
            except OSError:
                return  # nobody reads it any more
