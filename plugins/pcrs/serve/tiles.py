"""The fast path: a JPEG tile of the native grid is one `pread` of the pyramid, sent as it lies there.

MapProxy's cache (`mapproxy_plugin`) takes its bytes from here too, so an address gives the same bytes
whichever of the two answers.
"""

import numpy as np
import simplejpeg

from pcrs.raster.pyramid import Pyramid
from pcrs.serve.answers import Answer
from pcrs.serve.wmts_request import TileRequest
from pcrs.standard.grid import LAMB93, TILE_PX, Tile

WHITE: bytes = simplejpeg.encode_jpeg(
    np.full((TILE_PX, TILE_PX, 3), 255, np.uint8), quality=90, colorspace="RGB", colorsubsampling="420"
)
"""The tile of a place without data: 256 x 256 px, white."""


def native_tile(pyramid: Pyramid, tile: Tile) -> bytes | None:
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
    if request.suffix != "jpeg" or request.grid is not LAMB93:
        return None
    jpeg = native_tile(request.layer.pyramid, request.tile)
    return None if jpeg is None else Answer(jpeg, "image/jpeg")
