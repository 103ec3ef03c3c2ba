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
from typing import Literal

from pcrs.errors import ConflictError, PcrsError
from pcrs.files import placing
from pcrs.settings import load
from pcrs.work.site import Site

Kind = Literal["acceptation", "rapport"]
_NICE = 10
_begun: list[subprocess.Popen[bytes]] = []
"""Processes that this one started and that have not ended: looked at, so that none stays as a zombie."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Errand:
    """One piece of such work."""

    site: Site
    kind: Kind
    delivery: str

    @property
    def _folder(self) -> Path:
        return self.site.errands / f"{self.kind}-{self.delivery}"

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
            raise ConflictError(f"{self.kind} {self.delivery}: déjà en cours / under way already")
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "fin.json").unlink(missing_ok=True)
        lock = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the process that is started inherits it
            words = (str(self.site.root.resolve()), self.kind, self.delivery)
            command = [sys.executable, "-m", "pcrs.errand", *words]
            _begun[:] = [process for process in _begun if process.poll() is None]
            process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.DEVNULL, start_new_session=True, pass_fds=(lock,)
            )
            _begun.append(process)
        except BlockingIOError:
            raise ConflictError(f"{self.kind} {self.delivery}: déjà en cours / under way already") from None
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
            _WORK[self.kind](self)
            good, word = True, ""
        except (PcrsError, OSError) as error:
            good, word = False, str(error)
        except Exception:  # noqa: BLE001  whoever began it has to be told
            _log.exception("%s %s", self.kind, self.delivery)
            good, word = False, "erreur interne, notée par le service / internal error, logged by the service"
        with placing(self._folder / "fin.json") as part:
            part.write_text(json.dumps({"bon": good, "mot": word}, ensure_ascii=False), encoding="utf-8")


def _accept(errand: Errand) -> None:
    from pcrs.assembly import working
    from pcrs.work.progress import silent

    with working(errand.site, load(errand.site.settings_file), os.cpu_count() or 1, silent) as bench:
        bench.accept(errand.delivery)


def _report(errand: Errand) -> None:
    from pcrs.reporting import Asked, report
    from pcrs.store.index import Index
    from pcrs.work.progress import mill, silent

    with closing(Index(errand.site.index_file)) as index:
        path = Path(index.delivery(errand.delivery).path)
    with mill(os.cpu_count() or 1) as hands:
        report(path, Asked(report=errand.report), load(errand.site.settings_file), hands, silent)


_WORK: dict[Kind, Callable[[Errand], None]] = {"acceptation": _accept, "rapport": _report}


def main() -> None:
    """What `begin` starts: `python -m pcrs.errand SITE KIND DELIVERY`."""
    os.nice(_NICE)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    root, kind, delivery = sys.argv[1:]
    Errand(Site(Path(root)), "rapport" if kind == "rapport" else "acceptation", delivery).run()


if __name__ == "__main__":
    main()
