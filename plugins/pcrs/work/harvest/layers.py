"""Layers of another WMTS or WMS, as its capabilities describe them."""

from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from lxml import etree
from owslib.wms import WebMapService
from owslib.wmts import WebMapTileService

from pcrs.errors import NotFoundError, RemoteError
from pcrs.publish.linked import LinkedLayer, Protocol
from pcrs.work.harvest.fetching import Fetcher

Kind = Literal["wmts", "wms"]
_VERSIONS: dict[Kind, tuple[Protocol, str]] = {"wmts": ("OGC:WMTS", "1.0.0"), "wms": ("OGC:WMS", "1.3.0")}
_LAYER = {
    "wmts": ("{http://www.opengis.net/wmts/1.0}Layer", "{http://www.opengis.net/ows/1.1}Identifier"),
    "wms": ("{http://www.opengis.net/wms}Layer", "{http://www.opengis.net/wms}Name"),
}
_XLINK = "{http://www.w3.org/1999/xlink}href"


def layers(fetcher: Fetcher, kind: Kind, url: str, source: str, wanted: Sequence[str]) -> list[LinkedLayer]:
    """The named layers of a service, whose capabilities are at `url` (with or without a query).

    Raises:
        RemoteError: it does not answer as such a service does.
        NotFoundError: it has not all of the layers.
    """
    protocol, version = _VERSIONS[kind]
    address = _capabilities(url, kind, version)
    root = fetcher.xml(address)
    service = _read(kind, address, root, version)
    missing = [name for name in wanted if name not in service.contents]
    if missing:
        raise NotFoundError(f"{address} has no layer {', '.join(missing)}")
    records = _record_links(root, kind)
    about = service.identification
    provider = str(getattr(getattr(service, "provider", None), "name", None) or "")
    said = [str(text) for text in (about.accessconstraints, about.fees) if text and str(text) != "None"]
    return [
        LinkedLayer(
            source=source,
            name=name,
            title=str(service.contents[name].title or name),
            abstract=str(service.contents[name].abstract or ""),
            provider=provider,
            keywords=[str(word) for word in service.contents[name].keywords or () if word],
            constraints=said,
            box=_box(getattr(service.contents[name], "boundingBoxWGS84", None)),
            protocol=protocol,
            capabilities=address,
            records=records.get(name, []),
        )
        for name in wanted
    ]


def _capabilities(url: str, kind: Kind, version: str) -> str:
    """The full address: clients such as QGIS and cartes.gouv.fr want no bare endpoint."""
    if "getcapabilities" in url.lower() or url.lower().endswith(".xml"):
        return url
    query = urlencode({"SERVICE": kind.upper(), "VERSION": version, "REQUEST": "GetCapabilities"})
    return f"{url.rstrip('?&')}{'&' if urlsplit(url).query else '?'}{query}"


def _read(kind: Kind, address: str, root: etree._Element, version: str) -> Any:
    """What OWSLib makes of the capabilities, which it does not fetch itself."""
    text = etree.tostring(root)
    try:
        if kind == "wmts":
            return WebMapTileService(address, xml=text)
        return WebMapService(address, version=version, xml=text)
    except Exception as error:  # OWSLib raises what the document makes it stumble over
        raise RemoteError(
            f"{address} does not describe itself as a {kind.upper()} does: {error!r}"
        ) from error


def _record_links(root: etree._Element, kind: Kind) -> dict[str, list[str]]:
    """Addresses of records that the capabilities name, by layer."""
    layer_tag, name_tag = _LAYER[kind]
    found: dict[str, list[str]] = {}
    for layer in root.iter(layer_tag):
        urls = [
            element.get(_XLINK) or ""
            for child in layer
            if etree.QName(child).localname in ("Metadata", "MetadataURL")
            for element in child.iter()
        ]
        found[layer.findtext(name_tag) or ""] = [u for u in urls if u.startswith(("http://", "https://"))]
    return found


def _box(box: Any) -> tuple[float, float, float, float] | None:
    """West, south, east, north, when they are a box on the earth."""
    if box is None or len(box) != 4:
        return None
    west, south, east, north = (float(side) for side in box)
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        return None
    return west, south, east, north
