"""What a raster contract returns, as kinds of objects: how they are recognised, and who may have them.

The list is that of the contracts (plan de vol … métadonnées); what it lacks is `autre`. A kind is told by the
first bytes of a file and by the words of its path, folders included.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

Licence = Literal["ouverte", "convention-enedis", "aplc"]
"""Who may have an object: everyone (Licence Ouverte 2.0), the parties to the convention, the APLC alone."""
LICENCES: Mapping[str, str] = {
    "ouverte": "Licence Ouverte 2.0",
    "convention-enedis": "réservé à l'APLC et aux signataires de la convention Enedis",
    "aplc": "réservé à l'APLC",
}
HEAD = 4096
"""First bytes of a file that `recognise` looks at."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of livrable."""

    code: str
    label: str
    """In French, as contracts name it."""
    licence: Licence
    """What holds unless the operator says otherwise."""


_LIST = (
    Kind("plan-de-vol", "plan de vol prévu ou réalisé", "aplc"),
    Kind("calibration", "certificat de calibration de la caméra", "convention-enedis"),
    Kind("rapport-de-vol", "rapport de vol", "aplc"),
    Kind("cliche", "cliché", "convention-enedis"),
    Kind("tableau-d-assemblage", "tableau d'assemblage", "convention-enedis"),
    Kind("trajectoire", "trajectoire", "convention-enedis"),
    Kind("orientation", "orientations externes (XYZOPK)", "convention-enedis"),
    Kind("rapport-at", "rapport d'aérotriangulation", "convention-enedis"),
    Kind("projet", "projet photogrammétrique (PRJ, XPF)", "convention-enedis"),
    Kind("stereopreparation", "stéréopréparation", "convention-enedis"),
    Kind("nuage", "nuage de points (LAS, LAZ)", "convention-enedis"),
    Kind("mnt", "modèle numérique de terrain", "convention-enedis"),
    Kind("lignes-de-mosaique", "lignes de mosaïque", "ouverte"),
    Kind("ortho", "orthophotographie", "ouverte"),
    Kind("original", "original sans perte d'une dalle", "ouverte"),
    Kind("gml", "GML au standard CNIG", "ouverte"),
    Kind("metadonnees", "métadonnées", "ouverte"),
    Kind("rapport", "rapport", "aplc"),
    Kind("registre", "registres du site : index, réglages, communes", "aplc"),
    Kind("autre", "autre pièce du marché", "aplc"),
)
KINDS: Mapping[str, Kind] = {kind.code: kind for kind in _LIST}

_WORDS = (
    ("calibration", r"calib|etalonn"),
    ("trajectoire", r"trajecto|\bsbet\b|\btraj"),
    ("orientation", r"xyz_?opk|\bopk\b|orientations?\b"),
    ("rapport-at", r"aero_?triang|\bat\b.*rapport|rapport.*\bat\b"),
    ("stereopreparation", r"stereo_?prepa|canevas"),
    ("rapport-de-vol", r"rapport.*\bvols?\b|flight_?report"),
    ("plan-de-vol", r"plans?\b.*\bvols?\b|flight_?plan"),
    ("lignes-de-mosaique", r"mosai(c|qu)|graphe|seam_?line"),
    ("tableau-d-assemblage", r"assemblage|index_?map"),
    ("mnt", r"\bm[n]t\b|\bdtm\b|\bmns\b|terrain"),
    ("ortho", r"\bortho|\bla93\b.*\brvb\b|\bdalles?\b"),
    ("cliche", r"cliche|\bphotos?\b|images? brutes?|\braw\b"),
    ("metadonnees", r"metadonn|metadata"),
    ("rapport", r"rapport|report"),
)
_PATTERNS = tuple((code, re.compile(words)) for code, words in _WORDS)
_MEDIA = {
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".jp2": "image/jp2",
    ".jpg": "image/jpeg",
    ".pdf": "application/pdf",
    ".laz": "application/vnd.laszip",
    ".las": "application/vnd.las",
    ".gml": "application/gml+xml",
    ".xml": "application/xml",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".zip": "application/zip",
    ".gpkg": "application/geopackage+sqlite3",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".toml": "application/toml",
}
_IMAGES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\0\0\0\x0cjP  ", b"\xff\xd8\xff")


def recognise(name: str, head: bytes) -> Kind:
    """The kind of a file.

    Args:
        name: its path in what was handed over, with slashes.
        head: its first bytes, `HEAD` at the most.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if head.startswith(b"LASF") or suffix in (".las", ".laz"):
        return KINDS["nuage"]
    if b"PlanCorpsRueSimplifie" in head or suffix == ".gml":
        return KINDS["gml"]
    if b"MD_Metadata" in head:
        return KINDS["metadonnees"]
    words = _words(name)
    image = head.startswith(_IMAGES)
    for code, pattern in _PATTERNS:
        if pattern.search(words):
            return KINDS[code]
    if image:
        return KINDS["cliche"]
    if suffix in (".prj", ".xpf") and not head.lstrip().startswith((b"PROJ", b"GEOG", b"COMPD")):
        return KINDS["projet"]
    return KINDS["rapport" if suffix == ".pdf" else "autre"]


def media_type(name: str) -> str:
    """The media type that a name announces; application/octet-stream when it announces none."""
    return _MEDIA.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def _words(name: str) -> str:
    """A path as words: small, without accents, everything between words a space; the file's own come last."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+|_+(?=(?:opk|triang|prepa|plan|report|line|map)\b)|_", " ", plain)
