"""How the plan is drawn, as JSON: the values that QGIS styles and DXF layers have, for the web map.

Widths and dashes are millimetres on paper, sizes and texts metres on the ground, as in `vector.drawing`.
"""

from typing import Any

from pcrs.standard.codes import CODES, network_colour
from pcrs.standard.model import CLASSES
from pcrs.vector.drawing import DRAWINGS, FACTOR_MAX, Drawing, Look
from pcrs.vector.symbols import PAINTED_BLACK, SYMBOLS, Circle, Stroke

_NETWORKS = CODES["NatureReseauPCRSType"]


def symbology() -> dict[str, Any]:
    """`classes` by name, the one drawn first at the head; `symbols` in a square of one metre; `networks`."""
    return {
        "classes": {name: _drawing(name, drawing) for name, drawing in DRAWINGS.items()},
        "symbols": {name: [_part(part) for part in parts] for name, parts in SYMBOLS.items()},
        "painted": sorted(PAINTED_BLACK),
        "factor_max": FACTOR_MAX,
        "networks": {code: network_colour(code).rgb for code in _NETWORKS.values},
        "other_network": network_colour("").rgb,
    }


def _drawing(name: str, drawing: Drawing) -> dict[str, Any]:
    model = CLASSES.get(name)
    text = drawing.text
    return {
        "theme": model.theme if model else "",
        "look": _look(drawing.look),
        "by": drawing.by,
        "looks": {code: _look(look) for code, look in drawing.looks.items()},
        "network": drawing.network,
        "symbol": drawing.symbol,
        "symbols": dict(drawing.symbols),
        "size": drawing.size_m,
        "sides": drawing.sides,
        "text": None if text is None else {"height": text.height_m, "bold": text.bold, "italic": text.italic},
        "shown": drawing.shown,
    }


def _look(look: Look) -> dict[str, Any]:
    return {
        "colour": look.colour,
        "width": look.width_mm,
        "dash": list(look.dash),
        "fill": look.fill,
        "ticks": look.ticks_mm,
    }


def _part(part: Circle | Stroke) -> dict[str, Any]:
    if isinstance(part, Circle):
        return {"radius": part.radius, "centre": list(part.centre), "filled": part.filled}
    return {"points": [list(point) for point in part.points], "filled": part.filled}
