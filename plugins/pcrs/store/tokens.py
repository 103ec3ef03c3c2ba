"""Access tokens at rest: what each may do, never what it is. One SQLite file.

A token is `pcrs_` + identifier + `_` + secret; of the secret, 256 random bits, only the SHA-256 is kept, and
compared in constant time. A random secret of that length needs no salt and no slow hash.
"""

import hashlib
import hmac
import json
import re
import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pcrs.errors import NotFoundError
from pcrs.store.book import Book
from pcrs.store.migrations import Step

_SHAPE = re.compile(r"pcrs_([a-z0-9]{10})_([A-Za-z0-9_-]{43})")
_NOBODY = hashlib.sha256(b"nobody").hexdigest()
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def _create(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE token (id TEXT PRIMARY KEY, sha256 TEXT NOT NULL, label TEXT NOT NULL,"
        " role TEXT NOT NULL, layers TEXT, communes TEXT, requests_per_day INTEGER, bytes_per_day INTEGER,"
        " requests_per_minute INTEGER, created TEXT NOT NULL, expires TEXT, revoked TEXT)"
        " STRICT, WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE spent (token TEXT NOT NULL, day TEXT NOT NULL, requests INTEGER NOT NULL,"
        " bytes INTEGER NOT NULL, PRIMARY KEY (token, day)) STRICT, WITHOUT ROWID"
    )


_STEPS: tuple[Step[sqlite3.Connection], ...] = (_create,)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token is made for."""

    label: str
    """Who holds it, as the operator calls them."""
    role: str
    layers: tuple[str, ...] | None = None
    """Layers that it reads beyond the open ones; None: all that its role reads."""
    communes: tuple[str, ...] | None = None
    """INSEE codes of its area; None: everywhere."""
    requests_per_day: int | None = None
    bytes_per_day: int | None = None
    requests_per_minute: int | None = None
    expires: str | None = None
    """ISO day, the last on which it is good; None: never."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept."""

    id: str
    scope: Scope
    created: str
    revoked: str | None = None

    def good(self, day: str) -> bool:
        """True on that day (ISO)."""
        return self.revoked is None and (self.scope.expires is None or day <= self.scope.expires)


class Tokens(Book):
    """The tokens of a site. Any number of processes read, one at a time writes.

    `read_only`: nothing is changed, and the file must be there.

    Raises:
        StoreError: the file is no store of tokens, or cannot be opened.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        super().__init__(path, _STEPS, private=True, read_only=read_only)

    def create(self, scope: Scope, *, now: str) -> tuple[Token, str]:
        """A new token and what its holder shows: told this once, and kept nowhere."""
        token = Token("".join(secrets.choice(_ALPHABET) for _ in range(10)), scope, now)
        secret = secrets.token_urlsafe(32)
        row = (
            *(token.id, _hash(secret), scope.label, scope.role, _list(scope.layers), _list(scope.communes)),
            *(scope.requests_per_day, scope.bytes_per_day, scope.requests_per_minute, now, scope.expires),
        )
        with self._connections.writing() as db:
            db.execute(f"INSERT INTO token VALUES ({','.join('?' * len(row))}, NULL)", row)  # noqa: S608
        return token, f"pcrs_{token.id}_{secret}"

    def all(self) -> list[Token]:
        """Every token, the oldest first."""
        with self._connections.reading() as db:
            return [_token(row) for row in db.execute(f"SELECT {_COLUMNS} FROM token ORDER BY created, id")]  # noqa: S608

    def revoke(self, identifier: str, *, now: str) -> None:
        """The token is good for nothing from now on.

        Raises:
            NotFoundError: there is no such token.
        """
        with self._connections.writing() as db:
            done = db.execute(
                "UPDATE token SET revoked = COALESCE(revoked, ?) WHERE id = ?", (now, identifier)
            )
            if not done.rowcount:
                raise NotFoundError(f"no token {identifier}: `pcrs token list` shows them")

    def find(self, shown: str) -> Token | None:
        """The token whose secret is shown, revoked and expired ones too; None: there is none."""
        match = _SHAPE.fullmatch(shown)
        identifier, secret = match.groups() if match else ("", "")
        with self._connections.reading() as db:
            row = db.execute(f"SELECT {_COLUMNS}, sha256 FROM token WHERE id = ?", (identifier,)).fetchone()  # noqa: S608
        kept = row[-1] if row else _NOBODY
        if hmac.compare_digest(_hash(secret), kept) and row:
            return _token(row[:-1])
        return None

    def get(self, identifier: str) -> Token | None:
        """The token of that identifier, revoked and expired ones too; None: there is none."""
        with self._connections.reading() as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM token WHERE id = ?", (identifier,)).fetchone()  # noqa: S608
        return _token(row) if row else None

    def spend(self, day: str, spent: Mapping[str, tuple[int, int]]) -> None:
        """Requests and bytes, by token, are added to what was spent that day."""
        rows = [(token, day, requests, octets) for token, (requests, octets) in spent.items()]
        with self._connections.writing() as db:
            db.executemany(
                "INSERT INTO spent VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " requests = requests + excluded.requests, bytes = bytes + excluded.bytes",
                rows,
            )

    def spent(self, token: str, day: str) -> tuple[int, int]:
        """Requests and bytes of a token on a day."""
        with self._connections.reading() as db:
            row = db.execute(
                "SELECT requests, bytes FROM spent WHERE token = ? AND day = ?", (token, day)
            ).fetchone()
        return (row[0], row[1]) if row else (0, 0)

    def forget(self, before: str) -> None:
        """What was spent before a day (ISO) is forgotten."""
        with self._connections.writing() as db:
            db.execute("DELETE FROM spent WHERE day < ?", (before,))


_COLUMNS = (
    "id, label, role, layers, communes, requests_per_day, bytes_per_day, requests_per_minute, expires,"
    " created, revoked"
)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _list(values: Iterable[str] | None) -> str | None:
    return None if values is None else json.dumps(sorted(values))


def _token(row: tuple[str, ...]) -> Token:
    identifier, label, role, layers, communes, requests, octets, pace, expires, created, revoked = row
    scope = Scope(
        label=label,
        role=role,
        layers=tuple(json.loads(layers)) if layers is not None else None,
        communes=tuple(json.loads(communes)) if communes is not None else None,
        requests_per_day=int(requests) if requests is not None else None,
        bytes_per_day=int(octets) if octets is not None else None,
        requests_per_minute=int(pace) if pace is not None else None,
        expires=expires,
    )
    return Token(identifier, scope, created, revoked)
