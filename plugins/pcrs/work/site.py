"""A site: one directory with everything for one operator, and the names of what lies in it."""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pcrs.errors import InputError, SiteError
from pcrs.files import placing

_EDITION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")
_FOLDERS = ("intermediate/dalles", "intermediate/vecteur", "hot/dalles", "hot/vecteur", "hot/pyramids")


@dataclass(frozen=True, slots=True)
class Site:
    """Paths of a site. Nothing is ever written outside `root`."""

    root: Path

    @property
    def settings_file(self) -> Path:
        """pcrs.toml."""
        return self.root / "pcrs.toml"

    @property
    def metadata_file(self) -> Path:
        """The human half of the records."""
        return self.root / "metadata.toml"

    @property
    def index_file(self) -> Path:
        """The index of deliveries and dalles."""
        return self.root / "stores" / "index.db"

    @property
    def features_url(self) -> str:
        """The store of features, as `open_store` takes it."""
        return f"gpkg://{self.root.resolve() / 'stores' / 'features.gpkg'}"

    @property
    def records_url(self) -> str:
        """The store of catalogue records, as `RecordStore` takes it."""
        return f"sqlite://{quote(str(self.root.resolve()))}/stores/records.db"

    @property
    def use_file(self) -> Path:
        """The counts of what is asked."""
        return self.root / "stores" / "use.db"

    @property
    def orders_file(self) -> Path:
        """The store of orders, and its log."""
        return self.root / "stores" / "orders.db"

    @property
    def inventory_file(self) -> Path:
        """The inventory of the archive."""
        return self.root / "stores" / "archive.db"

    @property
    def deliveries_folder(self) -> Path:
        """Where ordered objects lie until their time is over."""
        return self.jobs / "commandes"

    @property
    def signalements_file(self) -> Path:
        """The store of signalements; their photos and the secret of their senders lie beside it."""
        return self.root / "stores" / "signalements.db"

    @property
    def jobs_file(self) -> Path:
        """The store of users' jobs."""
        return self.root / "stores" / "jobs.db"

    @property
    def job_folders(self) -> Path:
        """Where the files of users' jobs are, until their time is over."""
        return self.jobs / "out"

    def job_folder(self, identifier: str) -> Path:
        """The files of one job."""
        return self.job_folders / identifier

    @property
    def tokens_file(self) -> Path:
        """The store of access tokens."""
        return self.root / "stores" / "tokens.db"

    @property
    def journal_file(self) -> Path:
        """Who did what with the site."""
        return self.root / "stores" / "journal.db"

    @property
    def errands(self) -> Path:
        """Long work that the page `/admin` began: where it is, and the reports that it makes."""
        return self.jobs / "demandes"

    @property
    def logins_file(self) -> Path:
        """What was used up of sessions and logins; the secret that signs them lies beside it."""
        return self.root / "stores" / "logins.db"

    @property
    def pyramids(self) -> Path:
        """Folder of the ROK4 pyramids, one descriptor per edition."""
        return self.root / "hot" / "pyramids"

    @property
    def jobs(self) -> Path:
        """Scratch of work in progress."""
        return self.root / "jobs"

    @property
    def scratch(self) -> Path:
        """Where files of a bucket are on their way to it; what is there can be thrown away at any time."""
        return self.jobs / "scratch"

    @property
    def demo_marker(self) -> Path:
        """Present when the data of the site are synthetic."""
        return self.root / ".demo"

    def master(self, edition: str, stem: str) -> Path:
        """The lossless master of a dalle: intermediate tier."""
        return self.root / "intermediate" / "dalles" / edition / f"{stem}.tif"

    def hot(self, edition: str, stem: str) -> Path:
        """The hot COG of a dalle."""
        return self.root / "hot" / "dalles" / edition / f"{stem}.tif"

    def cuts(self, edition: str, stem: str, sha256: str, quality: int) -> Path:
        """Where the cuts of a dalle wait for the pyramid: named after all that they are made of, never stale.

        `sha256` is that of the delivered file, `quality` that of JPEG.
        """
        return self.all_cuts / edition / f"{stem}-{sha256[:16]}-q{quality}"

    @property
    def all_cuts(self) -> Path:
        """Where the cuts of all dalles wait; what is there can be thrown away at any time."""
        return self.jobs / "cuts"

    def vector(self, tier: str, edition: str, name: str) -> Path:
        """A CNIG GML as it was received, in the `intermediate` or the `hot` tier."""
        return self.root / tier / "vecteur" / edition / name

    def require(self) -> "Site":
        """The site itself, when it is one.

        Raises:
            SiteError: there is no settings file in the directory.
        """
        if not self.settings_file.is_file():
            raise SiteError(f"{self.root} is no site: `pcrs init --site {self.root}` makes one")
        return self

    @contextmanager
    def working(self, name: str = "lock") -> Iterator[None]:
        """The right to write, held by one process at a time and freed by the kernel when it dies.

        With another name it is the right to do something long that only reads the site.

        Raises:
            SiteError: another pcrs is at work in this site.
        """
        self.jobs.mkdir(parents=True, exist_ok=True)
        with (self.jobs / name).open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SiteError(f"another pcrs is at work in {self.root}: wait until it has ended") from None
            yield


def create(root: Path, settings: str, metadata: str) -> Site:
    """A new empty site with these settings and this human half of the records.

    Raises:
        SiteError: the directory holds a site already, or cannot be written.
    """
    site = Site(root)
    if site.settings_file.exists():
        raise SiteError(f"{root} is a site already: its settings are in {site.settings_file}")
    try:
        for folder in (*_FOLDERS, "cold", "stores", "jobs"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        if not site.metadata_file.exists():
            write_text(site.metadata_file, metadata)
        write_text(site.settings_file, settings)
    except OSError as error:
        raise SiteError(f"{root} cannot be made a site: {error.strerror}") from error
    return site


def edition_name(text: str) -> str:
    """The edition, when it can name folders and layers.

    Raises:
        InputError: it cannot.
    """
    if not _EDITION.fullmatch(text):
        raise InputError(
            f"edition {text!r}: letters, digits, dot, dash and underscore only, 32 at the most, like 2025"
        )
    return text


def write_text(target: Path, text: str) -> None:
    """The text under its name, whole or not at all."""
    with placing(target) as part:
        part.write_text(text, encoding="utf-8")
