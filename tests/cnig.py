"""PCRS documents for tests: their XSD, offline, and small ones made by hand."""

from importlib.util import find_spec
from pathlib import Path

from lxml import etree

NAMESPACES = (
    'xmlns="http://cnig.gouv.fr/pcrs" xmlns:pcrs-i="http://cnig.gouv.fr/pcrs-information" '
    'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
XS = "{http://www.w3.org/2001/XMLSchema}"
VECTEUR = (
    "<idObjet>o1</idObjet><thematique>{theme}</thematique><qualiteCategorisation>01</qualiteCategorisation>"
    "<precisionPlanimetrique>005</precisionPlanimetrique><producteur>APLC</producteur>"
)
LINE = (
    '<gml:LineString gml:id="g.{id}" srsName="EPSG:2154" srsDimension="3">'
    "<gml:posList>577000 6373000 150 577001 6373002 150.5 577004 6373002 151</gml:posList></gml:LineString>"
)
POINT = (
    '<gml:Point gml:id="g.{id}" srsName="EPSG:2154"><gml:pos>577000.5 6373000.25 150.125</gml:pos>'
    "</gml:Point>"
)


class _Bundled(etree.Resolver):
    """Finds the GML 3.2.1 schemas in the pycsw wheel instead of the network."""

    def __init__(self) -> None:
        super().__init__()
        locations = find_spec("pycsw").submodule_search_locations
        self._gml = Path(locations[0]) / "core/schemas/ogc/gml/3.2.1"

    def resolve(self, system_url, public_id, context):
        if system_url and system_url.startswith("http://schemas.opengis.net/gml/3.2.1/"):
            return self.resolve_filename(str(self._gml / system_url.rsplit("/", 1)[1]), context)
        return None


def schema(folder: Path) -> etree.XMLSchema:
    """The schema of the standard, with everything that it imports, without the network."""
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Bundled())
    return etree.XMLSchema(etree.parse(folder / "CNIG_PCRS_v2.0.xsd", parser))


def document(*members: str, version: str = 'version="2.0"', head: str = "") -> str:
    """A document with these members, each an object's XML."""
    inside = "\n".join(f"<featureMember>\n{member}\n</featureMember>" for member in members)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<PlanCorpsRueSimplifie {NAMESPACES} gml:id="doc" {version}>\n'
        f"{head}{inside}\n</PlanCorpsRueSimplifie>\n"
    )


def mur(
    gml_id: str = "m1", more: str = "<typeMur>01</typeMur>", geometry: str = LINE, theme: str = "05"
) -> str:
    """A MurPCRS in Lambert-93."""
    held = geometry.format(id=gml_id)
    start = f'<MurPCRS gml:id="{gml_id}">' if gml_id else "<MurPCRS>"
    return f"{start}{VECTEUR.format(theme=theme)}<geometrie>{held}</geometrie>{more}</MurPCRS>"


def generique(geometry: str, gml_id: str = "o1") -> str:
    """An ObjetGeneriquePCRS, which takes any geometry."""
    return (
        f'<ObjetGeneriquePCRS gml:id="{gml_id}">{VECTEUR.format(theme="00")}'
        f"<geometrie>{geometry}</geometrie></ObjetGeneriquePCRS>"
    )


def arbre(gml_id: str, geometry: str = POINT) -> str:
    """An ArbrePCRS in Lambert-93."""
    held = geometry.format(id=gml_id)
    return (
        f'<ArbrePCRS gml:id="{gml_id}">{VECTEUR.format(theme="06")}'
        f"<geometrie>{held}</geometrie><reference/></ArbrePCRS>"
    )
