"""What one push makes in an Entrepôt: stored data, and the layers that show them.

Everything is known by its name: a push that was killed finds what it made. Layers keep their name when a new
edition comes; the stored data behind them is another.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pcrs.errors import InputError
from pcrs.publish.addresses import Addresses
from pcrs.publish.elements import GMD
from pcrs.publish.geoplateforme.entities import Body, Ref
from pcrs.standard.model import CLASSES

Kind = Literal["raster", "archive", "vector", "metadata"]
KINDS: tuple[Kind, ...] = ("metadata", "raster", "archive", "vector")
"""In the order in which they are pushed: layers refer to records."""
UploadType = Literal["RASTER", "ARCHIVE", "VECTOR"]
Storage = Literal["PYRAMIDE", "ARCHIVE", "VECTEUR"]

TMS, BOTTOM, TOP = "2154_5cm", "22", "6"
"""The grid of the Géoplateforme's own PCRS layer, and the levels that it shows."""
_SRS = "EPSG:2154"
_KEYWORDS = ("PCRS", "plan corps de rue simplifié")
_TO_PYRAMID = Ref(
    "processing", "Calcul ou mise à jour de pyramide raster", others=("Calcul de pyramide raster",)
)
_TO_ARCHIVE = Ref("processing", "Recopie d'une archive livrée")
_TO_DATABASE = Ref("processing", "Intégration de données vecteur livrées en base")
_PYRAMID = {
    "tms": TMS,
    "compression": "jpg",
    "interpolation": "bicubic",
    "mask": True,
    "parallelization": 4,
}
"""As IGN's workflow for PCRS has them; the mask lets the pyramid be updated."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the record of a dataset says of it, and under which names it goes."""

    at: Addresses
    identifier: str
    """Of its record here."""
    title: str
    abstract: str
    catalogue: str
    """Address of the catalogue in which its record is: https://data.geopf.fr/csw."""
    prefix: str = ""
    """Begins every layer and every record, where the Entrepôt demands one."""

    def tags(self, kind: Kind) -> dict[str, str]:
        """Tags of every entity: cartes.gouv.fr gathers by `datasheet_name`, we by the others."""
        return {"datasheet_name": self.title, "pcrs": self.at.series, "produit": kind}

    def record(self) -> list[dict[str, str]]:
        """The link of a layer to its record."""
        url = (
            f"{self.catalogue}?SERVICE=CSW&VERSION=2.0.2&REQUEST=GetRecordById"
            f"&OUTPUTSCHEMA={GMD}&ELEMENTSETNAME=full&ID={self.prefix}{self.identifier}"
        )
        return [{"format": "application/xml", "url": url, "type": "ISO19115:2003"}]


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored data that is to be there, and how it is made of uploads."""

    name: str
    fingerprint: str
    """Tells whether it holds what it should."""
    upload_type: UploadType
    processing: Ref
    storage: Storage
    tags: Body
    folder: str
    """Folder of the files within the upload."""
    parameters: Body = field(default_factory=dict)
    base: str = ""
    """Name of the stored data that it goes on from; empty: of none."""
    edition: tuple[str, str] | None = None
    """First and last day that it speaks of, for the download service."""

    @property
    def ref(self) -> Ref:
        """As bodies refer to it."""
        return Ref("stored_data", self.name)

    def upload_name(self, lot: int) -> str:
        """Name of an upload; lots count from 1."""
        mark = self.fingerprint[:8]
        return f"{self.name}_lot{lot}" if self.name.endswith(mark) else f"{self.name}_{mark}_lot{lot}"

    def upload(self, lot: int) -> dict[str, str]:
        """The body that declares an upload."""
        name = self.upload_name(lot)
        return {"name": name, "description": name, "type": self.upload_type, "srs": _SRS}

    def execution(self, lot: int) -> Body:
        """The body that makes the stored data from its first lot, or adds another one to it."""
        inputs: dict[str, Any] = {"upload": [Ref("upload", self.upload_name(lot))]}
        output: dict[str, Any] = {"_id": self.ref}
        if lot == 1:
            output = {"name": self.name, "storage_tags": [self.storage]}
            if self.base:
                inputs["stored_data"] = [Ref("stored_data", self.base)]
        return self._processed(inputs, output)

    def addition(self, lot: int) -> Body:
        """The body that adds any lot to a stored data that is there."""
        return self._processed({"upload": [Ref("upload", self.upload_name(lot))]}, {"_id": self.ref})

    def _processed(self, inputs: Body, output: Body) -> Body:
        return {
            "processing": self.processing,
            "inputs": inputs,
            "output": {"stored_data": output},
            "parameters": self.parameters,
        }


@dataclass(frozen=True, slots=True)
class Layer:
    """A configuration, and its offering at an endpoint."""

    body: Body
    endpoint: Ref
    tags: Body

    @property
    def type(self) -> str:
        """`WMTS-TMS`, `WMS-RASTER`, `DOWNLOAD`, `WFS`."""
        return str(self.body["type"])

    @property
    def layer_name(self) -> str:
        """Unique on the whole platform among those of its type."""
        return str(self.body["layer_name"])


@dataclass(frozen=True, slots=True)
class Product:
    """Stored data and the layers over them."""

    kind: Kind
    stored: tuple[Stored, ...]
    layers: tuple[Layer, ...]


def raster_product(sheet: Sheet, edition: str, fingerprint: str, base: str) -> Product:
    """The mosaic as a pyramid, shown in WMTS, TMS and WMS. `base`: the pyramid that is shown now."""
    name = f"{sheet.prefix}{sheet.at.layer()}"
    tags = sheet.tags("raster")
    stored = Stored(
        name=f"{name}_{edition}_{fingerprint[:8]}",
        fingerprint=fingerprint,
        upload_type="RASTER",
        processing=_TO_PYRAMID,
        storage="PYRAMIDE",
        tags=tags,
        folder="dalles",
        parameters=_PYRAMID,
        base=base,
    )
    used = {"stored_data": stored.ref, "bottom_level": BOTTOM, "top_level": TOP}
    infos = {
        "title": sheet.title,
        "abstract": sheet.abstract,
        "keywords": [*_KEYWORDS, "Raster"],
        "used_data": [used],
    }
    common = {"layer_name": name, "metadata": sheet.record(), "type_infos": infos}
    wmts = {"type": "WMTS-TMS", "name": f"{name}_WMTS", **common}
    wms = {"type": "WMS-RASTER", "name": f"{name}_WMSR", **common}
    return Product(
        "raster",
        (stored,),
        (
            Layer(wmts, _endpoint("gpf-rok4-server-wmts-tms"), tags),
            Layer(wms, _endpoint("gpf-rok4-server-wms-r"), tags),
        ),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """Files of one edition, as they are downloaded. The newest first among its siblings."""

    name: str
    title: str
    format: str
    resolution: str
    dated: str
    """Day of the edition."""
    fingerprint: str


def archive_product(datasets: Iterable[tuple[Sheet, Sequence[Part]]]) -> Product:
    """The files as they are, for the download service: one resource per dataset, a part per edition."""
    stored: list[Stored] = []
    layers: list[Layer] = []
    for sheet, parts in datasets:
        made = [_archive(sheet, part) for part in parts]
        stored += made
        if made:
            layers.append(_download(sheet, list(zip(parts, made, strict=True))))
    return Product("archive", tuple(stored), tuple(layers))


def _archive(sheet: Sheet, part: Part) -> Stored:
    return Stored(
        name=f"{sheet.prefix}{part.name}",
        fingerprint=part.fingerprint,
        upload_type="ARCHIVE",
        processing=_TO_ARCHIVE,
        storage="ARCHIVE",
        tags=sheet.tags("archive"),
        folder="fichiers",
        edition=(part.dated, part.dated),
    )


def _download(sheet: Sheet, parts: Iterable[tuple[Part, Stored]]) -> Layer:
    name = f"{sheet.prefix}{sheet.identifier}"
    used = [
        {
            "sub_name": part.name,
            "title": {"fr": part.title},
            "format": part.format,
            "zone": sheet.at.zone,
            "resolution": part.resolution,
            "stored_data": stored.ref,
        }
        for part, stored in parts
    ]
    infos = {
        "title": {"fr": sheet.title},
        "abstract": {"fr": sheet.abstract},
        "keywords": list(_KEYWORDS),
        "product_identifier": name,
        "used_data": used,
    }
    body = {
        "type": "DOWNLOAD",
        "name": f"{name}_DOWNLOAD",
        "layer_name": name,
        "metadata": sheet.record(),
        "type_infos": infos,
    }
    return Layer(body, _endpoint("gpf-download"), sheet.tags("archive"))


def vector_product(sheet: Sheet, classes: Sequence[str], edition: str, fingerprint: str) -> Product:
    """The objects in the platform's database, shown in WFS: a type for each class of CNIG."""
    name = f"{sheet.prefix}{sheet.identifier}"
    tags = sheet.tags("vector")
    stored = Stored(
        name=f"{name}_{edition}_{fingerprint[:8]}",
        fingerprint=fingerprint,
        upload_type="VECTOR",
        processing=_TO_DATABASE,
        storage="VECTEUR",
        tags=tags,
        folder="vecteur",
    )
    relations = [
        {
            "native_name": table(each),
            "public_name": each,
            "title": CLASSES[each].title,
            "keywords": list(_KEYWORDS),
            "abstract": f"{CLASSES[each].title} (classe {each} du standard CNIG PCRS v2.0)",
        }
        for each in classes
    ]
    body = {
        "type": "WFS",
        "name": f"{name}_WFS",
        "layer_name": name,
        "metadata": sheet.record(),
        "type_infos": {"used_data": [{"stored_data": stored.ref, "relations": relations}]},
    }
    return Product("vector", (stored,), (Layer(body, _endpoint("gpf-geoserver-wfs"), tags),))


def table(layer: str) -> str:
    """Name of a layer's table once the platform has taken it in: no capitals, accents or dashes there."""
    return layer.lower()


def _endpoint(technical_name: str) -> Ref:
    return Ref("endpoint", technical_name, "technical_name")


def check_prefix(at: Addresses, prefix: str, demanded: str) -> None:
    """Nothing, when the names begin as the Entrepôt demands.

    Raises:
        InputError: they do not.
    """
    if not f"{prefix}{at.series}".startswith(demanded):
        raise InputError(
            f"this Entrepôt wants names that begin with {demanded!r}, not {prefix}{at.series}: "
            f'write prefix = "{demanded}" under [geoplateforme] in pcrs.toml'
        )
