"""OpenID Connect: an identity provider that says who somebody is. Authorization code with PKCE, and no more.

Imported only where `[access.oidc]` names a provider.
"""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from pcrs.errors import ForbiddenError, RemoteError
from pcrs.work.access import Role

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384")
"""Signatures that are taken: those that only the provider can make. Neither `none` nor shared secrets."""
_TIMEOUT_S = (5, 10)
_ANSWER_MAX = 2**20
_KEPT_S = 3600.0
_KEYS_AGAIN_S = 60.0
_LEEWAY_S = 60


@dataclass(frozen=True, slots=True)
class Registration:
    """What the settings say of the provider, and what it knows us by."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str
    role_claim: str
    """Name of the claim that tells groups or roles; dots go into it (`realm_access.roles`)."""
    roles: Mapping[str, Role]
    """Our role by what the claim holds."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody, as the provider says."""

    id: str
    """`oidc-` and a mark of issuer and subject."""
    name: str
    role: Role


class Provider:
    """The provider, asked over HTTP. Methods block, and may be called from any thread."""

    def __init__(self, registration: Registration, *, now: Callable[[], float] = time.time) -> None:
        self._told = registration
        self._now = now
        self._lock = threading.Lock()
        self._known: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def address(self, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where a browser is sent to log in; it comes back to `back`.

        Raises:
            RemoteError: the provider does not answer.
        """
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        query = {
            "response_type": "code",
            "client_id": self._told.client_id,
            "redirect_uri": back,
            "scope": self._told.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        endpoint = self._endpoint("authorization_endpoint")
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def account(self, code: str, back: str, nonce: str, verifier: str) -> Account:
        """Who came back with a code.

        Raises:
            ForbiddenError: the provider does not take the code, what it says cannot be trusted, or nothing
                gives this account a role here.
            RemoteError: the provider does not answer.
        """
        claims = self._claims(self._id_token(code, back, verifier), nonce)
        mark = hashlib.sha256(f"{claims['iss']} {claims['sub']}".encode()).hexdigest()[:16]
        name = claims.get("name") or claims.get("preferred_username") or claims.get("email") or mark
        return Account(f"oidc-{mark}", str(name), self._role(claims))

    def _id_token(self, code: str, back: str, verifier: str) -> str:
        told = self._told
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        ways = self._discovered().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        auth = None
        if "client_secret_basic" in ways:
            auth = (quote(told.client_id, safe=""), quote(told.client_secret, safe=""))
        else:
            form |= {"client_id": told.client_id, "client_secret": told.client_secret}
        status, answer = _asked("POST", self._endpoint("token_endpoint"), data=form, auth=auth)
        token = answer.get("id_token")
        if status != 200 or not isinstance(token, str):
            raise ForbiddenError("le fournisseur d'identité refuse / the identity provider refuses the code")
        return token

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        must = {"essential": True}
        registry = jwt.JWTClaimsRegistry(
            now=int(self._now()),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self._told.issuer},
            aud={"essential": True, "value": self._told.client_id},
            nonce={"essential": True, "value": nonce},
            exp=must,  # type: ignore[arg-type]
            iat=must,  # type: ignore[arg-type]
            sub=must,  # type: ignore[arg-type]
        )
        try:
            claims = self._decoded(token).claims
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            why = type(error).__name__.removesuffix("Error")
            raise ForbiddenError(f"jeton d'identité refusé / ID token refused: {why}") from error
        audience, party = claims["aud"], claims.get("azp")
        several = isinstance(audience, list) and len(audience) > 1
        if (several and party is None) or party not in (None, self._told.client_id):
            raise ForbiddenError("jeton d'identité refusé / ID token refused: azp")
        return claims

    def _decoded(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            if not self._forgot_keys():
                raise
        return jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)  # its keys may have changed

    def _role(self, claims: Mapping[str, Any]) -> Role:
        found: Any = claims
        for part in self._told.role_claim.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        held = found if isinstance(found, list) else [found]
        roles = [self._told.roles[one] for one in held if isinstance(one, str) and one in self._told.roles]
        if not roles:
            raise ForbiddenError("ce compte n'a pas de rôle ici / this account has no role here")
        return max(roles)

    def _endpoint(self, name: str) -> str:
        address = self._discovered().get(name)
        plain = self._told.issuer.startswith("http://")  # a provider on this machine
        if not isinstance(address, str) or not address.startswith(
            ("https://", "http://") if plain else "https://"
        ):
            raise RemoteError(f"{self._told.issuer}: no usable {name}")
        return address

    def _discovered(self) -> Mapping[str, Any]:
        with self._lock:
            if self._known is None or self._known[0] < time.monotonic():
                address = f"{self._told.issuer.rstrip('/')}/.well-known/openid-configuration"
                status, told = _asked("GET", address)
                if status != 200 or told.get("issuer") != self._told.issuer:
                    raise RemoteError(f"{address}: no description of this issuer")
                self._known = (time.monotonic() + _KEPT_S, told)
            return self._known[1]

    def _key_set(self) -> KeySet:
        address = self._endpoint("jwks_uri")
        with self._lock:
            if self._keys is None or self._keys[0] + _KEPT_S < time.monotonic():
                status, told = _asked("GET", address)
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


def _asked(method: str, address: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """Status and document of an answer: bounded, and of no other place than was asked.

    Raises:
        RemoteError: it does not answer, or with what is no JSON object.
    """
    try:
        with requests.request(
            method,
            address,
            timeout=_TIMEOUT_S,
            allow_redirects=False,
            stream=True,
            headers={"Accept": "application/json"},
            **more,
        ) as answer:
            body = answer.raw.read(_ANSWER_MAX + 1, decode_content=True)
            told = json.loads(body) if len(body) <= _ANSWER_MAX else None
    except (requests.RequestException, OSError, ValueError) as error:
        raise RemoteError(
            f"{address}: the identity provider does not answer: {type(error).__name__}"
        ) from error
    if not isinstance(told, dict):
        raise RemoteError(f"{address}: expected a JSON object")
    return answer.status_code, told
