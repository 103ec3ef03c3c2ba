"""The form of an object: its class, its id, the elements that it has and their order.

One function per rule; each takes the `RawObject` and gives its findings in French.
"""

from collections.abc import Iterator

from lxml.etree import _Element

from pcrs.findings import Finding
from pcrs.standard.model import NAMESPACES, Attribute
from pcrs.vector.coordinates import local_name
from pcrs.vector.ids import is_ncname
from pcrs.vector.parse import ID, RawObject

_XSI = f"{{{NAMESPACES['xsi']}}}"
_XLINK = f"{{{NAMESPACES['xlink']}}}"
_OF_ASSOCIATIONS = frozenset({"nilReason", "owns", f"{{{NAMESPACES['gml']}}}remoteSchema"})
_TEXTS = ("string", "date", "double", "integer", "code")


def instantiable(raw: RawObject) -> Iterator[Finding]:
    """An abstract class has no objects."""
    if raw.model.abstract:
        message = f"{raw.model.name} est une classe abstraite : écrire l'objet dans une de ses sous-classes."
        yield raw.finding("gml.class", "error", message)


def identified(raw: RawObject) -> Iterator[Finding]:
    """Every object has a `gml:id`, which is an XML identifier."""
    if not raw.gml_id:
        message = "L'objet n'a pas de gml:id : lui en donner un, unique dans le fichier."
        yield raw.finding("gml.id", "error", message, expected="gml:id")
    elif not is_ncname(raw.gml_id):
        message = (
            "Le gml:id n'est pas un identifiant XML : commencer par une lettre, sans espace ni deux-points."
        )
        yield raw.finding("gml.id", "warning", message, measured=raw.gml_id)


def first_of_its_id(raw: RawObject, known_line: int | None) -> Iterator[Finding]:
    """A `gml:id` is unique in the document; `known_line` is where it stood first, None for a new one."""
    if known_line is not None:
        message = f"Le gml:id est déjà celui de l'objet de la ligne {known_line} : en donner un autre."
        yield raw.finding("gml.id", "error", message, measured=raw.gml_id, expected="un gml:id unique")


def known_elements(raw: RawObject) -> Iterator[Finding]:
    """An object has no element but the attributes of its class."""
    for element in raw.unknown:
        name = local_name(element)
        message = (
            f"La classe {raw.model.name} n'a pas d'attribut « {name} » : le retirer ou corriger son nom."
        )
        namespace = NAMESPACES[raw.model.namespace_prefix]
        if any(name == each.name for each in raw.model.attributes):
            message = f"« {name} » n'est pas dans l'espace de noms {namespace} : corriger son préfixe."
        yield raw.finding("gml.unknown", "error", message, element, attribute=name, measured=str(element.tag))


def known_xml_attributes(raw: RawObject) -> Iterator[Finding]:
    """XML attributes are those of the XSD: `gml:id` on the object, `xlink:…` on links and geometries."""
    yield from _strange(raw, raw.element, frozenset({ID}), None)
    for attribute, written in raw.attributes:
        allowed = frozenset() if attribute.kind in _TEXTS else _OF_ASSOCIATIONS
        for element in written:
            if element.attrib:
                yield from _strange(raw, element, allowed, attribute)


def _strange(
    raw: RawObject, element: _Element, allowed: frozenset[str], attribute: Attribute | None
) -> Iterator[Finding]:
    for name in map(str, element.attrib):
        links = attribute is not None and attribute.kind not in _TEXTS and name.startswith(_XLINK)
        if name not in allowed and not links and not name.startswith(_XSI):
            message = f"L'attribut XML « {name} » n'est pas prévu ici : le retirer."
            yield raw.finding(
                "gml.unknown",
                "error",
                message,
                element,
                attribute=attribute.name if attribute else None,
                measured=name,
            )


def required(raw: RawObject) -> Iterator[Finding]:
    """What the XSD requires is there."""
    for attribute in raw.model.attributes:
        if attribute.required and attribute.kind != "geometry" and not raw.properties.get(attribute.name):
            message = (
                f"L'attribut obligatoire « {attribute.name} » ({attribute.label}) manque : le renseigner."
            )
            yield raw.finding(
                "gml.required",
                "error",
                message,
                attribute=attribute.name,
                measured="absent",
                expected=attribute.name,
            )


def not_repeated(raw: RawObject) -> Iterator[Finding]:
    """Only repeatable attributes are repeated."""
    for attribute, written in raw.attributes:
        if len(written) > 1 and not attribute.multiple:
            message = f"« {attribute.name} » n'est pas répétable : n'en garder qu'un."
            yield raw.finding(
                "gml.repeated",
                "error",
                message,
                written[1],
                attribute=attribute.name,
                measured=f"{len(written)} fois",
                expected="une fois",
            )


def in_order(raw: RawObject) -> Iterator[Finding]:
    """Attributes stand in the order of the XSD; another order is read all the same."""
    if raw.misplaced is not None:
        name = local_name(raw.misplaced)
        message = f"« {name} » n'est pas à sa place dans l'ordre du standard : l'objet est lu."
        yield raw.finding(
            "gml.order",
            "warning",
            message,
            raw.misplaced,
            attribute=name,
            expected=", ".join(each.name for each in raw.model.attributes),
        )


def simple_content(raw: RawObject) -> Iterator[Finding]:
    """An attribute that is a value holds text alone."""
    for attribute, written in raw.attributes:
        if attribute.kind in _TEXTS:
            for element in written:
                if len(element):
                    message = f"« {attribute.name} » contient un élément au lieu d'une valeur."
                    yield raw.finding(
                        "gml.type",
                        "error",
                        message,
                        element,
                        attribute=attribute.name,
                        measured=f"<{local_name(element[0])}>",
                        expected="une valeur",
                    )
