"""An identity provider of this machine: OpenID Connect with RS256, PKCE and codes that are good once."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "pcrs", "un secret : à garder"


def plain(value: str) -> str:
    """As unpadded base64url."""
    return base64.urlsafe_b64encode(value.encode()).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any]) -> str:
    """A token with the algorithm `none`."""
    return f"{plain(json.dumps({'alg': 'none', 'typ': 'JWT'}))}.{plain(json.dumps(claims))}."


@dataclass
class Identity:
    """The provider: what it answers can be bent by `claims` (added or taken away) and `sign`."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] | None = None
    described: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1", "alg": "RS256"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)
    """Added to what userinfo tells, or taken away."""
    seal: Callable[[dict[str, Any]], str] | None = None
    """How userinfo is signed; None: by the provider."""
    plain_userinfo: bool = False
    left: list[dict[str, str]] = field(default_factory=list)
    """What browsers brought that came to log out."""
    access: set[str] = field(default_factory=set)

    @property
    def app(self) -> Starlette:
        """What is served."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/jwks", self.jwks),
                Route("/userinfo", self.userinfo),
                Route("/logout", self.logout),
            ]
        )

    def describe(self, _request: Request) -> Response:
        """The discovery document."""
        found = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "end_session_endpoint": f"{self.url}/logout",
        }
        return JSONResponse({name: value for name, value in (found | self.described).items() if value})

    def authorize(self, request: Request) -> Response:
        """Whoever comes is logged in, and sent back with a code."""
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(12)
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"]}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 303)

    async def token(self, request: Request) -> Response:
        """A code for a token, once, for who has the secret and the verifier."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self.asked.append(form["code"])
        asked = self.codes.pop(form["code"], None)
        pair = base64.b64decode(request.headers.get("authorization", "")[6:]).decode()
        right = pair == f"{CLIENT}:un%20secret%20%3A%20%C3%A0%20garder"
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if asked is None or not right or challenge.rstrip(b"=").decode() != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "248289761001",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "name": "Jeanne Caussade",
            "realm_access": {"roles": ["agents", "direction"]},
        }
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        signed = self.sign(claims) if self.sign else self.signed(claims)
        access = secrets.token_urlsafe(12)
        self.access.add(access)
        return JSONResponse({"access_token": access, "token_type": "Bearer", "id_token": signed})

    def userinfo(self, request: Request) -> Response:
        """As ProConnect tells it: names of its own, roles that the ID token has not, signed."""
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or shown not in self.access:
            return Response(status_code=401)
        found = {
            "iss": self.url,
            "sub": "248289761001",
            "aud": CLIENT,
            "given_name": "Angela",
            "usual_name": "Dubois",
            "siret": "22460001300016",
        }
        claims = {name: value for name, value in (found | self.told).items() if value is not None}
        if self.plain_userinfo:
            return JSONResponse(claims)
        return Response((self.seal or self.signed)(claims), media_type="application/jwt")

    def logout(self, request: Request) -> Response:
        """Who brings a token of ours is let go, and sent back to where it came from."""
        brought = dict(request.query_params)
        claims = jwt.decode(brought["id_token_hint"], self.key, algorithms=["RS256"]).claims
        assert (claims["iss"], claims["aud"]) == (self.url, brought["client_id"])
        self.left.append(brought)
        back = f"{brought['post_logout_redirect_uri']}?{urlencode({'state': brought['state']})}"
        return RedirectResponse(back, 303)

    def signed(self, claims: dict[str, Any], key: RSAKey | None = None) -> str:
        """A token with the provider's own signature, or that of another key under its name."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, key or self.key)

    def confused(self, claims: dict[str, Any]) -> str:
        """A token signed with the public key as if it were a shared secret."""
        head = plain(json.dumps({"alg": "HS256", "kid": self.key.kid}))
        said = f"{head}.{plain(json.dumps(claims))}"
        mark = hmac.digest(self.key.as_pem(private=False), said.encode(), "sha256")
        return f"{said}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"

    def jwks(self, _request: Request) -> Response:
        """The public keys."""
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})
