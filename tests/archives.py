"""What a raster contract returns, small, and sites whose targets are of every kind."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine

from pcrs.archive.target import Target
from pcrs.archiving import archive_folder, keeping
from pcrs.settings import load
from pcrs.standard.names import format_name
from pcrs.work.custody.deposit import Deposited
from pcrs.work.custody.keeping import Keeping
from pcrs.work.custody.verify import Verified, Wanted, verify
from pcrs.work.progress import silent
from pcrs.work.site import Site
from tests.dalles import hm_name
from tests.sites import new_site

CHANTIER = "Figeac 2025"
X, Y = 576_000.0, 6_373_000.0


def las_head(xmin: float, ymin: float, xmax: float, ymax: float) -> bytes:
    """The header of a point cloud, as far as its bounds."""
    head = bytearray(b"LASF" + bytes(371))
    struct.pack_into("<6d", head, 179, xmax, xmin, ymax, ymin, 300.0, 100.0)
    return bytes(head)


def shp_head(xmin: float, ymin: float, xmax: float, ymax: float) -> bytes:
    """The header of a Shapefile."""
    return b"\0\0\x27\x0a" + bytes(32) + struct.pack("<4d", xmin, ymin, xmax, ymax) + bytes(32)


def make_sip(folder: Path, cliches: int = 3) -> Path:
    """A folder with something of each kind."""
    files = {
        "Plan de vol/plan_vol_realise.shp": shp_head(X, Y, X + 900, Y + 900),
        "Plan de vol/plan_vol_realise.prj": b'PROJCS["RGF93"]',
        "calibration/Calibration UltraCam.pdf": b"%PDF-1.7 calibration",
        "Rapport de vol.pdf": b"%PDF-1.7 vol",
        "trajectoire/vol1.sbet": b"\1\2\3" * 90,
        "orientation/XYZOPK.txt": "".join(
            f"cliche_{n:04d}.tif {X + 10 * n} {Y} 1500.0 0.1 0.2 90.0\n" for n in range(cliches)
        ).encode(),
        "AT/Rapport d'aérotriangulation.pdf": b"%PDF-1.7 AT",
        "AT/projet.xpf": b"<xpf/>",
        "stéréopréparation/fiche 12 %.pdf": b"%PDF-1.7 point",
        "lidar/0576_6373.laz": las_head(X, Y, X + 200, Y + 200) + bytes(2**20),
        "lignes de mosaïque.shp": shp_head(X, Y, X + 100, Y + 100),
        "metadata.xml": b'<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"/>',
        "notes.bin": b"",
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    dice = np.random.default_rng(46)
    for n in range(cliches):
        image(
            folder / "clichés" / f"cliche_{n:04d}.tif", dice.integers(0, 4000, (4, 30, 40)).astype(np.uint16)
        )
    ortho = dice.integers(0, 255, (3, 20, 20)).astype(np.uint8)
    image(folder / "ortho" / f"{format_name(hm_name(576_000))}.tif", ortho)
    place = {"crs": "EPSG:2154", "transform": Affine(1, 0, X, 0, -1, Y)}
    image(folder / "mnt" / "terrain.tif", np.full((1, 50, 60), 200.5, np.float32), **place)
    return folder


def image(file: Path, pixels: np.ndarray, **form: object) -> None:
    """A plain TIFF of (bands, rows, columns)."""
    file.parent.mkdir(parents=True, exist_ok=True)
    count, height, width = pixels.shape
    shape = {"count": count, "height": height, "width": width, "dtype": pixels.dtype}
    with warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning):
        with rasterio.open(file, "w", driver="GTiff", **shape, **form) as out:
            out.write(pixels)


def table(name: str, url: object, medium: str, *, offsite: bool = False, **more: object) -> str:
    """One target, as the settings have it."""
    lines = {"name": name, "url": str(url), "medium": medium, **more}
    text = "".join(f"{key} = {value!r}\n".replace("'", '"') for key, value in lines.items())
    return f"\n[[archive.targets]]\n{text}offsite = {str(offsite).lower()}\n"


def site_with(root: Path, *tables: str, bag_gb: float = 100.0) -> Site:
    """A new site with these targets."""
    site = new_site(root)
    text = site.settings_file.read_text(encoding="utf-8").replace("bag_gb = 100.0", f"bag_gb = {bag_gb}")
    head, mark, tail = text.partition("[serve]")
    site.settings_file.write_text(head + "".join(tables) + "\n" + mark + tail, encoding="utf-8")
    return site


def two_folders(root: Path, **form: float) -> Site:
    """A site with two folders as targets, one of them a tape elsewhere."""
    for name in ("nas", "bande"):
        (root / name).mkdir(parents=True)
    return site_with(
        root / "site",
        table("nas", root / "nas", "nas"),
        table("bande", root / "bande", "bande", offsite=True),
        **form,
    )


@contextmanager
def custody(site: Site) -> Iterator[Keeping]:
    """The custody of a site."""
    with keeping(site, load(site.settings_file), silent) as held:
        yield held


def put_away(site: Site, path: Path, chantier: str = CHANTIER) -> Deposited:
    """A folder, archived."""
    with custody(site) as held:
        return archive_folder(held, load(site.settings_file), path, chantier, None)


def fetched(target: Target, folder: Path) -> Path:
    """Everything of a target, as files of a folder."""
    for one in target.list():
        (folder / one.key).parent.mkdir(parents=True, exist_ok=True)
        (folder / one.key).write_bytes(b"".join(target.chunks(one.key)))
    return folder


def read_all(held: Keeping) -> Verified:
    """Every copy, verified."""
    return verify(held, Wanted(datetime(2100, 1, 1, tzinfo=UTC).isoformat()))
