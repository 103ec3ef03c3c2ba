"""TiTiler over one dataset, with the tile matrix set 2154_5cm."""

import os

from fastapi import FastAPI
from morecantile import TileMatrixSet, TileMatrixSets
from titiler.core.factory import TilerFactory

from pcrs.standard.grid import LAMB93, TILE_PX
from tests.bench.ground import SET


def _set() -> TileMatrixSet:
    matrices = [
        {
            "id": str(level),
            "scaleDenominator": LAMB93.scale_denominator(level),
            "cellSize": LAMB93.res(level),
            "cornerOfOrigin": "topLeft",
            "pointOfOrigin": (LAMB93.origin_x, LAMB93.origin_y),
            "tileWidth": TILE_PX,
            "tileHeight": TILE_PX,
            "matrixWidth": columns,
            "matrixHeight": rows,
        }
        for level, (columns, rows) in enumerate(LAMB93.sizes)
    ]
    crs = "http://www.opengis.net/def/crs/EPSG/0/2154"
    return TileMatrixSet(id=SET, crs=crs, tileMatrices=matrices)


app = FastAPI()
app.include_router(
    TilerFactory(
        path_dependency=lambda: os.environ["BENCH_MOSAIC"], supported_tms=TileMatrixSets({SET: _set()})
    ).router
)
