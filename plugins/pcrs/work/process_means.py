"""What the processes of a site work with, given by the assembly."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pcrs.store.base import FeatureStore
from pcrs.vector.check import GmlControl
from pcrs.work.images import Ground
from pcrs.work.notice import Credits


@dataclass(frozen=True, slots=True)
class Means:
    """What processes work with."""

    store: FeatureStore
    credits: Credits
    day: date
    control: GmlControl
    ground: Callable[[], Ground]
    """The imagery, as it stands when it is asked."""
    objects_max: int
    """Of one extract."""
    bytes_max: int
    """Of one archive."""
    pixels_max: int
    """Of the box around one image."""
    quality: int
    """Of JPEG."""
    letters: bool = False
    """True: who asks for an extract may be told by e-mail."""
