"""Of which kind a request is: the service by its path, the client by the family of its software."""

import re

from pcrs.store.use import Cell

_SERVICES = {
    "": "portail",
    "portal": "portail",
    "assets": "portail",
    "wmts": "wmts",
    "wms": "wms",
    "csw": "csw",
    "id": "csw",
    "catalogue": "csw",
    "stac": "stac",
    "telechargement": "telechargement",
    "listing": "listing",
    "data": "listing",
    "stockages": "listing",
}
_IN_API = {
    "processes": "processes",
    "jobs": "processes",
    "extract": "features",
    "tileMatrixSets": "tiles",
}
_IN_COLLECTION = {"coverage": "coverage", "map": "maps", "items": "features"}
WATCHING = frozenset({"healthz", "metrics"})
"""Paths that are asked by machines that watch: they are not counted."""
_FAMILIES = (
    ("QGIS", b"qgis"),
    ("ArcGIS", b"arcgis"),
    ("ArcGIS", b"esri"),
    ("AutoCAD", b"autocad"),
    ("AutoCAD", b"autodesk"),
    ("AutoCAD", b"covadis"),
    ("GDAL", b"gdal"),
    ("moissonneur", b"geonetwork"),
    ("moissonneur", b"udata"),
    ("moissonneur", b"crawler"),
    ("moissonneur", b"scanner"),
    ("moissonneur", b"bot"),
    ("programme", b"python"),
    ("programme", b"curl"),
    ("programme", b"java"),
    ("programme", b"go-http"),
    ("programme", b"wget"),
    ("navigateur", b"mozilla"),
)
_DALLE = re.compile(r"/(?:listing|telechargement/download)/.*-(\d{4})-(\d{4})-LA93-0M05-[^/]*$")
_SMALL_DALLE = re.compile(r"/(?:listing|telechargement/download)/.*/\d{4}-(\d{5})-(\d{5})-LA93-0M05-[^/]*$")


def service_of(path: str) -> str:
    """The service that answers at a path."""
    words = path.strip("/").split("/")
    if words[0] != "ogcapi":
        return _SERVICES.get(words[0], "autres")
    if len(words) == 1:
        return "ogcapi"
    if words[1] != "collections":
        return _IN_API.get(words[1], "ogcapi")
    inside = words[3:4]
    if inside == ["map"] and words[4:5] == ["tiles"]:
        return "tiles"
    return _IN_COLLECTION.get(inside[0], "ogcapi") if inside else "ogcapi"


def family_of(agent: bytes) -> str:
    """The family of a client's software, by what it says of itself."""
    lower = agent.lower()
    return next((family for family, word in _FAMILIES if word in lower), "autre")


def outcome_of(status: int) -> str:
    """How a request ended."""
    return "ok" if status < 400 else "refused" if status < 500 else "failed"


def cell_of(path: str) -> Cell | None:
    """The square kilometre of a dalle that is downloaded; None for anything else."""
    found = _DALLE.search(path)
    if found:
        return Cell(int(found[1]), int(found[2]) - 1)
    found = _SMALL_DALLE.search(path)
    if found:
        return Cell(int(found[1]) // 10, (int(found[2]) - 1) // 10)
    return None
