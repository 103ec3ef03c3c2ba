"""`pcrs token`: who may read what is not open, and how much."""

from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer

from pcrs.console import HERE, JsonOption, SiteOption, open_site, out, say, say_json
from pcrs.store.tokens import Scope, Tokens
from pcrs.work.access import Role
from pcrs.work.scopes import checked, told

app = typer.Typer(no_args_is_help=True, help="Access tokens: create, list, revoke.")
_ROLES = ", ".join(each.label for each in Role)


@app.command()
def create(
    label: Annotated[str, typer.Option("--name", help="Who holds it.")],
    site: SiteOption = HERE,
    role_: Annotated[str, typer.Option("--role", help=f"One of {_ROLES}.")] = "partenaire",
    layer: Annotated[
        list[str] | None, typer.Option(help="Only these of the layers that are not open (repeat).")
    ] = None,
    commune: Annotated[
        list[str] | None, typer.Option(help="Only in these communes, by INSEE code (repeat).")
    ] = None,
    requests: Annotated[int | None, typer.Option(min=1, help="Requests a day.")] = None,
    octets: Annotated[int | None, typer.Option("--bytes", min=1, help="Bytes a day.")] = None,
    pace: Annotated[int | None, typer.Option(min=1, help="Requests a minute.")] = None,
    expires: Annotated[
        str | None, typer.Option(help="The last day that it is good, like 2027-12-31.")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Make a token, and show it: this once, for only its hash is kept."""
    from pcrs.assembly import features_of

    place, settings = open_site(site)
    scope = Scope(
        label=label,
        role=role_,
        layers=None if layer is None else tuple(layer),
        communes=None if commune is None else tuple(commune),
        requests_per_day=requests,
        bytes_per_day=octets,
        requests_per_minute=pace,
        expires=expires,
    )
    with closing(features_of(place, settings)) as store:
        scope = checked(scope, store)
    with closing(Tokens(place.tokens_file)) as tokens:
        token, shown = tokens.create(scope, now=_now())
    if json_:
        say_json({**told(token), "token": shown})
    else:
        out.print(shown, markup=False)
        say(f"jeton {token.id} ({scope.role}) pour {label} : à noter maintenant, il ne sera plus montré")


@app.command("list")
def list_(site: SiteOption = HERE, json_: JsonOption = False) -> None:
    """The tokens: what each may do, and what it spent today; never their secrets."""
    place, _ = open_site(site)
    today = datetime.now(UTC).date().isoformat()
    with closing(Tokens(place.tokens_file)) as tokens:
        rows = [{**told(token), "today": tokens.spent(token.id, today)} for token in tokens.all()]
    if json_:
        say_json(rows)
        return
    for one in rows:
        state = "révoqué" if one["revoked"] else "expiré" if (one["expires"] or today) < today else "actif"
        limits = [f"{key} {one[key]}" for key in ("layers", "communes", "expires") if one[key]]
        requests, octets = one["today"]
        words = (one["id"], one["role"], state, one["label"], *limits)
        say("  ".join((*words, f"{requests} requêtes, {octets} octets")))


@app.command()
def revoke(token: str, site: SiteOption = HERE) -> None:
    """Make a token good for nothing, within two seconds."""
    place, _ = open_site(site)
    with closing(Tokens(place.tokens_file)) as tokens:
        tokens.revoke(token, now=_now())
    say(f"jeton {token} révoqué")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
