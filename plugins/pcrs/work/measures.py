"""The measures of a delivery's dalles and of the seams between them, by all hands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pcrs.errors import RasterError
from pcrs.findings import Finding
from pcrs.publish.control.result import SeamRow
from pcrs.raster.inspect import Inspection, inspect
from pcrs.raster.seam import Seam, measure
from pcrs.raster.strips import Side, load
from pcrs.standard.grid import DALLE_RES_M
from pcrs.work.neighbours import Pair, Placed, pairs
from pcrs.work.progress import Mill, Progress

_THUMBS = ((60, 256), (400, 160), (1500, 96))
_SMALLEST_PX = 64


class Piece(NamedTuple):
    """A dalle to measure: its name, its file, what findings call it."""

    name: str
    path: Path
    shown_as: str


def thumb_px(dalles: int) -> int:
    """Longest side of the pictures: smaller where there are many, so that a report stays small."""
    return next((side for most, side in _THUMBS if dalles <= most), _SMALLEST_PX)


def inspect_all(
    pieces: Sequence[Piece], scratch: Path, mill: Mill, progress: Progress
) -> Iterator[tuple[str, Inspection | Finding]]:
    """The name of each dalle with what was measured on it, or why it could not be; strips go to `scratch`."""
    work = _Inspect(scratch, thumb_px(len(pieces)))
    for piece, found in mill.told(work, pieces, "mesure", progress):
        yield piece.name, found


@dataclass(frozen=True, slots=True)
class _Inspect:
    """The inspection of one dalle: a value that can be sent to another process."""

    scratch: Path
    thumb_px: int

    def __call__(self, piece: Piece) -> Inspection | Finding:
        try:
            return inspect(piece.path, strips=_strips(self.scratch, piece.name), thumb_px=self.thumb_px)
        except RasterError as error:
            return Finding("raster.open", "error", f"{error}.", piece.shown_as)


def _strips(scratch: Path, name: str) -> Path:
    """Where the strips of a dalle lie; the name may be a path in the delivery."""
    return scratch / f"{name.replace('/', '~')}.npz"


def measure_seams(placed: Sequence[Placed], scratch: Path, mill: Mill, progress: Progress) -> list[SeamRow]:
    """Every seam between two of the dalles whose strips lie in `scratch`, in order of names."""
    found = mill.told(_Measure(scratch), list(pairs(placed)), "joints", progress)
    return sorted(
        (_row(pair, seam) for pair, seam in found if seam is not None),
        key=lambda row: (row.first, row.second),
    )


@dataclass(frozen=True, slots=True)
class _Measure:
    """The measure of one seam: a value that can be sent to another process."""

    scratch: Path

    def __call__(self, pair: Pair) -> Seam | None:
        opposite: Side = "west" if pair.side == "east" else "north"
        first = load(_strips(self.scratch, pair.first), pair.side).cut(*pair.first_part)
        second = load(_strips(self.scratch, pair.second), opposite).cut(*pair.second_part)
        return measure(first, second)


def _row(pair: Pair, seam: Seam) -> SeamRow:
    """Pixels to the east and to the south as metres to the east and to the north."""
    along, across = (
        None if pixels is None else round(pixels * DALLE_RES_M, 4)
        for pixels in (seam.along_px, seam.across_px)
    )
    east, south = (across, along) if pair.side == "east" else (along, across)
    return SeamRow(pair.first, pair.second, pair.side, seam, east, None if south is None else -south)
