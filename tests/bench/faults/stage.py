"""A small site, its service, and what is claimed of both."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from pcrs.standard.names import format_name
from pcrs.work.site import Site
from tests.cnig import arbre, document, mur
from tests.dalles import hm_name, make_dalle
from tests.patience import PATIENCE_S
from tests.serving import end, free_port, wait_for
from tests.sites import new_site, take

NAME = hm_name()
STEM = format_name(NAME)
TILE = "/wmts/PCRS_D046_RVB/2154_5cm/22/45008/439609.jpeg"
FEATURES = "/ogcapi/collections/ArbrePCRS/items?f=json"
COVERAGE = (
    "/ogcapi/collections/ortho/coverage?f=png&bbox=576000,6372900,576020,6372920"
    "&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/2154"
)
WMS = (
    "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=PCRS_D046_RVB&STYLES=&CRS=EPSG:2154"
    "&BBOX=576000,6372800,576100,6372900&WIDTH=256&HEIGHT=256&FORMAT=image/jpeg"
)
PORTAL = "/portail/config.json"
CAPABILITIES = "/wmts?SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetCapabilities"
CATALOGUE = "/csw?service=CSW&version=2.0.2&request=GetCapabilities"
RECORD = "/csw?service=CSW&version=3.0.0&request=GetRecords&typeNames=csw:Record&maxRecords=1"
RECORDS = "/ogcapi/collections/catalogue/items?f=json&limit=1"
SAID = {"categorie": "voirie", "texte": "un trottoir neuf", "position": [1.44, 44.44]}


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that must hold."""

    what: str
    held: bool
    seen: str


@dataclass(slots=True)
class Report:
    """What was claimed under one fault."""

    claims: list[Claim] = field(default_factory=list)
    left_out: str = ""
    """Why nothing could be claimed on this machine."""

    def claim(self, what: str, held: bool, seen: object = "") -> None:
        """One claim more."""
        self.claims.append(Claim(what, held, str(seen)))

    def answered(self, what: str, answer: httpx.Response, *statuses: int) -> None:
        """An answer has one of these statuses, and tells when to come back when that is 503."""
        polite = answer.status_code != 503 or "retry-after" in answer.headers
        plain = b"Traceback" not in answer.content
        told = f"{answer.status_code} {answer.text[:160] if answer.status_code >= 400 else ''}".strip()
        self.claim(what, answer.status_code in statuses and polite and plain, told)

    @property
    def broken(self) -> list[Claim]:
        """What did not hold."""
        return [claim for claim in self.claims if not claim.held]

    @property
    def verdict(self) -> str:
        """All in a word."""
        if self.left_out:
            return f"left out: {self.left_out}"
        return "BROKEN" if self.broken else "held"


@dataclass(frozen=True, slots=True)
class Service:
    """A site that is served."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def ask(self, path: str, **options: object) -> httpx.Response:
        """The answer; status 0 where there is none."""
        method = "POST" if "json" in options else "GET"
        try:
            return httpx.request(method, f"{self.url}{path}", timeout=PATIENCE_S, **options)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            answer = httpx.Response(200, text=f"{type(error).__name__}: {error}")
            answer.status_code = 0
            return answer

    def comes_back(self, path: str, content: bytes | None = None) -> httpx.Response:
        """The answer when it is 200 (with this content), or the last one within patience."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self.ask(path)
            if answer.status_code == 200 and content in (None, answer.content):
                return answer
            if time.monotonic() > deadline:
                return answer
            time.sleep(0.2)

    @property
    def said(self) -> str:
        """What it wrote of itself."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def served(
    site: Site, *more: str, environment: Mapping[str, str] | None = None, patience: bool = True
) -> Iterator[Service]:
    """The site in a process of its own."""
    port = free_port()
    log = Path(tempfile.gettempdir()) / f"pcrs-fault-{port}.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "pcrs", "serve", "--site", site.root, "--port", str(port), *more],
            stdout=subprocess.DEVNULL,
            stderr=written,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    service = Service(f"http://127.0.0.1:{port}", process, log)
    try:
        if patience:
            wait_for(f"{service.url}/healthz", process)
        yield service
    finally:
        end(process)
        log.unlink()


def delivery(folder: Path) -> Path:
    """A dalle and two objects."""
    folder.mkdir(parents=True)
    make_dalle(folder / f"{STEM}.tif", NAME, compress="deflate", tiled=True)
    (folder / "lot.gml").write_text(document(arbre("a1"), mur()), encoding="utf-8")
    return folder


def site_of(root: Path, depot: Path, **settings: str) -> Site:
    """A site that has taken the delivery in; `settings` are lines of `pcrs.toml` that get another value."""
    site = new_site(root)
    text = site.settings_file.read_text(encoding="utf-8")
    for key, value in settings.items():
        lines = (f'{key} = "{value}"' if line.startswith(f"{key} =") else line for line in text.splitlines())
        text = "\n".join(lines) + "\n"
    site.settings_file.write_text(text, encoding="utf-8")
    take(site, depot)
    return site


def copied(site: Site, root: Path) -> Site:
    """The same site elsewhere."""
    shutil.copytree(site.root, root, symlinks=True)
    return Site(root)


def eventually(what: Callable[[], bool]) -> bool:
    """True when it comes to be true within patience."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
