"""The load of a day: its mix, and that its clients see what is wrong."""

import asyncio
import multiprocessing
import random
import time
from collections import Counter

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from tests.bench.day.clients import Book, Part, ask
from tests.bench.day.mix import Ground, request
from tests.bench.day.pace import Pace, Reading
from tests.bench.day.verdict import Look, judge
from tests.services.asking import running

GROUND = Ground(576_000, 6_372_000, 577_000, 6_373_000, "PCRS_D046_RVB", ("/listing/a.tif",), ("dalles",))


BORNE = (2000.0, 2000.0)
SHARES = {"tuile": 950, "objets": 50}
IN_TURNS = ": last sixth ≤ 1.2 × a service just begun, in turns"


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
        part = asked(url, 0.5, 400)
    assert part.count == 200
    assert bool(part.errors) is errors
    assert all("tuile" in one for one in part.errors)
    assert part.quantile_ms(0.99) >= part.quantile_ms(0.5) > 0


def test_a_server_that_is_gone_is_an_error():
    with running(Starlette()) as url:
        pass
    assert asked(url, 0.1, 100).errors.total() == 10


def test_a_connection_that_the_server_closes_after_its_answer_is_opened_anew():
    async def once(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    async def run():
        async with await asyncio.start_server(once, "127.0.0.1", 0) as server:
            book = Book(0.2, lambda: 100)
            await ask(book, server.sockets[0].getsockname()[1], GROUND, clients=2, seed="1")
            return book.part

    part = asyncio.run(run())
    assert (part.count, part.errors.total()) == (20, 0)


def test_without_a_rate_as_many_are_asked_as_are_answered():
    with running(Starlette(routes=[Route("/{rest:path}", lambda _: PlainTextResponse("ok"))])) as url:
        part = asked(url, 0.5, None)
    assert part.count > 20
    assert (part.errors.total(), part.late) == (0, 0)


def test_what_waits_for_a_client_is_due_all_the_same(monkeypatch):
    clock, rates = iter((0.0, 0.0, 0.05, 0.75, 0.75, 0.75)), iter((10.0, 4.0, 2.0, 1.0))
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    book = Book(1.0, lambda: next(rates))  # 0.0

    async def dues():
        return [await book.next() for _ in range(5)]

    assert asyncio.run(dues()) == [0.0, 0.1, 0.35, 0.85, None]  # asked at 0.0, 0.05 and, by three, at 0.75
    assert book.part.late == 1


def test_the_speed_of_the_machine_is_looked_at_all_the_time():
    with Pace() as pace:
        before = pace.reading()
        assert 0 < pace.now() < 1e6
        hands = multiprocessing.active_children()
        while (after := pace.reading()).count < before.count + 2:
            time.sleep(0.01)
        assert 0 < after.mean(before) < 1e6
    assert not any(hand.is_alive() for hand in hands)


def test_the_mean_of_a_speed_is_that_since_the_reading_before():
    assert Reading(70.0, 5).mean(Reading(10.0, 2)) == 20.0


def test_of_an_hour_that_is_flat_everything_holds():
    findings = judge(looks(), 60, BORNE)
    assert [one for one in findings if not one.held] == []
    assert len(findings) == 5 + 3 + 2


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"slow": "objets"}, ["p99 of objets" + IN_TURNS]),
        ({"slow": "tuile"}, ["p99 of all" + IN_TURNS, "p99 of tuile" + IN_TURNS]),
        ({"grows": "nginx"}, ["memory of nginx is flat"]),
        ({"error": True}, ["no error"]),
        ({"error_beside": True}, ["no error"]),
        ({"late": 50}, ["the rate was held: late at most 1%"]),
        ({"count": 31}, ["the whole time was measured"]),
        ({"count": 2}, ["the whole time was measured"]),
        ({"count": 0}, ["the whole time was measured"]),
    ],
)
def test_what_does_not_hold_is_found(change, broken):
    assert [one.what for one in judge(looks(**change), 60, BORNE) if not one.held] == broken


@pytest.mark.parametrize(
    ("capacity", "broken"),
    [
        ([2000, 2000, 2200, 1700, 1800], []),
        ([2000, 2200, 2100, 2300, 2200], ["at least 75% of the capacity was asked"]),
        ([2000, 1950, 1700, 1600, 1550], ["the capacity fell by less than 20%"]),
        ([2000], ["at least 75% of the capacity was asked", "the capacity fell by less than 20%"]),
    ],
)
def test_a_load_that_is_too_small_or_a_capacity_that_falls_is_found(capacity, broken):
    assert [one.what for one in judge(looks(), 60, capacity) if not one.held] == broken


def test_a_machine_that_became_slower_is_not_the_service_s_fault():
    slower = looks(slow="all", beside=1.5)
    assert [one.what for one in judge(slower, 60, BORNE) if not one.held] == []
    assert {one.what.split(":")[0] for one in judge(looks(slow="all"), 60, BORNE) if not one.held} == {
        *("p99 of all", "p99 of tuile", "p99 of objets")
    }


def looks(*, count=60, slow="", beside=1.0, grows="", error=False, error_beside=False, late=0):
    """Minutes of 950 tiles and 50 objects; in those of the last sixth, another service beside."""
    made = []
    for minute in range(count):
        at_the_end = minute >= 50
        part = minute_of({kind: 1.5 if at_the_end and slow in (kind, "all") else 1.0 for kind in SHARES})
        part.late = late
        if error and minute == 30:
            part.errors["tuile: 503"] += 1
        fresh = minute_of(dict.fromkeys(SHARES, beside)) if at_the_end else None
        if error_beside and minute == 55:
            fresh.errors["tuile: 503"] += 1
        memory = {name: (200 if at_the_end and name == grows else 100) * 2**20 for name in ("pcrs", "nginx")}
        made.append(Look(part, memory, fresh=fresh))
    return made


def minute_of(factors):
    part = Part(60.0)
    for kind, share in SHARES.items():
        part.taken[kind].extend(factors[kind] * (0.001 + 0.00001 * n) for n in range(share))
    return part


def asked(url, seconds, rate):
    """What two clients see of a server."""
    book = Book(seconds, rate and (lambda: rate))
    asyncio.run(ask(book, int(url.rpartition(":")[2]), GROUND, clients=2, seed="1"))
    return book.part
