"""A record as ISO 19139 writes it: from a sheet of plain values to one element, in schema order."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from pcrs.publish.blocks import (
    SERVICE_TYPES,
    Extent,
    Format,
    Keywords,
    Licence,
    Link,
    distribution,
)
from pcrs.publish.elements import (
    Element,
    anchor,
    character_set,
    citation,
    code,
    dated,
    language,
    node,
    party,
    stamp,
    text,
)
from pcrs.publish.quality import Accuracy, Conformity, Lineage, quality
from pcrs.standard.crs import L93, uri


@dataclass(frozen=True, slots=True)
class Author:
    """Who answers for the resource and for its record."""

    organisation: str
    provider: str
    """The organisation as the PCRS standard wants a provider named: with its SIREN number, when known."""
    email: str
    """A functional mailbox."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What every record says."""

    identifier: str
    """File identifier: unique in any catalogue, without a slash, never changed."""
    uri: str
    """Identifier of the resource: an address that answers with the record."""
    level_name: str
    title: str
    abstract: str
    author: Author
    dates: tuple[tuple[date, str], ...]
    """(day, creation | publication | revision), each kind once."""
    keywords: tuple[Keywords, ...]
    licence: Licence
    extent: Extent
    links: tuple[Link, ...]
    reports: tuple[Conformity, ...]

    @property
    def section_id(self) -> str:
        """The XML id of the identification section, what `operatesOn` points to."""
        return f"md-{self.identifier}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A feature catalogue (ISO 19110), as the record of the data cites it."""

    title: str
    uri: str
    """Its identifier, at which it can be read."""
    published: date
    classes: tuple[str, ...]
    """Those of which the data have objects."""


@dataclass(frozen=True, slots=True)
class DataSheet(Sheet):
    """What a dataset or series record says besides."""

    level: Literal["dataset", "series"]
    parent: str | None
    crs: tuple[int, ...]
    """EPSG codes; heights as a second one."""
    frequency: str
    thumbnail: str
    """Absolute URL; empty: none."""
    representation: tuple[str, ...]
    """MD_SpatialRepresentationTypeCode: `grid`, `vector`."""
    resolution_m: float | None
    scale: int | None
    """Denominator; either this or `resolution_m`."""
    topics: tuple[str, ...]
    formats: tuple[Format, ...]
    octets: int
    lineage: Lineage
    accuracy: Accuracy | None = None
    status: Literal["onGoing", "completed"] = "onGoing"
    catalogue: Catalogue | None = None
    """Of the classes of the objects; None for images."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An entry point of a service."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Coupling:
    """A dataset that the service works on, under the name that the service gives it."""

    dataset: str
    """File identifier of the dataset."""
    dataset_uri: str
    record_url: str
    """Address that answers with the dataset's full record."""
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceSheet(Sheet):
    """What a service record says besides."""

    kind: Literal["view", "download", "discovery"]
    version: str
    couplings: tuple[Coupling, ...]
    operations: tuple[Operation, ...]


def metadata(sheet: DataSheet | ServiceSheet, stamped: datetime) -> Element:
    """The record. `stamped` is its own date, UTC."""
    data = sheet if isinstance(sheet, DataSheet) else None
    level = data.level if data else "service"
    return node(
        "gmd:MD_Metadata",
        text("gmd:fileIdentifier", sheet.identifier),
        language(),
        character_set(),
        text("gmd:parentIdentifier", data.parent) if data and data.parent else None,
        code("gmd:hierarchyLevel", "MD_ScopeCode", level),
        text("gmd:hierarchyLevelName", sheet.level_name),
        party("gmd:contact", sheet.author.organisation, sheet.author.email, "pointOfContact"),
        stamp(stamped),
        text("gmd:metadataStandardName", "ISO 19115"),
        text("gmd:metadataStandardVersion", "2003 Cor.1:2006"),
        text("gmd:dataSetURI", sheet.uri) if data else None,
        [_reference_system(epsg) for epsg in (data.crs if data else (L93,))],
        node("gmd:identificationInfo", _data(sheet) if isinstance(sheet, DataSheet) else _service(sheet)),
        _content(data.catalogue) if data and data.catalogue else None,
        distribution(data.formats if data else (), sheet.links, data.octets if data else 0),
        quality(level, sheet.reports, data.lineage if data else None, data.accuracy if data else None),
        attributes={"uuid": sheet.identifier},
    )


def _content(catalogue: Catalogue) -> Element:
    """What classes the objects are of, and where these are described."""
    identifier = node("gmd:MD_Identifier", anchor("gmd:code", catalogue.uri, catalogue.uri))
    return node(
        "gmd:contentInfo",
        node(
            "gmd:MD_FeatureCatalogueDescription",
            node("gmd:complianceCode", node("gco:Boolean", "true")),
            language(),
            node("gmd:includedWithDataset", node("gco:Boolean", "false")),
            [node("gmd:featureTypes", node("gco:LocalName", name)) for name in catalogue.classes],
            citation(
                "gmd:featureCatalogueCitation",
                anchor("gmd:title", catalogue.uri, catalogue.title),
                dated(catalogue.published, "publication"),
                node("gmd:identifier", identifier),
            ),
        ),
    )


def _reference_system(epsg: int) -> Element:
    identifier = node("gmd:RS_Identifier", anchor("gmd:code", uri(epsg), f"EPSG:{epsg}"))
    system = node("gmd:MD_ReferenceSystem", node("gmd:referenceSystemIdentifier", identifier))
    return node("gmd:referenceSystemInfo", system)


def _citation(sheet: Sheet) -> Element:
    """Title, dates, and the identifier whose address and words are the same: what data.gouv.fr keys on."""
    identifier = node("gmd:MD_Identifier", anchor("gmd:code", sheet.uri, sheet.uri))
    return citation(
        "gmd:citation",
        text("gmd:title", sheet.title),
        [dated(day, kind) for day, kind in sheet.dates],
        node("gmd:identifier", identifier),
    )


def _data(sheet: DataSheet) -> Element:
    maintenance = node(
        "gmd:MD_MaintenanceInformation",
        code("gmd:maintenanceAndUpdateFrequency", "MD_MaintenanceFrequencyCode", sheet.frequency),
    )
    browse = node("gmd:MD_BrowseGraphic", text("gmd:fileName", sheet.thumbnail))
    representation = "MD_SpatialRepresentationTypeCode"
    return node(
        "gmd:MD_DataIdentification",
        _citation(sheet),
        text("gmd:abstract", sheet.abstract),
        code("gmd:status", "MD_ProgressCode", sheet.status),
        party("gmd:pointOfContact", sheet.author.provider, sheet.author.email, "custodian"),
        node("gmd:resourceMaintenance", maintenance),
        node("gmd:graphicOverview", browse) if sheet.thumbnail else None,
        [words.element() for words in sheet.keywords],
        sheet.licence.elements(),
        [code("gmd:spatialRepresentationType", representation, name) for name in sheet.representation],
        node("gmd:spatialResolution", _resolution(sheet)),
        language(),
        character_set(),
        [node("gmd:topicCategory", node("gmd:MD_TopicCategoryCode", topic)) for topic in sheet.topics],
        sheet.extent.element("gmd:extent", sheet.section_id),
        attributes={"id": sheet.section_id},
    )


def _resolution(sheet: DataSheet) -> Element:
    """A distance for images, a scale for vectors."""
    if sheet.scale is not None:
        fraction = node("gmd:denominator", node("gco:Integer", str(sheet.scale)))
        return node(
            "gmd:MD_Resolution",
            node("gmd:equivalentScale", node("gmd:MD_RepresentativeFraction", fraction)),
        )
    distance = node("gco:Distance", f"{sheet.resolution_m:g}", attributes={"uom": "m"})
    return node("gmd:MD_Resolution", node("gmd:distance", distance))


def _service(sheet: ServiceSheet) -> Element:
    kind = node("gco:LocalName", sheet.kind, attributes={"codeSpace": SERVICE_TYPES})
    return node(
        "srv:SV_ServiceIdentification",
        _citation(sheet),
        text("gmd:abstract", sheet.abstract),
        party("gmd:pointOfContact", sheet.author.provider, sheet.author.email, "pointOfContact"),
        [words.element() for words in sheet.keywords],
        sheet.licence.elements(),
        node("srv:serviceType", kind),
        text("srv:serviceTypeVersion", sheet.version),
        sheet.extent.element("srv:extent", sheet.section_id),
        [_coupled(sheet, coupling, name) for coupling in sheet.couplings for name in coupling.names],
        code("srv:couplingType", "SV_CouplingType", "tight" if sheet.couplings else "loose"),
        [_operation(operation) for operation in sheet.operations],
        [
            node("srv:operatesOn", attributes={"uuidref": c.dataset, "xlink:href": c.record_url})
            for c in sheet.couplings
        ],
        attributes={"id": sheet.section_id},
    )


def _coupled(sheet: ServiceSheet, coupling: Coupling, name: str) -> Element:
    return node(
        "srv:coupledResource",
        node(
            "srv:SV_CoupledResource",
            text("srv:operationName", sheet.operations[0].name),
            text("srv:identifier", coupling.dataset_uri),
            node("gco:ScopedName", name),
        ),
    )


def _operation(operation: Operation) -> Element:
    point = node("gmd:CI_OnlineResource", node("gmd:linkage", node("gmd:URL", operation.url)))
    return node(
        "srv:containsOperations",
        node(
            "srv:SV_OperationMetadata",
            text("srv:operationName", operation.name),
            code("srv:DCP", "DCPList", "WebServices"),
            node("srv:connectPoint", point),
        ),
    )
