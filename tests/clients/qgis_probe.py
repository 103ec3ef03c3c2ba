"""Run by the Python that QGIS came with: loads what a user would load, renders it, and tells in JSON."""

import json
import sys

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis_drawing import colours, drawn, started


def raster(layer, box, target):
    if not layer.isValid():
        return {"valid": False}
    lambert_93 = QgsCoordinateReferenceSystem("EPSG:2154")
    image, errors = drawn([layer], lambert_93, QgsRectangle(*box), 400)
    image.save(target)
    return {
        "valid": True,
        "crs": layer.crs().authid(),
        "colours": len(colours(image, step=7)),
        "errors": errors,
    }


def vector(layer):
    told = {"valid": layer.isValid()}
    if layer.isValid():
        features = list(layer.getFeatures())
        told |= {
            "crs": layer.crs().authid(),
            "count": len(features),
            "fields": [field.name() for field in layer.fields()],
            "extent": [round(v, 5) for v in layer.extent().toRectF().getCoords()],
        }
    return told


def dressed(layer):
    """A layer with the style of its own file."""
    renderer = layer.renderer()
    (clause,) = renderer.orderBy().list()
    return {
        **vector(layer),
        "colours": {each.value(): each.symbol().color().name() for each in renderer.categories()},
        "order": clause.expression().parserErrorString(),
        "title": QgsExpression(layer.displayExpression()).parserErrorString(),
        "aliases": [layer.attributeAlias(number) for number in range(layer.fields().count())],
    }


def main():
    url, folder, *numbers = sys.argv[1:]
    box = [float(number) for number in numbers]
    application = started()
    told = {}
    for matrix_set, crs in (("2154_5cm", "EPSG:2154"), ("PM", "EPSG:3857")):
        source = (
            f"url={url}/wmts?SERVICE%3DWMTS%26REQUEST%3DGetCapabilities&layers=PCRS_D046_RVB&styles=normal"
            f"&format=image/jpeg&tileMatrixSet={matrix_set}&crs={crs}"
        )
        layer = QgsRasterLayer(source, matrix_set, "wms")
        told[matrix_set] = raster(layer, box, f"{folder}/{matrix_set}.png")
    for name in ("dalles", "LimiteVoiriePCRS"):
        source = f"url='{url}/ogcapi' typename='{name}' pageSize='10'"
        told[name] = vector(QgsVectorLayer(source, name, "OAPIF"))
    west, south, east, north = box
    coverage = (
        f"/vsicurl_streaming/{url}/ogcapi/collections/ortho/coverage?f=GTiff&bbox={west},{south},{east},{north}"
        "&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/2154"
    )
    told["coverage"] = raster(QgsRasterLayer(coverage, "ortho", "gdal"), box, f"{folder}/coverage.png")
    told["findings"] = dressed(
        QgsVectorLayer(f"{folder}/constats.gpkg|layername=constats", "constats", "ogr")
    )
    sys.stdout.write(json.dumps(told))
    del layer
    application.exitQgis()


main()
