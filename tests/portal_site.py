"""A portal and what stands around it, as little as it takes, behind a prefix: for tests in a browser."""

from contextlib import contextmanager

import numpy as np
import simplejpeg
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pcrs.raster.mosaic import Mosaic, Source
from pcrs.serve import portal
from pcrs.standard.crs import BBox
from pcrs.standard.names import DalleName, format_name
from pcrs.store.base import Layer
from tests.services.asking import PUBLIC, running, served_by

KM = [DalleName(2025, x, 6_373_000, 1000, "46") for x in (576_000, 577_000)]
EXTENT = [576_000, 6_372_000, 578_000, 6_373_000]


class Store:
    """The part of a store that the portal asks."""

    def __init__(self):
        self.counts = {"dalles": 2, "communes": 1, "FacadePCRS": 1, "AffleurantPCRS": 0}

    def revision(self):
        return "1"

    def layers(self):
        return tuple(Layer(name, f"Titre de {name}", None, (), "id") for name in self.counts)

    def count(self, name, query):
        return self.counts[name]


def served_at(folder):
    """A site of two dalles, one façade and one commune."""
    mosaic = Mosaic([Source(folder / "absent.tif", name.bbox, 0) for name in KM])
    return served_by(folder, lambda edition: mosaic, store=Store())


def dalle_feature(name):
    west, south, east, north = name.bbox
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    stem = format_name(name)
    values = {
        "edition": "2025",
        "date_acquisition": "2025-06-12",
        "date_recette": None,
        "precision": "010",
        "resolution_cm": 5,
        "size_m": name.size_m,
        "chantier": None,
        "fichier": f"{stem}.tif",
        "octets": 98_765_432,
        "href": f"{PUBLIC}/listing/dalles/2025/{stem}.tif",
    }
    return {
        "type": "Feature",
        "id": stem,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": values,
    }


FACADE = {
    "type": "Feature",
    "id": "facade.1",
    "geometry": {"type": "LineString", "coordinates": [[576_990, 6_372_500], [577_010, 6_372_500]]},
    "properties": {"producteur": "Géomètre", "thematique": "02", "dateLeve": "2025-06-18"},
}


COMMUNE = {
    "type": "Feature",
    "id": "46083",
    "geometry": {
        "type": "Polygon",
        "coordinates": [
            [[576_200, 6_372_200], [576_900, 6_372_200], [576_500, 6_372_900], [576_200, 6_372_200]]
        ],
    },
    "properties": {"nom": "Saint-Cirq-l'Église", "code_insee": "46083"},
}
SCHEMA = {
    "properties": {
        "producteur": {"type": "string", "title": "organisme producteur"},
        "thematique": {"title": "thématique", "oneOf": [{"const": "02", "title": "Bâti"}]},
        "dateLeve": {"title": "date de levé"},
    }
}
COLOURS = {
    "PCRS_D046_RVB": (90, 140, 90),
    "PCRS_D046_RVB_2025": (90, 140, 90),
    "PCRS_D046_RVB_2022": (180, 60, 60),
}


NOBODY = {"connu": False, "role": "public", "nom": "", "peut": ["read", "process", "report"]}


def tile(colour):
    return simplejpeg.encode_jpeg(np.full((256, 256, 3), colour, np.uint8))


class Processes:
    """Processes as the portal asks them, and jobs that are as far as `state` says."""

    def __init__(self):
        self.state = {"status": "accepted", "progress": 0, "message": ""}
        self.asked = []
        self.dismissed = []

    def routes(self):
        """Under the prefix."""
        described = {"inputs": {"formats": {}, "courriel": {}}}
        figures = {
            "surface_m2": 1000,
            "objets": {"FacadePCRS": 1},
            "estimations": {"tif": 2_500_000, "gpkg": 120_000},
        }
        link = {"href": "elsewhere", "title": "zone.zip", "length": 2_600_000}
        return [
            Route("/ogcapi/processes/extraction", lambda request: JSONResponse(described)),
            Route(
                "/ogcapi/processes/statistiques/execution",
                lambda request: JSONResponse(figures),
                methods=["POST"],
            ),
            Route("/ogcapi/processes/extraction/execution", self._execute, methods=["POST"]),
            Route("/ogcapi/jobs/{job}", self._job, methods=["GET", "DELETE"]),
            Route("/ogcapi/jobs/{job}/results", lambda request: JSONResponse({"extrait": link})),
        ]

    async def _execute(self, request):
        self.asked.append((await request.json())["inputs"])
        return JSONResponse({"jobID": f"job-{len(self.asked)}", "status": "accepted"}, 201)

    def _job(self, request):
        if request.method == "DELETE":
            self.dismissed.append(request.path_params["job"])
        return JSONResponse(self.state)


class Site:
    """What stands around the portal, as little as it takes, behind `/prefix/` that a proxy strips."""

    def __init__(self, served):
        self.asked = []
        tiles = {name: tile(colour) for name, colour in COLOURS.items()}
        found = {
            "dalles": [dalle_feature(name) for name in KM],
            "FacadePCRS": [FACADE],
            "communes": [COMMUNE],
        }

        def items(request):
            box = request.query_params.get("bbox")
            features = found[request.path_params["name"]]
            if box:
                asked = BBox(*map(float, box.split(",")))
                features = [f for f in features if asked.intersects(extent_of(f["geometry"]))]
            wanted = (
                request.query_params.get("id") or request.query_params.get("filter", "").partition("'")[2]
            )
            if wanted:
                features = [f for f in features if f["id"] == wanted.rstrip("'")]
            return JSONResponse({"type": "FeatureCollection", "features": features, "links": []})

        def schema(request):
            return JSONResponse(SCHEMA | {"title": f"Titre de {request.path_params['name']}"})

        def image(request):
            layer = request.path_params["rest"].partition("/")[0]
            return Response(tiles[layer], media_type="image/jpeg")

        self.processes = Processes()
        self.inside = Starlette(
            routes=[
                *self.processes.routes(),
                *portal.routes(served),
                Route("/wmts/{rest:path}", image),
                Route("/wms", lambda request: JSONResponse({"features": []})),
                Route("/session", lambda request: JSONResponse(NOBODY)),
                Route("/ogcapi/collections", lambda request: JSONResponse({"collections": []})),
                Route("/ogcapi/collections/{name}/items", items),
                Route("/ogcapi/collections/{name}/schema", schema),
            ]
        )

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            self.asked.append(scope["path"])
            if not scope["path"].startswith("/prefix/"):
                await Response("outside the prefix", 404)(scope, receive, send)
                return
            path = scope["path"].removeprefix("/prefix")
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self.inside(scope, receive, send)


def extent_of(geometry):
    positions = np.array(geometry["coordinates"]).reshape(-1, 2)
    low, high = positions.min(axis=0), positions.max(axis=0)
    return BBox(low[0] - 0.1, low[1] - 0.1, high[0] + 0.1, high[1] + 0.1)


@contextmanager
def listening(app):
    """Its address behind the prefix."""
    with running(app) as url:
        yield f"{url}/prefix/"
