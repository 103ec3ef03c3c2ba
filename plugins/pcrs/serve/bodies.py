"""The body of a request, read whole and no further than its limit."""

from starlette.requests import Request

from pcrs.errors import TooLargeError


async def whole_body(request: Request, most: int) -> bytes:
    """The bytes.

    Raises:
        TooLargeError: there are more than `most`; the rest is not read.
    """
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > most:
        raise TooLargeError(f"the body has more than {most} bytes")
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > most:
            raise TooLargeError(f"the body has more than {most} bytes")
    return bytes(received)
