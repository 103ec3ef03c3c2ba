"""What work is done with."""

from dataclasses import dataclass

from pcrs.raster.qc import Control
from pcrs.store.base import FeatureStore
from pcrs.store.index import Index
from pcrs.vector.check import GmlControl
from pcrs.work.progress import Mill, Progress
from pcrs.work.site import Site
from pcrs.work.tiers import Tiers


@dataclass(frozen=True, slots=True)
class Means:
    """The site and its stores, the levels of the control, the hands, and who is told."""

    site: Site
    tiers: Tiers
    index: Index
    store: FeatureStore
    control: Control
    layer: str
    """Name of the current mosaic's layer; pyramids are named after it and their edition."""
    departement: str
    jpeg_quality: int
    precision: str
    """CategoriePrecision code written on accepted dalles."""
    mill: Mill
    progress: Progress
    vector_control: GmlControl = GmlControl()  # noqa: RUF009  frozen
