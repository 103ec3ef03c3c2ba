"""Who comes in, put together from the settings of a site: tokens, sessions, and an identity provider."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.routing import Route

from pcrs.errors import SettingsError
from pcrs.files import secret_in
from pcrs.serve.access import Holders, Sessions
from pcrs.serve.access.logging_in import routes
from pcrs.settings import Settings
from pcrs.store.base import FeatureStore
from pcrs.store.logins import Logins
from pcrs.store.tokens import Tokens
from pcrs.tables import OidcTable
from pcrs.work.site import Site

if TYPE_CHECKING:
    from pcrs.serve.access.oidc import Provider


@dataclass(frozen=True, slots=True)
class Entrance:
    """What the gate looks at, and the addresses at which one logs in."""

    holders: Holders
    sessions: Sessions
    routes: list[Route]


def entrance(site: Site, settings: Settings, store: FeatureStore, tokens: Tokens, url: str) -> Entrance:
    """The entrance of a site, seen at `url`; `store` has the communes, `tokens` the tokens.

    Raises:
        SettingsError: the file of the provider's secret cannot be read.
        StoreError: what was used up of logins cannot be read.
    """
    sessions = Sessions(secret_in(site.logins_file.with_suffix(".key")), Logins(site.logins_file), url)
    holders = Holders(tokens, store, sessions)
    table = settings.access.oidc
    provider = None if table is None else _provider(table)
    return Entrance(holders, sessions, routes(holders, sessions, provider, url))


def _provider(table: OidcTable) -> "Provider":
    # The client of providers takes half a second to import: only sites that name one pay for it.
    from pcrs.serve.access.oidc import Provider, Registration

    secret = table.client_secret.get_secret_value()
    if table.client_secret_file:
        try:
            secret = Path(table.client_secret_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"[access.oidc] client_secret_file: {error}") from error
    return Provider(
        Registration(
            issuer=table.issuer,
            client_id=table.client_id,
            client_secret=secret,
            scope=table.scope,
            role_claim=table.role_claim,
            roles=table.known_roles,
            userinfo=table.userinfo,
        )
    )
