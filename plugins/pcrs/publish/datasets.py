"""Sheets of data: the series, the raster (current mosaic and editions), the vector."""

from collections.abc import Mapping, Sequence
from datetime import date

from pcrs.publish import vocabulary
from pcrs.publish.addresses import MODEL_CATALOGUE, Addresses
from pcrs.publish.blocks import Extent, Format, Keywords, Licence, Link
from pcrs.publish.facts import Coverage, Intake, Mosaic, RasterFacts, VectorFacts
from pcrs.publish.feature_catalogue import TITLE as MODEL_TITLE
from pcrs.publish.human import Human, Product
from pcrs.publish.iso19139 import Author, Catalogue, DataSheet
from pcrs.publish.quality import Accuracy, Lineage, Step
from pcrs.standard.codes import CODES
from pcrs.standard.crs import L93, transform_bbox
from pcrs.standard.french import count, number
from pcrs.standard.precision import UNBOUNDED, class_m

NGF_IGN69 = 5720
_WGS84 = 4326
_MARGIN_DEG = 0.000005
"""Half of the last decimal written: the box in the record never cuts the one that it describes."""


def united(*coverages: Coverage | None) -> Coverage:
    """The coverage of all that are given: their box, their first and last days, their size."""
    present = [c for c in coverages if c is not None]
    first = present[0]
    box = first.bbox
    for other in present[1:]:
        box = box.union(other.bbox)
    return Coverage(
        bbox=box,
        acquired=(min(c.acquired[0] for c in present), max(c.acquired[1] for c in present)),
        published=min(c.published for c in present),
        revised=max(c.revised for c in present),
        octets=sum(c.octets for c in present),
    )


def coverage_of(raster: RasterFacts | None, vector: VectorFacts | None) -> Coverage:
    """The coverage of all that is published."""
    mosaics = (raster.current, *raster.editions) if raster is not None else ()
    return united(*(m.coverage for m in mosaics), vector.coverage if vector is not None else None)


def extent(human: Human, at: Addresses, coverage: Coverage, *, timed: bool) -> Extent:
    """Where and when, in degrees."""
    box = transform_bbox(coverage.bbox, L93, _WGS84)
    return Extent(
        west=box.xmin - _MARGIN_DEG,
        south=box.ymin - _MARGIN_DEG,
        east=box.xmax + _MARGIN_DEG,
        north=box.ymax + _MARGIN_DEG,
        place=f"{human.territory.name} ({at.departement})",
        period=coverage.acquired if timed else None,
    )


def dates(coverage: Coverage) -> tuple[tuple[date, str], ...]:
    """Creation is the end of the acquisition, or an earlier publication; revision is the last acceptance."""
    return (
        (min(coverage.acquired[1], coverage.published), "creation"),
        (coverage.published, "publication"),
        (coverage.revised, "revision"),
    )


def author(human: Human) -> Author:
    """Who answers for everything."""
    table = human.organisation
    return Author(table.name, table.provider, table.email)


def licence(human: Human, words: Mapping[str, str]) -> Licence:
    """The licence and the mention that it requires."""
    table = human.licence
    return Licence(table.title, table.url, table.mention.format_map(words))


def words_of(
    human: Human, at: Addresses, coverage: Coverage, *, edition: str = "", precision: str = ""
) -> dict[str, str]:
    """What the `{words}` of the human half stand for; numbers of things are added by those who count them."""
    label = CODES["CategoriePrecisionPCRSType"].label(precision) if precision else ""
    return {
        "territoire": human.territory.name,
        "departement": at.departement,
        "organisme": human.organisation.name,
        "edition": edition,
        "editions": edition,
        "debut": coverage.acquired[0].isoformat(),
        "fin": coverage.acquired[1].isoformat(),
        "mise_a_jour": coverage.revised.isoformat(),
        "dalles": "0",
        "objets": "0",
        "precision": label,
        "chantier": "",
        "natures": "",
        "taille": "",
        "disponibilite": "",
        "droits": "",
    }


def lineage(statement: str, intakes: Sequence[Intake], edition: str | None) -> Lineage:
    """The statement, and a step for each chantier received: of one edition, or of all (None)."""
    steps = (
        Step(_intake_text(one), one.decided) for one in intakes if edition is None or one.edition == edition
    )
    return Lineage(statement.strip(), tuple(steps))


def _intake_text(one: Intake) -> str:
    chantier = f", chantier {one.chantier}" if one.chantier else ""
    return (
        f"Édition {one.edition}{chantier} : contrôle à la réception de "
        f"{count(one.taken + one.refused, 'fichier')}, {count(one.taken, 'intégré')}, "
        f"{count(one.refused, 'refusé')}, {count(one.reserves, 'réserve')}."
    )


def accuracy(precision: str) -> Accuracy | None:
    """The class of precision as a measured quality; None when it has no bound."""
    if precision == UNBOUNDED:
        return None
    return Accuracy(
        class_m(precision), "Classe la moins précise des données, telle que leur producteur la déclare"
    )


def series_sheet(
    human: Human, at: Addresses, raster: RasterFacts | None, vector: VectorFacts | None
) -> DataSheet:
    """The product: what all editions and both kinds of data have in common."""
    coverage = coverage_of(raster, vector)
    editions = sorted(
        {m.edition for m in (raster.editions if raster else ())} | ({vector.edition} if vector else set())
    )
    words = words_of(human, at, coverage, edition=editions[-1]) | {"editions": ", ".join(editions)}
    links = (
        *_atom_links(at.atom_capabilities, at.series, "Service de téléchargement"),
        Link(at.listing, vocabulary.DOWNLOAD, "Fichiers du PCRS", "Fichiers en accès direct", "download"),
        Link(at.public_url or "/", vocabulary.PAGE, "Portail", "Portail du PCRS"),
    )
    thumbnail = at.absolute(human.series.thumbnail) if human.series.thumbnail else ""
    if raster is not None and not thumbnail:
        thumbnail = at.view(at.layer(), raster.current.coverage.bbox)
    representation = ("grid",) * (raster is not None) + ("vector",) * (vector is not None)
    topics = ("imageryBaseMapsEarthCover",) * (raster is not None) + ("location",) * (vector is not None)
    formats = (human.raster.formats if raster else ()) + (human.vector.formats if vector else ())
    return DataSheet(
        identifier=at.series,
        uri=at.uri("series", at.series),
        level_name="Produit",
        title=human.series.title.format_map(words),
        abstract=human.series.abstract.format_map(words).strip(),
        author=author(human),
        dates=dates(coverage),
        keywords=_keywords(human, human.series),
        licence=licence(human, words),
        extent=extent(human, at, coverage, timed=True),
        links=links,
        reports=vocabulary.data_reports(human.conformity),
        level="series",
        parent=None,
        crs=_crs(vector),
        frequency=human.series.frequency,
        thumbnail=thumbnail,
        representation=representation,
        resolution_m=raster.resolution_m if raster else None,
        scale=None if raster else 200,
        topics=topics,
        formats=tuple(Format(*pair) for pair in formats),
        octets=0,
        lineage=Lineage(human.series.lineage.format_map(words).strip()),
    )


def raster_sheet(human: Human, at: Addresses, raster: RasterFacts, one: Mosaic | None) -> DataSheet:
    """The raster dataset: of the current mosaic when `one` is None, else of that edition."""
    mosaic = one or raster.current
    edition = one.edition if one else None
    words = words_of(human, at, mosaic.coverage, edition=mosaic.edition, precision=mosaic.precision)
    words["dalles"] = number(mosaic.dalles)
    words["editions"] = ", ".join(m.edition for m in raster.editions)
    said = human.raster
    title, abstract = (said.edition_title, said.edition_abstract) if one else (said.title, said.abstract)
    identifier, layer = at.raster(edition), at.layer(edition)
    thumbnail = said.thumbnail if not one else ""
    return DataSheet(
        identifier=identifier,
        uri=at.uri("dataset", identifier),
        level_name="Lot",
        title=title.format_map(words),
        abstract=abstract.format_map(words).strip(),
        author=author(human),
        dates=dates(mosaic.coverage),
        keywords=_keywords(human, said),
        licence=licence(human, words),
        extent=extent(human, at, mosaic.coverage, timed=True),
        links=_raster_links(at, layer, edition),
        reports=vocabulary.data_reports(human.conformity),
        level="dataset",
        parent=at.series,
        crs=(L93,),
        frequency="notPlanned" if one else said.frequency,
        thumbnail=at.absolute(thumbnail) if thumbnail else at.view(layer, mosaic.coverage.bbox),
        representation=("grid",),
        resolution_m=raster.resolution_m,
        scale=None,
        topics=("imageryBaseMapsEarthCover",),
        formats=tuple(Format(*pair) for pair in said.formats),
        octets=mosaic.coverage.octets,
        lineage=lineage(said.lineage.format_map(words), raster.intakes, edition),
        accuracy=accuracy(mosaic.precision),
        status="completed" if one else "onGoing",
    )


def vector_sheet(human: Human, at: Addresses, vector: VectorFacts) -> DataSheet:
    """The vector dataset."""
    words = words_of(human, at, vector.coverage, edition=vector.edition, precision=vector.precision)
    words["objets"] = number(sum(vector.objects.values()))
    said = human.vector
    return DataSheet(
        identifier=at.vector,
        uri=at.uri("dataset", at.vector),
        level_name="Lot",
        title=said.title.format_map(words),
        abstract=said.abstract.format_map(words).strip(),
        author=author(human),
        dates=dates(vector.coverage),
        keywords=_keywords(human, said),
        licence=licence(human, words),
        extent=extent(human, at, vector.coverage, timed=True),
        links=_vector_links(at, vector),
        reports=vocabulary.data_reports(human.conformity),
        level="dataset",
        parent=at.series,
        crs=_crs(vector),
        frequency=said.frequency,
        thumbnail=at.absolute(said.thumbnail) if said.thumbnail else "",
        representation=("vector",),
        resolution_m=None,
        scale=200,
        topics=("location",),
        formats=tuple(Format(*pair) for pair in said.formats),
        octets=vector.coverage.octets,
        lineage=lineage(said.lineage.format_map(words), vector.intakes, None),
        accuracy=accuracy(vector.precision),
        catalogue=Catalogue(
            title=MODEL_TITLE,
            uri=at.uri("catalogue", MODEL_CATALOGUE),
            published=human.conformity.pcrs.date,
            classes=vector.classes,
        ),
    )


def _crs(vector: VectorFacts | None) -> tuple[int, ...]:
    return (L93, NGF_IGN69) if vector is not None and vector.has_altitude else (L93,)


def _keywords(human: Human, product: Product) -> tuple[Keywords, ...]:
    theme = (vocabulary.ORTHO_THEME,) if product.inspire else ()
    scope = vocabulary.spatial_scope(human.territory.scope)
    return (*theme, scope, vocabulary.free_keywords(product.keywords))


def _atom_links(feed: str, name: str, description: str) -> tuple[Link, Link]:
    """A feed of the download service, for INSPIRE and as IGN's own records name theirs."""
    return (
        Link(feed, vocabulary.ATOM, name, description, "download", profile="download"),
        Link(feed, vocabulary.DOWNLOAD, description, "Flux Atom des fichiers", "download", of_files=True),
    )


def _raster_links(at: Addresses, layer: str, edition: str | None) -> tuple[Link, ...]:
    landing = f"{at.ogcapi}?f=json"
    part = at.part("raster", edition) if edition is not None else None
    files = f"{at.listing}dalles/{'' if edition is None else f'{edition}/'}"
    return (
        Link(at.wmts, vocabulary.WMTS, layer, "Tuiles WMTS", profile="view"),
        Link(at.wmts, vocabulary.PLAIN_WMTS, layer, "Tuiles en Lambert-93 et PM"),
        Link(at.wms, vocabulary.PLAIN_WMS, layer, "Images à la demande"),
        Link(landing, vocabulary.FEATURES, "dalles", "OGC API", "download", profile="download"),
        *_atom_links(at.resource("raster", part), part or "PCRS", "Dalles à télécharger"),
        Link(
            files, vocabulary.DOWNLOAD, "Dalles GeoTIFF", "Dalles en accès direct", "download", of_files=True
        ),
        Link(at.collection("dalles"), vocabulary.PLAIN_FEATURES, "dalles", "Index des dalles", "download"),
        Link(
            at.collection("ortho"),
            vocabulary.PLAIN_COVERAGES,
            "ortho",
            "Extraits de la mosaïque courante",
            "download",
        ),
        *(() if edition else (Link(at.stac, vocabulary.STAC, at.raster(), "Dalles courantes", "download"),)),
    )


def _vector_links(at: Addresses, vector: VectorFacts) -> tuple[Link, ...]:
    whole = Link(
        at.ogcapi, vocabulary.FEATURES, at.vector, "OGC API Features", "download", profile="download"
    )
    listing = f"{at.listing}vecteur/"
    files = Link(
        listing,
        vocabulary.DOWNLOAD,
        "Fichiers GML",
        "Fichiers GML en accès direct",
        "download",
        of_files=True,
    )
    model = Link(at.feature_catalogue, vocabulary.PAGE, "Catalogue d’objets", MODEL_TITLE)
    classes = tuple(
        Link(at.collection(name), vocabulary.PLAIN_FEATURES, name, f"Objets {name}", "download")
        for name in vector.classes
    )
    return (
        whole,
        *classes,
        *_atom_links(at.resource("vector"), "PCRS-VECTEUR", "Fichiers GML livrés"),
        files,
        model,
    )
