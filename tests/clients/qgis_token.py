"""Run by the Python that QGIS came with: a user whose token stands in the addresses that are given.

MetaSearch's own dialogue searches the catalogue; what it would add, and a WMTS and objects that the user
gives, are opened and drawn. Tells in JSON.
"""

import json
import sys

sys.path.insert(0, "/usr/share/qgis/python/plugins")

from qgis.core import (
    QgsDataSourceUri,
    QgsRasterLayer,
    QgsRectangle,
    QgsSettings,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtWidgets import QMessageBox
from qgis_drawing import colours, drawn, started


class Interface:
    """As much of QGIS' window as the dialogue wants."""

    def __init__(self):
        self._canvas = QgsMapCanvas()

    def mapCanvas(self):
        return self._canvas


def searched(url, said):
    """What MetaSearch shows of a catalogue: titles, and the services that it would add, by identifier."""
    from MetaSearch.dialogs import maindialog

    settings = QgsSettings()
    settings.setValue("/MetaSearch/site/url", url)
    dialog = maindialog.MetaSearchDialog(Interface())
    dialog.cmbConnectionsSearch.clear()
    dialog.cmbConnectionsSearch.addItem("site")
    dialog.spnRecords.setValue(50)
    dialog.set_bbox_global()
    dialog.search()
    found = {}
    for number in range(dialog.treeRecords.topLevelItemCount()):
        item = dialog.treeRecords.topLevelItem(number)
        dialog.treeRecords.setCurrentItem(item)
        found[item.text(1)] = json.loads(maindialog.get_item_data(item, "link") or "{}")
    said += [dialog.lblResults.text()]
    added = {
        title: maindialog.clean_ows_url(links["wms"]) for title, links in found.items() if "wms" in links
    }
    return found, added


def shown(layer, box):
    """What is to be seen of a layer, in the CRS that it has."""
    if not layer.isValid():
        return {"valid": False, "why": layer.error().message()}
    image, errors = drawn([layer], layer.crs(), QgsRectangle(*box), 300)
    return {"valid": True, "colours": len(colours(image, step=7)), "errors": errors}


def streamed(address, box, style, **more):
    """The mosaic behind an address that a user gave, or that MetaSearch wrote down."""
    uri = QgsDataSourceUri()
    usual = {"layers": "PCRS_D046_RVB", "styles": style, "format": "image/jpeg", "crs": "EPSG:2154"}
    for key, value in {**usual, **more, "url": address}.items():
        uri.setParam(key, value)
    return shown(QgsRasterLayer(bytes(uri.encodedUri()).decode(), "mosaic", "wms"), box)


def main():
    url, token, *numbers = sys.argv[1:]
    box = [float(number) for number in numbers]
    _kept = started(windows=True)
    said = []
    QMessageBox.warning = lambda *told: said.append(str(told[-1]))
    found, added = searched(f"{url}/csw?apikey={token}", said)
    given = f"{url}/wmts?apikey={token}&SERVICE=WMTS&REQUEST=GetCapabilities"
    told = {
        "records": found,
        "added": added,
        "said": said,
        "given": streamed(given, box, "normal", tileMatrixSet="2154_5cm"),
        "without": streamed(given.replace(f"apikey={token}&", ""), box, "normal", tileMatrixSet="2154_5cm"),
        "found": {title: streamed(address, box, "") for title, address in added.items()},
    }
    trees = QgsVectorLayer(
        f"url='{url}/ogcapi?apikey={token}' typename='ArbrePCRS' pageSize='1'", "trees", "OAPIF"
    )
    told["trees"] = len(list(trees.getFeatures())) if trees.isValid() else None
    sys.stdout.write(json.dumps(told))
    sys.stdout.flush()


main()
