"""Run by the Python that QGIS came with: opens an exported GeoPackage, draws its project, tells in JSON.

`qgis_plan.py FILE.gpkg PICTURE.png WIDTH XMIN YMIN XMAX YMAX` made the picture of the README too.
"""

import json
import sys

from qgis.core import QgsProject, QgsRectangle, QgsVectorLayer
from qgis_drawing import colours, drawn, started


def main():
    file, picture, width, *numbers = sys.argv[1:]
    application = started()
    project = QgsProject.instance()
    told = {"read": project.read(f"geopackage:{file}?projectName=pcrs"), "crs": project.crs().authid()}
    shown = [node.layer() for node in project.layerTreeRoot().findLayers() if node.isVisible()]
    told["valid"] = all(layer is not None and layer.isValid() for layer in shown)
    told["order"] = [layer.name() for layer in shown]
    spatial = [layer for layer in shown if layer.isSpatial()]
    box = QgsRectangle(*map(float, numbers))
    image, errors = drawn(spatial, project.crs(), box, int(width), dpi=165)
    image.save(picture)
    told |= {"colours": colours(image), "errors": errors}
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
