"""Run by an interpreter that has rok4 and osgeo: what they make of a pyramid, as one line of JSON."""

import json
import sys
from pathlib import Path

from rok4.pyramid import Pyramid

pyramid = Pyramid.from_descriptor(sys.argv[1])
tiles = json.loads(sys.argv[2])
has_list = Path(sys.argv[1]).with_suffix(".list").exists()
binary = [pyramid.get_tile_data_binary(*tile) for tile in tiles]
means = [
    None if data is None else pyramid.get_tile_data_raster(*tile).mean(axis=(0, 1)).tolist()
    for tile, data in zip(tiles, binary, strict=True)
]
json.dump(
    {
        "name": pyramid.name,
        "tms": pyramid.tms.name,
        "format": pyramid.format,
        "type": pyramid.type.name,
        "own_masks": pyramid.own_masks,
        "channels": pyramid.raster_specifications["channels"],
        "limits": {level.id: level.tile_limits for level in pyramid.get_levels()},
        "tiles": [None if data is None else data.hex() for data in binary],
        "means": means,
        "indices": pyramid.get_tile_indices(576000.5, 6372999.5),
        "slabs": [
            {**facts, "type": slab[0].value, "level": slab[1]} for slab, facts in pyramid.list_generator()
        ]
        if has_list
        else [],
    },
    sys.stdout,
)
