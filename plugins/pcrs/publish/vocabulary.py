"""Registers, protocols and specifications that records cite, word for word as validators compare them."""

from collections.abc import Sequence
from datetime import date

from pcrs.publish.blocks import Keywords, Word
from pcrs.publish.human import ConformityTable
from pcrs.publish.quality import Conformity

_CODELISTS = "http://inspire.ec.europa.eu/metadata-codelist"
_SERVICE_TYPES = "http://www.opengis.net/def/serviceType/ogc"

WMTS = Word("OGC Web Map Tile Service", f"{_SERVICE_TYPES}/wmts")
CSW = Word("OGC Catalogue Service for the Web", f"{_SERVICE_TYPES}/csw")
FEATURES = Word("OGC API - Features", "http://www.opengis.net/def/interface/ogcapi-features")
ATOM = Word("ATOM Syndication Format", "https://tools.ietf.org/html/rfc4287")
PLAIN_WMTS = Word("OGC:WMTS")
PLAIN_WMS = Word("OGC:WMS")
PLAIN_CSW = Word("OGC:CSW")
PLAIN_FEATURES = Word("OGC API Features")
PLAIN_RECORDS = Word("OGC API Records")
STAC = Word("STAC API")
PLAIN_COVERAGES = Word("OGC API Coverages")
DOWNLOAD = Word("WWW:DOWNLOAD-1.0-http--download")
PAGE = Word("WWW:LINK-1.0-http--link")

_INTEROPERABILITY = Word(
    "RÈGLEMENT (UE) N o 1089/2010 DE LA COMMISSION du 23 novembre 2010 portant modalités d'application de la "
    "directive 2007/2/CE du Parlement européen et du Conseil en ce qui concerne l'interopérabilité des "
    "séries et des services de données géographiques",
    "http://data.europa.eu/eli/reg/2010/1089",
)
"""`N o`, with the space: the title that the validator compares with."""
_NETWORK_SERVICES = Word(
    "RÈGLEMENT (CE) N o 976/2009 DE LA COMMISSION du 19 octobre 2009 portant modalités d'application de la "
    "directive 2007/2/CE du Parlement européen et du Conseil en ce qui concerne les services en réseau",
    "http://data.europa.eu/eli/reg/2009/976",
)
_SCOPES = {"regional": "Régional", "local": "Local"}

THEMES = "GEMET - INSPIRE themes, version 1.0"
"""Title of the thesaurus whose keywords make a record an INSPIRE record in France."""
ORTHO_THEME = Keywords(
    words=(Word("Ortho-imagerie", "http://inspire.ec.europa.eu/theme/oi"),),
    thesaurus=Word(THEMES),
    published=date(2008, 6, 1),
)


def spatial_scope(scope: str) -> Keywords:
    """The INSPIRE spatial scope: `regional` or `local`."""
    register = f"{_CODELISTS}/SpatialScope"
    return Keywords(
        words=(Word(_SCOPES[scope], f"{register}/{scope}"),),
        thesaurus=Word("Champ géographique", register),
        published=date(2019, 5, 22),
    )


def service_category(name: str) -> Keywords:
    """The category of a service (`infoMapAccessService`), from the classification of Regulation 1205/2008.

    One alone: the transformation of data.gouv.fr makes one address of all that it finds.
    """
    register = f"{_CODELISTS}/SpatialDataServiceCategory"
    return Keywords(
        words=(Word(name, f"{register}/{name}"),),
        thesaurus=Word("Classification of spatial data services", register),
        published=date(2008, 12, 3),
    )


def free_keywords(words: Sequence[str]) -> Keywords:
    """Keywords of no vocabulary."""
    return Keywords(tuple(Word(word) for word in words))


def data_reports(table: ConformityTable) -> tuple[Conformity, ...]:
    """What a dataset is held against."""
    ours = table.pcrs
    return (
        _interoperability(table),
        Conformity(Word(ours.title, ours.url), ours.date, passed=ours.passed, explanation=ours.explanation),
    )


def archive_reports() -> tuple[Conformity, ...]:
    """What is kept as it was delivered is no INSPIRE dataset: that is said, as every record has to."""
    explanation = "Pièces de marchés conservées telles quelles, hors du champ de la directive INSPIRE"
    return (_interoperable(passed=False, explanation=explanation),)


def service_reports(table: ConformityTable) -> tuple[Conformity, ...]:
    """What a service is held against."""
    network = Conformity(
        _NETWORK_SERVICES,
        date(2009, 10, 20),
        passed=table.services.passed,
        explanation=table.services.explanation,
    )
    return (network, _interoperability(table))


def limited_access(point: str) -> Word:
    """A limitation on public access by a point of article 13(1) of the INSPIRE directive: `a` to `h`."""
    label = f"Accès public limité selon l’article 13 (1) ({point}) de la directive INSPIRE"
    return Word(label, f"{_CODELISTS}/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1{point}")


def _interoperability(table: ConformityTable) -> Conformity:
    verdict = table.interoperability
    return _interoperable(passed=verdict.passed, explanation=verdict.explanation)


def _interoperable(*, passed: bool, explanation: str) -> Conformity:
    return Conformity(_INTEROPERABILITY, date(2010, 12, 8), passed=passed, explanation=explanation)
