"""The catalogue of a site: which records it has, and what each says.

`sheets` and `refresh` are called after each publication. A record's own date moves only when the record says
something new: harvesters take a new date for a change, and one that stands for a change missed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from lxml import etree

from pcrs.errors import NotFoundError
from pcrs.publish.addresses import Addresses
from pcrs.publish.archive_sheet import archive_sheet
from pcrs.publish.datasets import coverage_of, raster_sheet, series_sheet, vector_sheet
from pcrs.publish.elements import qname
from pcrs.publish.facts import ArchiveFacts, Coverage, RasterFacts, VectorFacts
from pcrs.publish.human import Human
from pcrs.publish.iso19139 import DataSheet, ServiceSheet, metadata
from pcrs.publish.services import atom_sheet, discovery_sheet, download_sheet, view_sheet
from pcrs.store.record_rows import OWN
from pcrs.store.records import RecordStore


def sheets(
    human: Human,
    raster: RasterFacts | None,
    vector: VectorFacts | None,
    public_url: str,
    identifier_base: str = "",
    archives: Sequence[ArchiveFacts] = (),
) -> tuple[DataSheet | ServiceSheet, ...]:
    """The records that the facts call for: none before something is published or archived."""
    if vector is not None and not vector.classes:
        vector = None
    facts = raster or vector or next(iter(archives), None)
    if facts is None:
        return ()
    at = Addresses(public_url, facts.departement, identifier_base)
    made: list[DataSheet | ServiceSheet] = []
    others: Coverage | None = None
    if raster is not None or vector is not None:
        made += _published(human, at, raster, vector)
        others = coverage_of(raster, vector)
    made += [archive_sheet(human, at, one, others, pictured=raster is not None) for one in archives]
    return tuple(made)


def _published(
    human: Human, at: Addresses, raster: RasterFacts | None, vector: VectorFacts | None
) -> list[DataSheet | ServiceSheet]:
    """Of what is published: the series, the datasets, the services."""
    made: list[DataSheet | ServiceSheet] = [series_sheet(human, at, raster, vector)]
    if raster is not None:
        made.append(raster_sheet(human, at, raster, None))
        made += [raster_sheet(human, at, raster, mosaic) for mosaic in raster.editions]
    if vector is not None:
        made.append(vector_sheet(human, at, vector))
    if raster is not None:
        made.append(view_sheet(human, at, raster))
    made.append(download_sheet(human, at, raster, vector))
    made.append(atom_sheet(human, at, raster, vector))
    made.append(discovery_sheet(human, at, raster, vector))
    return made


def document(sheet: DataSheet | ServiceSheet, stamped: datetime) -> bytes:
    """The record as an XML document in UTF-8; the same sheet and date always give the same bytes.

    Without a declaration: the catalogue service puts it into its answers as it stands.
    """
    root = metadata(sheet, stamped)
    etree.cleanup_namespaces(root, keep_ns_prefixes=["gmd", "gco", "gmx", "srv", "gml", "xlink"])
    etree.indent(root, " ")
    return etree.tostring(root, encoding="utf-8")


def stamped(new_xml: bytes, previous_xml: bytes | None, now: datetime) -> bytes:
    """The new record dated `now`, or the previous one when it says the same but for its date."""
    if previous_xml is not None and _saying(new_xml) == _saying(previous_xml):
        return previous_xml
    root = etree.fromstring(new_xml, _parser())
    stamp = root.find(f"{qname('gmd:dateStamp')}/{qname('gco:DateTime')}")
    if stamp is not None:
        stamp.text = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return etree.tostring(root, encoding="utf-8")


def refresh(
    store: RecordStore, made: Iterable[DataSheet | ServiceSheet], *, now: datetime
) -> tuple[str, ...]:
    """Identifiers of the records that were made, changed or withdrawn, in order.

    `made` are all that the catalogue has from now on (`sheets`); `now` is in UTC. The whole catalogue changes
    in one transaction: a harvester never sees a part of it.
    """
    documents: dict[str, bytes] = {}
    changed: list[str] = []
    for sheet in made:
        previous = _previous(store, sheet.identifier)
        xml = stamped(document(sheet, now), previous, now)
        documents[sheet.identifier] = xml
        if xml != previous:
            changed.append(sheet.identifier)
    withdrawn = [name for name in store.identifiers(OWN) if name not in documents]
    if changed or withdrawn:
        store.replace(documents.values(), inserted=now)
    return tuple(sorted((*changed, *withdrawn)))


def _previous(store: RecordStore, identifier: str) -> bytes | None:
    try:
        return store.get(identifier)
    except NotFoundError:
        return None


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True)


def _saying(xml: bytes) -> bytes:
    """The canonical content of a record, without its date."""
    root = etree.fromstring(xml, _parser())
    stamps: Sequence[etree._Element] = root.findall(qname("gmd:dateStamp"))
    for stamp in stamps:
        root.remove(stamp)
    return etree.tostring(root, method="c14n2")
