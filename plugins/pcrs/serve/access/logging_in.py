"""`/session`: who a browser is for the service, by a token shown once; `/connexion`: by a provider."""

import hmac
import html
import json
import logging
import re
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from pcrs.errors import ForbiddenError, InputError, PcrsError, RemoteError
from pcrs.serve.access.holders import Holders, UnknownTokenError
from pcrs.serve.access.sessions import COOKIE, FOREIGN, LASTS_S, Session, Sessions, cookie_of
from pcrs.serve.bodies import whole_body
from pcrs.serve.context import PRINCIPAL
from pcrs.serve.problems import guarded, problem, refused
from pcrs.work.access import LOWEST, Principal

if TYPE_CHECKING:
    from pcrs.serve.access.oidc import Provider

_log = logging.getLogger(__name__)
_LOGIN = "pcrs_login"
_GONE = "/connexion/fin"
_LOGIN_S = 600
_MAX_BODY = 8192
_PRIVATE = {"Cache-Control": "no-store"}
_NEXT = re.compile(r"/(?![/\\])[\w./?&=%#+~:,-]*", re.ASCII)
_LONGEST_NEXT = 300


def routes(holders: Holders, sessions: Sessions, provider: "Provider | None", public_url: str) -> list[Route]:
    """`/session`; and, where there is a provider, `/connexion` and the way back from it."""
    seat = _Seat(holders, sessions, provider, f"{public_url}{_GONE}")
    found = [
        Route("/session", guarded(seat.tell), methods=["GET"]),
        Route("/session", guarded(seat.begin), methods=["POST"]),
        Route("/session", guarded(seat.end), methods=["DELETE"]),
    ]
    if provider is not None:
        door = _Door(sessions, provider, public_url)
        found += [
            Route("/connexion", door.out, methods=["GET"]),
            Route("/connexion/retour", door.back, methods=["GET"]),
            Route(_GONE, door.gone, methods=["GET"]),
        ]
    return found


class _Seat:
    """A session of the browser that asks."""

    def __init__(self, holders: Holders, sessions: Sessions, provider: "Provider | None", gone: str) -> None:
        self._holders = holders
        self._sessions = sessions
        self._provider = provider
        self._gone = gone

    async def tell(self, request: Request) -> Response:
        """Who the browser is, and what it may do."""
        return self._told(request.scope.get(PRINCIPAL, Principal()))

    async def begin(self, request: Request) -> Response:
        """A session for who shows a token."""
        if not self._sessions.from_us(request.scope):
            return problem(403, FOREIGN)
        shown = _token(await whole_body(request, _MAX_BODY))
        try:
            holder = await run_in_threadpool(self._holders.holder, shown)
        except UnknownTokenError as error:
            return problem(401, str(error))
        expires = None if holder.token is None else holder.token.scope.expires
        session = self._sessions.begin(holder.principal.token or "", lasts_s=_left_s(expires))
        response = self._told(holder.principal)
        response.headers["Set-Cookie"] = self._sessions.cookie(session)
        return response

    async def end(self, request: Request) -> Response:
        """The session is over here; `suite` is where the browser goes so that it is over there too."""
        session = await run_in_threadpool(self._sessions.read, cookie_of(request.scope) or "")
        there = None
        if session is not None:
            await run_in_threadpool(self._sessions.end, session)
            there = await run_in_threadpool(self._farewell, session)
        headers = {**_PRIVATE, "Set-Cookie": self._sessions.header(COOKIE, "", 0)}
        if there is None:
            return Response(status_code=204, headers=headers)
        return Response(orjson.dumps({"suite": there}), headers=headers, media_type="application/json")

    def _farewell(self, session: Session) -> str | None:
        """Where a provider lets its account go; None: there is none, or it does not answer."""
        hint = self._sessions.remembered(session)
        if hint is None or self._provider is None:
            return None
        try:
            return self._provider.farewell(hint, self._gone, secrets.token_urlsafe(16))
        except RemoteError as error:
            _log.warning("%s", error)
            return None

    def _told(self, who: Principal) -> Response:
        document: dict[str, Any] = {
            "connu": who.token is not None,
            "role": who.role.label,
            "nom": who.name,
            "peut": [action for action, lowest in LOWEST.items() if who.role >= lowest],
            "fournisseur": self._provider is not None,
        }
        return Response(orjson.dumps(document), headers=_PRIVATE, media_type="application/json")


class _Door:
    """The way to the provider and back."""

    def __init__(self, sessions: Sessions, provider: "Provider", public_url: str) -> None:
        self._sessions = sessions
        self._provider = provider
        self._url = public_url
        self._back = f"{public_url}/connexion/retour"

    async def out(self, request: Request) -> Response:
        """To the provider, with what the way back will be known by."""
        state, nonce, verifier = (secrets.token_urlsafe(size) for size in (24, 24, 48))
        try:
            address = await run_in_threadpool(self._provider.address, self._back, state, nonce, verifier)
        except RemoteError as error:
            return self._page(error)
        told = {
            "state": state,
            "nonce": nonce,
            "verifier": verifier,
            "next": _inside(request.query_params.get("next", "")),
            "until": int(datetime.now(UTC).timestamp()) + _LOGIN_S,
        }
        cookie = self._sessions.header(_LOGIN, self._sessions.sealed("login", told), _LOGIN_S)
        return RedirectResponse(address, 303, {**_PRIVATE, "Set-Cookie": cookie})

    async def back(self, request: Request) -> Response:
        """From the provider: a session, when all is as it was when the browser went."""
        try:
            told = await run_in_threadpool(self._taken, request)
            account = await run_in_threadpool(
                self._provider.account, told["code"], self._back, told["nonce"], told["verifier"]
            )
        except PcrsError as error:
            return self._page(error)
        session = self._sessions.begin(account.id, role=account.role.label, name=account.name)
        await run_in_threadpool(self._sessions.remember, session, account.hint)
        response = RedirectResponse(self._url + told["next"], 303, _PRIVATE)
        response.headers.append("Set-Cookie", self._sessions.cookie(session))
        response.headers.append("Set-Cookie", self._sessions.header(_LOGIN, "", 0))
        return response

    async def gone(self, _request: Request) -> Response:
        """From the provider, which let the account go: nothing is left to be done here."""
        return RedirectResponse(f"{self._url}/", 303, _PRIVATE)

    def _taken(self, request: Request) -> dict[str, Any]:
        """What the browser took along, once, and the code that it brings.

        Raises:
            ForbiddenError: it did not go from here just now, came back already, or was refused there.
        """
        query = request.query_params
        told = self._sessions.unsealed("login", cookie_of(request.scope, _LOGIN) or "")
        state = query.get("state", "").encode()
        if told is None or not hmac.compare_digest(told["state"].encode(), state):
            raise ForbiddenError("cette connexion n'a pas commencé ici / this login did not begin here")
        if not self._sessions.once(f"login {told['state']}", told["until"]):
            raise ForbiddenError("cette connexion a déjà servi / this login was used already")
        code = query.get("code", "")
        if query.get("error") or not code:
            raise ForbiddenError("le fournisseur d'identité a refusé / the identity provider refused")
        return {**told, "code": code}

    def _page(self, error: PcrsError) -> Response:
        status = refused(error).status_code
        words = html.escape(
            str(error) if status < 500 else "réessayez dans un instant / come back in a moment"
        )
        page = (
            '<!DOCTYPE html>\n<html lang="fr"><head><meta charset="utf-8"><title>Connexion</title></head>\n'
            f"<body><h1>Connexion impossible</h1><p>{words}</p>\n"
            f'<p><a href="{html.escape(self._url)}/connexion">Recommencer</a> · '
            f'<a href="{html.escape(self._url)}/">Voir la carte</a></p></body></html>\n'
        )
        headers = {**_PRIVATE, "Set-Cookie": self._sessions.header(_LOGIN, "", 0)}
        return HTMLResponse(page, status, headers)


def _inside(wanted: str) -> str:
    """Where to go afterwards: a path of this site, or its beginning."""
    return wanted if len(wanted) <= _LONGEST_NEXT and _NEXT.fullmatch(wanted) else "/"


def _token(body: bytes) -> str:
    try:
        shown = json.loads(body)["jeton"]
    except (ValueError, KeyError, TypeError):
        shown = None
    if not isinstance(shown, str):
        raise InputError('expected {"jeton": "pcrs_…"}')
    return shown.strip()


def _left_s(expires: str | None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> int:
    """For how long a token that expires at the end of a day is good."""
    if expires is None:
        return LASTS_S
    end = datetime.combine(date.fromisoformat(expires) + timedelta(days=1), time(), UTC)
    return max(0, int((end - clock()).total_seconds()))
