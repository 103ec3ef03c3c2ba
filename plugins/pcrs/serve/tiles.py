"""The fast path: tiles that need no drawing.

A JPEG tile of the native grid is one `pread` of the pyramid, sent as it lies there. MapProxy's cache
(`mapproxy_plugin`) takes its bytes from here too, so an address gives the same bytes whichever of the two
answers. Beside the data there is one tile for all places.
"""

from functools import lru_cache
from io import BytesIO

import numpy as np
import simplejpeg
from PIL import Image

from pcrs.raster.pyramids import Tiles
from pcrs.serve.answers import Answer
from pcrs.serve.wmts_request import TileRequest
from pcrs.standard.crs import L93, BBox, transform_bbox
from pcrs.standard.grid import LAMB93, TILE_PX, Tile

WHITE: bytes = simplejpeg.encode_jpeg(
    np.full((TILE_PX, TILE_PX, 3), 255, np.uint8), quality=90, colorspace="RGB", colorsubsampling="420"
)
"""The tile of a place without data: 256 x 256 px, white."""


def _clear() -> bytes:
    file = BytesIO()
    Image.new("RGBA", (TILE_PX, TILE_PX), (255, 255, 255, 0)).save(file, "PNG", optimize=True)
    return file.getvalue()


CLEAR: bytes = _clear()
"""The same as PNG: transparent."""
_NOTHING = {"jpeg": Answer(WHITE, "image/jpeg"), "png": Answer(CLEAR, "image/png")}


def native_tile(pyramid: Tiles, tile: Tile) -> bytes | None:
    """JPEG bytes of a tile of 2154_5cm, white where nothing is; None at levels that the pyramid lacks.

    Raises:
        StoreError: the slab is cut short.
    """
    if tile.level not in pyramid.levels:
        return None
    return pyramid.tile(tile) or WHITE


def fast_answer(request: TileRequest) -> Answer | None:
    """The answer to a request that needs no drawing; None: MapProxy must draw it.

    Raises:
        StoreError: the slab is cut short.
    """
    if request.suffix == "jpeg" and request.grid is LAMB93:
        jpeg = native_tile(request.layer.pyramid, request.tile)
        if jpeg is not None:
            return Answer(jpeg, "image/jpeg")
    if _data(request.layer.bbox, request.grid.epsg).intersects(request.grid.bbox(request.tile)):
        return None
    return _NOTHING[request.suffix]


@lru_cache(maxsize=256)
def _data(bbox: BBox, epsg: int) -> BBox:
    """The box of the data in the CRS of a grid."""
    return transform_bbox(bbox, L93, epsg)
