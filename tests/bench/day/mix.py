"""What a day asks: 95 of 100 requests are tiles, the rest objects, coverages, records and parts of files."""

import random
from dataclasses import dataclass

from pcrs.standard.grid import LAMB93, Tile

_CRS = "http://www.opengis.net/def/crs/EPSG/0/2154"
_CSW = (
    "/csw?service=CSW&version=2.0.2&request=GetRecords&typeNames=gmd:MD_Metadata&resultType=results"
    "&elementSetName=full&outputSchema=http://www.isotc211.org/2005/gmd&maxRecords=10"
)


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the site has images."""

    west: float
    south: float
    east: float
    north: float
    layer: str
    files: tuple[str, ...]
    """Paths of files to download."""
    collections: tuple[str, ...]


def request(dice: random.Random, ground: Ground) -> tuple[str, bytes]:
    """The kind of a request, and its bytes; the connection stays open."""
    roll = dice.random()
    if roll < 0.95:
        return "tuile", _get(_tile(dice, ground))
    if roll < 0.97:
        return "objets", _get(_objects(dice, ground))
    if roll < 0.98:
        return "couverture", _get(_coverage(dice, ground))
    if roll < 0.99:
        return "moisson", _get(_CSW)
    first = dice.randrange(0, 200_000)
    return "fichier", _get(dice.choice(ground.files), f"Range: bytes={first}-{first + 65_535}\r\n")


def _get(target: str, more: str = "") -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: pcrs\r\nUser-Agent: day\r\n{more}\r\n".encode()


def _place(dice: random.Random, ground: Ground) -> tuple[float, float]:
    return dice.uniform(ground.west, ground.east), dice.uniform(ground.south, ground.north)


def _tile(dice: random.Random, ground: Ground) -> str:
    level = dice.choices(range(16, 23), (1, 1, 2, 3, 5, 8, 8))[0]
    x, y = _place(dice, ground)
    side = 12.8 * 2 ** (LAMB93.last_level - level)
    tile = Tile(level, int(x // side), int((12_000_000 - y) // side))
    return f"/wmts/{ground.layer}/2154_5cm/{tile.level}/{tile.col}/{tile.row}.jpeg"


def _objects(dice: random.Random, ground: Ground) -> str:
    x, y = _place(dice, ground)
    box = f"{x - 50:.1f},{y - 50:.1f},{x + 50:.1f},{y + 50:.1f}"
    name = dice.choice(ground.collections)
    return f"/ogcapi/collections/{name}/items?f=json&limit=100&bbox={box}&bbox-crs={_CRS}&crs={_CRS}"


def _coverage(dice: random.Random, ground: Ground) -> str:
    x, y = _place(dice, ground)
    box = f"{x:.1f},{y:.1f},{x + 25:.1f},{y + 25:.1f}"
    return f"/ogcapi/collections/ortho/coverage?f=jpeg&bbox={box}&bbox-crs={_CRS}"
