"""What a token is made for, held against what the site has: roles, layers, communes, days."""

from dataclasses import asdict, replace
from datetime import date
from typing import Any

from pcrs.errors import InputError, NotFoundError
from pcrs.store.base import FeatureStore
from pcrs.store.tokens import Scope, Token
from pcrs.work.access import NOT_CLASSES, role
from pcrs.work.layers import COMMUNES


def checked(scope: Scope, store: FeatureStore) -> Scope:
    """The scope, its role and its day as they are kept.

    Raises:
        InputError: a role, a layer, a commune or a day is unknown, or nobody is named.
    """
    if not 0 < len(scope.label.strip()) <= 200:
        raise InputError("name: say who holds the token, in 200 letters at the most")
    known = {*NOT_CLASSES, *(layer.name for layer in store.layers())}
    for name in scope.layers or ():
        if name not in known:
            raise InputError(f"layer {name!r}: there is {', '.join(sorted(known))}")
    for code in scope.communes or ():
        try:
            store.get(COMMUNES.name, code)
        except NotFoundError:
            told = "the site has no such commune: `pcrs communes FILE` loads them"
            raise InputError(f"commune {code}: {told}") from None
    for limit in (scope.requests_per_day, scope.bytes_per_day, scope.requests_per_minute):
        if limit is not None and limit < 1:
            raise InputError(f"{limit}: a quota is 1 or more, or none")
    day = None if scope.expires is None else _day(scope.expires)
    return replace(scope, label=scope.label.strip(), role=role(scope.role).label, expires=day)


def told(token: Token) -> dict[str, Any]:
    """A token as it is shown to who runs the site: all but its secret, which nobody knows."""
    return {"id": token.id, **asdict(token.scope), "created": token.created, "revoked": token.revoked}


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputError(f"expires {text!r}: expected a day, like 2027-12-31") from None
