"""Dalles that do not look like the others of their delivery, or that no delivery should have.

What is measured on a dalle is set against the whole delivery by robust statistics (median and MAD), for a few
bad dalles must not hide themselves, and against levels of its own, for a whole delivery may be bad.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from pcrs.findings import Finding, Level
from pcrs.raster.inspect import Inspection
from pcrs.standard.french import centimetres, number, percent
from pcrs.standard.grid import DALLE_RES_M
from pcrs.work.levels import Levels, graded

_LEAST = 3
"""Fewer dalles than this say nothing of each other."""
_MAD = 1.4826
"""From the median absolute deviation to the standard deviation of a normal distribution."""
_SHARP_PX = 3.0
"""Edges as narrow as this are never an outlier: the delivery is just uncommonly sharp."""
_LIGHT = 90.0
"""A mean luminance above this is never dark, however light the others are."""


def typical(values: list[float]) -> tuple[float, float]:
    """Median and robust standard deviation."""
    median = float(np.median(values))
    return median, _MAD * float(np.median(np.abs(np.array(values) - median)))


def blurred(inspections: Mapping[str, Inspection], levels: Levels) -> Iterator[tuple[str, Finding]]:
    """The dalles whose sharpest edges are wide, or much wider than those of the others."""
    widths = {name: one.sharpness.width_px for name, one in inspections.items() if one.sharpness is not None}
    median, bound = 0.0, np.inf
    if len(widths) >= _LEAST:
        median, deviation = typical(list(widths.values()))
        bound = max(levels.edge_ratio * median, median + levels.deviations * deviation, _SHARP_PX)
    for name, width in widths.items():
        level = graded(width, min(levels.edge_examine_px, bound), levels.edge_refuse_px)
        if level is None:
            continue
        against = f", contre {_pixels(median)} dans la livraison" if median else ""
        yield (
            name,
            Finding(
                "raster.blurred",
                level,
                f"L'image est floue : ses contours les plus nets s'étalent sur {_pixels(width)} "
                f"({centimetres(width * DALLE_RES_M, 0)}){against} ; revoir le cliché ou son traitement.",
                measured=_pixels(width),
                expected=f"moins de {_pixels(min(levels.edge_examine_px, bound))}",
            ),
        )


def dark(
    inspections: Mapping[str, Inspection], light: Mapping[str, float | None], levels: Levels
) -> Iterator[tuple[str, Finding]]:
    """The dalles that are dark, and darker than their neighbours: woods and water go on beyond an edge.

    Args:
        inspections: what was measured, by name.
        light: by how many levels a dalle is lighter than its neighbours at their edges; None: it has none.
        levels: the levels.
    """
    means = {name: one.luminance for name, one in inspections.items() if one.luminance is not None}
    median, bound = 0.0, 0.0
    if len(means) >= _LEAST:
        median, deviation = typical(list(means.values()))
        bound = min(levels.dark_ratio * median, median - levels.deviations * deviation, _LIGHT)
    for name, mean in means.items():
        step = light.get(name)
        unlike_neighbours = step is None or step <= -levels.jump_examine
        level: Level | None = None
        if mean <= levels.dark_refuse or (mean <= bound and step is not None and step <= -levels.jump_refuse):
            level = "error"
        elif mean <= levels.dark_examine or (mean <= bound and unlike_neighbours):
            level = "warning"
        if level is not None:
            yield name, _too_dark(mean, median, step, level)


def _too_dark(mean: float, median: float, step: float | None, level: Level) -> Finding:
    against = f", contre {number(median)} dans la livraison" if median else ""
    beside = (
        f" ; elle est plus sombre que ses voisines de {number(-step)} niveaux" if step and step < 0 else ""
    )
    said = f"luminance moyenne {number(mean)} sur 255{against}{beside}"
    return Finding(
        "raster.dark",
        level,
        f"L'image est sombre : {said} ; revoir son exposition.",
        measured=number(mean),
        expected=number(median) if median else None,
    )


def saturated(inspections: Mapping[str, Inspection], levels: Levels) -> Iterator[tuple[str, Finding]]:
    """The dalles of which too many pixels are at the end of the scale."""
    for name, one in inspections.items():
        share = one.share(one.saturated)
        level = graded(share, levels.saturated_examine, levels.saturated_refuse)
        if level is not None:
            yield name, _saturated(share, level, levels)


def _saturated(share: float, level: Level, levels: Levels) -> Finding:
    return Finding(
        "raster.saturated",
        level,
        f"{percent(share)} des pixels sont saturés (255 dans une bande au moins) : les détails clairs y sont "
        "perdus ; revoir la dynamique.",
        measured=percent(share),
        expected=f"moins de {percent(levels.saturated_examine)}",
    )


def _pixels(width: float) -> str:
    return f"{number(width, 1)} px"
