"""MapProxy in this process: built from the layers served, and built anew when they change.

MapProxy is WSGI and builds addresses from what it reads in the request: it gets a request made here, with the
public URL as its host and nothing that a client sent but the checked path and query.
"""

import sys
import threading
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from mapproxy.config.configuration.proxy import ProxyConfiguration
from mapproxy.wsgiapp import MapProxyApp

from pcrs.errors import StoreError
from pcrs.serve.answers import Answer
from pcrs.serve.context import Served
from pcrs.serve.map_layers import MapLayer
from pcrs.serve.mapproxy_config import Configuration, configuration
from pcrs.serve.mapproxy_plugin import ORIGINS, plugin_entrypoint
from pcrs.serve.tile_cache import Origin

_PORTS = {"http": 80, "https": 443}


class MapProxy:
    """MapProxy over the layers of `served`. Any thread may ask.

    Args:
        served: the site.
        base: the part of the configuration that is not generated.
    """

    def __init__(self, served: Served, base: Configuration) -> None:
        self._served = served
        self._base = base
        self._environ = _environ(served.public_url)
        self._lock = threading.Lock()
        self._built = -1
        self._app: Any = None

    def ask(
        self, revision: int, layers: Mapping[str, MapLayer], path: str, query: str
    ) -> tuple[Answer, tuple[Origin, ...]]:
        """What MapProxy answers to GET `path`?`query` for the layers of a revision, and what it drew from.

        Raises:
            PcrsError: what the plugin raised.
            StoreError: MapProxy refuses a request that was found sound.
        """
        app = self._current(revision, layers)
        told: list[Any] = []
        environ = self._environ | {"PATH_INFO": path, "QUERY_STRING": query, "wsgi.input": BytesIO()}
        origins: list[Origin] = []
        asking = ORIGINS.set(origins)
        try:
            body = b"".join(
                app(environ, lambda status, headers, exc_info=None: told.extend((status, headers)))
            )
        finally:
            ORIGINS.reset(asking)
        status, headers = told
        if not status.startswith("200"):
            raise StoreError(f"MapProxy answers {status} to {path}?{query}: {body[:500]!r}")
        media_type = next(value for name, value in headers if name.lower() == "content-type")
        return Answer(body, media_type), tuple(origins)

    def _current(self, revision: int, layers: Mapping[str, MapLayer]) -> Any:
        with self._lock:
            if revision > self._built:
                self._app = _build(configuration(self._base, self._served, layers.values()), self._served)
                self._built = revision
            return self._app


def _build(conf: Configuration, served: Served) -> MapProxyApp:
    """The WSGI application of a configuration."""
    plugin_entrypoint()
    proxy = ProxyConfiguration(conf, conf_base_dir=str(served.site / "jobs"))
    proxy.base_config.debug_mode = True  # what the plugin raises comes out as it is, not as a page of its own
    return MapProxyApp(proxy.configured_services(), proxy.base_config)


def _environ(public_url: str) -> dict[str, Any]:
    """What stays the same in every request."""
    address = urlsplit(public_url)
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": address.path,
        "SERVER_NAME": address.hostname,
        "SERVER_PORT": str(address.port or _PORTS[address.scheme]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": address.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": address.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
