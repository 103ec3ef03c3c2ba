"""Tokens for who makes them: listed, made and shown once, revoked."""

from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from pcrs.errors import InputError
from pcrs.serve.admin.means import Means, body_of, now, told
from pcrs.store.tokens import Scope
from pcrs.work import scopes

_TEXTS = {"nom": "label", "role": "role", "expire": "expires"}
_LISTS = {"couches": "layers", "communes": "communes"}
_NUMBERS = {
    "requetes_jour": "requests_per_day",
    "octets_jour": "bytes_per_day",
    "requetes_minute": "requests_per_minute",
}
_SCOPE = frozenset(_TEXTS | _LISTS | _NUMBERS)


class AccessTokens:
    """The answers."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def all(self, _request: Request) -> Response:
        """The tokens, and what each spent today."""
        today = datetime.now(UTC).date().isoformat()
        tokens = self._means.tokens

        def look() -> list[dict[str, Any]]:
            rows = []
            for one in tokens.all():
                requests, octets = tokens.spent(one.id, today)
                spent = {"requetes": requests, "octets": octets}
                rows.append(scopes.told(one) | {"bon": one.good(today), "aujourdhui": spent})
            return rows

        return told(await run_in_threadpool(look))

    async def create(self, request: Request) -> Response:
        """A token, shown in this answer and never again."""
        wanted = _scope(await body_of(request, _SCOPE))

        def act() -> dict[str, Any]:
            scope = scopes.checked(wanted, self._means.store)
            token, shown = self._means.tokens.create(scope, now=now())
            self._means.note(request, "jeton créé", f"jeton {token.id}", f"{scope.label}, {scope.role}")
            return scopes.told(token) | {"jeton": shown}

        return told(await run_in_threadpool(act), 201)

    async def revoke(self, request: Request) -> Response:
        """A token is good for nothing, within two seconds."""
        which = request.path_params["id"]

        def act() -> None:
            self._means.tokens.revoke(which, now=now())
            self._means.note(request, "jeton révoqué", f"jeton {which}")

        await run_in_threadpool(act)
        return told({"id": which})


def _scope(given: dict[str, Any]) -> Scope:
    """What is wished for, of the right kinds; whether the site has it, `scopes.checked` says."""
    found: dict[str, Any] = {}
    kinds: tuple[tuple[dict[str, str], type, str], ...] = (
        (_TEXTS, str, "a text"),
        (_NUMBERS, int, "a whole number"),
        (_LISTS, list, "a list of texts"),
    )
    for names, kind, words in kinds:
        for name, ours in names.items():
            value = given.get(name)
            parts = value if isinstance(value, list) else ()
            good = isinstance(value, kind) and not isinstance(value, bool)
            if value is not None and not (good and all(isinstance(one, str) for one in parts)):
                raise InputError(f"{name}: expected {words}")
            found[ours] = tuple(parts) if isinstance(value, list) else value
    return Scope(**found | {"label": found["label"] or "", "role": found["role"] or ""})
