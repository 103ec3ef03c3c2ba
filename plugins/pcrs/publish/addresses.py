"""The addresses and names under which the site's resources are known outside."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal
from urllib.parse import quote, urlencode

from pcrs.publish.elements import GMD
from pcrs.standard.crs import L93, BBox

KINDS = ("dataset", "series", "service")
"""Kinds of resources that have a record."""
Kind = Literal["raster", "vector"]
RECORDS = "catalogue"
"""The collection of the OGC API that holds the records."""
MODEL_CATALOGUE = "CNIG_PCRS_v2.0"
"""Name of the feature catalogue of the vector model."""
RESOURCES: dict[Kind, str] = {"raster": "PCRS", "vector": "PCRS-VECTEUR"}
"""Names of the resources of the download service: one per dataset, as INSPIRE wants its entries."""
_MARKED = re.compile(r"-[0-9a-f]{8}")
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses under `public_url` (no slash at the end), names for a département (INSEE code)."""

    public_url: str
    departement: str
    identifier_base: str = ""
    """What identifiers of resources begin with, for ever; empty: `public_url`."""

    @property
    def series(self) -> str:
        """Identifier of the series record: `PCRS_D046`. All other names begin with it."""
        return f"PCRS_{self.zone}"

    def raster(self, edition: str | None = None) -> str:
        """Identifier of the raster dataset's record: of the current mosaic, or of one edition."""
        current = f"{self.series}_RVB-0M05"
        return current if edition is None else f"{current}_{edition}"

    @property
    def vector(self) -> str:
        """Identifier of the vector dataset's record."""
        return f"{self.series}_VECTEUR"

    def archive(self, chantier: str) -> str:
        """Identifier of the record of what is archived of a chantier: a function of its name alone."""
        return f"{self._archives}{slug(chantier)}"

    def is_archive(self, identifier: str) -> bool:
        """True for the identifiers that `archive` gives."""
        return identifier.startswith(self._archives)

    @property
    def _archives(self) -> str:
        return f"{self.series}_ARCHIVES_"

    def layer(self, edition: str | None = None) -> str:
        """Name of the WMTS layer: of the current mosaic, or of one edition."""
        return f"{self.series}_RVB" if edition is None else f"{self.series}_RVB_{edition}"

    def uri(self, kind: str, identifier: str) -> str:
        """Identifier of a resource of one of `KINDS`, or of a `catalogue`: an address that answers with it.

        Harvesters know a resource by it: one that changes is another resource to them.
        """
        return f"{self.identifier_base or self.public_url}/id/{kind}/{quote(identifier)}"

    @property
    def csw(self) -> str:
        """The catalogue service."""
        return f"{self.public_url}/csw"

    @property
    def csw_capabilities(self) -> str:
        """Its capabilities."""
        return f"{self.csw}?SERVICE=CSW&VERSION=2.0.2&REQUEST=GetCapabilities"

    def record(self, identifier: str) -> str:
        """The full ISO record, as the catalogue service answers it."""
        return (
            f"{self.csw}?SERVICE=CSW&VERSION=2.0.2&REQUEST=GetRecordById&ID={quote(identifier)}"
            f"&OUTPUTSCHEMA={GMD}&ELEMENTSETNAME=full"
        )

    @property
    def feature_catalogue(self) -> str:
        """The feature catalogue (ISO 19110) of the vector model."""
        return f"{self.public_url}/catalogue/{MODEL_CATALOGUE}.xml"

    @property
    def wmts(self) -> str:
        """Capabilities of the tile service."""
        return f"{self.public_url}/wmts?SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetCapabilities"

    @property
    def wms(self) -> str:
        """Capabilities of the map service."""
        return f"{self.public_url}/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities"

    def view(self, layer: str, bbox: BBox, width_px: int = 400) -> str:
        """A map of the whole box (EPSG:2154), for a thumbnail."""
        height_px = max(1, min(2 * width_px, round(width_px * bbox.height / bbox.width)))
        query = {
            "SERVICE": "WMS",
            "VERSION": "1.3.0",
            "REQUEST": "GetMap",
            "LAYERS": layer,
            "STYLES": "",
            "CRS": "EPSG:2154",
            "BBOX": ",".join(f"{side:.0f}" for side in bbox),
            "WIDTH": str(width_px),
            "HEIGHT": str(height_px),
            "FORMAT": "image/jpeg",
        }
        return f"{self.public_url}/wms?{urlencode(query, safe=':,/')}"

    @property
    def ogcapi(self) -> str:
        """Landing page of the OGC API."""
        return f"{self.public_url}/ogcapi"

    @property
    def stac(self) -> str:
        """Landing page of the STAC API."""
        return f"{self.public_url}/stac"

    @property
    def dcat(self) -> str:
        """The catalogue as DCAT, in JSON-LD."""
        return f"{self.public_url}/dcat/catalog.jsonld"

    def collection(self, name: str) -> str:
        """A collection of the OGC API."""
        return f"{self.ogcapi}/collections/{name}"

    @property
    def listing(self) -> str:
        """The plain listing of the public files."""
        return f"{self.public_url}/listing/"

    @property
    def atom(self) -> str:
        """Identifier of the Atom download service's record."""
        return f"{self.series}_ATOM"

    @property
    def atom_capabilities(self) -> str:
        """The feed of the download service: its resources."""
        return f"{self.public_url}/telechargement/capabilities"

    def resource(self, kind: Kind, part: str | None = None) -> str:
        """The feed of a resource of the download service: its parts; or of one part: its files."""
        feed = f"{self.public_url}/telechargement/resource/{RESOURCES[kind]}"
        return feed if part is None else f"{feed}/{quote(part)}"

    def download(self, kind: Kind, part: str, file: str) -> str:
        """A file of the download service."""
        return f"{self.public_url}/telechargement/download/{RESOURCES[kind]}/{quote(part)}/{quote(file)}"

    def part(self, kind: Kind, edition: str | None, crs: Sequence[int] = (L93,)) -> str:
        """Name of a part of a resource, in the Géoplateforme's pattern.

        Product, version, form, CRS, zone, edition; without an edition: what is current. `crs`: EPSG codes
        of `PCRS_CRS`.
        """
        form = {"raster": "RVB-0M05_TIF", "vector": "VECTEUR_GML"}[kind]
        places = "-".join("LAMB93" if code == L93 else f"CC{code - 3900}" for code in crs)
        name = f"PCRS_2-0_{form}_{places}_{self.zone}"
        return name if edition is None else f"{name}_{edition}"

    def by_commune(self, form: str, crs: Sequence[int] = (L93,)) -> str:
        """Name of the part whose files are the objects of a commune each, in a format (`gpkg`)."""
        return self.part("vector", None, crs).replace("_GML_", f"_{form.upper()}_") + "_COMMUNES"

    @property
    def zone(self) -> str:
        """The département as the Géoplateforme's zones write it: `D046`."""
        return f"D{self.departement.zfill(3)}"

    def absolute(self, address: str) -> str:
        """An address of the human half: absolute as it is, a path put under `public_url`."""
        return f"{self.public_url}{address}" if address.startswith("/") else address


def slug(name: str) -> str:
    """A name in letters, digits, dots, dashes and underscores: no two names have one.

    A name that is written so already stays as it is; any other is marked by eight digits of its sha256.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    made = re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-.")[:_LONGEST]
    if made and made == name and not _MARKED.fullmatch(made[-9:]):
        return made
    mark = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{made or 'chantier'}-{mark}"
