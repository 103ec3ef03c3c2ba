"""How large the files of an area will be, told before they are made. Within a factor of two, as a rule."""

from collections.abc import Mapping

from pcrs.errors import TooLargeError

_NATIVE_M2 = 0.05 * 0.05
_OF_THE_DALLES = {"tif": 1.0, "jpg": 0.75, "mbtiles": 0.85}
"""Bytes of an image for one of the compressed dalles of the same ground."""
_JP2_BYTES = 0.6
"""Bytes of JPEG 2000 for a pixel."""
_OBJECT_BYTES = {"gml": 70, "gpkg": 140, "dxf": 85, "fgb": 110, "geojson": 80, "shp": 100, "csv": 65}
"""Bytes of an archive for an object."""
_ARCHIVE_BYTES = 20_000
"""Of an archive of objects beside them: styles, lisez-moi."""


def image_estimates(area_m2: float, dalles_m2: float, dalles_bytes: int) -> dict[str, int]:
    """Bytes by format of images.

    Args:
        area_m2: of the ground that is asked.
        dalles_m2: of the dalles that meet it.
        dalles_bytes: of their compressed files.
    """
    if not dalles_m2:
        return {}
    shown = min(area_m2, dalles_m2)
    told = {name: round(dalles_bytes / dalles_m2 * shown * share) for name, share in _OF_THE_DALLES.items()}
    return told | {"jp2": round(shown / _NATIVE_M2 * _JP2_BYTES), "zip": dalles_bytes}


def object_estimates(count: int) -> dict[str, int]:
    """Bytes by format of so many objects."""
    return {name: _ARCHIVE_BYTES + count * each for name, each in _OBJECT_BYTES.items()} if count else {}


def refuse_too_large(estimates: Mapping[str, int], wanted: list[str], most: int, title: str) -> None:
    """Nothing, when the formats that are wanted will take no more than `most` bytes together.

    Raises:
        TooLargeError: they will.
    """
    octets = sum(estimates.get(name, 0) for name in wanted)
    if octets > most:
        raise TooLargeError(
            f"{title} : environ {octets / 1e9:.1f} Go, {most / 1e9:.0f} au plus ; prendre une emprise plus "
            f"petite ou moins de formats / about {octets / 1e9:.1f} GB, {most / 1e9:.0f} at the most"
        )
