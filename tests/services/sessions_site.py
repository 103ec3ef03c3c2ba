"""A site whose users come by an identity provider, the provider, and a browser without a window."""

from contextlib import closing
from dataclasses import dataclass

import pytest
import requests

from pcrs.serve.access.oidc import Provider, Registration
from pcrs.store.tokens import Tokens
from pcrs.work.access import Role
from tests.identity import CLIENT, SECRET, Identity
from tests.services.asking import running
from tests.services.whole import whole
from tests.sites import new_site

OIDC = """
[access.oidc]
issuer = "{issuer}"
client_id = "{client}"
client_secret_file = "{secret}"
role_claim = "realm_access.roles"
roles = {{ direction = "APLC", agents = "technique" }}
"""


OURS = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Place:
    url: str
    identity: Identity
    tokens: Tokens


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sessions")
    site, identity = new_site(folder / "site"), Identity()
    secret = folder / "secret"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    with running(identity.app) as issuer, closing(Tokens(site.tokens_file)) as tokens:
        identity.url = issuer
        text = site.settings_file.read_text(encoding="utf-8")
        text += OIDC.format(issuer=issuer, client=CLIENT, secret=secret)
        site.settings_file.write_text(text, encoding="utf-8")
        with whole(site) as (_, url):
            yield Place(url, identity, tokens)


@pytest.fixture
def identity(place):
    """The provider, honest again afterwards."""
    yield place.identity
    for name, value in Identity().__dict__.items():
        if name not in ("url", "key", "codes", "access"):
            setattr(place.identity, name, value)


@pytest.fixture
def browser():
    with requests.Session() as opened:
        yield opened


def who(browser, place):
    answer = browser.get(f"{place.url}/session")
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


# ---- names and roles at userinfo, as ProConnect has them


def provider_of(identity, userinfo="signed"):
    roles = {"22460001300016": Role.APLC}
    told = Registration(identity.url, CLIENT, SECRET, "openid siret", "siret", roles, userinfo)
    return Provider(told)
