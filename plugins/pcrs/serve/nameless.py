"""Answers too large for memory: written to a file that loses its name at once, and sent from it in pieces.

The file goes with its last descriptor: a client that leaves, a process that dies, leave nothing.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

_CHUNK = 256 * 1024


def written(folder: Path, name: str, write: Callable[[Path], object]) -> BinaryIO | None:
    """What `write` writes at the path that it is given, whose last part is `name`; None: it wrote nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".answer.{os.getpid()}.", suffix=".part", dir=folder) as held:
        path = Path(held) / name
        write(path)
        return path.open("rb") if path.exists() else None


def streamed(file: BinaryIO, headers: Mapping[str, str], media_type: str) -> StreamingResponse:
    """The file as an answer, closed when it has been sent."""
    size = os.fstat(file.fileno()).st_size

    async def chunks() -> AsyncIterator[bytes]:
        with file:
            while chunk := await run_in_threadpool(file.read, _CHUNK):
                yield chunk

    sent = {**headers, "Content-Length": str(size), "Accept-Ranges": "none"}
    return StreamingResponse(chunks(), headers=sent, media_type=media_type)
