"""The frame of a report's map: ground to page, round coordinates at its edges, a scale."""

from collections.abc import Iterator
from dataclasses import dataclass

from pcrs.publish.control.figures import short
from pcrs.standard.crs import BBox
from pcrs.standard.french import number

SIDE = 900.0
MARGIN = 46.0
TOP = 40.0
_STEPS_M = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


@dataclass(frozen=True, slots=True)
class Frame:
    """The box that is drawn (EPSG:2154), and how it lies on the page."""

    box: BBox

    @property
    def scale(self) -> float:
        """Units of the page for one metre."""
        return SIDE / max(self.box.width, self.box.height)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the drawing, with its margins."""
        return self.box.width * self.scale + MARGIN + 34, self.box.height * self.scale + TOP + 44

    def x(self, east: float) -> float:
        """Place on the page, from the left."""
        return MARGIN + (east - self.box.xmin) * self.scale

    def y(self, north: float) -> float:
        """Place on the page, from the top."""
        return TOP + (self.box.ymax - north) * self.scale

    def square(self, box: BBox) -> str:
        """A box as a path."""
        left, right = short(self.x(box.xmin)), short(self.x(box.xmax))
        return f"M{left} {short(self.y(box.ymax))}H{right}V{short(self.y(box.ymin))}H{left}Z"


def axes(frame: Frame) -> Iterator[str]:
    """Coordinates at round places, and a scale."""
    box = frame.box
    step = next((s for s in _STEPS_M if max(box.width, box.height) / s <= 8), _STEPS_M[-1])
    base = frame.y(box.ymin)
    for east in range(-(-int(box.xmin) // step) * step, int(box.xmax) + 1, step):
        x = short(frame.x(east))
        yield f'<path class="tick" d="M{x} {short(base)}v5"/>'
        yield f'<text class="tick" x="{x}" y="{short(base + 17)}" text-anchor="middle">{number(east)}</text>'
    for north in range(-(-int(box.ymin) // step) * step, int(box.ymax) + 1, step):
        y = frame.y(north)
        yield f'<path class="tick" d="M{short(MARGIN)} {short(y)}h-5"/>'
        if base - y < TOP:
            continue  # the label would run into those of the other axis
        x = short(MARGIN - 9)
        turned = f'x="{x}" y="{short(y)}" transform="rotate(-90 {x} {short(y)})"'
        yield f'<text class="tick" {turned} text-anchor="middle">{number(north)}</text>'
    length = step * frame.scale
    yield f'<path class="tick" d="M{short(MARGIN)} {short(base + 32)}v4h{short(length)}v-4"/>'
    said = f"{number(step)} m" if step < 1000 else f"{number(step / 1000)} km"
    yield f'<text class="tick" x="{short(MARGIN + length + 6)}" y="{short(base + 37)}">{said}</text>'
