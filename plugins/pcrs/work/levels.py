"""The levels from which a measure is worth a look, or refuses a dalle."""

from dataclasses import dataclass

from pcrs.findings import Level


@dataclass(frozen=True, slots=True)
class Levels:
    """What `[control]` of the settings gives. `examine` asks for a look, `refuse` is non-conforming."""

    offset_examine_m: float = 0.10
    """Offset between neighbours at their common edge."""
    offset_refuse_m: float = 0.25
    jump_examine: float = 10.0
    """Levels (of 255) by which a dalle is lighter or darker than its neighbours at their common edges."""
    jump_refuse: float = 40.0
    edge_examine_px: float = 5.0
    """Width of the sharpest edges, in any delivery."""
    edge_refuse_px: float = 7.0
    edge_ratio: float = 1.5
    """Width of the sharpest edges against the median of the delivery."""
    dark_ratio: float = 0.6
    """Mean luminance against the median of the delivery."""
    dark_examine: float = 30.0
    """Mean luminance (of 255), in any delivery."""
    dark_refuse: float = 12.0
    deviations: float = 5.0
    """Robust standard deviations (1.4826 MAD) from the median beyond which a dalle is an outlier."""
    saturated_examine: float = 0.02
    """Share of pixels with 255 in one band at least."""
    saturated_refuse: float = 0.20
    rectangle_share: float = 0.75
    """A delivery that fills this share of its bounding rectangle is expected to fill all of it."""
    points_precision_cm: float = 2.5
    """Precision of the GNSS check points."""
    points_per_km2: float = 1.0
    """Check points below this density are said to be few."""


def graded(value: float, examine: float, refuse: float) -> Level | None:
    """What a measure calls for; None: nothing."""
    return "error" if value >= refuse else "warning" if value >= examine else None
