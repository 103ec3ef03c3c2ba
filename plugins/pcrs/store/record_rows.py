"""A catalogue record as a row: what pycsw reads of an ISO 19139 document, and what it leaves out."""

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from lxml import etree
from pycsw.core import metadata as pycsw_metadata

from pcrs.errors import InputError
from pcrs.standard.folding import folded
from pcrs.store.record_functions import MICRO
from pcrs.store.record_tables import COLUMNS, CONTEXT

OWN = "local"
"""The source (`mdsource`) of the site's own records."""
_GMD = {
    "gmd": "http://www.isotc211.org/2005/gmd",
    "gco": "http://www.isotc211.org/2005/gco",
    "gmx": "http://www.isotc211.org/2005/gmx",
    "srv": "http://www.isotc211.org/2005/srv",
}
_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]*\?>\s*")
_SIDES = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude")


class _Bag:
    """Where pycsw's parser sets what it reads; it asks a repository for one through `dataset`."""


class _Bags:
    dataset = _Bag


def row_of(document: bytes, inserted: datetime, source: str = OWN) -> dict[str, Any]:
    """The columns of an ISO 19139 record; `source` says where it comes from.

    The document stands in them as it is, but for a declaration of its own: it is put into answers.

    Raises:
        InputError: the document is no ISO 19139 record with an identifier.
    """
    try:
        root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
        bag = pycsw_metadata.parse_record(CONTEXT, root, _Bags)[0]
        row: dict[str, Any] = dict.fromkeys(COLUMNS)
        row |= {name: value for name, value in vars(bag).items() if name in row}
        row["xml"] = _written(document, root)
    except (etree.XMLSyntaxError, AttributeError, IndexError, RuntimeError, ValueError) as error:
        raise InputError(f"this is no ISO 19139 record: {error}") from error
    if not row["identifier"]:
        raise InputError("this ISO 19139 record has no fileIdentifier: give it one")
    row |= _left_out(root)
    row["anytext"] = folded(_text(row["anytext"]) or "")
    row["insert_date"] = inserted.strftime("%Y-%m-%dT%H:%M:%SZ")
    row["mdsource"] = source
    return {name: _text(value) for name, value in row.items()} | _box(root)


def _written(document: bytes, root: etree._Element) -> str:
    """The document as text, without byte order mark and declaration."""
    if (root.getroottree().docinfo.encoding or "UTF-8").upper() != "UTF-8":
        return etree.tostring(root, encoding="unicode")
    return _DECLARATION.sub("", document.decode("utf-8-sig"), count=1)


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    return json.dumps(value) if isinstance(value, (list, dict, tuple)) else value


def _left_out(root: etree._Element) -> Mapping[str, Any]:
    """Columns that pycsw 3.0.0b2 does not fill from ISO 19139, or fills badly.

    It never reaches its own block on data quality, and drops anchored constraints.
    """
    quality = "gmd:dataQualityInfo/gmd:DQ_DataQuality"
    specification = f"{quality}/gmd:report//gmd:specification/gmd:CI_Citation"
    coupled = "gmd:identificationInfo//srv:coupledResource/srv:SV_CoupledResource"
    epsg = _first(root, "gmd:referenceSystemInfo//gmd:RS_Identifier/gmd:code/gmx:Anchor") or ""
    found = {
        "crs": f"urn:ogc:def:crs:EPSG::{epsg.removeprefix('EPSG:')}" if epsg.startswith("EPSG:") else None,
        "format": ",".join(_every(root, ".//gmd:distributionFormat/gmd:MD_Format/gmd:name/*")) or None,
        "degree": _first(root, f"{quality}/gmd:report//gmd:pass/gco:Boolean"),
        "lineage": _first(root, f"{quality}/gmd:lineage//gmd:statement/*"),
        "specificationtitle": _first(root, f"{specification}/gmd:title/*"),
        "specificationdate": _first(root, f"{specification}/gmd:date//gco:Date"),
        "otherconstraints": _first(root, ".//gmd:useConstraints/../gmd:otherConstraints/*"),
        "operatesonidentifier": ",".join(_every(root, f"{coupled}/srv:identifier/*")) or None,
        "operatesoname": ",".join(_every(root, f"{coupled}/gco:ScopedName")) or None,
    }
    return {name: value for name, value in found.items() if value}


def _box(root: etree._Element) -> dict[str, Any]:
    """The columns of its place, all null where there is none."""
    nowhere: dict[str, Any] = dict.fromkeys(("west", "south", "east", "north", "wkt_geometry"))
    texts = [_first(root, f".//gmd:EX_GeographicBoundingBox/gmd:{side}/gco:Decimal") for side in _SIDES]
    try:
        west, south, east, north = (float(text or "") for text in texts)
    except ValueError:
        return nowhere
    if not all(map(math.isfinite, (west, south, east, north))) or west > east or south > north:
        return nowhere
    return placed(max(west, -180), max(south, -90), min(east, 180), min(north, 90))


def placed(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """The columns of a box in degrees: in microdegrees, and as WKT (pycsw rounds that to a kilometre)."""
    points = ((west, south), (west, north), (east, north), (east, south), (west, south))
    sides = {"west": west, "south": south, "east": east, "north": north}
    columns: dict[str, Any] = {side: round(degree * MICRO) for side, degree in sides.items()}
    return columns | {"wkt_geometry": f"POLYGON(({', '.join(f'{x:.6f} {y:.6f}' for x, y in points)}))"}


def _every(root: etree._Element, path: str) -> list[str]:
    texts = (element.text for element in cast(list[etree._Element], root.xpath(path, namespaces=_GMD)))
    return list(dict.fromkeys(text for text in texts if text))


def _first(root: etree._Element, path: str) -> str | None:
    return next(iter(_every(root, path)), None)
