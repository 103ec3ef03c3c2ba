"""Buildings that are no dwellings: how they are put together. Their whole outline is surveyed."""

from shapely.geometry import LineString

from pcrs.demo.village.curves import Frame
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.houses import outline_of
from pcrs.demo.village.things import Colour, House, Prominence, Roof, RoofCover

TILES: Colour = (176, 124, 96)
OLD_TILES: Colour = (152, 110, 86)
METAL: Colour = (160, 164, 166)
_SLOPES: dict[RoofCover, float] = {"tile": 0.34, "slate": 0.9, "metal": 0.2, "gravel": 0.0}


def gabled(
    frame: Frame, size: tuple[float, float], eaves: float, colour: Colour = TILES, cover: RoofCover = "tile"
) -> Roof:
    """A roof of two slopes over `size` (length along the ridge, width), metres."""
    length, width = size
    return Roof(frame, length, width, "gable", eaves, eaves + _SLOPES[cover] * width / 2, colour, cover)


def raise_building(
    heap: Heap,
    *roofs: Roof,
    doors: tuple[LineString, ...] = (),
    prominent: tuple[Prominence, ...] = (),
) -> None:
    """Adds a building under roofs given from the lowest to the highest."""
    outline = outline_of(roofs)
    facade = LineString(outline.exterior)
    heap.houses.append(House(roofs, outline, facade, doors, "", None, None, prominent))
