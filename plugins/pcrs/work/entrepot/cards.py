"""Records of datasets and series in the platform's catalogue. Records of services are the platform's own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from pcrs.publish.elements import qname
from pcrs.publish.geoplateforme.entities import Ref
from pcrs.publish.vocabulary import THEMES
from pcrs.work.entrepot.client import Entrepot
from pcrs.work.entrepot.finding import Directory, Entity, ensure
from pcrs.work.entrepot.multipart import Multipart, bytes_source

CATALOGUE = Ref("endpoint", "gpf-geonetwork", "technical_name")
_LEVELS = ("dataset", "series")


@dataclass(frozen=True, slots=True)
class Card:
    """A record as the platform is to have it."""

    identifier: str
    """Its fileIdentifier there, unique on the platform."""
    xml: bytes
    inspire: bool
    open_data: bool

    @property
    def attributes(self) -> dict[str, object]:
        """INSPIRE records are harvested by the Géocatalogue, open data by data.gouv.fr."""
        return {"type": "INSPIRE" if self.inspire else "ISOAP", "open_data": self.open_data}


def cards(records: Iterable[tuple[str, bytes]], prefix: str, *, open_data: bool) -> tuple[Card, ...]:
    """The records that are ours to push, under the prefix that the Entrepôt wants.

    What names an INSPIRE theme is an INSPIRE record.
    """
    made = []
    for identifier, xml in records:
        root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
        level = root.find(f"{qname('gmd:hierarchyLevel')}/{qname('gmd:MD_ScopeCode')}")
        if level is None or level.get("codeListValue") not in _LEVELS:
            continue
        made.append(Card(f"{prefix}{identifier}", _prefixed(root, prefix), THEMES.encode() in xml, open_data))
    return tuple(made)


def _prefixed(root: etree._Element, prefix: str) -> bytes:
    if root.get("uuid"):
        root.set("uuid", f"{prefix}{root.get('uuid')}")
    for name in ("gmd:fileIdentifier", "gmd:parentIdentifier"):
        text = root.find(f"{qname(name)}/{qname('gco:CharacterString')}")
        if text is not None:
            text.text = f"{prefix}{text.text}"
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def find_card(entrepot: Entrepot, identifier: str) -> Entity | None:
    """The record in this datastore, in full."""
    for row in entrepot.pages("metadata"):
        if row["file_identifier"] == identifier:
            return dict(entrepot.get(f"metadata/{row['_id']}"))
    return None


def is_pushed(entrepot: Entrepot, card: Card, there: Entity | None, catalogue: str) -> bool:
    """Whether the platform's catalogue has the record as it is."""
    return (
        there is not None
        and _published(there, catalogue)
        and not _other_attributes(card, there)
        and _same(entrepot, card, there)
    )


def push_card(entrepot: Entrepot, directory: Directory, card: Card, tags: dict[str, str]) -> bool:
    """The catalogue has the record as it is; False: it had already.

    Raises:
        ConflictError: its identifier is taken on the platform.
    """
    catalogue = directory(CATALOGUE)
    there = find_card(entrepot, card.identifier)
    if is_pushed(entrepot, card, there, catalogue):
        return False
    source = bytes_source(f"{card.identifier}.xml", card.xml)
    fields = {"type": str(card.attributes["type"]), "open_data": str(card.open_data).lower()}
    there = ensure(
        entrepot,
        lambda: find_card(entrepot, card.identifier),
        lambda: entrepot.send("POST", "metadata", Multipart(source, fields)),
    )
    here = f"metadata/{there['_id']}"
    if not _same(entrepot, card, there):
        entrepot.send("PUT", here, Multipart(source))
    if changed := _other_attributes(card, there):
        entrepot.patch(here, card.attributes)
    entrepot.tag(here, tags)
    if changed or not _published(there, catalogue):
        body = {"file_identifiers": [card.identifier], "endpoint": catalogue}
        entrepot.repeat("metadata/publication", body)
    return True


def own_cards(entrepot: Entrepot, owner: str) -> Iterator[Entity]:
    """Every record that this site put there, in full."""
    for row in entrepot.pages("metadata", **{"tags[pcrs]": owner}):
        full = entrepot.get(f"metadata/{row['_id']}")
        if (full.get("tags") or {}).get("pcrs") == owner:
            yield full


def withdraw_card(entrepot: Entrepot, there: Entity) -> None:
    """The record is gone from the catalogues, then from the datastore."""
    for endpoint in there.get("endpoints") or ():
        body = {"file_identifiers": [there["file_identifier"]], "endpoint": endpoint["_id"]}
        entrepot.repeat("metadata/unpublication", body)
    entrepot.delete(f"metadata/{there['_id']}")


def _published(there: Entity, catalogue: str) -> bool:
    return any(one["_id"] == catalogue for one in there.get("endpoints") or ())


def _other_attributes(card: Card, there: Entity) -> bool:
    return any(there.get(key) != value for key, value in card.attributes.items())


def _same(entrepot: Entrepot, card: Card, there: Entity) -> bool:
    held = entrepot.text(f"metadata/{there['_id']}/file")
    return _canonical(held) == _canonical(card.xml)


def _canonical(xml: bytes) -> bytes:
    try:
        root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return xml
    return etree.tostring(root, method="c14n2")
