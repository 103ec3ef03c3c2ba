"""Objects with which nothing is wrong, and a document of them."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from pcrs.standard.model import Feature
from pcrs.vector.write import write

PCRS, GML = "{http://cnig.gouv.fr/pcrs}", "{http://www.opengis.net/gml/3.2}"


X, Y, Z = 577_000.0, 6_373_000.0, 150.0


def clean_features() -> Iterator[Feature]:
    """A street of forty metres: kerbs, fronts, thresholds, trees, covers, texts, its emprise."""
    for number in range(12):
        x = X + 3 * number
        line = LineString([(x, Y, Z), (x + 1.2, Y + 0.5, Z + 0.1), (x + 2.5, Y + 0.4, Z + 0.2)])
        yield _thing("LimiteVoiriePCRS", f"lv{number}", "03", line)
        yield _thing("FacadePCRS", f"f{number}", "02", LineString([(x, Y + 9, Z), (x + 3, Y + 9, Z)]))
        yield _thing("SeuilPCRS", f"s{number}", "02", LineString([(x + 1, Y + 8.9, Z), (x + 2, Y + 8.9, Z)]))
        yield _thing("ArbrePCRS", f"a{number}", "06", Point(x + 1, Y + 5, Z), reference="")
        yield from _cover(number, x)
        text = {"libelle": f"{number + 1}", "angleRotation": 0.0, "justification": "C", "taille": 1.0}
        own = {"idHabillage": f"t{number}", "thematique": "02"}
        yield Feature("HabillageTextePCRS", f"t{number}", own | text, Point(x, Y + 10, Z), 2154)
    emprise = {
        "fournisseur": "APLC",
        "datePublication": "2025-07-01",
        "type": "Couloir",
        "idEmprise": "e1",
        "objet": ("#lv1", "#a2"),
    }
    area = MultiPolygon([box(X - 5, Y - 5, X + 45, Y + 15)])
    yield Feature("EmpriseEchangePCRS", "e1", emprise, area, 2154)


def _thing(class_name: str, gml_id: str, theme: str, geometry, **more) -> Feature:
    attributes = {
        "dateLeve": "2025-06-12",
        "idObjet": gml_id,
        "thematique": theme,
        "qualiteCategorisation": "01",
        "precisionPlanimetrique": "005",
        "precisionAltimetrique": "005",
        "producteur": "APLC",
    }
    return Feature(class_name, gml_id, attributes | more, geometry, 2154)


def _cover(number: int, x: float) -> Iterator[Feature]:
    """An affleurant with its group of drawings, its envelope and its symbol."""
    links = {"representation": f"#g{number}", "symbolisation": f"#y{number}"}
    yield _thing("AffleurantPCRS", f"c{number}", "10", None, nature="03", reseau="AEP", **links)
    yield Feature("AffleurantGeometriquePCRS", f"g{number}", {"enveloppe": (f"#v{number}",)}, None, 2154)
    outline = Polygon([(x, Y + 2, Z), (x + 0.6, Y + 2, Z), (x + 0.6, Y + 2.6, Z), (x, Y + 2.6, Z)])
    yield Feature("AffleurantEnveloppePCRS", f"v{number}", {}, outline, 2154)
    symbol = {"reference": "AEP", "angleRotation": 12.0, "longueur_mm": 600.0, "largeur_mm": 600.0}
    yield Feature("AffleurantSymbolePCRS", f"y{number}", symbol, Point(x + 0.3, Y + 2.3, Z), 2154)


def clean_document(path: Path) -> Path:
    """The clean objects as a document, an element on each line."""
    write(path, clean_features(), epsg=2154)
    tree = etree.parse(path, etree.XMLParser(remove_blank_text=True))
    etree.indent(tree)
    tree.write(path, encoding="UTF-8", xml_declaration=True)
    return path
