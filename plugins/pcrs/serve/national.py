"""`livrables.geojson` and `dalles.geojson`, in the shapes of the national catalogue pcrs.beta.gouv.fr.

It makes them of what pcrs-scanner finds in a public storage: one feature for each deliverable
(`EmpriseDisponibilitePCRS`) and for each image file (`RasterPCRS`), in WGS 84. Here they are made of the
index, so the fields that a scan leaves empty (dates, precision, producer) are filled.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

import numpy as np
import shapely
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pcrs.publish.addresses import Addresses
from pcrs.serve.answers import KEPT_A_MINUTE
from pcrs.serve.context import Served
from pcrs.serve.packed import Packed, packed, sent
from pcrs.serve.parameters import closed
from pcrs.serve.problems import problem
from pcrs.standard.crs import L93, BBox, transform_geometry, transformer
from pcrs.work.downloads import Item, Part, Resource, Shelf

_WGS84 = 4326
_RESOLUTION_CM = 5
_AVAILABLE = "01"
"""CalendrierPCRSType: available."""
_LICENCES = (("etalab", "ouvert_lo"), ("licence-ouverte", "ouvert_lo"), ("odbl", "ouvert_odbl"))
_BANDS = "Red(Byte)/Green(Byte)/Blue(Byte)"
_MIME = {"TIF": "image/tiff", "GML": "application/gml+xml"}
_COMPRESSION = {"TIF": "JPEG", "GML": None}


def routes(served: Served, shelf: Callable[[], Shelf]) -> list[Route]:
    """Both documents under `/data/stockages/`, the catalogue's own path, and under `/stockages/`."""
    makers = {"livrables.geojson": _livrables, "dalles.geojson": _dalles}
    kept: dict[str, tuple[Shelf, Packed]] = {}

    def current(name: str) -> Packed:
        now = shelf()
        known = kept.get(name)
        if known is None or known[0] is not now:
            features = list(makers[name](served, now))
            text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
            known = kept[name] = now, packed(text.encode(), "application/geo+json", level=4)
        return known[1]

    async def stockages(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in makers:
            return problem(404, f"known are {', '.join(makers)}")
        headers = {
            "Cache-Control": KEPT_A_MINUTE.decode(),
            "Access-Control-Allow-Origin": "*",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        return sent(request, await run_in_threadpool(current, name), headers)

    paths = ("/data/stockages/{name}", "/stockages/{name}")
    return closed(Route(path, stockages, methods=["GET", "HEAD"]) for path in paths)


def _livrables(served: Served, shelf: Shelf) -> Iterator[dict[str, Any]]:
    """One deliverable per edition, and per CRS of a GML."""
    at = Addresses(served.public_url, served.departement)
    for resource, part in _editions(shelf):
        boxes = [item.bbox for item in part.items if item.bbox is not None]
        if not boxes:
            continue
        raster = resource.kind == "raster"
        layer = at.layer(part.edition) if raster else None
        properties = {
            "initiative": at.series,
            "dateActualite": part.updated.date().isoformat(),
            "calendrier": _AVAILABLE,
            "nom": part.name,
            "format": _MIME[part.format],
            "compression": _COMPRESSION[part.format],
            "epsg": f"EPSG:{part.crs[0]}" if len(part.crs) == 1 else None,
            "taille": sum(item.octets for item in part.items),
            "recouvrLat": None,
            "recouvrLon": None,
            "focale": None,
            "licence": _licence(served),
            "subventions": [],
            "acteurs": [served.operator],
            "diffusion": "wmts" if raster else None,
            "diffusionUrl": at.wmts if raster else None,
            "diffusionLayer": layer,
            "telechargement": at.resource(resource.kind, part.name),
        }
        yield _feature(_outline(boxes), properties)


def _outline(boxes: list[BBox]) -> Any:
    corners = np.array(boxes)
    whole = shapely.union_all(shapely.box(*corners.T))
    degrees = transform_geometry(shapely.simplify(whole, 0), L93, _WGS84)
    return shapely.geometry.mapping(shapely.set_precision(degrees, 1e-6))


def _dalles(served: Served, shelf: Shelf) -> Iterator[dict[str, Any]]:
    """Every image that can be downloaded, of every edition: what a scan of `/listing/` finds."""
    for resource, part in _editions(shelf):
        if resource.kind == "raster":
            for item, ring in zip(part.items, _rings(part.items), strict=True):
                yield _feature({"type": "Polygon", "coordinates": [ring]}, _dalle(served, item))


def _dalle(served: Served, item: Item) -> dict[str, Any]:
    dalle = item.dalle
    at = Addresses(served.public_url, served.departement)
    side = round(item.bbox.width * 100 / _RESOLUTION_CM) if item.bbox else 0
    return {
        "dateAcquisition": dalle.acquired if dalle else None,
        "dateRecette": item.updated.date().isoformat(),
        "descriptionElementsQualite": None,
        "idPCRS": at.series,
        "nomImage": item.name,
        "precisionplanimetriqueCorpsdeRue": dalle.precision if dalle else None,
        "precisionplanimetriqueZonesNaturelles": dalle.precision if dalle else None,
        "resolution": _RESOLUTION_CM,
        "typeImage": _MIME["TIF"],
        "producteur": served.operator,
        "licence": _licence(served),
        "tailleFichier": item.octets,
        "tailleImage": f"{side}x{side}",
        "compression": _COMPRESSION["TIF"],
        "epsg": f"EPSG:{L93}",
        "bandes": _BANDS,
        "open": True,
        "focale": None,
        "url": f"{at.listing}{quote(item.place)}",
    }


def _rings(items: Iterable[Item]) -> Iterator[list[list[float]]]:
    """Corners of each dalle from the north-west, clockwise, as the scanner writes them: six decimals."""
    boxes = np.array([item.bbox for item in items], dtype=float)
    west, south, east, north = boxes.T
    corners = np.array([[west, north], [east, north], [east, south], [west, south], [west, north]])
    lon, lat = transformer(L93, _WGS84).transform(corners[:, 0], corners[:, 1])
    for ring in np.round(np.stack([lon, lat], axis=-1), 6).transpose(1, 0, 2):
        yield ring.tolist()


def _editions(shelf: Shelf) -> Iterator[tuple[Resource, Part]]:
    """Every part but the current mosaic, whose files are all in an edition."""
    for resource in shelf.resources:
        for part in resource.parts:
            if part.edition is not None:
                yield resource, part


def _licence(served: Served) -> str | None:
    """The catalogue's code of the licence; None for one that it does not know."""
    address = served.licence_url.lower()
    return next((code for word, code in _LICENCES if word in address), None)


def _feature(geometry: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}
