"""The objects of the vector PCRS drawn on a page: the pens, symbols and texts that QGIS and CAD get."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import shapely
from reportlab.pdfgen.canvas import Canvas
from shapely.geometry.base import BaseGeometry

from pcrs.publish.plan.sheet import Sheet
from pcrs.standard.codes import network_colour
from pcrs.vector.drawing import DRAWINGS, Drawing, Look, Text, drawing_of, ground_size
from pcrs.vector.sheets import Record
from pcrs.vector.symbols import PAINTED_BLACK, SYMBOLS, Circle, Stroke

MM = 72 / 25.4
"""Points of PDF in a millimetre."""
_HALO_MM = 0.35
_SYMBOL_MM = 1.6
"""Symbols are never smaller: one would not know them."""
_CAPITALS = 0.718
"""Height of Helvetica's capitals, in sizes of the font."""
_TEXT_MM = 1.1
_Values = Mapping[str, Any]
_Lines = Sequence[Sequence[tuple[float, float]]]
"""In points of PDF."""


@dataclass(slots=True)
class Seen:
    """What was drawn, for the title block."""

    objects: int = 0
    first: str | None = None
    last: str | None = None
    """Days of survey."""
    precisions: set[str] = field(default_factory=set)
    networks: dict[str, None] = field(default_factory=dict)

    def add(self, values: _Values) -> None:
        """One more object."""
        self.objects += 1
        day = values.get("dateLeve")
        if day:
            self.first = min(self.first or day, day)
            self.last = max(self.last or day, day)
        if values.get("precisionPlanimetrique"):
            self.precisions.add(values["precisionPlanimetrique"])
        if values.get("reseau"):
            self.networks[values["reseau"]] = None


class Pen:
    """Draws on a page; the caller clips it to the frame of the map. `halo`: paper around strokes."""

    def __init__(self, canvas: Canvas, sheet: Sheet, *, halo: bool) -> None:
        self._canvas = canvas
        self._sheet = sheet
        self._halo = halo
        self.seen = Seen()

    def draw(self, name: str, records: Iterable[Record]) -> None:
        """The objects of a class that is shown."""
        drawing = drawing_of(name)
        for _, geometry, values in records:
            if geometry is None or geometry.is_empty:
                continue
            self.seen.add(values)
            colour = network_colour(str(values.get("reseau") or "")).rgb if drawing.network else None
            for part in shapely.get_parts(geometry):
                self._part(part, values, drawing, colour)

    def _part(self, part: BaseGeometry, values: _Values, drawing: Drawing, colour: str | None) -> None:
        look = drawing.looks.get(str(values.get(drawing.by or "") or ""), drawing.look)
        if part.geom_type == "Point":
            if drawing.text is not None:
                self._text((part.x, part.y), values, drawing.text, look)
            else:
                self._symbol((part.x, part.y), values, drawing, look, colour)
            return
        rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        lines = [[self._place(x, y) for x, y, *_ in ring.coords] for ring in rings]
        self._strokes(lines, look, colour or look.fill if part.geom_type == "Polygon" else None)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        across, up = self._sheet.place(x, y)
        return across * MM, up * MM

    def _strokes(self, lines: _Lines, look: Look, fill: str | None) -> None:
        self._edge(lines, look)
        self._ink(lines, look, fill)
        if look.ticks_mm:
            self._ticks(lines, look)

    def _edge(self, lines: _Lines, look: Look) -> None:
        """Paper around strokes, where there is an image under them."""
        if not self._halo:
            return
        canvas = self._canvas
        canvas.setStrokeColor("#ffffff", alpha=0.75)
        canvas.setLineWidth((look.width_mm + 2 * _HALO_MM) * MM)
        canvas.setDash()
        canvas.setLineCap(1)
        canvas.setLineJoin(1)
        canvas.drawPath(self._path(lines))

    def _ink(self, lines: _Lines, look: Look, fill: str | None) -> None:
        canvas = self._canvas
        canvas.setStrokeColor(look.colour, alpha=1)
        canvas.setLineWidth(look.width_mm * MM)
        canvas.setLineCap(0 if look.dash else 1)
        canvas.setLineJoin(1)
        canvas.setDash([length * MM for length in look.dash])
        if fill:
            canvas.setFillColor(fill)
        canvas.drawPath(self._path(lines), fill=int(bool(fill)), stroke=1)

    def _path(self, lines: _Lines) -> Any:
        path = self._canvas.beginPath()
        for first, *more in lines:
            path.moveTo(*first)
            for point in more:
                path.lineTo(*point)
        return path

    def _ticks(self, lines: _Lines, look: Look) -> None:
        """Short strokes on the right of a line."""
        step, reach = look.ticks_mm * MM, 0.8 * MM
        for line in lines:
            ahead = step / 2
            for (x0, y0), (x1, y1) in pairwise(line):
                length = math.hypot(x1 - x0, y1 - y0)
                while ahead <= length and length:
                    east, north = (x1 - x0) / length, (y1 - y0) / length
                    x, y = x0 + east * ahead, y0 + north * ahead
                    self._canvas.line(x, y, x + north * reach, y - east * reach)
                    ahead += step
                ahead -= length

    def _symbol(
        self, place: tuple[float, float], values: _Values, drawing: Drawing, look: Look, colour: str | None
    ) -> None:
        code = str(values.get(drawing.by or "") or "")
        name = drawing.symbols.get(code) or drawing.symbol or "point"
        sides = [
            ground_size(values.get(key), drawing.size_m) * 1000 / self._sheet.scale
            for key in drawing.sides or ("", "")
        ]
        grown = max(1.0, _SYMBOL_MM / max(sides))
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(*self._place(*place))
        canvas.rotate(_turn(values))
        inside = colour or (look.colour if name in PAINTED_BLACK else "#ffffff")
        across, up = (side * grown * MM for side in sides)
        parts = [(_points(part, across, up), part.filled) for part in SYMBOLS[name]]
        self._edge([points for points, _ in parts], look)
        for points, filled in parts:
            self._ink([points], look, inside if filled else None)
        canvas.restoreState()

    def _text(self, place: tuple[float, float], values: _Values, text: Text, look: Look) -> None:
        words = winansi(" ".join(str(values.get("libelle") or "").split()))
        if not words:
            return
        height = max(_TEXT_MM, text.height_m * float(values.get("taille") or 1) * 1000 / self._sheet.scale)
        style = {(True, False): "-Bold", (False, True): "-Oblique", (True, True): "-BoldOblique"}
        font, size = f"Helvetica{style.get((text.bold, text.italic), '')}", height * MM / _CAPITALS
        turn = (_turn(values) + 180) % 360 - 180
        upside_down = abs(turn) > 90 + 1e-9
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(*self._place(*place))
        canvas.rotate(turn + 180 if upside_down else turn)
        width = canvas.stringWidth(words, font, size)
        begins = {"G": 0.0, "D": -width}.get(str(values.get("justification")), -width / 2)
        if upside_down:
            begins = -width - begins
        for mode, ink in ((1, "#ffffff"), (0, look.colour)) if self._halo else ((0, look.colour),):
            canvas.saveState()  # the mode of rendering would stay
            canvas.setStrokeColor(ink)
            canvas.setFillColor(ink)
            canvas.setLineWidth(0.6 * MM)
            canvas.setDash()
            written = canvas.beginText(begins, -height * MM / 2)
            written.setFont(font, size)
            written.setTextRenderMode(mode)
            written.textOut(words)
            canvas.drawText(written)
            canvas.restoreState()
        canvas.restoreState()


def _points(part: Circle | Stroke, across: float, up: float) -> list[tuple[float, float]]:
    """A part of a symbol whose square has these sides."""
    if isinstance(part, Stroke):
        return [(x * across, y * up) for x, y in part.points]
    (cx, cy), r = part.centre, part.radius
    turns = [2 * math.pi * k / 24 for k in range(25)]
    return [((cx + r * math.cos(a)) * across, (cy + r * math.sin(a)) * up) for a in turns]


def drawn_first(names: Iterable[str]) -> list[str]:
    """The classes that are shown, in the order in which they are drawn."""
    known = set(names)
    return [name for name, drawing in DRAWINGS.items() if name in known and drawing.shown]


def _turn(values: _Values) -> float:
    """Degrees counterclockwise from the east, from the standard's azimuth."""
    angle = values.get("angleRotation")
    return 0.0 if angle is None else 90.0 - float(angle)


def winansi(words: str) -> str:
    """The words in the letters that the fonts of PDF have; others become question marks."""
    return words.replace("\u202f", "\xa0").replace("\u2212", "-").encode("cp1252", "replace").decode("cp1252")
