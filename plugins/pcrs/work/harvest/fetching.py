"""What another service answers, within bounds: size, time, no entity, no DOCTYPE, no other host."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from lxml import etree

from pcrs.errors import RemoteError, TooLargeError

ANSWER_MAX = 32 * 2**20
"""Bytes of one answer: the Géoplateforme's WMTS capabilities have 3 MB."""
_TIMEOUT_S = (10, 60)
_DURATION_S = 300.0
_CHUNK = 64 * 1024
_REDIRECTS = 3
_AGENT = {"User-Agent": "pcrs (moissonneur)", "Accept": "application/xml, text/xml"}


class Fetcher:
    """Answers of one service. `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float], largest: int = ANSWER_MAX) -> None:
        self._clock, self._largest = clock, largest
        self._session = requests.Session()
        self._session.headers.update(_AGENT)

    def close(self) -> None:
        """Connections are closed."""
        self._session.close()

    def xml(self, url: str, body: bytes | None = None) -> etree._Element:
        """The document that the service answers to a GET, or to a POST of `body`.

        Raises:
            RemoteError: it does not answer, with an error, elsewhere, or with what is no plain XML.
            TooLargeError: it answers with too much, or for too long.
        """
        data = self._bytes(url, body)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError as error:
            raise RemoteError(f"{url}: the answer is no XML: {error}") from error
        about: Any = root.getroottree().docinfo
        if about.doctype:
            raise RemoteError(f"{url}: the answer has a DOCTYPE, which is refused")
        return root

    def _bytes(self, url: str, body: bytes | None) -> bytes:
        method, headers = ("GET", {}) if body is None else ("POST", {"Content-Type": "application/xml"})
        began = self._clock()
        for _ in range(_REDIRECTS):
            try:
                with self._session.request(
                    method,
                    url,
                    data=body,
                    headers=headers,
                    timeout=_TIMEOUT_S,
                    stream=True,
                    allow_redirects=False,
                ) as answer:
                    if not answer.is_redirect:
                        return self._read(answer, url, began)
                    url = _followed(url, answer)
            except requests.RequestException as error:
                raise RemoteError(f"{url} does not answer: {type(error).__name__}") from error
        raise RemoteError(f"{url} redirects without end")

    def _read(self, answer: requests.Response, url: str, began: float) -> bytes:
        if answer.status_code != 200:
            raise RemoteError(f"{url} answers {answer.status_code} {answer.reason}")
        pieces: list[bytes] = []
        size = 0
        for piece in answer.iter_content(_CHUNK):
            pieces.append(piece)
            size += len(piece)
            if size > self._largest:
                raise TooLargeError(f"{url} answers with more than {self._largest // 2**20} MiB")
            if self._clock() - began > _DURATION_S:
                raise TooLargeError(f"{url} answers for more than {_DURATION_S:.0f} s")
        return b"".join(pieces)


def _followed(url: str, answer: requests.Response) -> str:
    """Where a redirect leads, within the host that the operator named."""
    target = requests.compat.urljoin(url, answer.headers["Location"])
    if urlsplit(target).hostname != urlsplit(url).hostname or urlsplit(target).scheme not in (
        "http",
        "https",
    ):
        raise RemoteError(f"{url} redirects to {target}: write that address in pcrs.toml if it is meant")
    return str(target)
