"""Run by the Python that QGIS came with: opens the downloaded project and layers, draws, tells in JSON.

`qgis_streams.py PROJECT.qgz LAYERS.qlr FOLDER XMIN YMIN XMAX YMAX`
"""

import json
import sys
import time

from qgis.core import QgsLayerDefinition, QgsProject, QgsRectangle
from qgis_drawing import colours, drawn, started

WIDTH = 900
PENS = {"#000000", "#0000ff", "#ff0000", "#ffff00"}
"""Lines, and covers of drinking water, electricity and gas."""
PATIENCE_S = 240


def shown(project):
    return [node.layer() for node in project.layerTreeRoot().findLayers() if node.isVisible()]


def come(layers, crs, box, target, wanted):
    """What a layer that comes over the network shows when it has come: drawn until the colours are there."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        image, errors = drawn(layers, crs, box, WIDTH)
        seen = set(colours(image))
        if wanted <= seen or time.monotonic() > deadline:
            image.save(target)
            return seen, errors
        time.sleep(0.5)


def main():
    package, layers, folder, *numbers = sys.argv[1:]
    box = QgsRectangle(*map(float, numbers))
    application = started()
    project = QgsProject.instance()
    told = {"read": project.read(package), "crs": project.crs().authid()}
    told["valid"] = {layer.name(): layer.isValid() for layer in shown(project)}
    told["order"] = list(told["valid"])
    told["providers"] = sorted({layer.providerType() for layer in shown(project)})
    vector = [layer for layer in shown(project) if layer.providerType() == "OAPIF"]
    raster = [layer for layer in shown(project) if layer.providerType() == "wms"]
    told["imagery"] = len(come(raster, project.crs(), box, f"{folder}/imagery.png", set())[0])
    seen, told["errors"] = come(vector, project.crs(), box, f"{folder}/plan.png", PENS)
    told["pens"] = sorted(PENS & seen)
    project.clear()
    added, wrong = QgsLayerDefinition.loadLayerDefinition(layers, project, project.layerTreeRoot())
    told["added"] = {"done": added, "wrong": wrong, "valid": all(layer.isValid() for layer in shown(project))}
    told["added"]["count"] = len(project.mapLayers())
    sys.stdout.write(json.dumps(told))
    del vector, raster
    project.clear()
    application.exitQgis()


main()
