"""Names and roles at userinfo, as ProConnect has them, and what there is refused."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc.jwk import RSAKey

from pcrs.errors import ForbiddenError, RemoteError
from pcrs.work.access import Role
from tests.identity import Identity, unsigned
from tests.patience import PATIENCE_S
from tests.services.sessions_site import identity as identity
from tests.services.sessions_site import place as place
from tests.services.sessions_site import provider_of


def logged_in(identity, userinfo="signed"):
    """The account of who went to the provider and came back, without the service around it."""
    provider = provider_of(identity, userinfo)
    away = requests.get(
        provider.address("http://back", "s", "nonce", "verifier"), allow_redirects=False, timeout=PATIENCE_S
    )
    code = parse_qs(urlsplit(away.headers["location"]).query)["code"][0]
    return provider.account(code, "http://back", "nonce", "verifier")


def test_names_and_roles_may_stand_at_userinfo(place, identity):
    account = logged_in(identity)
    assert (account.name, account.role) == ("Angela Dubois", Role.APLC)
    assert account.hint not in repr(account)
    identity.plain_userinfo = True
    assert logged_in(identity, "json").role is Role.APLC
    with pytest.raises(ForbiddenError, match="rôle"):
        logged_in(identity, "no")  # the ID token has none


def forged_userinfo(identity):
    return {
        "of another subject": ({"sub": "1"}, None),
        "of no subject": ({"sub": None}, None),
        "wrong issuer": ({"iss": "https://another.example"}, None),
        "of no issuer": ({"iss": None}, None),
        "for another client": ({"aud": "another"}, None),
        "for nobody": ({"aud": None}, None),
        "expired": ({"exp": 1_700_000_000}, None),
        "another key": ({}, lambda claims: identity.signed(claims, RSAKey.generate_key(2048))),
        "algorithm none": ({}, unsigned),
        "public key as a shared secret": ({}, identity.confused),
        "no token at all": ({}, lambda claims: "abc"),
        "nothing of letters": ({}, lambda claims: "é"),
        "without a role": ({"siret": "1"}, None),
        "with a role of another form": ({"siret": {"22460001300016": True}}, None),
    }


@pytest.mark.parametrize("attack", sorted(forged_userinfo(Identity())))
def test_userinfo_that_cannot_be_trusted_opens_nothing(place, identity, attack):
    identity.told, identity.seal = forged_userinfo(identity)[attack]
    with pytest.raises(ForbiddenError):
        logged_in(identity)


def test_userinfo_in_the_other_form_is_refused(place, identity):
    with pytest.raises(ForbiddenError, match="application/json"):
        logged_in(identity, "json")
    identity.plain_userinfo = True
    with pytest.raises(ForbiddenError, match="application/jwt"):
        logged_in(identity)  # what is not signed is not taken for what is
    identity.told = {"sub": "1"}
    with pytest.raises(ForbiddenError, match="sub"):
        logged_in(identity, "json")
    identity.described = {"userinfo_endpoint": None}
    with pytest.raises(RemoteError, match="userinfo_endpoint"):
        logged_in(identity)
