"""An extract that a user asks for in words, of a site with its settings."""

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pcrs.errors import InputError
from pcrs.settings import Settings
from pcrs.standard.crs import epsg_of
from pcrs.standard.names import parse
from pcrs.store import open_store
from pcrs.store.base import FeatureStore
from pcrs.vector.formats import format_of
from pcrs.work.areas import Area, box_area, commune_area, dalle_area, polygon_area
from pcrs.work.export import Exported, Order, export
from pcrs.work.notice import Credits
from pcrs.work.progress import Progress
from pcrs.work.site import Site


@dataclass(frozen=True, slots=True)
class Asked:
    """The words: a format, one way of naming the area, and how."""

    format: str
    commune: str | None = None
    bbox: str | None = None
    bbox_crs: str = "EPSG:2154"
    polygon: Path | None = None
    dalle: str | None = None
    everything: bool = False
    crs: str | None = None
    clip: bool = False
    output: Path | None = None

    def check(self) -> None:
        """Nothing, when exactly one area is named.

        Raises:
            InputError: none is, or several.
        """
        ways = (self.commune, self.bbox, self.polygon, self.dalle, self.everything or None)
        if sum(way is not None for way in ways) != 1:
            raise InputError("give one area: --commune, --bbox, --polygon, --dalle, or --all")


def credits_of(settings: Settings) -> Credits:
    """Who gives the data, as the settings say it."""
    table = settings.site
    licence = f"{table.licence_title} – {table.licence_url}"
    return Credits(table.title, table.operator, licence, settings.serve.public_url or "")


def extract(site: Site, settings: Settings, asked: Asked, progress: Progress) -> Exported:
    """The extract is in `asked.output`, or else in the site's folder `exports`.

    Raises:
        InputError: the words do not hold together, or the area cannot be read.
    """
    asked.check()
    form = format_of(asked.format)
    epsg = epsg_of(asked.crs) if asked.crs else None
    with closing(open_store(settings.store.features or site.features_url, read_only=True)) as store:
        area = area_asked(store, settings, asked)
        order = Order(form, credits_of(settings), datetime.now(UTC).date(), area, epsg, asked.clip)
        name = f"{area.stem if area else 'pcrs'}-{order.target_epsg}{form.suffix}"
        if form.suffix == ".zip":
            name = f"{area.stem if area else 'pcrs'}-{order.target_epsg}-{form.name}.zip"
        return export(store, order, asked.output or site.root / "exports" / name, progress)


def area_asked(store: FeatureStore, settings: Settings, asked: Asked) -> Area | None:
    """The area that the words name; None: everything.

    Raises:
        InputError: it cannot be read, or there is no such commune.
    """
    if asked.commune is not None:
        return commune_area(store, asked.commune)
    if asked.bbox is not None:
        return box_area(asked.bbox, asked.bbox_crs)
    if asked.polygon is not None:
        return polygon_area(asked.polygon)
    if asked.dalle is not None:
        return dalle_area(parse(asked.dalle, settings.raster.patterns), asked.dalle)
    return None
