"""CNIG GML, written: a document that the XSD takes, whole or not there at all."""

import re
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from lxml import etree
from lxml.etree import Element, SubElement, _Element

from pcrs.errors import InputError
from pcrs.files import placing
from pcrs.standard.codes import CODES
from pcrs.standard.crs import PCRS_CRS, BBox, transform_geometry
from pcrs.standard.model import CLASSES, NAMESPACES, ROOT, VERSION, Attribute, Feature, FeatureClass
from pcrs.vector.coordinates import GML
from pcrs.vector.encode import encode
from pcrs.vector.ids import Ids, as_ncname, target_of
from pcrs.vector.parse import ID
from pcrs.vector.srs import EXPECTED
from pcrs.vector.stream import HREF
from pcrs.vector.value_rules import FORMS

_PCRS = f"{{{NAMESPACES['pcrs']}}}"
_NSMAP = dict(NAMESPACES)
_DECLARATIONS = etree.tostring(Element("x", nsmap=_NSMAP)).removeprefix(b"<x").removesuffix(b"/>")
_SCHEMAS = "https://cnigfr.github.io/PCRS/schemas"
_SCHEMA_LOCATION = (
    f"{NAMESPACES['pcrs']} {_SCHEMAS}/CNIG_PCRS_v2.0.xsd "
    f"{NAMESPACES['pcrs-i']} {_SCHEMAS}/CNIG_PCRS-INFO_v2.0.xsd"
)


def write(
    path: Path,
    features: Iterable[Feature],
    *,
    epsg: int,
    envelope: BBox | None = None,
    document_id: str = "PCRS",
    notice: str = "",
) -> int:
    """The objects are in `path` as CNIG GML v2.0, in the order given; returns how many.

    The file appears when it is whole. The same objects give the same bytes. Geometries are written in `epsg`
    (Lambert-93 or a conic zone), transformed where they are in another CRS, z as it is; ids and links are
    kept, but for letters that an XML id may not have. `envelope` (in `epsg`) becomes the `gml:boundedBy`,
    `notice` a comment before the root.

    Raises:
        InputError: a CRS that the standard does not have, two objects with one id, an object that the XSD
            would refuse (the message names it).
    """
    if epsg not in PCRS_CRS:
        raise InputError(f"EPSG:{epsg} ne peut pas porter un PCRS : choisir {EXPECTED}")
    with placing(path) as part, part.open("wb") as stream:
        return _document(stream, features, _Writer(epsg, document_id, notice), envelope)


def _document(stream: BinaryIO, features: Iterable[Feature], writer: "_Writer", envelope: BBox | None) -> int:
    """The whole document, one member in memory at a time."""
    root = Element(_PCRS + ROOT, nsmap=_NSMAP)
    root.set(ID, writer.document_id)
    root.set("version", VERSION)
    root.set(f"{{{NAMESPACES['xsi']}}}schemaLocation", _SCHEMA_LOCATION)
    opening = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    if writer.notice:
        declaration, opening = opening.split(b"?>\n", 1)
        stream.write(
            declaration + b"?>\n" + etree.tostring(_comment(writer.notice), encoding="UTF-8") + b"\n"
        )
    stream.write(opening.removesuffix(b"/>") + b">\n")
    if envelope is not None:
        stream.write(_bytes(_bounded_by(envelope, writer.srs_name)))
    written = 0
    for feature in features:
        member = Element(f"{_PCRS}featureMember", nsmap=_NSMAP)
        member.append(writer.object(feature))
        stream.write(_bytes(member))
        written += 1
    stream.write(f"</pcrs:{ROOT}>\n".encode())
    return written


def _comment(text: str) -> _Element:
    """The text as a comment, in which XML allows no two hyphens side by side."""
    return etree.Comment("\n" + re.sub("-{2,}", "—", text).strip("-") + "\n")


def _bytes(element: _Element) -> bytes:
    """The element as a line of the document, whose root has declared the namespaces already."""
    return etree.tostring(element, encoding="UTF-8").replace(_DECLARATIONS, b"", 1) + b"\n"


def _bounded_by(envelope: BBox, srs_name: str) -> _Element:
    bounded_by = Element(f"{GML}boundedBy", nsmap=_NSMAP)
    held = SubElement(bounded_by, f"{GML}Envelope", srsName=srs_name, srsDimension="2")
    SubElement(held, f"{GML}lowerCorner").text = f"{envelope.xmin!r} {envelope.ymin!r}"
    SubElement(held, f"{GML}upperCorner").text = f"{envelope.xmax!r} {envelope.ymax!r}"
    return bounded_by


class _Writer:
    """Makes the element of one object after the other, and keeps their ids apart."""

    def __init__(self, epsg: int, document_id: str, notice: str = "") -> None:
        self.notice = notice
        self.srs_name = f"urn:ogc:def:crs:EPSG::{epsg}"
        self.document_id = as_ncname(document_id)
        self._epsg = epsg
        self._ids = Ids()
        self._ids.add(self.document_id, None)

    def object(self, feature: Feature) -> _Element:
        """The element of one object."""
        model = CLASSES.get(feature.class_name)
        if model is None or model.abstract:
            raise InputError(
                f"{feature.class_name} n'est pas une classe instanciable (objet {feature.gml_id!r})"
            )
        gml_id = as_ncname(feature.gml_id)
        if not gml_id or self._ids.add(gml_id, None) is not None:
            raise InputError(
                f"{feature.class_name} {feature.gml_id!r} : il faut un gml:id, unique dans le document"
            )
        element = Element(model.tag, {ID: gml_id})
        try:
            for attribute in model.attributes:
                self._attribute(element, model, attribute, feature)
        except (InputError, ValueError) as error:
            raise InputError(f"{feature.class_name} {feature.gml_id!r} : {error}") from error
        return element

    def _attribute(
        self, parent: _Element, model: FeatureClass, attribute: Attribute, feature: Feature
    ) -> None:
        """The elements of one attribute."""
        tag = f"{{{NAMESPACES[model.namespace_prefix]}}}{attribute.name}"
        if attribute.shape is not None:
            SubElement(parent, tag).append(self._geometry(attribute, feature))
            return
        values = list(_values(attribute, feature.attributes.get(attribute.name)))
        if attribute.required and not values:
            raise InputError(f"l'attribut obligatoire {attribute.name} n'a pas de valeur")
        for value in values:
            if attribute.kind == "link":
                SubElement(parent, tag, {HREF: _href(str(value))})
            else:
                SubElement(parent, tag).text = _text(attribute, value)

    def _geometry(self, attribute: Attribute, feature: Feature) -> _Element:
        if feature.geometry is None or attribute.shape is None:
            raise InputError(f"l'attribut obligatoire {attribute.name} n'a pas de valeur")
        geometry = transform_geometry(feature.geometry, feature.epsg, self._epsg)
        return encode(geometry, attribute.shape, self.srs_name, self._geometry_ids(feature).__next__)

    def _geometry_ids(self, feature: Feature) -> Iterator[str]:
        """Ids for the geometry and its parts, made from the object's own and unlike any other so far."""
        base = f"geom.{as_ncname(feature.gml_id)}"
        for number in count():
            candidate = f"{base}.{number}" if number else base
            if self._ids.add(candidate, None) is None:
                yield candidate


def _values(attribute: Attribute, value: Any) -> Iterator[Any]:
    """The values one by one; nothing for None."""
    if value is None:
        return
    if attribute.multiple and not isinstance(value, str):
        yield from value
    else:
        yield value


def _text(attribute: Attribute, value: Any) -> str:
    """The value as XML Schema writes it."""
    text = repr(value) if isinstance(value, float) else str(value)
    form = FORMS.get(attribute.kind)
    if form is not None and not form[0](text):
        raise InputError(f"{attribute.name} vaut {value!r} ; attendu : {form[1]}")
    if attribute.codelist is not None and not CODES[attribute.codelist].accepts(text):
        raise InputError(f"{attribute.name} vaut {value!r} ; attendu : {CODES[attribute.codelist].expected}")
    return text


def _href(link: str) -> str:
    """The link, its id written as ids are."""
    target = target_of(link)
    if target is None:
        return link
    return f"#{as_ncname(target)}" if link.strip().startswith("#") else as_ncname(target)
