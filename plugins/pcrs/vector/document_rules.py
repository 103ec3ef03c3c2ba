"""What stands in a document beside its objects, or where none should stand; findings in French."""

from collections.abc import Iterator

from lxml.etree import _Element

from pcrs.findings import Finding
from pcrs.standard.model import VERSION
from pcrs.vector.coordinates import local_name
from pcrs.vector.parse import ID
from pcrs.vector.stream import HREF


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
