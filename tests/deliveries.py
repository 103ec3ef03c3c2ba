"""Deliveries of nine dalles of 60 m (1200 x 1200 px), whole or with faults at chosen places."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from pcrs.publish.control.result import ControlResult, Signature
from pcrs.raster.qc import Control
from pcrs.standard.names import PATTERNS, DalleName, Pattern
from pcrs.work.dossier import Dossier, examine
from pcrs.work.levels import Levels
from pcrs.work.progress import mill, silent
from tests.dalles import ground_pixels, make_dalle

MEDIUM = Pattern("M-{year}-{x}-{y}", size_m=60, unit_m=10, digits=6)
X, Y, SIZE = 576_000, 6_373_000, 60
DOSSIER = Dossier(Control(patterns=(*PATTERNS, MEDIUM)), Levels(), "010")
SIGNATURE = Signature("Territoire d'Énergie Lot", "2026-11-24", "1.0")


def name_at(col: int, row: int) -> DalleName:
    """The dalle of a column from the west and a row from the north."""
    return DalleName(year=2025, x_m=X + SIZE * col, y_m=Y - SIZE * row, size_m=SIZE)


def stem_at(col: int, row: int) -> str:
    """Its name."""
    return MEDIUM.format(name_at(col, row))


def _filtered(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(2)))


FAULTS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "blurred": _filtered,
    "dark": lambda pixels: pixels // 3,
    "warm": lambda pixels: (pixels + np.array([24, 4, 0])).clip(0, 254).astype(np.uint8),
    "burnt": lambda pixels: np.where(pixels > 120, 255, pixels).astype(np.uint8),
}
SHIFTS = {"shifted": (0.3, 0.0), "shifted north": (0.0, 0.3), "shifted 15 cm": (0.0, 0.15)}


def make_delivery(
    folder: Path, faults: Mapping[tuple[int, int], str] | None = None, side: int = 3, **form: Any
) -> Path:
    """Writes the dalles: a fault is one of `FAULTS`, of `SHIFTS`, or "missing"."""
    told = faults or {}
    for col in range(side):
        for row in range(side):
            fault = told.get((col, row), "")
            if fault == "missing":
                continue
            name = name_at(col, row)
            east, north = SHIFTS.get(fault, (0.0, 0.0))
            pixels = ground_pixels(name.x_m + east, name.y_m + north, name.size_px, name.size_px)
            pixels = FAULTS.get(fault, lambda same: same)(pixels)
            make_dalle(folder / f"{stem_at(col, row)}.tif", name, pixels=pixels, **form)
    return folder


def control(folder: Path, dossier: Dossier = DOSSIER) -> ControlResult:
    """The control of the delivery, in this process."""
    with mill(1) as hands:
        return examine(folder, dossier, SIGNATURE, hands, silent)


def reported(result: ControlResult) -> dict[str, set[str]]:
    """Codes of errors and warnings by the dalle, the place or the seam they speak of."""
    told = [(card.name, finding) for card in result.cards for finding in card.findings]
    told += [(finding.object_id or "", finding) for finding in result.findings]
    told += [(f"{row.first} {row.second}", finding) for row in result.seams for finding in row.findings]
    found: dict[str, set[str]] = {}
    for name, finding in told:
        if finding.level != "info":
            found.setdefault(name, set()).add(finding.code)
    return found
