"""Long work that a page begins: a process of its own, which goes on when the service ends.

What became of it lies in a folder: a lock while it is at work, its last word afterwards. One that was killed
has neither, and may be begun again: the work goes on where it stopped.
"""

import fcntl
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pcrs.errors import ConflictError, PcrsError
from pcrs.files import placing
from pcrs.settings import load
from pcrs.work.errands import WHOLE_SITE, Kind
from pcrs.work.site import Site

_NICE = 10
_MINUTES = 120
"""For which copies are read again at one time."""
_begun: list[subprocess.Popen[bytes]] = []
"""Processes that this one started and that have not ended: looked at, so that none stays as a zombie."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Errand:
    """One piece of such work."""

    site: Site
    kind: Kind
    subject: str = WHOLE_SITE
    """A delivery, or the whole site."""

    @property
    def _folder(self) -> Path:
        return self.site.errands / f"{self.kind}-{self.subject}"

    @property
    def report(self) -> Path:
        """Where the page of a report is, when it is made."""
        return self._folder / "rapport.html"

    def state(self) -> tuple[str, str]:
        """`jamais`, `en cours`, `interrompu`, `fait` or `échec`; and the last word."""
        if not self._folder.is_dir():
            return "jamais", ""
        if self._at_work():
            return "en cours", ""
        try:
            told = json.loads((self._folder / "fin.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return "interrompu", ""
        return ("fait" if told["bon"] else "échec"), str(told["mot"])

    def begin(self) -> None:
        """It is begun, or begun again.

        Raises:
            ConflictError: it is at work already.
        """
        if self._at_work():
            raise ConflictError(f"{self.kind} {self.subject}: déjà en cours / under way already")
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "fin.json").unlink(missing_ok=True)
        lock = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the process that is started inherits it
            words = (str(self.site.root.resolve()), self.kind, self.subject)
            command = [sys.executable, "-m", "pcrs.errand", *words]
            _begun[:] = [process for process in _begun if process.poll() is None]
            process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.DEVNULL, start_new_session=True, pass_fds=(lock,)
            )
            _begun.append(process)
        except BlockingIOError:
            raise ConflictError(f"{self.kind} {self.subject}: déjà en cours / under way already") from None
        finally:
            os.close(lock)

    def _at_work(self) -> bool:
        try:
            with (self._folder / "lock").open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def run(self) -> None:
        """The work itself, in the process that was started for it."""
        try:
            good, word = True, _WORK[self.kind](self)
        except (PcrsError, OSError) as error:
            good, word = False, str(error)
        except Exception:  # noqa: BLE001  whoever began it has to be told
            _log.exception("%s %s", self.kind, self.subject)
            good, word = False, "erreur interne, notée par le service / internal error, logged by the service"
        with placing(self._folder / "fin.json") as part:
            part.write_text(json.dumps({"bon": good, "mot": word}, ensure_ascii=False), encoding="utf-8")


def _accept(errand: Errand) -> str:
    from pcrs.assembly import working
    from pcrs.work.progress import silent

    with working(errand.site, load(errand.site.settings_file), os.cpu_count() or 1, silent) as bench:
        bench.accept(errand.subject)
    return ""


def _report(errand: Errand) -> str:
    from pcrs.reporting import Asked, report
    from pcrs.store.index import Index
    from pcrs.work.progress import mill, silent

    with closing(Index(errand.site.index_file)) as index:
        path = Path(index.delivery(errand.subject).path)
    with mill(os.cpu_count() or 1) as hands:
        report(path, Asked(report=errand.report), load(errand.site.settings_file), hands, silent)
    return ""


def _bring_back(errand: Errand) -> str:
    from pcrs.ordering import desk, shipping

    site, settings = errand.site, load(errand.site.settings_file)
    warned: list[str] = []
    with desk(site, settings) as open_, site.working():
        moved = shipping(site, settings, open_, warned.append).work()
    told = [f"{order.id} : {order.state} {order.message}".rstrip() for order in moved]
    return " ; ".join([*told, *warned]) or "rien à rapatrier / nothing to bring back"


def _read_again(errand: Errand) -> str:
    from pcrs.archiving import catalogue, due, keeping
    from pcrs.work.custody.verify import verify
    from pcrs.work.progress import silent

    site, settings = errand.site, load(errand.site.settings_file)
    with site.working(), keeping(site, settings, silent) as held:
        found = verify(held, due(held, settings, minutes=_MINUTES))
        catalogue(held, site, settings)
    failed = "".join(f" ; cible {name} : {why}" for name, why in found.failed.items())
    return f"{found.read} copies relues, {found.bytes} octets, {len(found.faults)} constats{failed}"


_WORK: dict[Kind, Callable[[Errand], str]] = {
    "acceptation": _accept,
    "rapport": _report,
    "commandes": _bring_back,
    "relecture": _read_again,
}


def main() -> None:
    """What `begin` starts: `python -m pcrs.errand SITE KIND SUBJECT`."""
    os.nice(_NICE)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    root, named, subject = sys.argv[1:]
    (kind,) = (each for each in _WORK if each == named)
    Errand(Site(Path(root)), kind, subject).run()


if __name__ == "__main__":
    main()
