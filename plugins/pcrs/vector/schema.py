"""The XSD of the standard, when the operator has it: compiled without the network, applied object by object.

CNIG_PCRS_v2.0.xsd imports GML 3.2.1 from schemas.opengis.net, which imports ISO 19139 and XLink. They are
looked for in folders: first the operator's own, laid out as that host is (`gml/3.2.1/gml.xsd`), with or
without its name, then those that a package on this machine holds.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree
from lxml.etree import _Element

from pcrs.errors import InputError
from pcrs.findings import Finding
from pcrs.standard.model import BY_TAG, NAMESPACES
from pcrs.vector.coordinates import line_of
from pcrs.vector.parse import ID

MAIN = "CNIG_PCRS_v2.0.xsd"
INFORMATION = "CNIG_PCRS-INFO_v2.0.xsd"
_HOSTS = ("schemas.opengis.net", "www.w3.org")
_MEMBER = f"{{{NAMESPACES['pcrs']}}}featureMember"
_ELEMENT = re.compile(r"Element '([^']+)'")
_NAMESPACE = re.compile(r"\{[^}]*\}")
_SAID = (
    ("DATATYPE", "La valeur n'est pas de celles que le schéma admet"),
    ("ENUMERATION", "Le code n'est pas de la liste du schéma"),
    ("FACET", "La valeur n'est pas de celles que le schéma admet"),
    ("ELEMENT_CONTENT", "Un élément manque, est de trop ou n'est pas à sa place"),
    ("COMPLEX_TYPE_3", "Un attribut XML n'est pas prévu par le schéma"),
    ("COMPLEX_TYPE_4", "Un attribut XML obligatoire manque"),
)


class _Offline(etree.Resolver):
    """Gives what the schemas import from the folders, and nothing from elsewhere."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        super().__init__()
        self._folders = folders
        self.missing: str | None = None

    def resolve(self, system_url: str, public_id: str, context: Any = None) -> Any:
        """The file of a remote address; a local one is left to the parser."""
        parent: Any = super()
        host, _, path = (system_url or "").partition("://")[2].partition("/")
        if host not in _HOSTS:
            return None
        for folder in self._folders:
            for candidate in (folder / host / path, folder / path):
                if candidate.is_file():
                    return parent.resolve_filename(str(candidate), context)
        self.missing = self.missing or system_url
        return parent.resolve_empty(context)


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """The compiled schema. `folder` is the operator's."""

    folder: Path
    _compiled: etree.XMLSchema

    @property
    def checked(self) -> str:
        """What was applied, for a report."""
        return f"{MAIN} et {INFORMATION} ({self.folder}), avec GML 3.2.1, ISO 19139 et XLink hors ligne"

    def document(self, root: _Element, file: str) -> Iterator[Finding]:
        """The root's own attributes; its members are judged one by one."""
        shell = etree.Element(root.tag)
        for name in root.keys():
            shell.set(name, root.get(name) or "")
        yield from self._apply(shell, file, line_of(root))

    def member(self, element: _Element, file: str) -> Iterator[Finding]:
        """One object, where it stands; an envelope likewise."""
        parent = element.getparent()
        if element.tag in BY_TAG and (parent is None or parent.tag != _MEMBER or len(parent) != 1):
            yield _finding(
                element,
                "Le schéma veut chaque objet seul dans un pcrs:featureMember",
                file,
                line=line_of(element),
                measured=None if parent is None else _NAMESPACE.sub("", str(parent.tag)),
            )
        yield from self._apply(element, file, None)

    def _apply(self, element: _Element, file: str, at: int | None) -> Iterator[Finding]:
        """What the schema refuses in a tree, one finding for each line."""
        if self._compiled.validate(element):
            return
        lines = {(str(each.tag), each.sourceline): line_of(each) for each in element.iter()}
        told: set[int | None] = set()
        log: Any = self._compiled.error_log
        for entry in log:
            named = _ELEMENT.match(entry.message)
            line = at or lines.get((named[1] if named else "", entry.line), entry.line)
            if line not in told:
                told.add(line)
                said = next((said for key, said in _SAID if key in entry.type_name), "Écart au schéma")
                measured = _NAMESPACE.sub("", str(entry.message))
                yield _finding(element, said, file, line=line, measured=measured)


def _finding(element: _Element, said: str, file: str, **more: Any) -> Finding:
    name = _NAMESPACE.sub("", str(element.tag))
    own = element.tag in BY_TAG
    return Finding(
        "gml.xsd",
        "warning",
        f"{said} : l'objet est lu, le fichier n'est pas valide.",
        file,
        object_id=element.get(ID) if own else None,
        class_name=name if own else None,
        expected=MAIN,
        **more,
    )


@lru_cache(maxsize=2)
def load_schema(folder: Path, others: tuple[Path, ...] = ()) -> Schema:
    """The schema of `folder`, with what it imports from there or from the folders of `others`; made once.

    Raises:
        InputError: the CNIG files are not there, an imported schema is nowhere, or they do not compile.
    """
    main = folder / MAIN
    for needed in (main, folder / INFORMATION):
        if not needed.is_file():
            raise InputError(
                f"{needed} is missing: put {MAIN} and {INFORMATION} of cnigfr/PCRS (schemas/) in {folder}"
            )
    resolver = _Offline((folder, *others))
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(resolver)
    try:
        compiled = etree.XMLSchema(etree.parse(str(main), parser))
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
        why = f"{resolver.missing} is in none of the folders" if resolver.missing else str(error)
        raise InputError(
            f"{main} cannot be applied ({why}): put a copy of schemas.opengis.net "
            f"(gml/3.2.1, iso/19139) in {folder}"
        ) from error
    return Schema(folder, compiled)
