"""What a killed process left half switched is ended by the service, without waiting for the operator."""

import logging
import threading
import time

from pcrs.assembly import tiers, working
from pcrs.errors import PcrsError, SiteError
from pcrs.settings import Settings
from pcrs.work.progress import silent
from pcrs.work.site import Site

_log = logging.getLogger(__name__)
_EVERY_S = 2.0


def mend(site: Site, settings: Settings) -> bool:
    """True when a switch had been broken off, and is at its end now. Costs 2 µs when none was.

    Whoever is switching just now holds the right to write, and is left alone.

    Raises:
        PcrsError, OSError: the site cannot be written.
    """
    if not tiers(site, settings).pyramids.unfinished():
        return False
    try:
        with working(site, settings, 1, silent):
            return True
    except SiteError:
        return False


def watch(site: Site, settings: Settings, every_s: float = _EVERY_S) -> None:
    """A thread of this process mends the site whenever it has to be, until the process ends."""

    def look() -> None:
        said = False
        while True:
            try:
                if mend(site, settings):
                    _log.warning("a switch of slabs that had been broken off was ended")
                said = False
            except (PcrsError, OSError):
                if not said:
                    _log.exception("the site cannot be mended just now: it is tried again")
                said = True
            time.sleep(every_s)

    threading.Thread(target=look, name="mend", daemon=True).start()
