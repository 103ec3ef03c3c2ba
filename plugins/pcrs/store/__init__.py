"""Floor 2: objects at rest that can be asked: features, the index of dalles, catalogue records."""

from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pcrs.errors import InputError
from pcrs.store.base import FeatureStore
from pcrs.store.geopackage import GeoPackage

__all__ = ["open_store"]


@cache
def open_store(url: str, *, read_only: bool = False) -> FeatureStore:
    """The store at `gpkg:///absolute/path/features.gpkg`, one per process and address.

    Raises:
        InputError: the address is of another kind.
        StoreError: the store cannot be opened.
    """
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    if parts.scheme != "gpkg" or parts.netloc or not path.is_absolute():
        raise InputError(f"{url!r} is no store: expected gpkg:///absolute/path/features.gpkg")
    return GeoPackage(path, read_only=read_only)
