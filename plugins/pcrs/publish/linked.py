"""The record of a layer that another service shows: what its capabilities say of it, and where it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lxml import etree

from pcrs.publish.blocks import Extent, Keywords, Link, Word, distribution
from pcrs.publish.elements import Element, character_set, code, language, node, qname, stamp, text

Protocol = Literal["OGC:WMTS", "OGC:WMS"]
_UNSAFE = re.compile(r"[^0-9A-Za-z_.-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class LinkedLayer:
    """A layer, as its own service describes it."""

    source: str
    """Short name of the service: record identifiers begin with it."""
    name: str
    title: str
    abstract: str
    provider: str
    keywords: Sequence[str]
    constraints: Sequence[str]
    """What the service says of access and fees."""
    box: tuple[float, float, float, float] | None
    """West, south, east, north, degrees."""
    protocol: Protocol
    capabilities: str
    """Full address of the capabilities document."""
    records: Sequence[str] = ()
    """Addresses of records that the service names for the layer."""

    @property
    def identifier(self) -> str:
        """File identifier of its record here: without slash, safe in a URL."""
        return f"{self.source}_{_UNSAFE.sub('-', self.name)}"


def layer_document(layer: LinkedLayer, stamped: datetime) -> bytes:
    """The ISO 19139 record, UTF-8; it claims nothing that the service does not say."""
    links = [
        Link(layer.capabilities, Word(layer.protocol), _plain(layer.name), _plain(layer.title)),
        *(Link(url, Word("WWW:LINK"), "fiche d'origine", "Fiche du producteur") for url in layer.records),
    ]
    statement = (
        f"Couche {layer.name} d'un service tiers, moissonnée dans ses capacités : {layer.capabilities}"
    )
    lineage = node("gmd:LI_Lineage", text("gmd:statement", _clean(statement)))
    level = code("gmd:level", "MD_ScopeCode", "dataset")
    root = node(
        "gmd:MD_Metadata",
        text("gmd:fileIdentifier", layer.identifier),
        language(),
        character_set(),
        code("gmd:hierarchyLevel", "MD_ScopeCode", "dataset"),
        text("gmd:hierarchyLevelName", "Couche liée"),
        _provider("gmd:contact", layer.provider),
        stamp(stamped),
        text("gmd:metadataStandardName", "ISO 19115"),
        text("gmd:metadataStandardVersion", "2003 Cor.1:2006"),
        node("gmd:identificationInfo", _identification(layer)),
        distribution((), links),
        node(
            "gmd:dataQualityInfo",
            node(
                "gmd:DQ_DataQuality",
                node("gmd:scope", node("gmd:DQ_Scope", level)),
                node("gmd:lineage", lineage),
            ),
        ),
        attributes={"uuid": layer.identifier},
    )
    etree.cleanup_namespaces(root, keep_ns_prefixes=["gmd", "gco", "gmx", "gml", "xlink"])
    etree.indent(root, " ")
    return etree.tostring(root, encoding="utf-8")


def _identification(layer: LinkedLayer) -> Element:
    words = tuple(Word(_plain(word)) for word in layer.keywords if word and _plain(word))
    unknown = node("gmd:date")
    unknown.set(qname("gco:nilReason"), "unknown")
    title = text("gmd:title", _clean(layer.title or layer.name))
    place = Extent(*layer.box, place=_clean(layer.title or layer.name)) if layer.box else None
    said = [text("gmd:otherConstraints", _clean(words)) for words in layer.constraints if words]
    limits = node(
        "gmd:resourceConstraints",
        node(
            "gmd:MD_LegalConstraints",
            code("gmd:useConstraints", "MD_RestrictionCode", "otherRestrictions"),
            said,
        ),
    )
    return node(
        "gmd:MD_DataIdentification",
        node("gmd:citation", node("gmd:CI_Citation", title, unknown)),
        text("gmd:abstract", _clean(layer.abstract or f"Couche {layer.name} de {layer.capabilities}")),
        _provider("gmd:pointOfContact", layer.provider),
        Keywords(words).element() if words else None,
        limits if said else None,
        language(),
        place.element("gmd:extent", layer.identifier) if place else None,
    )


def _provider(name: str, organisation: str) -> Element:
    return node(
        name,
        node(
            "gmd:CI_ResponsibleParty",
            text("gmd:organisationName", _clean(organisation or "inconnu")),
            code("gmd:role", "CI_RoleCode", "pointOfContact"),
        ),
    )


def _clean(value: str) -> str:
    """Without the characters that XML cannot carry."""
    return _CONTROL.sub(" ", value).strip()


def _plain(value: str) -> str:
    """Without commas, which catalogues take for the end of a field."""
    return _clean(value).replace(",", " ;")
