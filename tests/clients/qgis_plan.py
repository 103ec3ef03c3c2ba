"""Run by the Python that QGIS came with: opens an exported GeoPackage, draws its project, tells in JSON.

`qgis_plan.py FILE.gpkg PICTURE.png WIDTH XMIN YMIN XMAX YMAX` made the picture of the README too.
"""

import json
import sys
from collections import Counter

from qgis.core import (
    QgsApplication,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


def draw(layers, crs, box, width, target):
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(crs)
    settings.setExtent(box)
    settings.setOutputSize(QSize(width, int(width * box.height() / box.width())))
    settings.setOutputDpi(165)
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(target)
    pixels = Counter(image.pixel(x, y) for y in range(image.height()) for x in range(image.width()))
    seen = {QColor(pixel).name(): number for pixel, number in pixels.items()}
    return {"colours": seen, "errors": [str(error.message) for error in job.errors()]}


def main():
    file, picture, width, *numbers = sys.argv[1:]
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    project = QgsProject.instance()
    told = {"read": project.read(f"geopackage:{file}?projectName=pcrs"), "crs": project.crs().authid()}
    shown = [node.layer() for node in project.layerTreeRoot().findLayers() if node.isVisible()]
    told["valid"] = all(layer is not None and layer.isValid() for layer in shown)
    told["order"] = [layer.name() for layer in shown]
    spatial = [layer for layer in shown if layer.isSpatial()]
    told |= draw(spatial, project.crs(), QgsRectangle(*map(float, numbers)), int(width), picture)
    told["default"] = {}
    for name in ("AffleurantSymbolePCRS", "MurPCRS", "NomVoiriePCRS"):
        layer = QgsVectorLayer(f"{file}|layername={name}", name, "ogr")
        field = layer.fields().indexOf("thematique")
        told["default"][name] = {
            "renderer": layer.renderer().type(),
            "labels": layer.labelsEnabled(),
            "alias": layer.attributeAlias(layer.fields().indexOf("gml_id")),
            "widget": layer.editorWidgetSetup(field).type() if field >= 0 else "",
        }
        del layer
    sys.stdout.write(json.dumps(told))
    project.clear()
    application.exitQgis()


main()
