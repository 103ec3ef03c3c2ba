"""A record as OGC API Records (Part 1, 1.0) writes it: GeoJSON with the properties of the core record."""

from typing import Any

from pcrs.publish.entry import Contact, Entry, OnLine
from pcrs.publish.media_types import media_type_of

CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"
_LANGUAGES = {"fre": ("fr", "Français"), "eng": ("en", "English")}
_SPDX = {"https://www.etalab.gouv.fr/licence-ouverte-open-licence/": "etalab-2.0"}
"""Identifiers of licences that the SPDX list has."""
Document = dict[str, Any]


def record_geojson(entry: Entry) -> Document:
    """The record, with the links of its distribution; those of the catalogue are added by who serves it."""
    language = language_of(entry)
    properties = {
        "type": entry.level,
        "title": entry.title,
        "description": entry.abstract,
        "created": moment_of(entry.published),
        "updated": moment_of(entry.stamped),
        "language": language,
        "keywords": [concept.label for concept in entry.concepts if not concept.href],
        "themes": _themes(entry),
        "externalIds": [{"value": entry.uri}] if entry.uri else [],
        "formats": [
            {"name": f"{name} {version}".strip(), "mediaType": media_type_of(name)}
            for name, version in entry.formats
        ],
        "contacts": _contacts(entry.contacts),
        "license": licence_of(entry),
        "rights": entry.mention,
    }
    if entry.level != "service":
        properties["resourceLanguages"] = [language]
    return {
        "id": entry.identifier,
        "type": "Feature",
        "conformsTo": [CORE],
        "geometry": _geometry(entry.box),
        "time": _time(entry.period),
        "properties": {name: value for name, value in properties.items() if value},
        "links": [_link(link) for link in entry.links] + _others(entry),
    }


def language_of(entry: Entry) -> Document:
    """The language of the record, with its name in itself."""
    code, name = _LANGUAGES.get(entry.language, (entry.language, entry.language))
    return {"code": code, "name": name}


def licence_of(entry: Entry) -> str:
    """The SPDX identifier; `other` for a licence that has none, `""` without a licence."""
    return licence_code(entry.licence.label, entry.licence.href)


def licence_code(title: str, url: str) -> str:
    """The SPDX identifier of a licence; `other` for one that has none, `""` for no licence."""
    return _SPDX.get(url, "other") if title else ""


def moment_of(text: str) -> str:
    """A day or a moment as RFC 3339 writes moments, in UTC; nothing for nothing."""
    if not text or "T" not in text:
        return f"{text}T00:00:00Z" if text else ""
    return text if text.endswith("Z") or "+" in text else f"{text}Z"


def _themes(entry: Entry) -> list[Document]:
    """The keywords of registers, by register."""
    found: dict[str, list[Document]] = {}
    for concept in entry.concepts:
        if concept.href:
            told = {"id": concept.href, "title": concept.label, "url": concept.href}
            found.setdefault(concept.scheme or concept.href.rpartition("/")[0], []).append(told)
    return [{"scheme": scheme, "concepts": concepts} for scheme, concepts in found.items()]


def _contacts(contacts: tuple[Contact, ...]) -> list[Document]:
    roles: dict[tuple[str, str], list[str]] = {}
    for one in contacts:
        roles.setdefault((one.organisation, one.email), []).append(one.role)
    return [
        {"organization": organisation, "roles": [role for role in named if role]}
        | ({"emails": [{"value": email}]} if email else {})
        for (organisation, email), named in roles.items()
    ]


def _geometry(box: tuple[float, float, float, float] | None) -> Document | None:
    if box is None:
        return None
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _time(period: tuple[str, str] | None) -> Document | None:
    return None if period is None else {"interval": list(period)}


def _link(link: OnLine) -> Document:
    rel = "enclosure" if link.octets else "service" if "GetCapabilities" in link.url else "item"
    told = {
        "rel": rel,
        "href": link.url,
        "type": _type(link),
        "title": " – ".join(part for part in (link.name, link.description) if part != "accessPoint" and part),
        "protocol": link.protocol,
    }
    return {name: value for name, value in told.items() if value}


def _type(link: OnLine) -> str:
    if "GetCapabilities" in link.url:
        return "application/xml"
    if "/telechargement/" in link.url:
        return "application/atom+xml"
    return "application/json" if "/ogcapi" in link.url else ""


def _others(entry: Entry) -> list[Document]:
    found: list[Document] = []
    if entry.licence.href:
        found.append({"rel": "license", "href": entry.licence.href, "title": entry.licence.label})
    if entry.thumbnail:
        found.append({"rel": "preview", "href": entry.thumbnail, "type": "image/jpeg", "title": "Aperçu"})
    return found
