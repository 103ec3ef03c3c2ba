"""The load of a day: its mix, and that its clients see what is wrong."""

import asyncio
import random
from collections import Counter

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from tests.bench.day.clients import ask
from tests.bench.day.mix import Ground, request
from tests.services.asking import running

GROUND = Ground(576_000, 6_372_000, 577_000, 6_373_000, "PCRS_D046_RVB", ("/listing/a.tif",), ("dalles",))


def test_95_of_100_are_tiles_of_the_ground():
    dice = random.Random(1)
    asked = Counter(request(dice, GROUND)[0] for _ in range(10_000))
    assert 9_400 < asked["tuile"] < 9_600
    assert set(asked) == {"tuile", "objets", "couverture", "moisson", "fichier"}


@pytest.mark.parametrize(("status", "errors"), [(200, False), (206, False), (404, True), (503, True)])
def test_clients_see_what_is_no_answer(status, errors):
    async def chunks():
        yield b"a"
        yield b"b" * 70_000

    app = Starlette(
        routes=[
            Route("/wmts/{rest:path}", lambda _: PlainTextResponse("x" * 100, status)),
            Route("/{rest:path}", lambda _: StreamingResponse(chunks())),
        ]
    )
    with running(app) as url:
        part = asyncio.run(ask(int(url.rpartition(":")[2]), GROUND, 0.5, clients=2, seed=1, rate=400))
    assert len(part.taken) == 200
    assert bool(part.errors) is errors
    assert all("tuile" in one for one in part.errors)
    assert part.quantile_ms(0.99) >= part.quantile_ms(0.5) > 0


def test_a_server_that_is_gone_is_an_error():
    with running(Starlette()) as url:
        port = int(url.rpartition(":")[2])
    part = asyncio.run(ask(port, GROUND, 0.1, clients=1, seed=1, rate=100))
    assert part.errors.total() == 10
