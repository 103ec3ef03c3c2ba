"""Rules on any ISO record that its schema cannot see: one function each, what it yields is at fault.

They are those that the INSPIRE validator, GeoNetwork and data.gouv.fr apply; the rules of one kind of record
are in `rules_data` and `rules_service`.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple, cast

from lxml import etree

from pcrs.publish.elements import LANGUAGES, NAMESPACES, Element, qname

_SAFE = re.compile(r"[A-Za-z0-9._-]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_DECIMALS = re.compile(r"-?\d+\.\d{2,}")
_ACCESS = "http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/"
_GEMET = "GEMET - INSPIRE themes, version 1.0"
_REGULATION = "http://data.europa.eu/eli/reg/2010/1089"
_TITLE_MAX = 250
CITATION = "gmd:identificationInfo/*/gmd:citation/gmd:CI_Citation"


class Fault(NamedTuple):
    """What a rule found: one French sentence, where, and what was read."""

    message: str
    element: Element | None = None
    measured: str | None = None


type Rule = Callable[[Element], Iterator[Fault]]


def every(root: Element, path: str) -> list[Element]:
    """The elements at an XPath with the usual prefixes."""
    return cast(list[Element], _compiled(path)(root))


@lru_cache(maxsize=512)
def _compiled(path: str) -> etree.XPath:
    return etree.XPath(path, namespaces=NAMESPACES)


def words(element: Element | None) -> str:
    """The text of a property: its character string or its anchor."""
    return "" if element is None else "".join(str(part) for part in element.itertext()).strip()


def value(root: Element, path: str) -> str:
    """The text of the first element at an XPath, or nothing."""
    return words(next(iter(every(root, path)), None))


def code_of(root: Element, path: str) -> str:
    """The codeListValue of the first element at an XPath, or nothing."""
    found = every(root, path)
    return found[0].get("codeListValue", "") if found else ""


def level_of(root: Element) -> str:
    """The level: `dataset`, `series`, `service`."""
    return code_of(root, "gmd:hierarchyLevel/gmd:MD_ScopeCode") or "dataset"


def file_identifier(root: Element) -> Iterator[Fault]:
    """An identifier that can stand in an address, repeated as uuid."""
    identifier = value(root, "gmd:fileIdentifier")
    if not _SAFE.fullmatch(identifier):
        yield Fault("identifiant de fiche à écrire en lettres, chiffres, points et tirets", None, identifier)
    if root.get("uuid", identifier) != identifier:
        yield Fault("attribut uuid différent de l'identifiant de fiche", root, root.get("uuid"))


def language(root: Element) -> Iterator[Fault]:
    """French, coded with the Library of Congress list, for the record and its data."""
    places = ["gmd:language"]
    if level_of(root) != "service":
        places.append("gmd:identificationInfo/*/gmd:language")
    for place in places:
        found = every(root, f"{place}/gmd:LanguageCode")
        if not found or found[0].get("codeList") != LANGUAGES or found[0].get("codeListValue") != "fre":
            yield Fault(f"langue absente ou mal codée ({place}) : LanguageCode fre, liste {LANGUAGES}")


def contacts(root: Element) -> Iterator[Fault]:
    """An organisation and a mailbox, for the record and for the resource."""
    for place in ("gmd:contact", "gmd:identificationInfo/*/gmd:pointOfContact"):
        parties = every(root, f"{place}/gmd:CI_ResponsibleParty")
        if not parties:
            yield Fault(f"contact absent ({place})")
        for one in parties:
            if not value(one, "gmd:organisationName"):
                yield Fault("contact sans organisation", one)
            if "@" not in value(one, ".//gmd:electronicMailAddress"):
                yield Fault("contact sans adresse de messagerie", one)
    if code_of(root, "gmd:contact//gmd:CI_RoleCode") != "pointOfContact":
        yield Fault("le contact de la fiche doit avoir le rôle pointOfContact")


def date_stamp(root: Element) -> Iterator[Fault]:
    """A moment in UTC: a bare day hides the changes of that day from harvesters."""
    moment = value(root, "gmd:dateStamp/gco:DateTime")
    if not _MOMENT.fullmatch(moment):
        yield Fault("date de la fiche à écrire en gco:DateTime UTC (…Z)", None, value(root, "gmd:dateStamp"))


def title(root: Element) -> Iterator[Fault]:
    """A title, of at most 250 characters."""
    text = value(root, f"{CITATION}/gmd:title")
    if not text:
        yield Fault("titre absent")
    elif len(text) > _TITLE_MAX:
        yield Fault(f"titre de plus de {_TITLE_MAX} caractères", None, str(len(text)))


def abstract(root: Element) -> Iterator[Fault]:
    """A summary."""
    if not value(root, "gmd:identificationInfo/*/gmd:abstract"):
        yield Fault("résumé absent")


def dates(root: Element) -> Iterator[Fault]:
    """One date at least; creation and revision once at most."""
    kinds = [e.get("codeListValue", "") for e in every(root, f"{CITATION}/gmd:date//gmd:CI_DateTypeCode")]
    if not kinds:
        yield Fault("la ressource n'a aucune date")
    for kind in ("creation", "revision"):
        if kinds.count(kind) > 1:
            yield Fault(f"date « {kind} » répétée", None, str(kinds.count(kind)))


def resource_identifier(root: Element) -> Iterator[Fault]:
    """One MD_Identifier whose address and words are the same: data.gouv.fr keys its copies on it."""
    if every(root, f"{CITATION}/gmd:identifier/gmd:RS_Identifier"):
        yield Fault("identifiant de ressource en RS_Identifier : l'écrire en MD_Identifier")
    anchors = every(root, f"{CITATION}/gmd:identifier/gmd:MD_Identifier/gmd:code/gmx:Anchor")
    if len(anchors) != 1:
        yield Fault(
            "il faut un identifiant de ressource, en MD_Identifier et gmx:Anchor", None, str(len(anchors))
        )
    for anchor in anchors:
        href = anchor.get(qname("xlink:href"), "")
        if href != anchor.text or not href.startswith(("http://", "https://")):
            yield Fault("identifiant de ressource : adresse et texte doivent être la même URI", anchor, href)


def inspire_theme(root: Element) -> Iterator[Fault]:
    """When there is a GEMET block: alone, with the exact title and date, and one theme."""
    titles = every(root, ".//gmd:thesaurusName/gmd:CI_Citation/gmd:title")
    blocks = [t for t in titles if words(t).casefold().startswith("gemet")]
    if len(blocks) > 1:
        yield Fault("plusieurs blocs de thèmes INSPIRE", blocks[1])
    for block in blocks:
        if words(block) != _GEMET:
            yield Fault(f"titre du thésaurus à écrire « {_GEMET} »", block, words(block))
        if value(block, "../gmd:date//gco:Date") != "2008-06-01":
            yield Fault("date du thésaurus GEMET : 2008-06-01", block)
        if len(every(block, "ancestor::gmd:MD_Keywords/gmd:keyword")) != 1:
            yield Fault("un seul thème INSPIRE par fiche", block)


def access_constraints(root: Element) -> Iterator[Fault]:
    """One block of public access, with an anchor of the INSPIRE register, shared with nothing."""
    blocks = every(root, ".//gmd:MD_LegalConstraints[gmd:accessConstraints]")
    if len(blocks) != 1:
        yield Fault("il faut un bloc, et un seul, de restriction d'accès public", None, str(len(blocks)))
    for block in blocks:
        href = every(block, "gmd:otherConstraints/gmx:Anchor/@xlink:href")
        if not href or not str(href[0]).startswith(_ACCESS):
            yield Fault("restriction d'accès sans ancre LimitationsOnPublicAccess", block)
        if every(block, "gmd:useConstraints"):
            yield Fault("accès et utilisation dans le même bloc : en faire deux MD_LegalConstraints", block)


def use_constraints(root: Element) -> Iterator[Fault]:
    """One block of conditions of use, with the licence."""
    path = ".//gmd:MD_LegalConstraints[gmd:useConstraints/*/@codeListValue='otherRestrictions']"
    blocks = every(root, path)
    if len(blocks) != 1:
        yield Fault("il faut un bloc, et un seul, de conditions d'utilisation", None, str(len(blocks)))
    for block in blocks:
        if not value(block, "gmd:otherConstraints"):
            yield Fault("conditions d'utilisation sans licence", block)


def bounding_box(root: Element) -> Iterator[Fault]:
    """One box, in order, with two decimals or more."""
    boxes = every(root, ".//gmd:EX_GeographicBoundingBox")
    if not boxes:
        yield Fault("emprise géographique absente")
    for box in boxes:
        texts = [words(side) for side in box]
        if len(texts) != 4 or not all(_DECIMALS.fullmatch(text) for text in texts):
            yield Fault("emprise à écrire avec deux décimales au moins", box, " ".join(texts))
            continue
        west, east, south, north = (float(text) for text in texts)
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            yield Fault("emprise impossible : ouest < est, sud < nord, en degrés", box, " ".join(texts))


def quality(root: Element) -> Iterator[Fault]:
    """One block of quality, of the record's own level."""
    blocks = every(root, "gmd:dataQualityInfo/gmd:DQ_DataQuality")
    if len(blocks) != 1:
        yield Fault("il faut un bloc DQ_DataQuality, et un seul", None, str(len(blocks)))
    for block in blocks:
        level = code_of(block, "gmd:scope//gmd:level/gmd:MD_ScopeCode")
        if level != level_of(root):
            yield Fault("niveau du bloc qualité différent de celui de la fiche", block, level)


def conformity(root: Element) -> Iterator[Fault]:
    """A verdict, true or false, with a reason; one on Regulation 1089/2010, under its official title."""
    results = every(root, ".//gmd:DQ_ConformanceResult")
    for result in results:
        if value(result, "gmd:pass") not in ("true", "false"):
            yield Fault("conformité sans verdict true ou false", result)
        if not value(result, "gmd:explanation"):
            yield Fault("conformité sans explication", result)
    anchors = [a for r in results for a in every(r, "gmd:specification//gmd:title/gmx:Anchor")]
    cited = [a for a in anchors if a.get(qname("xlink:href")) == _REGULATION]
    if not cited:
        yield Fault(f"conformité au règlement 1089/2010 non déclarée (ancre {_REGULATION})")
    elif not words(cited[0]).casefold().startswith("règlement (ue) n o 1089/2010 de la commission du 23"):
        yield Fault("titre officiel du règlement 1089/2010 inexact", cited[0], words(cited[0]))


def links(root: Element) -> Iterator[Fault]:
    """Absolute addresses; no comma in names and descriptions, catalogues split on it."""
    online = every(root, "gmd:distributionInfo//gmd:onLine/gmd:CI_OnlineResource")
    if not online:
        yield Fault("aucun lien (gmd:onLine)")
    for link in online:
        url = value(link, "gmd:linkage/gmd:URL")
        if not url.startswith(("http://", "https://")):
            yield Fault("lien sans adresse absolue", link, url)
        for part in ("name", "description"):
            text = value(link, f"gmd:{part}")
            if "," in text:
                yield Fault(f"virgule dans le champ {part} d'un lien : la retirer", link, text)


def level_name(root: Element) -> Iterator[Fault]:
    """A level in words whenever the record is not a dataset's."""
    if level_of(root) != "dataset" and not value(root, "gmd:hierarchyLevelName"):
        yield Fault("hierarchyLevelName obligatoire pour une série ou un service")


RULES: dict[str, Rule] = {
    "iso.identifier": file_identifier,
    "iso.language": language,
    "iso.contact": contacts,
    "iso.datestamp": date_stamp,
    "iso.title": title,
    "iso.abstract": abstract,
    "iso.dates": dates,
    "iso.resource-identifier": resource_identifier,
    "iso.theme": inspire_theme,
    "iso.access": access_constraints,
    "iso.use": use_constraints,
    "iso.bbox": bounding_box,
    "iso.quality": quality,
    "iso.conformity": conformity,
    "iso.links": links,
    "iso.level": level_name,
}
