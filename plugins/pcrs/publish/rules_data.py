"""Rules on the records of datasets and series, beside those on any record."""

from collections.abc import Iterator

from pcrs.publish.elements import Element
from pcrs.publish.rules import Fault, Rule, every, value

_SCOPE = "http://inspire.ec.europa.eu/metadata-codelist/SpatialScope/"
_DATA = "gmd:identificationInfo/gmd:MD_DataIdentification"


def reference_system(root: Element) -> Iterator[Fault]:
    """An anchored EPSG code, without a codeSpace, which the validator takes for another register."""
    codes = every(root, "gmd:referenceSystemInfo//gmd:RS_Identifier")
    if not codes:
        yield Fault("système de coordonnées absent")
    for identifier in codes:
        if not every(identifier, "gmd:code/gmx:Anchor[starts-with(., 'EPSG:')]"):
            yield Fault("code du système de coordonnées à écrire en ancre « EPSG:… »", identifier)
        if every(identifier, "gmd:codeSpace"):
            yield Fault("codeSpace inutile sur le système de coordonnées", identifier)


def resolution(root: Element) -> Iterator[Fault]:
    """A distance in metres for images, a whole denominator for vectors."""
    distances = every(root, f"{_DATA}/gmd:spatialResolution//gco:Distance")
    scales = every(root, f"{_DATA}/gmd:spatialResolution//gmd:denominator/gco:Integer")
    if len(distances) + len(scales) != 1:
        yield Fault("il faut une résolution : une distance ou une échelle")
    for distance in distances:
        if distance.get("uom") != "m":
            yield Fault("résolution à écrire en mètres", distance, distance.get("uom"))


def formats(root: Element) -> Iterator[Fault]:
    """Each encoding with its name and version."""
    found = every(root, "gmd:distributionInfo//gmd:distributionFormat/gmd:MD_Format")
    if not found:
        yield Fault("format de diffusion absent")
    for one in found:
        if not value(one, "gmd:name") or not value(one, "gmd:version"):
            yield Fault("format de diffusion sans nom ou sans version (au besoin « inapplicable »)", one)


def topic(root: Element) -> Iterator[Fault]:
    """A topic category at least."""
    if not value(root, f"{_DATA}/gmd:topicCategory"):
        yield Fault("catégorie thématique ISO absente")


def representation(root: Element) -> Iterator[Fault]:
    """Grid or vector."""
    if not every(root, f"{_DATA}/gmd:spatialRepresentationType"):
        yield Fault("type de représentation spatiale absent (grid, vector)")


def spatial_scope(root: Element) -> Iterator[Fault]:
    """The keyword of the INSPIRE spatial scope."""
    if not every(root, f"{_DATA}//gmd:keyword/gmx:Anchor[starts-with(@xlink:href, '{_SCOPE}')]"):
        yield Fault("champ géographique INSPIRE absent des mots-clés")


def lineage(root: Element) -> Iterator[Fault]:
    """One statement, with words in it."""
    statements = every(root, "gmd:dataQualityInfo//gmd:lineage/gmd:LI_Lineage/gmd:statement")
    if len(statements) != 1 or not value(root, ".//gmd:lineage//gmd:statement"):
        yield Fault("il faut une généalogie, et une seule", None, str(len(statements)))


def temporal_extent(root: Element) -> Iterator[Fault]:
    """When there is a period, it goes forward."""
    for period in every(root, f"{_DATA}//gml:TimePeriod"):
        begin, end = value(period, "gml:beginPosition"), value(period, "gml:endPosition")
        if begin > end:
            yield Fault("période d'acquisition qui finit avant de commencer", period, f"{begin} {end}")


def feature_catalogue(root: Element) -> Iterator[Fault]:
    """When a catalogue of objects is cited: by its title, with the classes that the data have."""
    for one in every(root, "gmd:contentInfo/gmd:MD_FeatureCatalogueDescription"):
        if not every(one, "gmd:featureCatalogueCitation//gmd:title") or not every(one, "gmd:featureTypes"):
            yield Fault("catalogue d'objets sans titre ou sans classes d'objets", one)


DATA_RULES: dict[str, Rule] = {
    "iso.crs": reference_system,
    "iso.resolution": resolution,
    "iso.format": formats,
    "iso.topic": topic,
    "iso.representation": representation,
    "iso.scope": spatial_scope,
    "iso.lineage": lineage,
    "iso.period": temporal_extent,
    "iso.catalogue": feature_catalogue,
}
