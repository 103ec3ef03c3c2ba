"""Sheets of services: consultation (WMTS), téléchargement (OGC API, Atom), découverte (CSW)."""

from dataclasses import dataclass
from typing import Literal

from pcrs.publish import vocabulary
from pcrs.publish.addresses import RECORDS, RESOURCES, Addresses
from pcrs.publish.blocks import Link
from pcrs.publish.datasets import author, coverage_of, dates, extent, licence, united, words_of
from pcrs.publish.facts import Coverage, RasterFacts, VectorFacts
from pcrs.publish.human import Human, Service
from pcrs.publish.iso19139 import Coupling, Operation, ServiceSheet


@dataclass(frozen=True, slots=True)
class _Draft:
    """What one service has of its own."""

    identifier: str
    kind: Literal["view", "download", "discovery"]
    version: str
    said: Service
    coverage: Coverage
    category: str
    couplings: tuple[Coupling, ...]
    operations: tuple[Operation, ...]
    links: tuple[Link, ...]


def view_sheet(human: Human, at: Addresses, raster: RasterFacts) -> ServiceSheet:
    """The tile service, bound to the current mosaic and to each edition by the names of its layers."""
    couplings = [_coupling(at, at.raster(), at.layer())]
    couplings += [_coupling(at, at.raster(m.edition), at.layer(m.edition)) for m in raster.editions]
    coverage = united(raster.current.coverage, *(m.coverage for m in raster.editions))
    name = f"{at.series}_WMTS"
    links = (
        Link(at.wmts, vocabulary.WMTS, name, "Service WMTS", profile="view"),
        Link(at.wmts, vocabulary.PLAIN_WMTS, at.layer(), "Tuiles de la mosaïque courante"),
        Link(at.wms, vocabulary.PLAIN_WMS, at.layer(), "Les mêmes images par WMS"),
    )
    draft = _Draft(
        said=human.services.view,
        coverage=coverage,
        identifier=name,
        kind="view",
        version="1.0.0",
        category="infoMapAccessService",
        couplings=tuple(couplings),
        operations=(Operation("GetCapabilities", at.wmts),),
        links=links,
    )
    return _sheet(human, at, draft)


def download_sheet(
    human: Human, at: Addresses, raster: RasterFacts | None, vector: VectorFacts | None
) -> ServiceSheet:
    """The download service, bound to what it gives by the names of its collections."""
    couplings: list[Coupling] = []
    if raster is not None:
        couplings.append(_coupling(at, at.raster(), "ortho", "dalles"))
    if vector is not None:
        couplings.append(_coupling(at, at.vector, *vector.classes))
    landing = f"{at.ogcapi}?f=json"
    links = (
        Link(landing, vocabulary.FEATURES, at.series, "OGC API", "download", profile="download"),
        Link(landing, vocabulary.PLAIN_FEATURES, at.series, "Page d’accueil de l’OGC API", "download"),
        Link(at.listing, vocabulary.DOWNLOAD, "PCRS", "Fichiers à télécharger", "download"),
    )
    draft = _Draft(
        said=human.services.download,
        coverage=coverage_of(raster, vector),
        identifier=f"{at.series}_OGCAPI",
        kind="download",
        version="1.0",
        category="infoFeatureAccessService",
        couplings=tuple(couplings),
        operations=(Operation("GetCapabilities", landing),),
        links=links,
    )
    return _sheet(human, at, draft)


def atom_sheet(
    human: Human, at: Addresses, raster: RasterFacts | None, vector: VectorFacts | None
) -> ServiceSheet:
    """The Atom download service, bound to what it gives by the names of its resources and of their parts."""
    couplings: list[Coupling] = []
    if raster is not None:
        couplings.append(_coupling(at, at.raster(), RESOURCES["raster"]))
        editions = [mosaic.edition for mosaic in raster.editions]
        couplings += [_coupling(at, at.raster(e), at.part("raster", e)) for e in editions]
    if vector is not None:
        couplings.append(_coupling(at, at.vector, RESOURCES["vector"]))
    feed = at.atom_capabilities
    links = (
        Link(feed, vocabulary.ATOM, at.atom, "Service Atom", "download", profile="download"),
        Link(feed, vocabulary.DOWNLOAD, at.atom, "Fichiers à télécharger", "download"),
    )
    draft = _Draft(
        said=human.services.atom,
        coverage=coverage_of(raster, vector),
        identifier=at.atom,
        kind="download",
        version="1.0",
        category="infoProductAccessService",
        couplings=tuple(couplings),
        operations=(Operation("GetCapabilities", feed),),
        links=links,
    )
    return _sheet(human, at, draft)


def discovery_sheet(
    human: Human, at: Addresses, raster: RasterFacts | None, vector: VectorFacts | None
) -> ServiceSheet:
    """The catalogue itself; it is bound to no dataset."""
    name = f"{at.series}_CSW"
    links = (
        Link(at.csw_capabilities, vocabulary.CSW, name, "Service CSW"),
        Link(at.csw_capabilities, vocabulary.PLAIN_CSW, name, "Catalogue CSW 2.0.2 et 3.0.0"),
        Link(at.collection(RECORDS), vocabulary.PLAIN_RECORDS, RECORDS, "Les mêmes fiches en JSON"),
        Link(at.dcat, vocabulary.PAGE, "DCAT-AP", "Les mêmes fiches en DCAT-AP"),
    )
    draft = _Draft(
        said=human.services.discovery,
        coverage=coverage_of(raster, vector),
        identifier=name,
        kind="discovery",
        version="2.0.2",
        category="infoCatalogueService",
        couplings=(),
        operations=(Operation("GetCapabilities", at.csw_capabilities),),
        links=links,
    )
    return _sheet(human, at, draft)


def _coupling(at: Addresses, dataset: str, *names: str) -> Coupling:
    record = f"{at.record(dataset)}#md-{dataset}"
    return Coupling(dataset, at.uri("dataset", dataset), record, names)


def _sheet(human: Human, at: Addresses, draft: _Draft) -> ServiceSheet:
    words = words_of(human, at, draft.coverage)
    keywords = (
        vocabulary.service_category(draft.category),
        vocabulary.spatial_scope(human.territory.scope),
        vocabulary.free_keywords(draft.said.keywords),
    )
    return ServiceSheet(
        identifier=draft.identifier,
        uri=at.uri("service", draft.identifier),
        level_name="Service",
        title=draft.said.title.format_map(words),
        abstract=draft.said.abstract.format_map(words).strip(),
        author=author(human),
        dates=dates(draft.coverage),
        keywords=keywords,
        licence=licence(human, words),
        extent=extent(human, at, draft.coverage, timed=False),
        links=draft.links,
        reports=vocabulary.service_reports(human.conformity),
        kind=draft.kind,
        version=draft.version,
        couplings=draft.couplings,
        operations=draft.operations,
    )
