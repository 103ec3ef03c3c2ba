"""Floor 2: objects at rest that can be asked: features, the index of dalles, catalogue records."""

from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pcrs.errors import InputError
from pcrs.store.base import FeatureStore
from pcrs.store.geopackage import GeoPackage
from pcrs.store.limits import UNLIMITED, TimeLimit
from pcrs.store.postgis import PostGis

__all__ = ["open_store"]


@cache
def open_store(
    url: str, *, read_only: bool = False, limit: TimeLimit = UNLIMITED, patient: bool = False
) -> FeatureStore:
    """The store at an address, one per process, address and limit of time for a question.

    `gpkg:///absolute/path/features.gpkg`, or `postgresql://user@host/database?schema=pcrs`. One who is
    `patient` gets a database that does not answer too, and may ask it again and again.

    Raises:
        InputError: the address is of another kind.
        StoreError: the store cannot be opened.
    """
    parts = urlsplit(url)
    if parts.scheme in ("postgresql", "postgres"):
        return PostGis(url, read_only=read_only, limit=limit, patient=patient)
    path = Path(unquote(parts.path))
    if parts.scheme != "gpkg" or parts.netloc or not path.is_absolute():
        raise InputError(
            f"{url!r} is no store: expected gpkg:///absolute/path/features.gpkg "
            "or postgresql://user@host/database?schema=pcrs"
        )
    return GeoPackage(path, read_only=read_only, limit=limit)
