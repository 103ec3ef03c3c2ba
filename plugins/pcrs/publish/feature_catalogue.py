"""The feature catalogue (ISO 19110) of the vector model: classes, attributes, links, code lists, in French.

It is written from the model itself, in the namespaces of 2005 that go with ISO 19139: those that GeoNetwork
and the Géoplateforme's catalogue read.
"""

from collections.abc import Iterable
from datetime import date
from functools import cache

from lxml import etree

from pcrs.publish.addresses import MODEL_CATALOGUE
from pcrs.publish.elements import Element, character_set, code, node, text
from pcrs.standard.codes import CODES
from pcrs.standard.model import CLASSES, VERSION, Attribute, FeatureClass, Kind

TITLE = f"Catalogue d’objets du standard CNIG Plan Corps de Rue Simplifié (PCRS) version {VERSION}"
PUBLISHED = date(2017, 9, 21)
_TYPES: dict[Kind, str] = {
    "string": "CharacterString",
    "date": "Date",
    "double": "Real",
    "integer": "Integer",
    "code": "CharacterString",
}
_OPEN = "Liste ouverte : toute valeur « other: » suivie d’un mot est acceptée."


@cache
def feature_catalogue() -> bytes:
    """The catalogue as an XML document in UTF-8; always the same bytes."""
    root = node(
        "gfc:FC_FeatureCatalogue",
        text("gmx:name", TITLE),
        text("gmx:scope", "Objets vecteur du plan de corps de rue, de très grande échelle (1/200)"),
        text("gmx:fieldOfApplication", "Réponse aux DT-DICT, gestion des réseaux, aménagement, voirie"),
        text("gmx:versionNumber", VERSION),
        node("gmx:versionDate", node("gco:Date", PUBLISHED.isoformat())),
        text("gmx:language", "fre"),
        _renamed(character_set(), "gmx:characterSet"),
        node(
            "gfc:producer",
            node(
                "gmd:CI_ResponsibleParty",
                text("gmd:organisationName", "Conseil national de l’information géolocalisée (CNIG)"),
                code("gmd:role", "CI_RoleCode", "author"),
            ),
        ),
        text("gfc:functionalLanguage", "fre"),
        [node("gfc:featureType", _feature_type(each)) for each in CLASSES.values()],
        attributes={"id": MODEL_CATALOGUE, "uuid": MODEL_CATALOGUE},
    )
    etree.cleanup_namespaces(root, keep_ns_prefixes=["gmd", "gco", "gmx", "gfc", "xlink"])
    etree.indent(root, " ")
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def _renamed(element: Element, name: str) -> Element:
    return node(name, list(element))


def _feature_type(one: FeatureClass) -> Element:
    inherited = len(CLASSES[one.parent].attributes) if one.parent else 0
    expected = [CODES["CategorieThematiquePCRSType"].label(value) for value in one.expected_thematique]
    constraint = f"thematique attendue : {' ou '.join(expected)}" if expected else ""
    return node(
        "gfc:FC_FeatureType",
        node("gfc:typeName", node("gco:LocalName", one.name)),
        text("gfc:definition", f"{one.title}. Thème : {one.theme}."),
        text("gfc:code", f"{one.namespace_prefix}:{one.name}"),
        node("gfc:isAbstract", _boolean(one.abstract)),
        node("gfc:aliases", node("gco:LocalName", one.title)),
        node("gfc:inheritsFrom", _inheritance(one.name, one.parent)) if one.parent else None,
        _reference("gfc:featureCatalogue", MODEL_CATALOGUE),
        _constraint(constraint) if constraint else None,
        [node("gfc:carrierOfCharacteristics", _property(each)) for each in one.attributes[inherited:]],
        attributes={"id": one.name},
    )


def _inheritance(name: str, parent: str) -> Element:
    return node(
        "gfc:FC_InheritanceRelation",
        text("gfc:description", f"{name} spécialise {parent}"),
        node("gfc:uniqueInstance", _boolean(True)),
        _reference("gfc:subtype", name),
        _reference("gfc:supertype", parent),
    )


def _property(one: Attribute) -> Element:
    """An attribute, or the role that an object plays which this one names."""
    known = CODES[one.codelist] if one.codelist else None
    said: list[Element | None] = [
        _constraint(_OPEN) if known is not None and not known.closed else None,
        node("gfc:memberName", node("gco:LocalName", one.name)),
        text("gfc:definition", one.label),
        _cardinality(one),
    ]
    if one.target is not None:
        return node("gfc:FC_AssociationRole", said, _role(one.target))
    kind = _TYPES.get(one.kind) or f"GM_{one.shape}"
    value_type = node("gco:TypeName", text("gco:aName", known.name if known is not None else kind))
    listed = known.values.items() if known is not None else ()
    return node("gfc:FC_FeatureAttribute", said, node("gfc:valueType", value_type), _listed(listed))


def _role(target: str) -> list[Element]:
    """What a link says besides; the model gives its links no inverse, so there is no association of two."""
    kind = {"codeList": "http://www.isotc211.org/2005/gfc/FC_RoleType", "codeListValue": "ordinary"}
    return [
        node("gfc:type", node("gfc:FC_RoleType", "ordinary", attributes=kind)),
        node("gfc:isOrdered", _boolean(False)),
        node("gfc:isNavigable", _boolean(True)),
        node("gfc:relation", attributes={"gco:nilReason": "inapplicable"}),
        _reference("gfc:rolePlayer", target),
    ]


def _listed(values: Iterable[tuple[str, str]]) -> list[Element]:
    return [
        node(
            "gfc:listedValue",
            node("gfc:FC_ListedValue", text("gfc:label", label), text("gfc:code", value)),
        )
        for value, label in values
    ]


def _cardinality(one: Attribute) -> Element:
    unbounded = {"isInfinite": "true", "xsi:nil": "true"}
    upper = None if one.multiple else "1"
    bounds = node(
        "gco:MultiplicityRange",
        node("gco:lower", node("gco:Integer", "1" if one.required else "0")),
        node("gco:upper", node("gco:UnlimitedInteger", upper, attributes=unbounded if one.multiple else {})),
    )
    return node("gfc:cardinality", node("gco:Multiplicity", node("gco:range", bounds)))


def _constraint(words: str) -> Element:
    return node("gfc:constrainedBy", node("gfc:FC_Constraint", text("gfc:description", words)))


def _reference(name: str, identifier: str) -> Element:
    return node(name, attributes={"xlink:href": f"#{identifier}"})


def _boolean(value: bool) -> Element:
    return node("gco:Boolean", "true" if value else "false")
