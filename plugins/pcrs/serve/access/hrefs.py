"""Addresses of ours in an answer, with the token that the request showed in its own.

QGIS (WMTS, MetaSearch), GDAL and OWSLib drop the query of the address they were given: they keep the token
when the addresses in capabilities, templates and `next` links carry it.
"""

import re
from urllib.parse import quote

_TEXTS = ("xml", "json", "html")
MOST = 64 * 2**20
"""Bytes of an answer that are held to be written anew."""


def rewritten(media_type: str) -> bool:
    """True for answers that may hold addresses."""
    kind = media_type.partition(";")[0].lower()
    return any(word in kind for word in _TEXTS)


class Hrefs:
    """Writes tokens into the addresses under `public_url`. Identifiers under /id/ stay what they are."""

    def __init__(self, public_url: str) -> None:
        self._address = re.compile(
            re.escape(public_url.encode()) + rb"(?!/id/)(?=[/?\"'<\s])(?:/[^\s\"'<>\\]*|\?[^\s\"'<>\\]*)?"
        )

    def with_token(self, body: bytes, media_type: str, token: str) -> bytes:
        """The answer with the token in each address."""
        kind = media_type.partition(";")[0].lower()
        amp = b"&" if "json" in kind else b"&amp;"
        key = b"apikey=" + quote(token, safe="").encode()

        def put(match: re.Match[bytes]) -> bytes:
            address, hash_, fragment = match[0].partition(b"#")
            if address.endswith((b"?", amp)):  # clients append to it as it is
                return address + key + amp + hash_ + fragment
            return address + (amp if b"?" in address else b"?") + key + hash_ + fragment

        return self._address.sub(put, body)
