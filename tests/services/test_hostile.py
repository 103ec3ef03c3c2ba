"""Some hundreds of hostile requests against a service; `python -m tests.bench.hostile` sends ten thousand."""

from collections import Counter
from itertools import islice

import pytest

from pcrs.standard.names import format_name
from tests.bench.hostile import harm
from tests.bench.hostile.harm import Attack
from tests.bench.hostile.judge import Secret, busy, faults
from tests.bench.hostile.run import attack, attacks, target
from tests.bench.hostile.wire import Exchange, Reply
from tests.cnig import arbre, document, mur
from tests.dalles import hm_name, make_dalle
from tests.sites import new_site, take

NAME = hm_name()
TILE = "/wmts/PCRS_D046_RVB/2154_5cm/22/45008/439609.jpeg"
SECRET = Secret(b"canary", b"/srv/pcrs")
PLAIN = Attack("csw", "path", b"GET / HTTP/1.1\r\n\r\n")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile")
    make_dalle(root / "depot" / f"{format_name(NAME)}.tif", NAME, compress="deflate", tiled=True)
    (root / "depot" / "lot.gml").write_text(document(arbre("a1"), mur()), encoding="utf-8")
    made = new_site(root / "beside" / "site")
    take(made, root / "depot")
    return made.root


def test_the_service_bears_what_is_hostile(site, tmp_path):
    with target(site, tmp_path) as at:
        outcome = attack(at, attacks(at.url, 300, 8046, share=0.05), TILE, rate=150)
    told = "\n".join(f"{key}: {cases[:3]}" for key, cases in outcome.faults.items())
    assert not outcome.faults, told
    assert outcome.traces == 0, outcome.log
    assert outcome.memory_is_back, outcome.memory
    assert outcome.tiles_lost == 0
    assert outcome.tiles > 20
    asked = Counter(service for service, _ in outcome.answers.elements())
    assert len(asked) == 12
    assert sum(asked.values()) > 250


def test_the_same_seed_is_the_same_attack():
    first, again, other = (list(islice(harm.attacks(seed), 300)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert {one.kind for one in first} == {
        "parameter", "path", "header", "range", "method", "body", "coded", "wire", "token", "pipelined",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "wrong"),
    [
        (Reply(500, {}, b"x"), "status 500"),
        (Reply(503, {"retry-after": "5"}, b'{"fault": "12ab"}'), "status 503"),
        (Reply(503, {}, b""), "status 503"),
        (Reply(200, {"x-injected": "1"}), "header injected"),
        (Reply(200, {"set-cookie": "X-Injected=1"}), "header injected"),
        (Reply(200, {}, b"some canary"), "file disclosed"),
        (Reply(200, {}, b"root:x:0:0:root"), "file disclosed"),
        (Reply(404, {}, b"no /srv/pcrs/site/x"), "folder of the site told"),
        (Reply(400, {}, b"Traceback (most recent call last)"), "trace: Traceback (most recent"),
        (Reply(400, {"content-type": "text/html; charset=utf-8"}, b"<script>pcrsxss"), "script in a page"),
    ],
)
def test_the_judge_sees(reply, wrong):
    assert list(faults(PLAIN, Exchange([reply]), SECRET)) == [wrong]


def test_the_judge_lets_limits_be():
    told = Reply(503, {"retry-after": "5"}, b"{}")
    assert busy(told)
    assert not list(faults(PLAIN, Exchange([told]), SECRET))
    assert list(faults(PLAIN, Exchange([]), SECRET)) == ["no answer"]
    assert list(faults(PLAIN, Exchange([], fault="timeout"), SECRET)) == ["timeout"]
