"""Sites to be pushed: dalles that are accepted, with small files in their places, and objects of one GML."""

from contextlib import closing
from hashlib import md5, sha256
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import Affine

from pcrs.assembly import write_records
from pcrs.settings import load
from pcrs.standard.names import DalleName, format_name
from pcrs.store.index import Dalle, Delivery, Index
from pcrs.work.site import Site
from tests.cnig import arbre, document
from tests.dalles import hm_name
from tests.sites import new_site, take

MOSAIC = [hm_name(576_000 + 200 * column) for column in range(3)]


def site_with_objects(root: Path) -> Site:
    """A site with one GML and no dalle yet."""
    site = new_site(root / "site")
    text = site.settings_file.read_text(encoding="utf-8")
    told = text.replace('public_url = ""', 'public_url = "https://pcrs.example.fr"')
    site.settings_file.write_text(told, encoding="utf-8")
    (root / "depot").mkdir()
    (root / "depot" / "lot.gml").write_text(document(arbre("a1"), arbre("a2")), encoding="utf-8")
    take(site, root / "depot")
    return site


def _image(path: Path, level: int, size: int) -> bytes:
    """A small GeoTIFF in the place of a dalle's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    form = {
        "driver": "GTiff",
        "width": size,
        "height": size,
        "count": 3,
        "dtype": "uint8",
        "crs": "EPSG:2154",
    }
    with rasterio.open(path, "w", transform=Affine(0.05, 0, 576_000, 0, -0.05, 6_373_000), **form) as out:
        out.write(np.full((3, size, size), level, np.uint8))
    return path.read_bytes()


def accept(site: Site, edition: str, names: list[DalleName], level: int) -> None:
    """Dalles of an edition that are accepted and published, with small files."""
    rows = []
    for name in names:
        stem = format_name(name)
        hot = _image(site.hot(edition, stem), level, 16)
        master = _image(site.master(edition, stem), level, 32)
        rows.append(
            Dalle(
                stem=stem, edition=edition, delivery=f"livraison-{edition}", chantier="bloc 1",
                x_m=name.x_m, y_m=name.y_m, size_m=name.size_m, acquired=None, accepted="2026-03-01",
                precision="010", sha256="s", master_sha256=sha256(master).hexdigest(),
                master_bytes=len(master), hot_sha256=sha256(hot).hexdigest(), hot_bytes=len(hot),
                hot_md5=md5(hot).hexdigest(),
            )
        )  # fmt: skip
    at = f"{edition}-03-01T10:00:00+00:00"
    with closing(Index(site.index_file)) as index:
        index.add_delivery(Delivery(f"livraison-{edition}", "/depot", edition, "bloc 1", "reçue", at), [])
        with index.transaction():
            index.accept(rows, [])
        index.set_state(f"livraison-{edition}", "publiée", at=at)
    write_records(site, load(site.settings_file), validate=False)
