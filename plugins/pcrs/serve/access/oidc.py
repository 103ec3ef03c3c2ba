"""OpenID Connect: a provider says who somebody is, by authorization code with PKCE, and lets them go.

Imported only where `[access.oidc]` names a provider.
"""

import base64
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode

from joserfc import jwt
from joserfc.errors import JoseError

from pcrs.errors import ForbiddenError
from pcrs.serve.access.discovery import Discovery, asked, document_in, fetched
from pcrs.work.access import Role

_LEEWAY_S = 60


Userinfo = Literal["no", "json", "signed"]
"""Whether names and roles stand at the userinfo endpoint, and in which form: ProConnect signs them."""


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
    userinfo: Userinfo = "no"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody, as the provider says."""

    id: str
    """`oidc-` and a mark of issuer and subject."""
    name: str
    role: Role
    hint: str = field(repr=False)
    """The ID token, by which the provider knows whom to let go."""


class Provider:
    """The provider, asked over HTTP. Methods block, and may be called from any thread."""

    def __init__(self, registration: Registration, *, now: Callable[[], float] = time.time) -> None:
        self._told = registration
        self._now = now
        self._discovery = Discovery(registration.issuer)

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
        endpoint = self._discovery.endpoint("authorization_endpoint")
        return _asking(endpoint, query)

    def account(self, code: str, back: str, nonce: str, verifier: str) -> Account:
        """Who came back with a code.

        Raises:
            ForbiddenError: the provider does not take the code, what it says cannot be trusted, or nothing
                gives this account a role here.
            RemoteError: the provider does not answer.
        """
        hint, access = self._tokens(code, back, verifier)
        claims = self._claims(hint, nonce)
        more = self._userinfo(access, claims["sub"])
        mark = hashlib.sha256(f"{claims['iss']} {claims['sub']}".encode()).hexdigest()[:16]
        name = _name(more) or _name(claims) or mark
        return Account(f"oidc-{mark}", name, self._role(claims | more), hint)

    def farewell(self, hint: str, back: str, state: str) -> str | None:
        """Where a browser is sent so that it is logged out there too; None: the provider knows no such way.

        Args:
            hint: the ID token of the account.
            back: where the provider sends the browser afterwards.
            state: what it brings along then.

        Raises:
            RemoteError: the provider does not answer.
        """
        if "end_session_endpoint" not in self._discovery.document():
            return None
        endpoint = self._discovery.endpoint("end_session_endpoint")
        query = {
            "id_token_hint": hint,
            "client_id": self._told.client_id,
            "post_logout_redirect_uri": back,
            "state": state,
        }
        return _asking(endpoint, query)

    def _tokens(self, code: str, back: str, verifier: str) -> tuple[str, str]:
        """ID token and access token for a code."""
        told = self._told
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        ways = self._discovery.document().get(
            "token_endpoint_auth_methods_supported", ["client_secret_basic"]
        )
        auth = None
        if "client_secret_basic" in ways:
            auth = (quote(told.client_id, safe=""), quote(told.client_secret, safe=""))
        else:
            form |= {"client_id": told.client_id, "client_secret": told.client_secret}
        status, answer = asked("POST", self._discovery.endpoint("token_endpoint"), data=form, auth=auth)
        token = answer.get("id_token")
        if status != 200 or not isinstance(token, str):
            raise ForbiddenError("le fournisseur d'identité refuse / the identity provider refuses the code")
        return token, str(answer.get("access_token", ""))

    def _userinfo(self, access: str, subject: str) -> dict[str, Any]:
        """What the provider tells there of the same subject; nothing where the settings do not want it."""
        wanted = self._told.userinfo
        if wanted == "no":
            return {}
        address = self._discovery.endpoint("userinfo_endpoint")
        form = "application/jwt" if wanted == "signed" else "application/json"
        status, media_type, body = fetched("GET", address, form, {"Authorization": f"Bearer {access}"})
        if status != 200 or media_type != form:
            raise ForbiddenError(f"userinfo: {status} {media_type[:40]!r}, attendu / expected 200 {form}")
        told = self._signed(body) if wanted == "signed" else document_in(body, address)
        if told.get("sub") != subject:
            raise ForbiddenError("userinfo: d'un autre compte / of another account: sub")
        return told

    def _signed(self, body: bytes) -> dict[str, Any]:
        """Claims of userinfo that the provider signed, for us."""
        return self._valid("userinfo: refusé / refused", lambda: body.decode("ascii").strip())

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        must = {"essential": True}
        what = "jeton d'identité refusé / ID token refused"
        more = {"nonce": {"essential": True, "value": nonce}, "exp": must, "iat": must, "sub": must}
        claims = self._valid(what, lambda: token, **more)
        audience, party = claims["aud"], claims.get("azp")
        several = isinstance(audience, list) and len(audience) > 1
        if (several and party is None) or party not in (None, self._told.client_id):
            raise ForbiddenError(f"{what}: azp")
        return claims

    def _valid(self, refused: str, token: Callable[[], str], **more: Any) -> dict[str, Any]:
        """Claims of a token that the provider signed for us; `more` is what they must hold besides."""
        registry = jwt.JWTClaimsRegistry(
            now=int(self._now()),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self._told.issuer},
            aud={"essential": True, "value": self._told.client_id},
            **more,
        )
        try:
            claims: dict[str, Any] = self._discovery.decoded(token()).claims
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            why = type(error).__name__.removesuffix("Error")
            raise ForbiddenError(f"{refused}: {why}") from error
        return claims

    def _role(self, claims: Mapping[str, Any]) -> Role:
        found: Any = claims
        for part in self._told.role_claim.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        held = found if isinstance(found, list) else [found]
        roles = [self._told.roles[one] for one in held if isinstance(one, str) and one in self._told.roles]
        if not roles:
            raise ForbiddenError("ce compte n'a pas de rôle ici / this account has no role here")
        return max(roles)


def _asking(endpoint: str, query: Mapping[str, str]) -> str:
    """The endpoint, which may have a query of its own, with this one."""
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def _name(claims: Mapping[str, Any]) -> str:
    """As people know somebody; ProConnect has no `name`, and calls a family name `usual_name`."""
    parts = (claims.get("given_name"), claims.get("usual_name") or claims.get("family_name"))
    whole = " ".join(part for part in parts if isinstance(part, str))
    found = claims.get("name") or whole or claims.get("preferred_username") or claims.get("email")
    return found if isinstance(found, str) else ""
