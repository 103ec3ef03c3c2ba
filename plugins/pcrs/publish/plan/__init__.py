"""A plan on paper at an exact scale, as a PDF: the mosaic, the objects, and what one must know of both."""

from pcrs.publish.plan.plan import Plan
from pcrs.publish.plan.sheet import FORMATS, ORIENTATIONS, SCALES, Sheet, frame_mm

__all__ = ["FORMATS", "ORIENTATIONS", "SCALES", "Plan", "Sheet", "frame_mm"]
