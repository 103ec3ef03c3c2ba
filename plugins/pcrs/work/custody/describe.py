"""A file as an object of the inventory: its kind, licence, place, date, and a small picture of it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pcrs.archive.footprint import footprint_of, stations
from pcrs.errors import InputError
from pcrs.files import placing
from pcrs.raster.thumbnail import picture, place_of
from pcrs.standard.crs import BBox
from pcrs.standard.livrables import KINDS, Licence, media_type, recognise
from pcrs.standard.names import PATTERNS, Pattern, parse
from pcrs.store.inventory_schema import ArchiveObject
from pcrs.work.custody.origin import FolderOrigin, Found, Said, head_of, said_of

Describe = Callable[[Found, bytes, str], ArchiveObject]
"""Makes an object of a file, its first bytes and its sha256."""
_LISTS = (".txt", ".csv", ".opk", ".xyz", ".dat")
_LONGEST_LIST = 64 * 2**20
_IMAGES = ("image/tiff", "image/jp2")


def object_id(chantier: str, name: str, sha256: str) -> str:
    """The id of an object: a function of what it is, so that a bag alone gives it again."""
    return hashlib.sha256(f"{chantier}\0{name}\0{sha256}".encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Describer:
    """Makes objects of the files of a folder."""

    origin: FolderOrigin
    chantier: str
    thumbnails: Path
    now: Callable[[], str]
    licence: Licence | None = None
    """For all of them, unless the sheet says otherwise; None: that of their kinds."""
    sheet: Sequence[Said] = ()
    stations: Mapping[str, tuple[float, float]] | None = None
    """Station of each cliché by the stem of its name, EPSG:2154, metres."""
    patterns: Sequence[Pattern] = PATTERNS

    def __call__(self, found: Found, head: bytes, sha256: str) -> ArchiveObject:
        """The object; its picture is in place."""
        said = said_of(self.sheet, found.name) or Said(found.name)
        kind = KINDS[said.type] if said.type else recognise(found.name, head)
        media = media_type(found.name)
        identifier = object_id(self.chantier, found.name, sha256)
        image = media in _IMAGES
        box = self._box(found.name, head, image)
        return ArchiveObject(
            identifier,
            self.chantier,
            found.name,
            kind.code,
            said.licence or self.licence or kind.licence,
            found.bytes,
            sha256,
            media,
            self.now(),
            said.date or None,
            said.edition,
            int(image and self._pictured(identifier, found.name)),
            *(box or (None,) * 4),
        )

    def _box(self, name: str, head: bytes, image: bool) -> BBox | None:
        station = (self.stations or {}).get(PurePosixPath(name).stem)
        if station is not None:
            return BBox(*station, *station)
        try:
            return parse(name, self.patterns).bbox
        except InputError:
            pass
        return place_of(self.origin.root / name) if image else footprint_of(head)

    def _pictured(self, identifier: str, name: str) -> bool:
        jpeg = picture(self.origin.root / name)
        if jpeg:
            with placing(thumbnail_path(self.thumbnails, identifier)) as part:
                part.write_bytes(jpeg)
        return bool(jpeg)


def thumbnail_path(folder: Path, identifier: str) -> Path:
    """Where the picture of an object lies."""
    return folder / identifier[:2] / f"{identifier}.jpg"


def stations_in(origin: FolderOrigin) -> dict[str, tuple[float, float]]:
    """The stations of all lists of orientations in a folder, by the stem of the cliché's name."""
    known: dict[str, tuple[float, float]] = {}
    for found in origin.files():
        name = found.name
        if not name.lower().endswith(_LISTS) or found.bytes > _LONGEST_LIST:
            continue
        if recognise(name, head_of(origin, name)).code == "orientation":
            with (origin.root / name).open(encoding="utf-8", errors="replace") as lines:
                known |= {PurePosixPath(cliche).stem: (x, y) for cliche, x, y in stations(lines)}
    return known
