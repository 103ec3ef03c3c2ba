"""Sheets of archives: what is kept of a chantier, on line or not, as a dataset of its own."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlencode

from pcrs.publish import vocabulary
from pcrs.publish.addresses import Addresses
from pcrs.publish.blocks import NO_VERSION, Extent, Format, Keywords, Licence, Link
from pcrs.publish.datasets import author, dates, extent, licence, words_of
from pcrs.publish.facts import ArchiveFacts, Coverage
from pcrs.publish.human import Human
from pcrs.publish.iso19139 import DataSheet
from pcrs.publish.quality import Lineage
from pcrs.standard.crs import L93, BBox
from pcrs.standard.french import count, number, octets
from pcrs.standard.livrables import KINDS, LICENCES

_EVERYWHERE = BBox(-378_305.0, 6_093_283.0, 1_212_610.0, 7_186_901.0)
"""Where EPSG:2154 is used: the box of what has no place, in a site that has nothing else."""
_POINT_M = 0.5
"""By which the box of a single point is widened, in metres."""
_SHORT = 80
"""Signs of a chantier's name in a title, at the most."""
_FORMATS = {
    "image/tiff": Format("TIFF", "6.0"),
    "image/jp2": Format("JPEG 2000", NO_VERSION),
    "image/jpeg": Format("JPEG", NO_VERSION),
    "application/pdf": Format("PDF", NO_VERSION),
    "application/vnd.laszip": Format("LAZ", NO_VERSION),
    "application/vnd.las": Format("LAS", NO_VERSION),
    "application/gml+xml": Format("GML", "3.2.1"),
    "application/geopackage+sqlite3": Format("GPKG", NO_VERSION),
}
_TOLD = Format("GeoJSON", "RFC 7946")
"""In which the objects are told, whatever they are."""


def archive_sheet(
    human: Human, at: Addresses, facts: ArchiveFacts, others: Coverage | None, *, pictured: bool
) -> DataSheet:
    """The dataset of a chantier's objects.

    Args:
        human: texts.
        at: addresses.
        facts: of the chantier.
        others: what is published beside it; None: nothing is, and there is no series either.
        pictured: a map of its place can be asked of the site.
    """
    coverage = _coverage(facts, others)
    words = _words(human, at, facts, coverage)
    said, identifier = human.archives, at.archive(facts.chantier)
    title = said.title.format_map(words | {"chantier": _short(words["chantier"])})
    place = extent(human, at, coverage, timed=facts.acquired is not None)
    shown = pictured and facts.bbox is not None
    grid = any(name.startswith("image/") for name in facts.media_types)
    return DataSheet(
        identifier=identifier,
        uri=at.uri("dataset", identifier),
        level_name="Archives",
        title=title,
        abstract=said.abstract.format_map(words).strip(),
        author=author(human),
        dates=dates(coverage),
        keywords=_keywords(human, facts),
        licence=_rights(human, facts, words),
        extent=place,
        links=tuple(_links(at, facts, place)),
        reports=vocabulary.archive_reports(),
        level="dataset",
        parent=at.series if others is not None else None,
        crs=(L93,),
        frequency="asNeeded",
        thumbnail=at.view(at.layer(), coverage.bbox) if shown else "",
        representation=("grid",) * grid + ("textTable",),
        resolution_m=None,
        scale=200,
        topics=("imageryBaseMapsEarthCover",) * grid + ("location",),
        formats=(_TOLD, *(_FORMATS[name] for name in facts.media_types if name in _FORMATS)),
        octets=facts.octets,
        lineage=Lineage(said.lineage.format_map(words).strip()),
        status="completed",
    )


def _coverage(facts: ArchiveFacts, others: Coverage | None) -> Coverage:
    """Its own place and days; where it has none, those of what is published, and of its deposit."""
    first, last = facts.deposited
    box = facts.bbox or (others.bbox if others is not None else _EVERYWHERE)
    if not box.width or not box.height:
        box = BBox(box.xmin - _POINT_M, box.ymin - _POINT_M, box.xmax + _POINT_M, box.ymax + _POINT_M)
    return Coverage(box, facts.acquired or (first, first), first, last, facts.octets)


def _words(human: Human, at: Addresses, facts: ArchiveFacts, coverage: Coverage) -> dict[str, str]:
    edition = facts.editions[-1] if facts.editions else ""
    where = "à commander"
    if facts.on_line:
        where = "en ligne" if facts.on_line >= facts.objects else "en partie en ligne, le reste à commander"
    return words_of(human, at, coverage, edition=edition) | {
        "editions": ", ".join(facts.editions),
        "objets": number(facts.objects),
        "chantier": _printable(facts.chantier),
        "natures": ", ".join(
            f"{KINDS[kind].label} ({number(facts.kinds[kind])})" for kind in _ordered(facts)
        ),
        "taille": octets(facts.octets),
        "disponibilite": where,
        "droits": _told(facts.licences),
    }


def _told(licences: Mapping[str, int]) -> str:
    """Who may have how many of the objects."""
    known = [code for code in LICENCES if code in licences]
    return " ; ".join(f"{LICENCES[code]} ({count(licences[code], 'objet')})" for code in known)


def _named(licences: Mapping[str, int]) -> str:
    """The conditions that there are, without their numbers."""
    known = [label for code, label in LICENCES.items() if code in licences]
    return known[0] if len(known) == 1 else f"Selon l’objet : {' ; '.join(known)}"


def _ordered(facts: ArchiveFacts) -> list[str]:
    """The kinds in the order of contracts."""
    return [code for code in KINDS if code in facts.kinds]


def _rights(human: Human, facts: ArchiveFacts, words: Mapping[str, str]) -> Licence:
    """The licence of what is open; where an object is not, that access is limited."""
    whole = licence(human, words)
    if set(facts.licences) == {"ouverte"}:
        return whole
    mention = f"{words['droits']}. {whole.mention}" if "ouverte" in facts.licences else words["droits"]
    access = vocabulary.limited_access(human.archives.limitation)
    return Licence(_named(facts.licences), "", mention, access)


def _keywords(human: Human, facts: ArchiveFacts) -> tuple[Keywords, ...]:
    """No theme of INSPIRE; the kinds of objects by the words that people look for."""
    kinds = (KINDS[code].label.partition(" (")[0].replace(",", " ") for code in _ordered(facts))
    free = dict.fromkeys((*human.archives.keywords, *kinds))
    return vocabulary.spatial_scope(human.territory.scope), vocabulary.free_keywords(tuple(free))


def _links(at: Addresses, facts: ArchiveFacts, place: Extent) -> Iterator[Link]:
    """Where the objects are looked for and ordered: nothing here leads to their bytes."""
    chosen = urlencode({"chantier": facts.chantier}, quote_via=quote, errors="replace")
    yield Link(
        f"{at.collection('archives')}/items?{chosen}",
        vocabulary.PLAIN_FEATURES,
        "archives",
        "Objets du chantier en GeoJSON",
    )
    sides = ",".join(f"{side:.5f}" for side in (place.west, place.south, place.east, place.north))
    near = urlencode({"collections": "archives", "bbox": sides})
    yield Link(
        f"{at.stac}/search?{near}", vocabulary.STAC, "archives", "Objets archivés à cet endroit en STAC"
    )
    yield Link(
        f"{at.ogcapi}/processes/commande", vocabulary.PAGE, "commande", "Commander des objets par OGC API"
    )


def _printable(name: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in name)


def _short(name: str) -> str:
    return name if len(name) <= _SHORT else f"{name[: _SHORT - 1]}…"
