import pytest
from lxml import etree

from pcrs.standard.codes import CODES
from pcrs.standard.model import (
    BY_TAG,
    CLASSES,
    CONCRETE,
    NAMESPACES,
    ROOT,
    Attribute,
    Feature,
    FeatureClass,
    is_a,
)
from tests.cnig import XS

GEOMETRY_TYPES = {
    "gml:PointPropertyType": "Point",
    "gml:CurvePropertyType": "Curve",
    "gml:SurfacePropertyType": "Surface",
    "gml:MultiPointPropertyType": "MultiPoint",
    "gml:MultiCurvePropertyType": "MultiCurve",
    "gml:MultiSurfacePropertyType": "MultiSurface",
    "gml:GeometryPropertyType": "Any",
    "gml:Polygon": "Polygon",
}
SIMPLE = {"string", "date", "double", "integer"}


class Xsd:
    """The two schemas of the standard, read for what the model says of them."""

    def __init__(self, folder):
        self.types, self.elements = {}, {}
        for prefix, name in (("pcrs", "CNIG_PCRS_v2.0.xsd"), ("pcrs-i", "CNIG_PCRS-INFO_v2.0.xsd")):
            for each in etree.parse(folder / name).getroot():
                if each.tag == f"{XS}complexType":
                    self.types[f"{prefix}:{each.get('name')}"] = each
                elif each.tag == f"{XS}element":
                    self.elements[each.get("name")] = (prefix, each)

    def classes(self):
        """Elements of the standard that are GML features."""
        for name, (prefix, element) in self.elements.items():
            if name != ROOT and element.get("substitutionGroup") != "gml:AbstractObject":
                yield name, prefix, element

    def own(self, prefix, name):
        """The property elements that the type of a class adds to its base, and the base."""
        extension = self.types[f"{prefix}:{name}Type"].find(f"./{XS}complexContent/{XS}extension")
        return extension.get("base"), extension.findall(f"./{XS}sequence/{XS}element")

    def described(self, prefix, element):
        """Kind and what goes with it, of a property element."""
        declared = element.get("type")
        if declared is None:
            reference = element.find(f".//{XS}element").get("ref")
            return self._of_reference(prefix, reference)
        if declared in SIMPLE:
            return declared, None
        if declared in GEOMETRY_TYPES:
            return "geometry", GEOMETRY_TYPES[declared]
        if declared.endswith("PropertyType"):
            return "link", declared.partition(":")[2].removesuffix("PropertyType")
        return "code", declared.partition(":")[2].removesuffix("Type")

    def _of_reference(self, prefix, reference):
        if reference in GEOMETRY_TYPES:
            return "geometry", GEOMETRY_TYPES[reference]
        return "link", reference.partition(":")[2]


@pytest.fixture(scope="module")
def xsd(shared_data):
    return Xsd(shared_data / "xsd")


def as_the_xsd_says(attribute: Attribute):
    detail = attribute.codelist or attribute.target or attribute.shape
    return attribute.name, attribute.required, attribute.multiple, attribute.kind, detail


def test_the_classes_are_those_of_the_xsd(xsd):
    found = {name: (prefix, element.get("abstract") == "true") for name, prefix, element in xsd.classes()}
    assert {name: (each.namespace_prefix, each.abstract) for name, each in CLASSES.items()} == found
    assert (len(CLASSES), len(CONCRETE)) == (39, 36)


def test_attributes_are_those_of_the_xsd_in_its_order(xsd):
    for name, prefix, _ in xsd.classes():
        base, elements = xsd.own(prefix, name)
        parent = None if base == "gml:AbstractFeatureType" else base.partition(":")[2].removesuffix("Type")
        model = CLASSES[name]
        assert model.parent == parent
        inherited = CLASSES[parent].attributes if parent else ()
        assert model.attributes[: len(inherited)] == inherited
        expected = [
            (
                each.get("name"),
                each.get("minOccurs") != "0",
                each.get("maxOccurs") == "unbounded",
                *xsd.described(prefix, each),
            )
            for each in elements
        ]
        assert [as_the_xsd_says(each) for each in model.attributes[len(inherited) :]] == expected, name


def test_substitution_groups_are_the_parents(xsd):
    for name, _, element in xsd.classes():
        head = element.get("substitutionGroup").partition(":")[2]
        assert (CLASSES[name].parent or "AbstractFeature") == head


def test_every_reference_of_the_model_exists():
    for model in CLASSES.values():
        names = [each.name for each in model.attributes]
        assert len(names) == len(set(names))
        assert [each.shape for each in model.attributes if each.shape] == (
            [model.geometry] if model.geometry else []
        )
        for each in model.attributes:
            assert each.label
            assert each.codelist is None or each.codelist in CODES
            assert each.target is None or each.target in CLASSES
        themes = CODES["CategorieThematiquePCRSType"].values
        assert all(code in themes for code in model.expected_thematique)


def test_traps_of_the_standard_are_decided_as_the_xsd_does():
    assert [each.name for each in CLASSES["PilierRegulierPCRS"].attributes][-2:] == ["longueur", "largeur"]
    assert CLASSES["PilierParticulierPCRS"].geometry == "Curve"
    assert CLASSES["HabillageEnveloppePCRS"].geometry == "Polygon"
    assert CLASSES["InitiativePCRS"].geometry == "MultiSurface"
    assert CLASSES["EmpriseEchangePCRS"].attribute("type").kind == "string"
    assert not CLASSES["AffleurantPCRS"].abstract
    assert CLASSES["RasterPCRS"].attribute("precisionPlanimetriqueZoneNaturelle").required


def test_a_class_is_found_by_its_tag_and_by_its_ancestors():
    mur = CLASSES["MurPCRS"]
    assert isinstance(mur, FeatureClass)
    assert BY_TAG[mur.tag] is mur
    assert CLASSES["InitiativePCRS"].tag == f"{{{NAMESPACES['pcrs-i']}}}InitiativePCRS"
    assert is_a("NomVoiriePCRS", "HabillagePCRS")
    assert is_a("PilierRegulierPCRS", "ObjetVecteurPCRS")
    assert not is_a("MurPCRS", "HabillagePCRS")
    assert not is_a("Inconnu", "MurPCRS")
    with pytest.raises(LookupError, match="typeHaie"):
        mur.attribute("typeHaie")


def test_the_tables_cannot_be_changed():
    with pytest.raises(TypeError):
        CLASSES["MurPCRS"] = None
    with pytest.raises(AttributeError):
        CLASSES["MurPCRS"].title = "Haie"
    with pytest.raises(AttributeError):
        Feature("MurPCRS", "m1", {}, None, 2154).gml_id = "m2"
