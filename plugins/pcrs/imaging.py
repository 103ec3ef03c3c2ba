"""An image that a user asks for in words, of a site with its settings."""

from contextlib import closing
from datetime import UTC, datetime

from pcrs.assembly import features_of, tiers
from pcrs.extracting import Asked, area_asked, credits_of
from pcrs.grounds import ground_of
from pcrs.settings import Settings
from pcrs.standard.crs import epsg_of
from pcrs.work.export import Exported
from pcrs.work.images import IMAGE_FORMATS, ImageOrder, export_image
from pcrs.work.progress import Progress
from pcrs.work.site import Site


def is_image(format_: str) -> bool:
    """True for the formats of images."""
    return format_.lower() in IMAGE_FORMATS


def image(site: Site, settings: Settings, asked: Asked, progress: Progress) -> Exported:
    """The image of the current mosaic is in `asked.output`, or else in the site's folder `exports`.

    Its `counts` has the number of dalles; none: there is no file.

    Raises:
        InputError: the words do not hold together, or the area cannot be read.
    """
    asked.check()
    with closing(features_of(site, settings)) as store:
        area = area_asked(store, settings, asked)
    order = ImageOrder(
        IMAGE_FORMATS[asked.format.lower()],
        credits_of(settings),
        datetime.now(UTC).date(),
        area,
        epsg_of(asked.crs) if asked.crs else None,
        settings.raster.jpeg_quality,
    )
    ground = ground_of(site, tiers(site, settings), settings.layer)
    kind = f"-{order.format.name}" if order.format.zipped else ""
    name = f"{area.stem if area else 'pcrs'}-ortho-{order.target_epsg}{kind}{order.suffix}"
    path = asked.output or site.root / "exports" / name
    count = export_image(ground, order, path, progress)
    return Exported(path, {"dalles": count} if count else {})
