"""What an object must keep, one function per rule; each gives its findings in French.

An `error` refuses the object, and only it; a `warning` and an `info` do not. Rules on one object take its
`RawObject`; `check` runs those that need nothing else. What only the whole document tells (`gml:id` seen
twice, links without a target) is given in.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date

from lxml.etree import _Element

from pcrs.findings import Finding
from pcrs.standard.codes import CODES
from pcrs.standard.model import BY_TAG, NAMESPACES, VERSION, Attribute, is_a
from pcrs.vector.coordinates import local_name
from pcrs.vector.ids import Link, is_ncname
from pcrs.vector.parse import ID, RawObject, is_nil, link_value
from pcrs.vector.stream import HREF

_DOUBLE = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?", re.ASCII)
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


def enumerated(raw: RawObject) -> Iterator[Finding]:
    """Codes are of their list; spaces around a code count, as in the XSD."""
    for attribute, written in raw.attributes:
        if attribute.codelist is None:
            continue
        codes = CODES[attribute.codelist]
        for element in written:
            value = element.text or ""
            if not len(element) and not codes.accepts(value):
                message = (
                    f"Code non admis pour « {attribute.name} » ({attribute.label}) : choisir dans la liste."
                )
                yield raw.finding(
                    "gml.enumeration",
                    "error",
                    message,
                    element,
                    attribute=attribute.name,
                    measured=value,
                    expected=codes.expected,
                )


def lexical(raw: RawObject) -> Iterator[Finding]:
    """Dates, numbers and integers are written as XML Schema writes them."""
    for attribute, written in raw.attributes:
        form = FORMS.get(attribute.kind)
        if form is None:
            continue
        fits, expected = form
        for element in written:
            value = (element.text or "").strip()
            if not len(element) and not fits(value):
                message = f"La valeur de « {attribute.name} » n'est pas du bon type : la récrire."
                yield raw.finding(
                    "gml.type",
                    "error",
                    message,
                    element,
                    attribute=attribute.name,
                    measured=value[:80],
                    expected=expected,
                )


def _is_double(text: str) -> bool:
    return _DOUBLE.fullmatch(text) is not None and abs(float(text)) != float("inf")


def _is_integer(text: str) -> bool:
    return _INTEGER.fullmatch(text) is not None


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    try:
        date.fromisoformat(found[1])
    except ValueError:
        return False
    return True


FORMS: dict[str, tuple[Callable[[str], bool], str]] = {
    "double": (_is_double, "un nombre, point décimal : 12.5"),
    "integer": (_is_integer, "un entier : 5"),
    "date": (_is_date, "une date : 2025-06-30"),
}


def linked(raw: RawObject) -> Iterator[Finding]:
    """A link leads somewhere, by its `xlink:href` or by the object written inside it."""
    for attribute, written in raw.attributes:
        if attribute.target is None:
            continue
        for element in written:
            text = (element.text or "").strip()
            if text:
                message = f"Le lien « {attribute.name} » est écrit comme un texte : l'écrire dans xlink:href."
                yield raw.finding(
                    "gml.link",
                    "error",
                    message,
                    element,
                    attribute=attribute.name,
                    measured=text[:80],
                    expected='xlink:href="#gml_id"',
                )
            elif link_value(element) is None and not is_nil(element) and not len(element):
                message = f"Le lien « {attribute.name} » ne mène nulle part : lui donner un xlink:href."
                yield raw.finding(
                    "gml.link", "warning", message, element, attribute=attribute.name, expected="#gml_id"
                )


def nested_class(raw: RawObject) -> Iterator[Finding]:
    """An object inside a link is of the class that the link asks for."""
    for attribute, written in raw.attributes:
        if attribute.target is None:
            continue
        for inner in (child for element in written for child in element):
            model = BY_TAG.get(inner.tag)
            if model is not None and not is_a(model.name, attribute.target):
                message = f"Le lien « {attribute.name} » contient un objet d'une autre classe."
                yield raw.finding(
                    "gml.link",
                    "error",
                    message,
                    inner,
                    attribute=attribute.name,
                    measured=model.name,
                    expected=attribute.target,
                )


def thematic(raw: RawObject) -> Iterator[Finding]:
    """The theme is one that the standard expects of the class."""
    expected = raw.model.expected_thematique
    written = raw.properties.get("thematique")
    codes = CODES["CategorieThematiquePCRSType"]
    if not expected or not written or not codes.accepts(written[0].text or ""):
        return
    value = written[0].text or ""
    if value not in expected:
        message = (
            f"La thématique ({codes.label(value)}) n'est pas celle qu'attend la classe {raw.model.name}."
        )
        yield raw.finding(
            "gml.thematique",
            "warning",
            message,
            written[0],
            attribute="thematique",
            measured=value,
            expected=" ou ".join(expected),
        )


RULES: tuple[Callable[[RawObject], Iterator[Finding]], ...] = (
    instantiable,
    identified,
    known_elements,
    known_xml_attributes,
    required,
    not_repeated,
    in_order,
    simple_content,
    enumerated,
    lexical,
    linked,
    nested_class,
    thematic,
)


def check(raw: RawObject) -> list[Finding]:
    """What every rule finds on one object, geometry left out."""
    return [finding for rule in RULES for finding in rule(raw)]


def first_of_its_id(raw: RawObject, known_line: int | None) -> Iterator[Finding]:
    """A `gml:id` is unique in the document; `known_line` is where it stood first, None for a new one."""
    if known_line is not None:
        message = f"Le gml:id est déjà celui de l'objet de la ligne {known_line} : en donner un autre."
        yield raw.finding("gml.id", "error", message, measured=raw.gml_id, expected="un gml:id unique")


def resolved(link: Link, file: str) -> Finding:
    """An internal link whose target is nowhere in the document."""
    return Finding(
        "gml.link",
        "warning",
        f"Le lien « {link.attribute} » mène à un objet absent du fichier : le livrer, ou corriger le lien.",
        file,
        link.line,
        link.object_id,
        link.class_name,
        link.attribute,
        measured=link.href,
        expected="le gml:id d'un objet du fichier",
    )


def version(root: _Element, file: str, line: int | None) -> Iterator[Finding]:
    """The document says that it follows version 2.0."""
    written = root.get("version")
    if written != VERSION:
        message = "Le document ne dit pas suivre la version 2.0 du standard : il est lu comme tel."
        measured = "absente" if written is None else written
        yield Finding("gml.version", "warning", message, file, line, measured=measured, expected=VERSION)


def an_object(element: _Element, file: str, line: int | None) -> Finding:
    """A member of the document that is no object of the standard."""
    return Finding(
        "gml.class",
        "error",
        f"« {local_name(element)} » n'est pas une classe du PCRS v2.0 : l'objet n'est pas lu.",
        file,
        line,
        element.get(ID),
        measured=str(element.tag),
        expected="une classe de CNIG_PCRS_v2.0.xsd",
    )


def a_member(element: _Element, file: str, line: int | None) -> Finding:
    """An object that stands outside a member, or a member that is a reference only."""
    if element.get(HREF) is not None:
        message = (
            "Membre donné par référence (xlink:href) : l'objet n'est pas dans ce fichier, il n'est pas lu."
        )
        return Finding("gml.member", "warning", message, file, line, measured=element.get(HREF))
    message = "L'objet n'est pas dans un pcrs:featureMember : il est lu, le fichier est à corriger."
    return Finding(
        "gml.member",
        "warning",
        message,
        file,
        line,
        element.get(ID),
        local_name(element),
        expected="pcrs:featureMember",
    )
