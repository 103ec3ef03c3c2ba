"""Where an object is: its geometry, built and judged, in the CRS that the document gives it."""

from collections.abc import Iterator

import shapely
from lxml.etree import _Element
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from pcrs.errors import GmlError
from pcrs.findings import Finding, has_errors
from pcrs.standard.crs import L93
from pcrs.vector import geometry_rules as rules
from pcrs.vector.coordinates import GML, CrsFault, Frame, GeometryFault, line_of
from pcrs.vector.geometry import ACCEPTED, build
from pcrs.vector.ids import Ids
from pcrs.vector.parse import ID, RawObject, envelope_srs, own_envelope
from pcrs.vector.plain_geometry import Written
from pcrs.vector.srs import EXPECTED, Srs, parse

Located = tuple[BaseGeometry | None, int, list[Finding]]
"""Geometry, EPSG code, findings. No geometry: the class has none, or a finding says why."""
_NAMED = frozenset(GML + name for name in ACCEPTED["Any"])
"""Geometry elements that GML 3.2.1 wants a `gml:id` on."""


class Locator:
    """Reads geometries in file order, and remembers the CRS of the document and of the geometry before."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._document: Srs | None = None
        self._previous: Srs | None = None
        self._nameless = 0
        self._first_nameless: int | None = None

    def document_envelope(self, bounded_by: _Element, file: str) -> Iterator[Finding]:
        """Takes the CRS of the document from its `gml:boundedBy`."""
        name = envelope_srs(bounded_by)
        try:
            self._document = parse(name) if name else None
        except GmlError as error:
            message = f"Enveloppe du document : {error} ; elle est ignorée."
            line = line_of(bounded_by)
            yield Finding("gml.crs", "warning", message, file, line, measured=name, expected=EXPECTED)

    def note(self, written: Written) -> None:
        """Remembers of a geometry that was read elsewhere what the next ones are read by."""
        self._previous = written.srs
        if written.nameless:
            self._nameless += len(written.nameless)
            self._first_nameless = self._first_nameless or written.nameless[0]

    def nameless(self, file: str) -> Iterator[Finding]:
        """One warning for all geometries without `gml:id`."""
        if self._nameless:
            message = "Des géométries n'ont pas de gml:id, que GML 3.2.1 demande : elles sont lues."
            measured = f"{self._nameless} géométrie(s)"
            yield Finding("gml.id", "warning", message, file, self._first_nameless, measured=measured)

    def locate(self, raw: RawObject) -> Located:
        """The geometry of an object with its CRS, and what is wrong with it."""
        findings = list(rules.present(raw))
        if raw.model.geometry is None or has_errors(findings):
            return None, L93, findings
        element = raw.properties[rules.NAME][0][0]
        findings += self._register(raw, element)
        try:
            srs, assumed = self._srs(raw, element)
            geometry = build(element, Frame(srs))
        except GeometryFault as fault:
            return None, L93, [*findings, rules.built(raw, fault)]
        findings += rules.projected(raw, srs)
        findings += rules.in_area(raw, geometry, srs, assumed=assumed)
        findings += rules.sound(raw, geometry)
        findings += rules.without_null_segments(raw, geometry)
        outline = list(rules.closed(raw, geometry))
        return _closed(geometry) if outline else geometry, srs.epsg, findings + outline

    def _register(self, raw: RawObject, element: _Element) -> Iterator[Finding]:
        """Notes the ids inside the geometry."""
        for each in element.iter():
            gml_id = each.get(ID)
            if gml_id is not None:
                yield from rules.first_of_its_id(raw, each, self._ids.add(str(gml_id), line_of(each)))
            elif each.tag in _NAMED:
                self._nameless += 1
                self._first_nameless = self._first_nameless or line_of(each)

    def _srs(self, raw: RawObject, element: _Element) -> tuple[Srs, bool]:
        """The CRS of a geometry, and whether it is only assumed from the geometry before.

        It is the one that the geometry or its parts name; else that of the envelope of the object, then of
        the document; else that of the geometry before.
        """
        names = {str(name) for each in element.iter() if (name := each.get("srsName")) is not None}
        if not names:
            envelope = envelope_srs(own_envelope(raw))
            names = {envelope} if envelope else set()
        if names:
            self._previous = _one_srs(names, element)
            return self._previous, False
        if self._document is not None:
            return self._document, False
        if self._previous is None:
            raise CrsFault(
                "aucun srsName, ni avant dans le document", element, measured="absent", expected=EXPECTED
            )
        return self._previous, True


def _one_srs(names: set[str], element: _Element) -> Srs:
    """The CRS that all names give."""
    try:
        found = {(srs.epsg, srs.latlon): srs for srs in map(parse, sorted(names))}
    except GmlError as error:
        measured = ", ".join(sorted(names))
        raise CrsFault(str(error), element, measured=measured, expected=EXPECTED) from None
    if len(found) > 1:
        raise CrsFault(
            "plusieurs systèmes de coordonnées dans une géométrie",
            element,
            measured=", ".join(sorted(names)),
            expected="un seul",
        )
    return next(iter(found.values()))


def _closed(line: BaseGeometry) -> LineString:
    """The line with its first vertex again at its end."""
    vertices = shapely.get_coordinates(line, include_z=bool(line.has_z))
    return LineString([*vertices, vertices[0]])
