"""Where the files of a site lie: in its own folders, or in buckets.

Masters and delivered GML are the intermediate tier; hot dalles, offered GML and pyramids the hot one. Both
have the same keys: `dalles/<edition>/<name>.tif` and `vecteur/<edition>/<file>`.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from pcrs.archive.directory import Directory
from pcrs.archive.s3 import S3
from pcrs.blobs import Blobs, Bucket
from pcrs.raster.pyramid_files import FilePyramids
from pcrs.raster.pyramids import Pyramids
from pcrs.raster.pyramids_objects import ObjectPyramids
from pcrs.raster.remote import Remote
from pcrs.work.site import Site


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a tier, whether it is there or not."""

    blobs: Blobs
    key: str

    def writing(self) -> AbstractContextManager[Path]:
        """As `Blobs.writing`."""
        return self.blobs.writing(self.key)


@dataclass(frozen=True, slots=True)
class Tiers:
    """The files of a site. It can be pickled: workers on other machines read and write the same."""

    intermediate: Blobs
    hot: Blobs
    pyramids: Pyramids

    def master(self, edition: str, stem: str) -> Kept:
        """The lossless master of a dalle."""
        return Kept(self.intermediate, f"dalles/{edition}/{stem}.tif")

    def hot_dalle(self, edition: str, stem: str) -> Kept:
        """The hot COG of a dalle."""
        return Kept(self.hot, f"dalles/{edition}/{stem}.tif")

    def vector(self, edition: str, name: str) -> tuple[Kept, Kept]:
        """A CNIG GML as it was received: where it is kept, and where it is offered."""
        key = f"vecteur/{edition}/{name}"
        return Kept(self.intermediate, key), Kept(self.hot, key)

    def sweep(self, edition: str) -> None:
        """Takes away what an earlier, killed process left unfinished among the dalles of an edition."""
        for blobs in (self.intermediate, self.hot):
            if isinstance(blobs, Directory):
                for part in blobs.path(f"dalles/{edition}").glob(".*.part"):
                    part.unlink(missing_ok=True)
            else:
                blobs.sweep()


def tiers_of(site: Site, intermediate: Bucket | None = None, hot: Bucket | None = None) -> Tiers:
    """The tiers of a site: in these buckets, or in the folders of the site where there is none."""
    root = site.root
    pyramids: Pyramids = FilePyramids(site.pyramids)
    if hot is not None:
        within = replace(hot, prefix=f"{hot.prefix}pyramids/")
        pyramids = ObjectPyramids(S3(within, site.scratch / "pyramids"))
    return Tiers(
        S3(intermediate, site.scratch / "intermediate") if intermediate else Directory(root / "intermediate"),
        S3(hot, site.scratch / "hot") if hot else Directory(root / "hot"),
        pyramids,
    )


def raster_of(kept: Kept) -> Path | Remote:
    """A dalle of a tier, as rasters are opened."""
    blobs = kept.blobs
    if isinstance(blobs, Directory):
        return blobs.path(kept.key)
    if isinstance(blobs, S3):
        place = blobs.place
        return Remote(place.bucket, place.prefix + kept.key, place.endpoint, place.region)
    raise TypeError(f"{blobs!r} is no place that rasters are read from")
