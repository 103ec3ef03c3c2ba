"""The servers that are compared: ours and those that are installed, each on a port of its own on 127.0.0.1.

All of them hand out the very same tiles, written into the layout of their own cache; TiTiler cuts its tiles
from the compressed dalles.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit

from pcrs.standard.grid import LAMB93, TILE_PX, Tile
from tests.bench import mapproxy_peer
from tests.bench.ground import LAYER, SET, Ground, link, plant
from tests.serving import free_port

_APACHE = Path("/usr/lib/apache2/modules")
_NGINX = """
daemon off; worker_processes 2; worker_rlimit_nofile {files};
pid {work}/nginx.pid; error_log {work}/nginx.log; {user}
events {{ worker_connections 512; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
  client_body_temp_path {work}; proxy_temp_path {work}; fastcgi_temp_path {work};
  uwsgi_temp_path {work}; scgi_temp_path {work};
  types {{ image/jpeg jpeg; }}
  open_file_cache max={kept} inactive=10m; open_file_cache_valid 60s;
  server {{ listen 127.0.0.1:{port}; root {tree}; }}
}}
"""
_HTTPD = """
ServerRoot {work}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {work}/httpd.pid
ErrorLog {work}/httpd.log
{user}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule mapcache_module {modules}/mod_mapcache.so
StartServers 2
ServerLimit 2
ThreadLimit 64
ThreadsPerChild 64
MaxRequestWorkers 128
KeepAlive On
MaxKeepAliveRequests 0
MapCacheAlias /mapcache {work}/mapcache.xml
<Location /mapcache>
  Require all granted
</Location>
"""
_MAPCACHE = """<?xml version="1.0" encoding="UTF-8"?>
<mapcache>
  <grid name="{set}">
    <srs>EPSG:2154</srs><units>m</units><size>256 256</size><origin>top-left</origin>
    <extent>0 {south} {east} 12000000</extent>
    <resolutions>{resolutions}</resolutions>
  </grid>
  <cache name="disk" type="disk"><base>{base}</base></cache>
  <format name="JPEG" type="JPEG"><quality>90</quality></format>
  <tileset name="{layer}">
    <cache>disk</cache><grid>{set}</grid><format>JPEG</format>
  </tileset>
  <service type="wmts" enabled="true"/>
  <default_format>JPEG</default_format>
</mapcache>
"""


@dataclass
class Peer:
    """A server under way."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    path: Callable[[Tile], str]
    """Where it has a tile."""

    def end(self) -> None:
        """Ends it and the processes that it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass(frozen=True, slots=True)
class Kind:
    """A server that may be installed."""

    name: str
    missing: Callable[[], str]
    """What it lacks here; empty when it can be started."""
    start: Callable[[Ground, Path], Peer]
    """Started in a work folder of its own."""


def _run(command: list[str | Path], work: Path, **environment: str) -> subprocess.Popen[bytes]:
    log = (work / "log").open("ab")
    with log:
        return subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, env=os.environ | environment
        )


def _lacking(*wanted: str | Path) -> Callable[[], str]:
    """Tells which of these programs, files and modules (with a dot in front) is not installed."""

    def look() -> str:
        for one in wanted:
            if isinstance(one, Path):
                there = one.exists()
            elif one.startswith("."):
                there = importlib.util.find_spec(one[1:]) is not None
            else:
                there = shutil.which(one) is not None
            if not there:
                return f"{one} is not installed"
        return ""

    return look


def _as_root(words: str) -> str:
    return words if os.geteuid() == 0 else ""


def _pcrs(ground: Ground, work: Path) -> Peer:
    port = free_port()
    command = [sys.executable, "-m", "pcrs", "serve", "--site", ground.site, "--port", str(port)]
    process = _run([*command, "--workers", "2"], work)
    return Peer("pcrs", port, process, lambda t: f"/wmts/{LAYER}/{SET}/{t.level}/{t.col}/{t.row}.jpeg")


def kvp(tile: Tile) -> str:
    """Where WMTS has a tile for those who ask with a query string."""
    return (
        f"/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={LAYER}&STYLE=normal&FORMAT=image/jpeg"
        f"&TILEMATRIXSET={SET}&TILEMATRIX={tile.level}&TILEROW={tile.row}&TILECOL={tile.col}"
    )


def _nginx(ground: Ground, work: Path) -> Peer:
    plant(ground)
    port = free_port()
    config = work / "nginx.conf"
    files = min(getrlimit(RLIMIT_NOFILE)[1], 65536)  # a cache of more files than may be open stops nginx
    config.write_text(
        _NGINX.format(
            work=work,
            port=port,
            tree=ground.tree,
            user=_as_root("user root;"),
            files=files,
            kept=max(files - 1024, 1),
        )
    )
    process = _run(["nginx", "-p", work, "-e", work / "nginx.log", "-c", config], work)
    return Peer("nginx static", port, process, lambda t: f"/{t.level}/{t.col}/{t.row}.jpeg")


def _mapcache(ground: Ground, work: Path) -> Peer:
    plant(ground)
    base = ground.folder / "mapcache"
    done = ground.folder / "mapcached"
    if not done.exists():
        for tile in ground.tiles:
            x, y = (f"{number:09d}" for number in (tile.col, tile.row))
            parts = (x[:3], x[3:6], x[6:], y[:3], y[3:6], y[6:] + ".jpg")
            place = base / LAYER / SET / f"{tile.level:02d}" / Path(*parts)
            link(ground.tree / str(tile.level) / str(tile.col) / f"{tile.row}.jpeg", place)
        done.touch()
    port = free_port()
    columns, rows = LAMB93.sizes[-1]
    side = LAMB93.last_res * TILE_PX
    resolutions = " ".join(f"{LAMB93.res(level):.10g}" for level in range(LAMB93.last_level + 1))
    (work / "mapcache.xml").write_text(
        _MAPCACHE.format(
            set=SET, layer=LAYER, base=base, resolutions=resolutions,
            south=12_000_000 - rows * side, east=columns * side,
        )
    )  # fmt: skip
    config = work / "httpd.conf"
    user = _as_root("User www-data\nGroup www-data")
    config.write_text(_HTTPD.format(work=work, port=port, modules=_APACHE, user=user))
    process = _run(["apache2", "-f", config, "-DFOREGROUND"], work)
    where = f"/mapcache/wmts/1.0.0/{LAYER}/default/{SET}"
    return Peer("MapCache disk", port, process, lambda t: f"{where}/{t.level}/{t.row}/{t.col}.jpg")


def _mapproxy(cache: str) -> Callable[[Ground, Path], Peer]:
    def start(ground: Ground, work: Path) -> Peer:
        plant(ground)
        config = mapproxy_peer.configure(cache, ground, work)
        port = free_port()
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        options = ["--port", str(port), "--workers", "2", "--blocking-threads", "1", "--no-ws"]
        process = _run(
            [*command, *options, "tests.bench.mapproxy_peer:application"], work, MAPPROXY_YAML=str(config)
        )
        where = f"/wmts/{LAYER}/{SET}"
        return Peer(f"MapProxy {cache}", port, process, lambda t: f"{where}/{t.level}/{t.col}/{t.row}.jpeg")

    return start


def _titiler(ground: Ground, work: Path) -> Peer:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.bench.titiler_peer:app", "--port", str(port)]
    tuned = {
        "GDAL_CACHEMAX": "400", "VSI_CACHE": "TRUE", "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    }  # fmt: skip
    options = ["--workers", "2", "--no-access-log", "--log-level", "warning"]
    process = _run([*command, *options], work, BENCH_MOSAIC=str(vrt(ground)), **tuned)
    return Peer("TiTiler", port, process, lambda t: f"/tiles/{SET}/{t.level}/{t.col}/{t.row}.jpg")


def vrt(ground: Ground) -> Path:
    """The compressed dalles as one dataset of GDAL."""
    path = ground.folder / "mosaic.vrt"
    subprocess.run(["gdalbuildvrt", "-q", "-overwrite", path, *ground.hot], check=True)
    return path


OURS = Kind("pcrs", lambda: "", _pcrs)
PEERS = (
    Kind("nginx static", _lacking("nginx"), _nginx),
    Kind("MapCache disk", _lacking("apache2", _APACHE / "mod_mapcache.so"), _mapcache),
    Kind("MapProxy file", _lacking(".granian"), _mapproxy("file")),
    Kind("MapProxy compact", _lacking(".granian"), _mapproxy("compact")),
    Kind("TiTiler", _lacking(".titiler.core", "gdalbuildvrt"), _titiler),
)
