"""Sessions of browsers: by a token that is shown once, by an identity provider, and those who attack them."""

import subprocess
import sys

import pytest
import requests
from joserfc.jwk import RSAKey

from pcrs.errors import RemoteError
from pcrs.serve.access import discovery
from pcrs.serve.access.oidc import Provider, Registration
from pcrs.store.tokens import Scope
from tests.browser import until
from tests.identity import CLIENT, SECRET, Identity, unsigned
from tests.patience import PATIENCE_S
from tests.services.sessions_site import OURS, provider_of, who
from tests.services.sessions_site import browser as browser
from tests.services.sessions_site import identity as identity
from tests.services.sessions_site import place as place
from tests.services.whole import whole
from tests.sites import new_site

# ---- by a provider


def test_an_account_gets_its_highest_role_and_leaves_again(place, identity, browser):
    assert who(browser, place) == {
        "connu": False,
        "role": "public",
        "nom": "",
        "peut": ["read", "process", "report"],
        "fournisseur": True,
    }
    back = browser.get(f"{place.url}/connexion", params={"next": "/flux?lang=en"})
    assert back.url == f"{place.url}/flux?lang=en"
    assert back.status_code == 200
    told = who(browser, place)
    assert (told["connu"], told["role"], told["nom"]) == (True, "APLC", "Jeanne Caussade")
    assert "decide" in told["peut"]
    assert "administer" not in told["peut"]
    assert browser.get(f"{place.url}/metrics").status_code == 200
    kept = browser.cookies.get("pcrs_session")
    there = browser.delete(f"{place.url}/session", headers=OURS).json()["suite"]
    assert there.startswith(f"{identity.url}/logout?")
    assert who(browser, place)["connu"] is False
    assert browser.get(there).url == f"{place.url}/"
    (brought,) = identity.left
    assert brought["post_logout_redirect_uri"] == f"{place.url}/connexion/fin"
    assert len(brought["state"]) > 16
    again = requests.get(f"{place.url}/ogcapi/jobs", cookies={"pcrs_session": kept}, timeout=PATIENCE_S)
    assert again.status_code == 200  # as the public: remembered for two seconds at the most, then looked up


def test_cookies_are_for_this_site_and_for_no_script(place, identity, browser):
    out = browser.get(f"{place.url}/connexion", allow_redirects=False)
    home = browser.get(browser.get(out.headers["location"], allow_redirects=False).headers["location"],
                       allow_redirects=False)  # fmt: skip
    for answer in (out, home):
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly; SameSite=Lax" in cookie
        assert "Path=/" in cookie
        assert answer.headers["cache-control"] == "no-store"
    assert SECRET not in str(out.headers) + str(home.headers)


def forged(place, identity):
    return {
        "wrong nonce": ({"nonce": "another"}, None),
        "no nonce": ({"nonce": None}, None),
        "wrong audience": ({"aud": "another"}, None),
        "for others too, and not said for whom": ({"aud": [CLIENT, "another"]}, None),
        "for another party": ({"azp": "another"}, None),
        "wrong issuer": ({"iss": "https://another.example"}, None),
        "expired": ({"exp": 1_700_000_000}, None),
        "never expires": ({"exp": None}, None),
        "of tomorrow": ({"iat": 4_000_000_000}, None),
        "of nobody": ({"sub": None}, None),
        "algorithm none": ({}, unsigned),
        "public key as a shared secret": ({}, identity.confused),
        "another key": ({}, lambda claims: identity.signed(claims, RSAKey.generate_key(2048))),
        "no token at all": ({}, lambda claims: "abc"),
        "without a role": ({"realm_access": {"roles": ["stagiaires"]}}, None),
        "with roles of another form": ({"realm_access": "direction"}, None),
    }


@pytest.mark.parametrize("attack", sorted(forged(None, Identity())))
def test_a_token_that_cannot_be_trusted_opens_nothing(place, identity, browser, attack):
    identity.claims, identity.sign = forged(place, identity)[attack]
    answer = browser.get(f"{place.url}/connexion?next=/flux")
    assert answer.status_code == 403, answer.text
    assert "Connexion impossible" in answer.text
    assert "pcrs_session" not in browser.cookies
    assert who(browser, place)["connu"] is False


def test_the_key_of_the_test_itself_is_taken(place, identity, browser):
    """What the attacks above change is all that keeps them out."""
    identity.sign = lambda claims: identity.signed(claims)
    identity.claims = {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert browser.get(f"{place.url}/connexion?next=/flux").status_code == 200
    assert who(browser, place)["connu"] is True


def way_back(browser, place):
    """The address at which the provider sends a browser back, and what it took along."""
    out = browser.get(f"{place.url}/connexion", allow_redirects=False)
    back = browser.get(out.headers["location"], allow_redirects=False).headers["location"]
    return back, browser.cookies.get("pcrs_login")


def test_a_way_back_is_good_once(place, identity, browser):
    back, login = way_back(browser, place)
    assert browser.get(back, allow_redirects=False).status_code == 303
    asked = len(identity.asked)
    replayed = requests.get(back, cookies={"pcrs_login": login}, allow_redirects=False, timeout=PATIENCE_S)
    assert replayed.status_code == 403
    assert "déjà servi" in replayed.text
    assert len(identity.asked) == asked  # the provider is not even asked


def test_a_way_back_is_for_the_browser_that_went(place, identity, browser):
    back, login = way_back(browser, place)
    other, _ = way_back(requests.Session(), place)
    assert requests.get(back, timeout=PATIENCE_S).status_code == 403  # without what it took along
    assert requests.get(other, cookies={"pcrs_login": login}, timeout=PATIENCE_S).status_code == 403
    assert requests.get(f"{back}x", cookies={"pcrs_login": login}, timeout=PATIENCE_S).status_code == 403
    refused = f"{place.url}/connexion/retour?error=access_denied&state="
    assert requests.get(refused, cookies={"pcrs_login": login}, timeout=PATIENCE_S).status_code == 403


def test_a_cookie_is_of_one_kind(place, identity, browser):
    _, login = way_back(browser, place)
    answer = requests.get(f"{place.url}/session", cookies={"pcrs_session": login}, timeout=PATIENCE_S)
    assert answer.json()["connu"] is False
    browser.get(f"{place.url}/connexion")
    session = browser.cookies.get("pcrs_session")
    body, _, mark = session.rpartition(".")
    for shown in (f"{body}A.{mark}", f"{body}.{mark[:-2]}xx", session[:-40], "x", ""):
        answer = requests.get(f"{place.url}/session", cookies={"pcrs_session": shown}, timeout=PATIENCE_S)
        assert answer.json()["connu"] is False


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
     "/%0d%0aSet-Cookie:x=1", "/a\r\nX: y", "evil.example", "/@evil.example:80/\u202e", "/" + "a" * 400],
)  # fmt: skip
def test_one_stays_on_the_site(place, identity, browser, wanted):
    out = browser.get(f"{place.url}/connexion", params={"next": wanted}, allow_redirects=False)
    back = browser.get(out.headers["location"], allow_redirects=False).headers["location"]
    home = browser.get(back, allow_redirects=False)
    assert home.status_code == 303
    assert home.headers["location"].startswith(f"{place.url}/")
    assert "evil" not in home.headers["location"]
    assert "\n" not in home.headers["location"]


def test_keys_of_the_provider_may_change(place, identity, browser, monkeypatch):
    assert browser.get(f"{place.url}/connexion?next=/flux").status_code == 200
    monkeypatch.setattr(identity, "key", RSAKey.generate_key(2048, {"kid": "2", "alg": "RS256"}))
    assert browser.get(f"{place.url}/connexion?next=/flux").status_code == 403  # asked a moment ago
    monkeypatch.setattr(discovery, "_KEYS_AGAIN_S", 0)
    assert browser.get(f"{place.url}/connexion?next=/flux").status_code == 200
    monkeypatch.undo()
    monkeypatch.setattr(discovery, "_KEYS_AGAIN_S", 0)
    assert browser.get(f"{place.url}/connexion?next=/flux").status_code == 200


@pytest.mark.parametrize("told", [{"issuer": "https://another.example"}, {"token_endpoint": "ftp://x"}])
def test_a_provider_that_is_another_is_not_followed(place, identity, told):
    registration = Registration(identity.url, CLIENT, SECRET, "openid", "roles", {})
    provider = Provider(registration)
    identity.described = told
    try:
        with pytest.raises(RemoteError):
            provider.account("code", "http://back", "nonce", "verifier")
    finally:
        identity.described = {}


def test_a_provider_that_is_away_is_told_so():
    registration = Registration("http://127.0.0.1:9", CLIENT, SECRET, "openid", "roles", {})
    with pytest.raises(RemoteError, match="does not answer"):
        Provider(registration).address("http://back", "s", "n", "v")
    assert SECRET not in repr(registration)


# ---- by a token


def shown(place, role="admin", **scope):
    return place.tokens.create(Scope(f"Le {role}", role, **scope), now="2026-11-29")


def enter(browser, place, token, **headers):
    return browser.post(f"{place.url}/session", json={"jeton": token}, headers=headers or OURS)


def test_a_token_opens_a_session_as_long_as_it_is_good(place, browser):
    token, secret = shown(place)
    told = enter(browser, place, secret)
    assert told.json()["nom"] == "Le admin"
    assert secret not in str(told.headers) + told.text
    assert who(browser, place)["role"] == "admin"
    place.tokens.revoke(token.id, now="2026-11-29")
    other = requests.Session()
    other.cookies.update(browser.cookies)
    until(lambda: who(other, place)["connu"] is False)


def test_what_is_no_token_opens_none(place, browser):
    for body, status in (({"jeton": "pcrs_abcdefghij_" + "A" * 43}, 401), ({"jeton": 3}, 400), ([], 400)):
        answer = browser.post(f"{place.url}/session", json=body, headers=OURS)
        assert answer.status_code == status
    _, late = shown(place, expires="2020-01-01")
    assert enter(browser, place, late).status_code == 401
    assert not browser.cookies


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
     {"Origin": "https://evil.example"}, {"Origin": "null"},
     {"Sec-Fetch-Site": "cross-site", "Origin": "SELF"}],
)  # fmt: skip
def test_another_site_changes_nothing_with_a_session(place, browser, headers):
    _, secret = shown(place)
    assert enter(browser, place, secret).status_code == 200
    sent = {name: place.url if value == "SELF" else value for name, value in headers.items()}
    address = f"{place.url}/ogcapi/processes/devis/execution"
    assert browser.post(address, json={"inputs": {}}, headers=sent).status_code == 403
    assert browser.delete(f"{place.url}/session", headers=sent).status_code == 403
    assert enter(requests.Session(), place, secret, **(sent or {"X": "y"})).status_code == 403
    assert who(browser, place)["role"] == "admin"
    for ours in (OURS, {"Origin": place.url}):
        assert browser.post(address, json={"inputs": {}}, headers=ours).status_code == 400
    bearer = {"Authorization": f"Bearer {secret}", **sent}
    assert requests.post(address, json={"inputs": {}}, headers=bearer, timeout=PATIENCE_S).status_code == 400


def test_one_leaves_here_when_the_provider_knows_no_way_or_is_away(place, identity, browser, monkeypatch):
    _, secret = shown(place)
    assert enter(browser, place, secret).status_code == 200
    assert browser.delete(f"{place.url}/session", headers=OURS).status_code == 204  # by a token
    browser.get(f"{place.url}/connexion?next=/flux")

    def away(*_):
        raise RemoteError("away")

    monkeypatch.setattr(Provider, "farewell", away)
    cookie = browser.cookies.get("pcrs_session")
    assert browser.delete(f"{place.url}/session", headers=OURS).status_code == 204
    monkeypatch.undo()
    again = requests.delete(
        f"{place.url}/session", headers=OURS, cookies={"pcrs_session": cookie}, timeout=PATIENCE_S
    )
    assert again.status_code == 204  # what the provider knows it by is given once
    identity.described = {"end_session_endpoint": None}
    assert provider_of(identity).farewell("token", "http://back", "state") is None


# ---- without a provider


def test_without_a_provider_there_is_no_door_and_nothing_is_loaded(tmp_path):
    site = new_site(tmp_path / "site")
    with whole(site) as (_, url):
        for path in ("/connexion", "/connexion/retour", "/connexion/fin"):
            assert requests.get(f"{url}{path}", timeout=PATIENCE_S).status_code == 404
        assert requests.get(f"{url}/session", timeout=PATIENCE_S).json()["fournisseur"] is False
    script = (
        "import sys; from pathlib import Path; from pcrs.app import create_app;"
        " from pcrs.settings import load;"
        " from pcrs.work.site import Site; site = Site(Path(sys.argv[1]));"
        " create_app(site, load(site.settings_file), 'http://x');"
        " print([name for name in sys.modules if 'joserfc' in name])"
    )
    command = [sys.executable, "-c", script, str(site.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
