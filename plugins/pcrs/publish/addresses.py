"""The addresses and names under which the site's resources are known outside."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from pcrs.publish.elements import GMD
from pcrs.standard.crs import BBox

KINDS = ("dataset", "series", "service")
"""Kinds of resources that have an identifier."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses under `public_url` (no slash at the end), names for a département (INSEE code)."""

    public_url: str
    departement: str

    @property
    def series(self) -> str:
        """Identifier of the series record: `PCRS_D046`. All other names begin with it."""
        return f"PCRS_D{self.departement.zfill(3)}"

    def raster(self, edition: str | None = None) -> str:
        """Identifier of the raster dataset's record: of the current mosaic, or of one edition."""
        current = f"{self.series}_RVB-0M05"
        return current if edition is None else f"{current}_{edition}"

    @property
    def vector(self) -> str:
        """Identifier of the vector dataset's record."""
        return f"{self.series}_VECTEUR"

    def layer(self, edition: str | None = None) -> str:
        """Name of the WMTS layer: of the current mosaic, or of one edition."""
        return f"{self.series}_RVB" if edition is None else f"{self.series}_RVB_{edition}"

    def uri(self, kind: str, identifier: str) -> str:
        """Identifier of a resource of one of `KINDS`: an address that answers with the record."""
        return f"{self.public_url}/id/{kind}/{quote(identifier)}"

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

    def collection(self, name: str) -> str:
        """A collection of the OGC API."""
        return f"{self.ogcapi}/collections/{name}"

    @property
    def listing(self) -> str:
        """The plain listing of the public files."""
        return f"{self.public_url}/listing/"

    def absolute(self, address: str) -> str:
        """An address of the human half: absolute as it is, a path put under `public_url`."""
        return f"{self.public_url}{address}" if address.startswith("/") else address
