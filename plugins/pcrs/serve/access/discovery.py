"""What an identity provider publishes: where it is asked, and the keys that it signs with."""

import json
import threading
import time
from collections.abc import Mapping
from typing import Any

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from pcrs.errors import RemoteError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384")
"""Signatures that are taken: those that only the provider can make. Neither `none` nor shared secrets."""
_TIMEOUT_S = (5, 10)
_ANSWER_MAX = 2**20
_KEPT_S = 3600.0
_KEYS_AGAIN_S = 60.0


class Discovery:
    """The description of an issuer and its keys, kept for an hour. Methods block, from any thread."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._lock = threading.Lock()
        self._known: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def document(self) -> Mapping[str, Any]:
        """What the provider says of itself.

        Raises:
            RemoteError: it does not answer, or speaks of another issuer.
        """
        with self._lock:
            if self._known is None or self._known[0] < time.monotonic():
                address = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
                status, told = asked("GET", address)
                if status != 200 or told.get("issuer") != self._issuer:
                    raise RemoteError(f"{address}: no description of this issuer")
                self._known = (time.monotonic() + _KEPT_S, told)
            return self._known[1]

    def endpoint(self, name: str) -> str:
        """An address that it gives.

        Raises:
            RemoteError: it gives none, or one that is not encrypted.
        """
        address = self.document().get(name)
        plain = self._issuer.startswith("http://")  # a provider on this machine
        if not isinstance(address, str) or not address.startswith(
            ("https://", "http://") if plain else "https://"
        ):
            raise RemoteError(f"{self._issuer}: no usable {name}")
        return address

    def decoded(self, token: str) -> jwt.Token:
        """A token that the provider signed.

        Raises:
            JoseError, ValueError: it did not, or it is none.
            RemoteError: its keys cannot be had.
        """
        try:
            return jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            if not self._forgot_keys():
                raise
        return jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)  # its keys may have changed

    def _key_set(self) -> KeySet:
        address = self.endpoint("jwks_uri")
        with self._lock:
            if self._keys is None or self._keys[0] + _KEPT_S < time.monotonic():
                status, told = asked("GET", address)
                if status != 200:
                    raise RemoteError(f"{address}: no keys")
                self._keys = (time.monotonic(), KeySet.import_key_set(told))  # type: ignore[arg-type]
            return self._keys[1]

    def _forgot_keys(self) -> bool:
        """True when the keys are old enough to be asked for again."""
        with self._lock:
            if self._keys is None or self._keys[0] + _KEYS_AGAIN_S > time.monotonic():
                return False
            self._keys = None
            return True


def asked(method: str, address: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """Status and document of an answer.

    Raises:
        RemoteError: it does not answer, or with what is no JSON object.
    """
    status, _, body = fetched(method, address, "application/json", **more)
    return status, document_in(body, address)


def document_in(body: bytes, address: str) -> dict[str, Any]:
    """The JSON object of an answer.

    Raises:
        RemoteError: it is none.
    """
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise RemoteError(f"{address}: expected a JSON object")
    return told


def fetched(
    method: str, address: str, accept: str, headers: Mapping[str, str] | None = None, **more: Any
) -> tuple[int, str, bytes]:
    """Status, media type and body of an answer: bounded, and of no other place than was asked.

    Raises:
        RemoteError: it does not answer, or says too much.
    """
    try:
        with requests.request(
            method,
            address,
            timeout=_TIMEOUT_S,
            allow_redirects=False,
            stream=True,
            headers={"Accept": accept, **(headers or {})},
            **more,
        ) as answer:
            body = answer.raw.read(_ANSWER_MAX + 1, decode_content=True)
    except (requests.RequestException, OSError, ValueError) as error:
        raise RemoteError(
            f"{address}: the identity provider does not answer: {type(error).__name__}"
        ) from error
    if len(body) > _ANSWER_MAX:
        raise RemoteError(f"{address}: more than {_ANSWER_MAX} bytes")
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return answer.status_code, media_type, body
