"""The title block: title, scale, north, dates, precision, and what the plan is not."""

from collections.abc import Sequence
from typing import NamedTuple

from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from pcrs.publish.plan.pen import MM, Seen, winansi
from pcrs.publish.plan.plan import Plan
from pcrs.publish.plan.sheet import BLOCK, MARGIN, Sheet
from pcrs.standard.codes import CODES, network_colour
from pcrs.standard.french import number

_INK, _MUTED = "#0f3b3a", "#48524f"
_BAR_MM = 50


class _Hand(NamedTuple):
    """A way of writing: font, size in points, colour, and how many lines at the most."""

    font: str
    size: float
    ink: str
    most: int


_HEAD = _Hand("Helvetica-Bold", 11, _INK, 2)
_SCALE = _Hand("Helvetica-Bold", 7.5, _INK, 2)
_PLAIN = _Hand("Helvetica", 6.2, _MUTED, 6)
_SMALL = _Hand("Helvetica", 5.2, _MUTED, 4)
_SHARES = (0.34, 0.38, 0.28)
_WARNING = (
    "Plan informatif : les réseaux enterrés n'y figurent pas ; il ne remplace ni les réponses aux DT-DICT ni "
    "un levé. / For information: buried networks are not shown; it replaces neither their owners' answers "
    "nor a survey."
)
_NETWORKS = CODES["NatureReseauPCRSType"]
_NETWORKS_MAX = 8


def block(canvas: Canvas, plan: Plan, seen: Seen) -> None:
    """Draws the block under the map."""
    width = plan.sheet.frame[0]
    left = MARGIN
    columns = [width * share for share in _SHARES]
    top = MARGIN + BLOCK - 2.5
    _title(canvas, plan, (left, top), columns[0] - 3)
    _facts(canvas, plan, seen, (left + columns[0], top), columns[1] - 3)
    _measures(canvas, plan, (left + columns[0] + columns[1], top), columns[2])


def _title(canvas: Canvas, plan: Plan, at: tuple[float, float], width: float) -> None:
    x, y = at
    y = _lines(canvas, [plan.title], (x, y - 2.4), width, _HEAD)
    sheet = plan.sheet
    scale = f"Échelle 1/{number(sheet.scale)} – {sheet.format} {sheet.orientation}"
    y = _lines(canvas, [scale], (x, y - 0.6), width, _SCALE)
    told = [f"À imprimer en taille réelle (100 %). Imprimé le {plan.day}.", plan.credits]
    y = _lines(canvas, told, (x, y), width, _PLAIN)
    _lines(canvas, [_WARNING], (x, y - 0.3), width, _SMALL)


def _facts(canvas: Canvas, plan: Plan, seen: Seen, at: tuple[float, float], width: float) -> None:
    x, y = at
    lines = list(plan.imagery)
    if plan.objects is not None:
        lines.append(f"Objets PCRS : {number(seen.objects)}{_surveyed(seen)}{_precision(plan, seen)}")
    stretch = plan.stretch
    lines.append(
        f"RGF93 v1 / Lambert-93 (EPSG:2154) : ici le plan {'allonge' if stretch > 0 else 'raccourcit'} "
        f"les distances de {number(abs(stretch), 1)} cm par km"
    )
    y = _lines(canvas, lines, (x, y - 2), width, _PLAIN)
    _legend(canvas, list(seen.networks)[:_NETWORKS_MAX], (x, y - 0.8), width)


def _surveyed(seen: Seen) -> str:
    if seen.first is None or seen.last is None:
        return ""
    first, last = ("/".join(reversed(day.split("-"))) for day in (seen.first, seen.last))
    return f", levés le {first}" if first == last else f", levés du {first} au {last}"


def _precision(plan: Plan, seen: Seen) -> str:
    """The least precise class among the objects."""
    order = [code for code in plan.precisions if code in seen.precisions]
    return f", précision {plan.precisions[order[-1]]} (la moins bonne)" if order else ""


def _legend(canvas: Canvas, networks: Sequence[str], at: tuple[float, float], width: float) -> None:
    x, y = at
    canvas.setLineWidth(0.1 * MM)
    for code in networks:
        label = winansi(_NETWORKS.label(code))
        needed = canvas.stringWidth(label, "Helvetica", 5.6) / MM + 5
        if x + needed > at[0] + width and x > at[0]:
            x, y = at[0], y - 2.8
        if y < MARGIN:
            return
        canvas.setFillColor(network_colour(code).rgb)
        canvas.setStrokeColor(_MUTED)
        canvas.rect(x * MM, (y - 0.2) * MM, 2 * MM, 2 * MM, fill=1)
        canvas.setFillColor(_MUTED)
        canvas.setFont("Helvetica", 5.6)
        canvas.drawString((x + 2.6) * MM, y * MM, label)
        x += needed


def _measures(canvas: Canvas, plan: Plan, at: tuple[float, float], width: float) -> None:
    """Scale bar and north."""
    x, y = at
    _bar(canvas, plan.sheet, (x + max(0.0, width - _BAR_MM - 4), y - 9))
    _north(canvas, plan.convergence, (x + max(8.0, width - _BAR_MM / 2 - 4), y - 22))


def _bar(canvas: Canvas, sheet: Sheet, at: tuple[float, float]) -> None:
    """Five parts of a centimetre each."""
    x, y = at
    canvas.setLineWidth(0.2 * MM)
    canvas.setDash()
    canvas.setStrokeColor(_INK)
    for part in range(5):
        canvas.setFillColor(_INK if part % 2 == 0 else "#ffffff")
        canvas.rect((x + part * 10) * MM, y * MM, 10 * MM, 1.6 * MM, fill=1)
    canvas.setFillColor(_INK)
    canvas.setFont("Helvetica", 6)
    for part in (0, 1, 3, 5):
        metres = part * sheet.scale / 100
        words = f"{metres:g} m" if part == 5 else f"{metres:g}"
        canvas.drawCentredString((x + part * 10) * MM, (y + 2.4) * MM, words)


def _north(canvas: Canvas, convergence: float, at: tuple[float, float]) -> None:
    """The north of the grid, and where the true one is from it."""
    x, y = at
    arrow = canvas.beginPath()
    arrow.moveTo(x * MM, (y + 8) * MM)
    arrow.lineTo((x - 2) * MM, y * MM)
    arrow.lineTo(x * MM, (y + 1.6) * MM)
    arrow.lineTo((x + 2) * MM, y * MM)
    arrow.close()
    canvas.setFillColor(_INK)
    canvas.drawPath(arrow, fill=1, stroke=0)
    canvas.setFont("Helvetica-Bold", 8)
    canvas.drawString((x + 3) * MM, (y + 5) * MM, "N")
    side = "l'est" if convergence > 0 else "l'ouest"
    words = f"Nord Lambert-93 ; nord vrai à {number(abs(convergence), 2)}° vers {side}"
    canvas.setFont("Helvetica", 5.4)
    canvas.setFillColor(_MUTED)
    canvas.drawCentredString(x * MM, (y - 2.6) * MM, winansi(words))


def _lines(canvas: Canvas, texts: Sequence[str], at: tuple[float, float], width: float, hand: _Hand) -> float:
    """Writes texts in a column; returns where the next line may begin."""
    x, y = at
    canvas.setFillColor(hand.ink)
    split = [line for text in texts for line in simpleSplit(winansi(text), hand.font, hand.size, width * MM)]
    for line in split[: hand.most]:
        canvas.setFont(hand.font, hand.size)
        canvas.drawString(x * MM, y * MM, line)
        y -= hand.size * 1.22 / MM
    return y
