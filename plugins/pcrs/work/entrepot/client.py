"""Requests to an Entrepôt's API: a token that is renewed, what may be asked again asked again, pages joined.

The clock is not read: a token is taken for good until the service refuses it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from pcrs.errors import ConflictError, InputError, NotFoundError, RemoteError
from pcrs.work.entrepot.multipart import Multipart

_TRIES = 6
_PAGE = 50
_TIMEOUT_S = (10, 300)
_PAUSE_MAX_S = 60.0
_RANGE = re.compile(r"(\d+)-(\d+)/(\d+)")
_AGAIN = frozenset({429, 500, 502, 503, 504})
Pause = Callable[[float], None]
"""Waits so many seconds."""


def session_for(url: str) -> requests.Session:
    """A session whose proxies and authorities are those of the environment, as it was looked at once.

    Looked at for each request it costs a third of it, and a .netrc would take the place of our token.
    """
    session = requests.Session()
    found = session.merge_environment_settings(url, {}, None, None, None)
    session.proxies, session.verify, session.cert = found["proxies"], found["verify"], found["cert"]
    session.trust_env = False
    return session


class UnsureError(RemoteError):
    """It is not known whether the service did what it was asked: look, then ask again."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """How a token is got: `form` is posted to `url`. With `token`, that one is used and never renewed."""

    url: str = ""
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str = field(default="", repr=False)


class Entrepot:
    """One datastore of the API at `api` (https://data.geopf.fr/api). Not shared between threads.

    Every method raises RemoteError when the service does not answer or refuses the token; InputError when it
    finds the request wrong, ConflictError when the request does not fit what is there, NotFoundError when
    what it is about is not there: each with the service's own words.
    """

    def __init__(
        self, api: str, datastore: str, credentials: Credentials, pause: Pause, poll_s: float = 10.0
    ) -> None:
        self._root = f"{api.rstrip('/')}/datastores/{datastore}"
        self._credentials = credentials
        self._token = credentials.token
        self._session = session_for(api)
        self.pause = pause
        self.poll_s = poll_s

    def close(self) -> None:
        """Connections are closed."""
        self._session.close()

    def get(self, path: str = "", /, **query: Any) -> Any:
        """What is at a path of the datastore."""
        return self._json(self._again("GET", path, params=query))

    def text(self, path: str, /) -> bytes:
        """A file of the datastore."""
        return self._again("GET", path).content

    def pages(self, path: str, /, **query: Any) -> Iterator[dict[str, Any]]:
        """Every entity of a list."""
        number, seen = 1, 0
        while True:
            answer = self._again("GET", path, params={**query, "page": number, "limit": _PAGE})
            rows = self._json(answer)
            yield from rows
            number, seen = number + 1, seen + len(rows)
            told = _RANGE.search(answer.headers.get("Content-Range", ""))
            if not rows or told is None or seen >= int(told[3]):
                return

    def put(self, path: str, /, body: Any = None) -> Any:
        """Asks for a state, which may be asked again."""
        return self._json(self._again("PUT", path, json=body))

    def patch(self, path: str, /, body: Any) -> Any:
        """Asks for a state, which may be asked again."""
        return self._json(self._again("PATCH", path, json=body))

    def tag(self, path: str, /, tags: Mapping[str, str]) -> None:
        """The entity has these tags too, in place of others of the same names."""
        self._again("POST", f"{path}/tags", json=dict(tags))

    def repeat(self, path: str, /, body: Any) -> None:
        """A POST that asks for a state, which may be asked again."""
        self._again("POST", path, json=body)

    def delete(self, path: str, /, **query: Any) -> None:
        """What was there is gone, or going; it is no error when it was."""
        try:
            self._again("DELETE", path, params=query)
        except NotFoundError:
            return

    def post(self, path: str, /, body: Any = None) -> Any:
        """Asks for something to be made or begun, once.

        Raises:
            UnsureError: perhaps it was.
        """
        return self._json(self._once("POST", path, json=body))

    def send(self, method: str, path: str, /, form: Multipart, **query: Any) -> Any:
        """Sends a file, once.

        Raises:
            UnsureError: perhaps it arrived.
        """
        return self._json(self._once(method, path, form=form, params=query))

    def _again(self, method: str, path: str, **how: Any) -> requests.Response:
        """A request that does no harm when it is made twice."""
        for tried in range(_TRIES):
            try:
                return self._once(method, path, **how)
            except UnsureError as error:
                if tried + 1 == _TRIES:
                    raise
                self.pause(_wait(error, tried))
        raise AssertionError("the last try ends the loop")

    def _once(
        self, method: str, path: str, *, form: Multipart | None = None, **how: Any
    ) -> requests.Response:
        url = f"{self._root}/{path}".rstrip("/")
        for fresh in (False, True):
            headers = {"Authorization": f"Bearer {self._bearer(renew=fresh)}"}
            if form is not None:
                headers["Content-Type"] = form.content_type
                how["data"] = form
            try:
                answer = self._session.request(method, url, headers=headers, timeout=_TIMEOUT_S, **how)
            except requests.RequestException as error:
                raise UnsureError(f"{method} {url}: {_said(error)}") from error
            if answer.status_code != 401 or self._credentials.token:
                break
        return _judged(answer, f"{method} {url}")

    def _bearer(self, *, renew: bool) -> str:
        if self._token and not renew:
            return self._token
        where = self._credentials
        for tried in range(_TRIES):
            try:
                answer = self._session.post(where.url, data=dict(where.form), timeout=_TIMEOUT_S)
            except requests.RequestException as error:
                failure = _said(error)
            else:
                if answer.ok:
                    self._token = str(self._json(answer).get("access_token", ""))
                    return self._token
                failure = f"{answer.status_code} {_words(answer)}"
                if answer.status_code not in _AGAIN:
                    break
            if tried + 1 < _TRIES:
                self.pause(2.0**tried)
        raise RemoteError(f"no token from {where.url}: {failure}; are the PCRS_GPF_* variables right?")

    @staticmethod
    def _json(answer: requests.Response) -> Any:
        if not answer.content:
            return {}
        try:
            return answer.json()
        except ValueError as error:
            raise RemoteError(f"{answer.url} did not answer with JSON: is it an Entrepôt?") from error


def _judged(answer: requests.Response, what: str) -> requests.Response:
    """The answer, when the service did what it was asked."""
    code = answer.status_code
    if 200 <= code < 300:
        return answer
    said = f"{what}: {code} {_words(answer)}"
    if code in _AGAIN:
        error = UnsureError(said)
        error.add_note(answer.headers.get("Retry-After", ""))
        raise error
    if code in (401, 403):
        raise RemoteError(f"{said}: this account may not do that in this Entrepôt")
    if code == 404:
        raise NotFoundError(said)
    if code == 409:
        raise ConflictError(said)
    raise InputError(said)


def _words(answer: requests.Response) -> str:
    """What the service says of its refusal."""
    try:
        told = answer.json()
    except ValueError:
        return answer.reason or ""
    if not isinstance(told, Mapping):
        return answer.reason or ""
    words = told.get("error_description") or told.get("error") or answer.reason
    return " ; ".join(map(str, words)) if isinstance(words, list) else str(words)


def _said(error: requests.RequestException) -> str:
    """Its kind and cause, without the objects in it."""
    return f"{type(error).__name__}: {error}".split(" object at ")[0][:300]


def _wait(error: UnsureError, tried: int) -> float:
    """Seconds until the next try: as the service asks, or doubling."""
    asked = next((note for note in getattr(error, "__notes__", []) if note.isdigit()), "")
    return min(float(asked) if asked else 2.0**tried, _PAUSE_MAX_S)
