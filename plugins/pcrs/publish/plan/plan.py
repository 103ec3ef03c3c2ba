"""What a plan on paper shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from pcrs.publish.plan.sheet import Sheet
from pcrs.standard.crs import BBox
from pcrs.vector.sheets import Extract


@dataclass(frozen=True, slots=True)
class Plan:
    """One sheet and what is on it. Texts are French."""

    sheet: Sheet
    title: str
    credits: str
    """Who gives the data, and under which licence."""
    day: str
    """Of the print, as it is to be written."""
    image: tuple[Image.Image, BBox] | None
    """RGB or RGBA and its box (EPSG:2154); None: no image is asked."""
    imagery: tuple[str, ...]
    """What is to be said of the image: dates, editions, precision."""
    objects: Extract | None
    """In EPSG:2154, covers with their network; None: no objects are asked."""
    precisions: Mapping[str, str]
    """Code to French label."""
    stretch: float
    """Centimetres per kilometre by which Lambert-93 lengthens distances there."""
    convergence: float
    """Degrees from the north of the grid to the true north, clockwise."""
