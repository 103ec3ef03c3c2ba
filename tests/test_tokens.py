"""Tokens at rest, and the commands that make them."""

import json
from contextlib import closing

import pytest
from typer.testing import CliRunner

from pcrs.cli import app
from pcrs.errors import NotFoundError, PcrsError, StoreError
from pcrs.store.tokens import Scope, Tokens
from tests.sites import new_site

NOW = "2026-11-28T10:00:00+00:00"


@pytest.fixture
def tokens(tmp_path):
    with closing(Tokens(tmp_path / "stores" / "tokens.db")) as opened:
        yield opened


@pytest.mark.parametrize("there_before", [False, True])
def test_nobody_else_reads_the_file_or_what_sqlite_makes_beside_it(tmp_path, there_before):
    if there_before:  # as an older version left it
        (tmp_path / "tokens.db-wal").touch(0o644)
        (tmp_path / "tokens.db").touch(0o644)
    with closing(Tokens(tmp_path / "tokens.db")) as opened:
        opened.create(Scope("Mairie", "partenaire"), now=NOW)
        files = list(tmp_path.iterdir())
        assert {file.name for file in files} >= {"tokens.db", "tokens.db-wal"}
        assert [file.name for file in files if file.stat().st_mode & 0o077] == []


def test_a_token_is_found_by_what_is_shown_and_by_nothing_else(tokens):
    scope = Scope("Mairie", "partenaire", ("ortho",), ("46042",), 10, 20, 30, "2027-12-31")
    token, shown = tokens.create(scope, now=NOW)
    assert tokens.find(shown) == token
    assert token.scope == scope
    prefix, identifier, secret = shown.split("_", 2)
    other, _ = tokens.create(Scope("x", "admin"), now=NOW)
    for wrong in (
        "",
        shown[:-1],
        shown + "A",
        f"{prefix}_{other.id}_{secret}",
        f"{prefix}_{identifier}_",
        "é" * 9,
    ):
        assert tokens.find(wrong) is None


def test_a_token_is_good_until_its_last_day_and_until_it_is_revoked(tokens):
    token, shown = tokens.create(Scope("x", "admin", expires="2026-12-31"), now=NOW)
    assert token.good("2026-12-31")
    assert not token.good("2027-01-01")
    tokens.revoke(token.id, now=NOW)
    assert not tokens.find(shown).good("2026-12-01")
    with pytest.raises(NotFoundError):
        tokens.revoke("nothing", now=NOW)


def test_what_is_spent_adds_up_across_processes(tokens):
    with closing(Tokens(tokens._connections.path)) as other:
        tokens.spend("2026-11-28", {"a": (2, 100), "b": (1, 1)})
        other.spend("2026-11-28", {"a": (3, 50)})
        assert tokens.spent("a", "2026-11-28") == (5, 150)
        assert tokens.spent("a", "2026-11-29") == (0, 0)
        tokens.forget("2026-11-29")
        assert other.spent("a", "2026-11-28") == (0, 0)


def test_another_file_is_no_store_of_tokens(tmp_path):
    file = tmp_path / "x.db"
    file.write_text("no database at all, but long enough to be looked at" * 10)
    with pytest.raises(StoreError):
        Tokens(file)


def run(*arguments):
    return CliRunner().invoke(app, ["token", *map(str, arguments)])


def test_the_commands(tmp_path):
    site = new_site(tmp_path / "site").root
    made = run(
        "create", "--name", "Enedis", "--role", "Partenaire", "--expires", "2030-01-01", "--site", site
    )
    shown = made.stdout.splitlines()[0]
    assert made.exit_code == 0
    assert shown.startswith("pcrs_")
    (listed,) = json.loads(run("list", "--json", "--site", site).stdout)
    assert listed["label"] == "Enedis"
    assert listed["role"] == "partenaire"
    assert shown.split("_", 2)[2] not in json.dumps(listed)
    assert run("revoke", listed["id"], "--site", site).exit_code == 0
    assert "révoqué" in run("list", "--site", site).stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--role", "root"], "expected one of"),
        (["--layer", "Mur"], "there is"),
        (["--expires", "31/12/2027"], "expected a day"),
        (["--commune", "46999"], "46999"),
    ],
)
def test_a_token_that_would_mean_nothing_is_not_made(tmp_path, arguments, told):
    site = new_site(tmp_path / "site").root
    made = run("create", "--name", "x", *arguments, "--site", site)
    assert isinstance(made.exception, PcrsError)
    assert told in str(made.exception)
    assert json.loads(run("list", "--json", "--site", site).stdout) == []
