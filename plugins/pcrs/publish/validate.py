"""Validation of ISO 19139 records, offline: their schema, then the rules that it cannot see."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from lxml import etree

from pcrs.findings import Finding
from pcrs.publish.elements import NAMESPACES, Element
from pcrs.publish.rules import CITATION, RULES, Rule, every, level_of, value
from pcrs.publish.rules_data import DATA_RULES
from pcrs.publish.rules_service import SERVICE_RULES

_SCHEMAS = "plugins/profiles/apiso/schemas/ogc/iso/19139/20060504"
_PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}
_EXPLANATIONS = (
    (
        re.compile(r"^Element '(?P<a>[^']+)': This element is not expected\. Expected is (?P<b>.*)\.$"),
        "élément {a} mal placé ou inconnu : attendu ici {b}",
    ),
    (
        re.compile(r"^Element '(?P<a>[^']+)': This element is not expected\.$"),
        "élément {a} de trop",
    ),
    (
        re.compile(r"^Element '(?P<a>[^']+)': Missing child element\(s\)\. Expected is (?P<b>.*)\.$"),
        "élément {a} incomplet : il y manque {b}",
    ),
    (
        re.compile(r"^Element '(?P<a>[^']+)': (?P<c>'.*') is not a valid value of .*type '(?P<b>[^']+)'\.$"),
        "valeur {c} impossible dans {a} : type attendu {b}",
    ),
    (
        re.compile(r"^Element '(?P<a>[^']+)', attribute '(?P<b>[^']+)': (?P<c>.*)$"),
        "attribut {b} de {a} : {c}",
    ),
    (
        re.compile(r"^Element '(?P<a>[^']+)': No matching global .*$"),
        "{a} n'est pas la racine d'une fiche ISO 19139",
    ),
)


@cache
def schema() -> etree.XMLSchema:
    """The ISO 19139 schemas of 2006-05-04 that pycsw ships.

    gmd, srv, and gmx, which gmd alone does not know: without it every gmx:Anchor is refused.
    """
    folder = Path(str(files("pycsw"))) / _SCHEMAS
    imports = "".join(
        f'<xs:import namespace="{NAMESPACES[name]}" schemaLocation="{(folder / name / name).as_uri()}.xsd"/>'
        for name in ("gmx", "gmd", "srv")
    )
    text = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    return etree.XMLSchema(etree.fromstring(text, _parser()))


def validate_record(document: bytes, *, shown_as: str = "") -> tuple[Finding, ...]:
    """What is wrong with a record, in French, in the order of its lines; nothing when it is right.

    The rules are applied even when the schema is not respected: all faults are told at once.
    """
    try:
        root = etree.fromstring(document, _parser())
    except etree.XMLSyntaxError as error:
        return (
            Finding(
                code="iso.xml",
                level="error",
                message="le fichier n'est pas du XML bien formé : le réécrire",
                file=shown_as,
                line=error.lineno,
                measured=error.msg,
            ),
        )
    if root.getroottree().docinfo.internalDTD is not None:
        message = "une fiche n'a pas de DOCTYPE : le retirer"
        return (Finding(code="iso.xml", level="error", message=message, file=shown_as, line=1),)
    kind: dict[str, Rule] = SERVICE_RULES if level_of(root) == "service" else DATA_RULES
    found = [*_schema_findings(root, shown_as)]
    for code, rule in (RULES | kind).items():
        found += [
            Finding(
                code=code,
                level="error",
                message=fault.message,
                file=shown_as,
                line=_line(fault.element),
                measured=fault.measured,
            )
            for fault in rule(root)
        ]
    return tuple(sorted(found, key=lambda finding: finding.line or 0))


def validate_catalogue(records: Iterable[tuple[str, bytes]]) -> tuple[Finding, ...]:
    """What is wrong with the records (identifier, document), each and together.

    Together: identifiers of resources are given once, parents and coupled datasets are in the catalogue.
    """
    found: list[Finding] = []
    resources: dict[str, str] = {}
    roots = dict(records)
    for identifier, document in roots.items():
        own = validate_record(document, shown_as=identifier)
        found += own
        if any(finding.code == "iso.xml" for finding in own):
            continue
        root = etree.fromstring(document, _parser())
        resource = value(root, f"{CITATION}/gmd:identifier//gmd:code")
        if resource in resources:
            other = resources[resource]
            found.append(
                _error("iso.unique", f"identifiant de ressource déjà pris par {other}", identifier, resource)
            )
        resources[resource] = identifier
        for target in _targets(root):
            if target not in roots:
                found.append(_error("iso.dangling", "fiche citée absente du catalogue", identifier, target))
    return tuple(found)


def _targets(root: Element) -> list[str]:
    parent = value(root, "gmd:parentIdentifier")
    coupled = [str(reference) for reference in every(root, ".//srv:operatesOn/@uuidref")]
    return [parent, *coupled] if parent else coupled


def _error(code: str, message: str, file: str, measured: str) -> Finding:
    return Finding(code=code, level="error", message=message, file=file, measured=measured)


def _schema_findings(root: Element, shown_as: str) -> list[Finding]:
    rules = schema()
    if rules.validate(root):
        return []
    return [
        Finding(
            code="iso.schema",
            level="error",
            message=_explained(str(entry.message)),
            file=shown_as,
            line=entry.line,
        )
        for entry in cast(Iterable[Any], rules.error_log)
    ]


def _explained(message: str) -> str:
    """libxml2's sentence, in French, with prefixes instead of namespaces."""
    short = re.sub(r"\{([^}]*)\}", lambda found: f"{_PREFIXES.get(found[1], '')}:", message)
    for pattern, sentence in _EXPLANATIONS:
        found = pattern.match(short)
        if found is not None:
            return sentence.format(**found.groupdict())
    return short


def _line(element: Element | None) -> int | None:
    return None if element is None else cast(int | None, element.sourceline)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True)
