"""The token of a request: `Authorization: Bearer …`, or `?apikey=…` for clients that send no header."""

from urllib.parse import unquote_plus

from pcrs.serve.answers import Scope

_KEY = b"apikey="
_BEARER = b"bearer "
_LONGEST = 4096


def token_of(scope: Scope) -> tuple[str | None, str | None, Scope]:
    """The token in the header, the one in the query, and the request without the latter.

    Whoever answers or logs the request afterwards sees no token in its address.
    """
    header = None
    for name, value in scope["headers"]:
        if name == b"authorization" and value[: len(_BEARER)].lower() == _BEARER:
            header = value[len(_BEARER) :].strip()[:_LONGEST].decode("latin-1")
    query: bytes = scope["query_string"]
    if _KEY not in query.lower():
        return header, None, scope
    parts = query.split(b"&")
    shown = [part for part in parts if part.lower().startswith(_KEY)]
    if not shown:
        return header, None, scope
    kept = b"&".join(part for part in parts if not part.lower().startswith(_KEY))
    value = unquote_plus(shown[0][len(_KEY) :][:_LONGEST].decode("latin-1"))
    return header, value or None, {**scope, "query_string": kept}
