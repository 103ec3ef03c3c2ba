"""JPEG tiles of the native grid, found from the target of a request before anything else looks at it."""

import re
from collections.abc import Callable, Mapping

from pcrs.errors import PcrsError
from pcrs.serve.map_layers import MapLayer
from pcrs.serve.ows import parameters
from pcrs.serve.wmts_request import TileRequest, read_kvp
from pcrs.standard.grid import LAMB93, Tile

_REST = re.compile(
    rb"/wmts/(\w+)/" + re.escape(LAMB93.id).encode() + rb"/([1-9]?\d)/(\d{1,9})/(\d{1,9})\.jpeg"
).fullmatch
_KVP = b"/wmts?"


class NativeTiles:
    """The tiles of the layers that are published. It answers what is usual, and leaves all else to others.

    Args:
        layers: the layers by name, as they stand now.
    """

    def __init__(self, layers: Callable[[], Mapping[str, MapLayer]]) -> None:
        self._layers = layers

    def find(self, target: bytes) -> tuple[bytes, Tile] | None:
        """The tile, and the JPEG file, that `GET target` asks for (path and query, as they came).

        None: it is no such tile, or something is wrong with the request or the pyramid. Whoever answers then
        says what.
        """
        asked = _REST(target)
        try:
            if asked is not None:
                name, level, col, row = asked.groups()
                layer = self._layers().get(name.decode())
                return None if layer is None else _near(layer, Tile(int(level), int(col), int(row)))
            if target.startswith(_KVP):
                return self._of_query(target[len(_KVP) :])
        except (PcrsError, OSError):
            return None
        return None

    def _of_query(self, query: bytes) -> tuple[bytes, Tile] | None:
        request = read_kvp(parameters(query), self._layers())
        if isinstance(request, TileRequest) and request.grid is LAMB93 and request.suffix == "jpeg":
            return _near(request.layer, request.tile)
        return None


def _near(layer: MapLayer, tile: Tile) -> tuple[bytes, Tile] | None:
    """The tile of a pyramid on files: what is far away must not be waited for between two requests."""
    jpeg = None if layer.pyramid.remote else layer.pyramid.tile(tile)
    return None if jpeg is None else (jpeg, tile)
