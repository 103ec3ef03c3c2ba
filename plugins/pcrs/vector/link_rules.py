"""The links of an object: they lead somewhere, and to the class that they ask for; findings in French."""

from collections.abc import Iterator

from pcrs.findings import Finding
from pcrs.standard.model import BY_TAG, is_a
from pcrs.vector.ids import Link
from pcrs.vector.parse import RawObject, is_nil, link_value


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
