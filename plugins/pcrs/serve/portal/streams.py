"""The QGIS project and the layer definition of a site, made of what it serves now."""

from collections.abc import Callable
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from pcrs.publish.streams import Streams, qgis_layers, qgis_package, qgis_project
from pcrs.serve.conditional import tagged
from pcrs.serve.context import Served
from pcrs.serve.map_layers import map_layers
from pcrs.standard.grid import LAMB93
from pcrs.store.base import Layer, Query
from pcrs.vector.drawing import AFFLEURANTS, DRAWINGS
from pcrs.vector.sheets import Sheet
from pcrs.work.covers import COVER_COLUMNS
from pcrs.work.layers import DALLES


class _Form(NamedTuple):
    writer: Callable[[Streams], bytes]
    media_type: str


FORMS = {
    "qgs": _Form(qgis_project, "application/x-qgis-project"),
    "qgz": _Form(qgis_package, "application/x-qgis-project"),
    "qlr": _Form(qgis_layers, "application/x-qgis-layer-definition"),
}


_SHAPES = {"Point": "Point", "LineString": "Curve", "Polygon": "Polygon"}


class Dressed:
    """Files of a site for QGIS."""

    def __init__(self, served: Served) -> None:
        self._served = served

    async def answer(self, request: Request) -> Response:
        """`pcrs.qgs`, `pcrs.qgz` or `pcrs.qlr`."""
        suffix = request.path_params["suffix"]
        if suffix not in FORMS:
            return Response("404 Not Found\n", 404, media_type="text/plain")
        form = FORMS[suffix]
        content = await run_in_threadpool(lambda: form.writer(streams_of(self._served)))
        name = f"pcrs-{self._served.departement}.{suffix}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}
        return tagged(request, content, form.media_type, headers)


def streams_of(served: Served) -> Streams:
    """What the site streams now."""
    layers = map_layers(served)
    return Streams(
        title=served.title,
        public_url=served.public_url,
        raster={layer.name: layer.title for layer in layers.values()},
        grid=LAMB93.id,
        sheets=[_sheet(served, layer) for layer in served.store.layers() if _drawn(served, layer)],
        box=next((layer.bbox for layer in layers.values()), None),
    )


def _drawn(served: Served, layer: Layer) -> bool:
    known = layer.name in DRAWINGS or layer.name == DALLES.name
    return known and layer.geometry is not None and served.store.count(layer.name, Query()) > 0


def _sheet(served: Served, layer: Layer) -> Sheet:
    return Sheet(
        name=layer.name,
        title=layer.title,
        shape=_shape(served, layer),
        columns=layer.fields + (COVER_COLUMNS if layer.name in AFFLEURANTS else ()),
        id_column=layer.id_field,
        count=served.store.count(layer.name, Query()),
        has_z=True,
        batches=tuple,
    )


def _shape(served: Served, layer: Layer) -> str | None:
    """The shape of a layer; of one that takes any, that of its first object: QGIS has one a layer too."""
    if layer.geometry != "Any":
        return layer.geometry
    rows = served.store.query(layer.name, Query(limit=1)).rows
    kind = rows[0].geometry.geom_type if rows and rows[0].geometry is not None else "Point"
    return _SHAPES[kind.removeprefix("Multi")]
