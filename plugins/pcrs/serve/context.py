"""What is served: made once by the assembly, asked by every adapter.

The hosts (pygeoapi, MapProxy) build their plugins themselves, from configuration: they cannot be handed
objects. One process serves one site, so the site's open things stand here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pcrs.blobs import Blobs
from pcrs.errors import SiteError
from pcrs.raster.mosaic import Mosaic
from pcrs.raster.pyramids import Tiles
from pcrs.store.base import FeatureStore, Row

PRINCIPAL = "pcrs.principal"
"""Key of a request's scope under which the gate says who asks (`pcrs.work.access.Principal`)."""
AREA = "pcrs.area"
"""Key of a request's scope: the area (EPSG:2154) that an answer of objects is cut down to, or None."""


@dataclass(frozen=True, slots=True)
class Served:
    """One site, open for reading. Addresses are built from `public_url` alone, never from a request."""

    public_url: str
    """Without a slash at the end; may have a path (a reverse proxy's prefix)."""
    site: Path
    departement: str
    layer: str
    """Name of the WMTS layer of the current mosaic: PCRS_D046_RVB."""
    editions: Callable[[], tuple[str, ...]]
    """Editions that are published, oldest first."""
    store: FeatureStore
    pyramid: Callable[[str | None], Tiles | None]
    """The pyramid of an edition; None: the current one. None comes back before the first publication."""
    mosaic: Callable[[str | None], Mosaic]
    """The mosaic of hot dalles of an edition; None: the current one."""
    dalle_at: Callable[[str | None, float, float], Row | None]
    """The dalle that shows in the mosaic of an edition (None: the current one) at a point (EPSG:2154, metre),
    as a row of the layer `dalles`, which need not hold it any more; None where there is no dalle."""
    title: str
    operator: str
    contact_email: str
    licence_title: str
    licence_url: str
    max_coverage_px: int
    """Pixels that one coverage answer may have."""
    max_export_objects: int
    """Objects that one file may have."""
    identifier_base: str = ""
    """What identifiers of datasets and services begin with; empty: `public_url`."""
    hot: Blobs | None = None
    """The hot tier when it is a bucket; None: the site's folder hot/."""


_current: list[Served] = []


def use(served: Served) -> None:
    """Makes `served` the one that adapters get."""
    _current[:] = [served]


def served() -> Served:
    """The site that this process serves.

    Raises:
        SiteError: nothing is served: the application was not assembled by `pcrs.app`.
    """
    if not _current:
        raise SiteError("no site is served by this process: build the application with pcrs.app.create_app")
    return _current[0]
