"""The catalogue over many records: python -m tests.bench.catalogue [RECORDS] [SECONDS] [TURNS].

GetRecords of ten full ISO records over HTTP, beside pycsw asked in its own process over the same table; boxes
and words; then 64 connections for a while, and more than the service takes.
"""

import http.client
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from pcrs.serve.problems import RETRY_S
from pcrs.work.site import Site
from tests.bench.load import load, session_processes
from tests.catalogue import multiplied
from tests.serving import end, free_port, pcrs, start, wait_for

GMD = "http://www.isotc211.org/2005/gmd"
_KVP = {"service": "CSW", "version": "2.0.2", "request": "GetRecords", "resultType": "results"}
_TIMES = 60


def full_records(chance: random.Random, times: int, records: int = 5000) -> list[str]:
    """Queries for ten full ISO records, from anywhere in the catalogue."""
    asked = {
        "typeNames": "gmd:MD_Metadata",
        "outputSchema": GMD,
        "elementSetName": "full",
        "maxRecords": "10",
    }
    starts = (chance.randrange(1, records - 10) for _ in range(times))
    return [urlencode(_KVP | asked | {"startPosition": str(place)}) for place in starts]


def questions(chance: random.Random) -> dict[str, list[str]]:
    """Titles, and the queries that stand behind them."""
    boxes = []
    for _ in range(_TIMES):
        west, south = chance.uniform(-1, 1.5), chance.uniform(26, 44.5)
        boxes.append(f"{west:.3f},{south:.3f},{west + 0.05:.3f},{south + 0.05:.3f}")
    brief = _KVP | {"typeNames": "csw:Record", "elementSetName": "brief", "maxRecords": "10"}
    words = {"constraintLanguage": "CQL_TEXT", "constraint": "csw:AnyText like '%énergie lot%'"}
    return {
        "10 full ISO records": full_records(chance, _TIMES),
        "a small box": [urlencode(brief | {"bbox": box}) for box in boxes],
        "a box around all": [urlencode(brief | {"bbox": "-10,20,10,60"})] * _TIMES,
        "words, with accents": [urlencode(brief | words)] * _TIMES,
        "one record": [urlencode(_KVP | {"request": "GetRecordById", "id": "PCRS_D100"})] * _TIMES,
        "capabilities": [urlencode(_KVP | {"request": "GetCapabilities"})] * _TIMES,
    }


def alone(port: int, queries: list[str]) -> list[float]:
    """Milliseconds of each answer, asked one after another on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    spent = []
    for query in queries:
        began = time.perf_counter()
        connection.request("GET", f"/csw?{query}")
        answer = connection.getresponse()
        body = answer.read()
        spent.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200, body[:1000]
    connection.close()
    return spent


def within_pycsw(database: Path, times: int) -> list[float]:
    """The same for pycsw in a process of its own, without HTTP."""
    command = [sys.executable, "-m", "tests.bench.pycsw_peer", f"sqlite:///{database}", str(times)]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout
    return [float(word) for word in told.split()]


def resident_mb(session: int) -> float:
    """What the processes of a session hold in memory."""
    pages = (Path(f"/proc/{pid}/statm").read_text().split()[1] for pid in session_processes(session))
    return sum(map(int, pages)) * os.sysconf("SC_PAGE_SIZE") / 2**20


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(records: int, seconds: int, turns: int) -> None:
    """The tables."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        site = Site(Path(name) / "site")
        made = pcrs("init", "--site", site.root, "--departement", "46")
        assert made.returncode == 0, made.stderr
        store = multiplied(site.root / "stores" / "records.db", records, source="bench")
        port = free_port()
        process = start("serve", "--site", site.root, "--port", str(port))
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", process)
            asked = questions(chance)
            ours: dict[str, list[float]] = {title: [] for title in asked}
            theirs: list[float] = []
            alone(port, asked["10 full ISO records"])
            for _ in range(turns):
                for title, queries in asked.items():
                    ours[title] += alone(port, queries)
                theirs += within_pycsw(Path(store.shown), _TIMES)
            for title, spent in ours.items():
                say(f"{title:22} p50 {statistics.median(spent):6.1f} ms, best {min(spent):6.1f} ms")
            mine, stock = statistics.median(ours["10 full ISO records"]), statistics.median(theirs)
            say(f"pycsw, in its process  p50 {stock:6.1f} ms, best {min(theirs):6.1f} ms")
            say(f"ours over HTTP, to pycsw in process: {mine / stock:.2f}")
            paths = Path(name) / "paths"
            lines = [f"/csw?{query}" for queries in asked.values() for query in queries]
            paths.write_text("\n".join(lines) + "\n")
            for connections, some in ((64, seconds), (256, min(seconds, 10))):
                before = resident_mb(process.pid)
                told = load(
                    port, paths, process.pid, seconds=some, seed=1, connections=connections, patience_s=60
                )
                after = resident_mb(process.pid)
                say(f"{connections} connections, {some} s: {told.rate:.0f} answers/s, {told.errors} refused")
                say(
                    f"  p50 {told.p50_ms:.0f} ms, p99 {told.p99_ms:.0f} ms; {before:.0f}, then {after:.0f} MB"
                )
            time.sleep(RETRY_S)  # as those who are refused are told
            alone(port, asked["one record"])
        finally:
            end(process)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [5000, 60, 5][len(given) :]))
