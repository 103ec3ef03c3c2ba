"""Rules on the records of services, beside those on any record."""

from collections.abc import Iterator

from pcrs.publish.elements import Element, qname
from pcrs.publish.rules import Fault, Rule, code_of, every, value

_KINDS = ("view", "download", "discovery", "transformation")
_CATEGORY = "http://inspire.ec.europa.eu/metadata-codelist/SpatialDataServiceCategory/"
_SERVICE = "gmd:identificationInfo/srv:SV_ServiceIdentification"


def kind(root: Element) -> Iterator[Fault]:
    """One identification, of a type that INSPIRE knows; `other` fails its network service class."""
    if len(every(root, _SERVICE)) != 1:
        yield Fault("il faut un SV_ServiceIdentification, et un seul")
    found = value(root, f"{_SERVICE}/srv:serviceType/gco:LocalName")
    if found not in _KINDS:
        yield Fault(f"type de service attendu : {', '.join(_KINDS)}", None, found)


def category(root: Element) -> Iterator[Fault]:
    """One keyword of the classification of services: data.gouv.fr makes one address of several."""
    anchors = every(root, f"{_SERVICE}//gmd:keyword/gmx:Anchor[starts-with(@xlink:href, '{_CATEGORY}')]")
    if not anchors:
        yield Fault("catégorie de service INSPIRE absente des mots-clés")
    elif len(anchors) > 1:
        yield Fault("une seule catégorie de service INSPIRE par fiche", anchors[1], str(len(anchors)))


def coupling(root: Element) -> Iterator[Fault]:
    """Tight coupling names its datasets, by identifier and by an address that answers with their record."""
    operates = every(root, f"{_SERVICE}/srv:operatesOn")
    tight = code_of(root, f"{_SERVICE}/srv:couplingType/srv:SV_CouplingType") == "tight"
    if tight != bool(operates):
        yield Fault("couplage « tight » et liste operatesOn vont ensemble")
    if len(every(root, f"{_SERVICE}/srv:coupledResource")) < len(operates):
        yield Fault("ressource couplée sans SV_CoupledResource")
    for one in operates:
        href = one.get(qname("xlink:href"), "")
        if not one.get("uuidref") or not href.startswith(("http://", "https://")):
            yield Fault("operatesOn doit avoir uuidref et une adresse absolue", one, href)


def operations(root: Element) -> Iterator[Fault]:
    """An entry point at least."""
    points = every(root, f"{_SERVICE}/srv:containsOperations//srv:connectPoint//gmd:URL")
    if not points or not all((point.text or "").startswith("http") for point in points):
        yield Fault("opération du service sans point d'accès")


def level_in_words(root: Element) -> Iterator[Fault]:
    """The level of quality, in words too: a validator asks it of services alone."""
    if value(root, "gmd:dataQualityInfo//gmd:levelDescription//gmd:other") != "service":
        yield Fault("niveau du bloc qualité à répéter en toutes lettres (levelDescription : service)")


SERVICE_RULES: dict[str, Rule] = {
    "iso.service-type": kind,
    "iso.service-category": category,
    "iso.coupling": coupling,
    "iso.operations": operations,
    "iso.level-description": level_in_words,
}
