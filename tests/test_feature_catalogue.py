"""The feature catalogue says all that the model says, and refers to nothing outside itself."""

from lxml import etree

from pcrs.publish.elements import NAMESPACES
from pcrs.publish.feature_catalogue import feature_catalogue
from pcrs.serve.feature_catalogue import routes
from pcrs.standard.codes import CODES
from pcrs.standard.model import CLASSES
from tests.services.asking import PUBLIC, ask, served_by

ROOT = etree.fromstring(feature_catalogue())


def every(path: str) -> list[str]:
    return [str(found) for found in ROOT.xpath(path, namespaces=NAMESPACES)]


def test_every_class_of_the_model_is_a_feature_type():
    assert every("//gfc:FC_FeatureType/gfc:typeName/*/text()") == list(CLASSES)
    abstract = every("//gfc:FC_FeatureType[gfc:isAbstract/gco:Boolean='true']/gfc:typeName/*/text()")
    assert abstract == [name for name, one in CLASSES.items() if one.abstract]


def test_every_class_has_its_own_attributes_and_names_its_parent():
    for name, one in CLASSES.items():
        here = f"//gfc:FC_FeatureType[gfc:typeName/*='{name}']"
        inherited = len(CLASSES[one.parent].attributes) if one.parent else 0
        own = [each.name for each in one.attributes[inherited:]]
        assert every(f"{here}/gfc:carrierOfCharacteristics/*/gfc:memberName/*/text()") == own
        parents = every(f"{here}/gfc:inheritsFrom//gfc:supertype/@xlink:href")
        assert parents == ([f"#{one.parent}"] if one.parent else [])


def test_codes_have_their_french_labels():
    here = "//gfc:FC_FeatureType[gfc:typeName/*='MurPCRS']//gfc:FC_ListedValue"
    walls = CODES["CategorieMurPCRSType"].values
    assert every(f"{here}/gfc:code/*/text()") == list(walls)
    assert every(f"{here}/gfc:label/*/text()") == list(walls.values())


def test_references_are_to_what_the_document_has():
    identifiers = set(every("//@id"))
    assert {one.removeprefix("#") for one in every("//@xlink:href")} <= identifiers


def test_cardinalities_are_those_of_the_model():
    link = "//gfc:FC_AssociationRole[gfc:memberName/*='pointLeve']//gco:MultiplicityRange"
    assert every(f"{link}/gco:lower/*/text()") == ["0"]
    assert every(f"{link}/gco:upper/*/@isInfinite") == ["true"]


def test_it_is_served_where_its_identifier_leads(tmp_path):
    served = routes(served_by(tmp_path, lambda _edition: None))
    sent = ask(served, "/id/catalogue/CNIG_PCRS_v2.0")
    assert sent.status_code == 303
    assert sent.headers["location"] == f"{PUBLIC}/catalogue/CNIG_PCRS_v2.0.xml"
    answer = ask(served, "/catalogue/CNIG_PCRS_v2.0.xml")
    assert answer.content == feature_catalogue()
    known = {"If-None-Match": answer.headers["etag"]}
    assert ask(served, "/catalogue/CNIG_PCRS_v2.0.xml", headers=known).status_code == 304
