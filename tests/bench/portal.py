"""What the portal costs a browser: python -m tests.bench.portal SITE [--rounds 3].

A headless Chromium opens the portal of a site (`pcrs demo --no-serve --site SITE` makes one) for the first
time and again, on this machine and over a line that is throttled as Lighthouse throttles one for a telephone.
Bytes and requests come from its performance log, moments from the page's own clock: when half of the map is
imagery, and when all that it shows is there.
"""

import argparse
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.browser import chromium, until
from tests.serving import serving

PATIENCE_S = 180
_CAPTION = "3G : 1,5 Mbit/s, 563 ms par requête. Image : la moitié de la carte est couverte."
WATCH = """(() => {
  const small = document.createElement("canvas");
  [small.width, small.height] = [16, 16];
  const told = (window.told = {});
  const look = () => {
    const pen = small.getContext("2d", { willReadFrequently: true });
    pen.clearRect(0, 0, 16, 16);
    const drawn = [...document.querySelectorAll("#map canvas")].filter((one) => one.width);
    for (const one of drawn) pen.drawImage(one, 0, 0, 16, 16);
    const { data } = pen.getImageData(0, 0, 16, 16);
    const opaque = data.filter((value, at) => at % 4 === 3 && value > 250).length;
    if (!told.imagery && opaque > 128) told.imagery = performance.now();
    if (!told.whole && document.body?.classList.contains("ready")) told.whole = performance.now();
    if (!told.imagery || !told.whole) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()"""
"""Looks at each frame, on 16 by 16 pixels, how much of the map is opaque."""


@dataclass(frozen=True, slots=True)
class Line:
    """A network, as Chromium plays it."""

    name: str
    latency_ms: float = 0
    down_kbit_s: float = -1
    up_kbit_s: float = -1

    @property
    def conditions(self) -> dict[str, Any]:
        """For `Network.emulateNetworkConditions`; -1 is no limit."""
        octets = {
            f"{way}Throughput": kbit if kbit < 0 else kbit * 1000 / 8
            for way, kbit in (("download", self.down_kbit_s), ("upload", self.up_kbit_s))
        }
        return {"offline": False, "latency": self.latency_ms, **octets}


LINES = (
    Line("boucle locale"),
    Line("3G", 562.5, 1474.56, 675),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One opening of the page, until all that it shows is there."""

    imagery_s: float
    whole_s: float
    requests: int
    octets: int
    """Of the answers as they came over the line, heads included."""
    before: int
    """Those of them that came before half of the map showed imagery."""


def visit(browser: Any, url: str) -> Visit:
    """The page opened once, as the browser's caches stand."""
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get(url)
    told = until(lambda: _told(browser), PATIENCE_S)
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {
        event["params"]["requestId"]: event["params"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
        and event["params"]["request"]["url"].startswith("http")
    }
    began = min(each["timestamp"] for each in asked.values())
    ended = [
        (event["params"]["timestamp"] - began, int(event["params"]["encodedDataLength"]))
        for event in events
        if event["method"] == "Network.loadingFinished" and event["params"]["requestId"] in asked
    ]
    sent = [octets for _, octets in ended if octets]
    before = sum(octets for moment, octets in ended if moment <= told["imagery"] / 1000)
    return Visit(told["imagery"] / 1000, told["whole"] / 1000, len(sent), sum(sent), before)


def _told(browser: Any) -> dict[str, float] | None:
    told: dict[str, float] = browser.execute_script("return window.told ?? {}")
    return told if len(told) == 2 else None


def run(site: Path, *, rounds: int) -> Table:
    """The figures: the median of some rounds."""
    table = Table(title=f"Le portail dans Chromium, médiane de {rounds}", caption=_CAPTION)
    for name in (
        "ligne",
        "visite",
        "première image s",
        "carte entière s",
        "ko jusqu'à l'image",
        "ko",
        "requêtes",
    ):
        table.add_column(name, justify="right" if name[0] not in "lv" else "left")
    with (
        tempfile.TemporaryDirectory(prefix="pcrs-bench-") as folder,
        serving(site) as url,
        chromium(Path(folder), logs=("performance",)) as browser,
    ):
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        visit(browser, f"{url}/")  # the service and the browser have loaded what they need
        for line in LINES:
            browser.execute_cdp_cmd("Network.emulateNetworkConditions", line.conditions)
            found: dict[str, list[Visit]] = {"première": [], "suivante": []}
            for _ in range(rounds):
                browser.execute_cdp_cmd("Network.clearBrowserCache", {})
                for visits in found.values():
                    visits.append(visit(browser, f"{url}/"))
            for name, visits in found.items():
                table.add_row(line.name, name, *_figures(visits))
    return table


def _figures(visits: list[Visit]) -> list[str]:
    return [
        f"{median(each.imagery_s for each in visits):.2f}",
        f"{median(each.whole_s for each in visits):.2f}",
        f"{median(each.before for each in visits) / 1000:.0f}",
        f"{median(each.octets for each in visits) / 1000:.0f}",
        f"{median(each.requests for each in visits):.0f}",
    ]


def main() -> None:
    """The table."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.portal", description=__doc__)
    options.add_argument("site", type=Path)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    console = Console(width=130)
    console.print(run(given.site, rounds=given.rounds))
    console.print("load average: " + " ".join(f"{value:.1f}" for value in os.getloadavg()))


if __name__ == "__main__":
    main()
