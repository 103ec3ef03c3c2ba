"""What the geometry of an object must keep, one function per rule; findings in French.

Everything here refuses the object (`error`) unless the rule says otherwise.
"""

from collections.abc import Iterator

import numpy as np
import shapely
from lxml.etree import _Element
from shapely.geometry.base import BaseGeometry

from pcrs.findings import Finding
from pcrs.vector.coordinates import GML, GeometryFault, local_name
from pcrs.vector.geometry import ACCEPTED, gml_name
from pcrs.vector.parse import RawObject
from pcrs.vector.srs import EXPECTED, GEOGRAPHIC, Srs, area, lies_in_area
from pcrs.vector.stream import HREF

NAME = "geometrie"
"""The standard's name of every geometry attribute."""
CLOSED = "PilierParticulierPCRS"
"""The class whose lines are outlines."""
_OUTDATED = frozenset({"MultiLineString", "MultiPolygon"})


def present(raw: RawObject) -> Iterator[Finding]:
    """The geometry is there, written in the object, alone, and of a type that the class takes."""
    shape = raw.model.geometry
    if shape is None:
        return
    written = raw.properties.get(NAME)
    expected = ", ".join(sorted(ACCEPTED[shape]))
    if not written:
        message = "La géométrie obligatoire manque : la renseigner."
        yield _fault(raw, raw.element, message, measured="absente", expected=expected)
        return
    held = written[0]
    if len(held) != 1:
        message = (
            "La géométrie est vide : la renseigner." if not len(held) else "Une seule géométrie par objet."
        )
        if held.get(HREF) is not None:
            message = "Géométrie donnée par référence (xlink:href) : écrire ses coordonnées dans l'objet."
        yield _fault(raw, held, message, measured=f"{len(held)} géométrie", expected=expected)
        return
    name = gml_name(held[0])
    if name not in ACCEPTED[shape]:
        message = f"La classe {raw.model.name} ne prend pas ce type de géométrie."
        yield _fault(raw, held[0], message, measured=local_name(held[0]), expected=expected)
    elif name in _OUTDATED:
        message = f"gml:{name} n'existe plus en GML 3.2.1 : la géométrie est lue, le fichier est à corriger."
        yield raw.finding("gml.geometry", "warning", message, held[0], attribute=NAME, measured=name)


def _fault(
    raw: RawObject, at: _Element, message: str, *, measured: str | None = None, expected: str | None = None
) -> Finding:
    return raw.finding(
        "gml.geometry", "error", message, at, attribute=NAME, measured=measured, expected=expected
    )


def built(raw: RawObject, fault: GeometryFault) -> Finding:
    """The geometry can be built from what is written, in a CRS that is said and known."""
    return raw.finding(
        fault.code,
        "error",
        f"Géométrie illisible : {fault}.",
        line=fault.line,
        attribute=NAME,
        measured=fault.measured,
        expected=fault.expected,
    )


def first_of_its_id(raw: RawObject, at: _Element, known_line: int | None) -> Iterator[Finding]:
    """A `gml:id` inside a geometry is unique in the document too: a warning, nothing refers to it."""
    if known_line is not None:
        message = f"Le gml:id d'une géométrie est déjà pris à la ligne {known_line} : en donner un autre."
        measured = at.get(f"{GML}id")
        yield raw.finding("gml.id", "warning", message, at, attribute=NAME, measured=measured)


def projected(raw: RawObject, srs: Srs) -> Iterator[Finding]:
    """Objects of the plan are in a projection; degrees are read with a warning (`pcrs-i` may use them)."""
    if srs.epsg in GEOGRAPHIC and raw.model.namespace_prefix == "pcrs":
        message = "Coordonnées géographiques : le standard demande une projection."
        yield raw.finding(
            "gml.crs", "warning", message, attribute=NAME, measured=f"EPSG:{srs.epsg}", expected=EXPECTED
        )


def in_area(raw: RawObject, geometry: BaseGeometry, srs: Srs, *, assumed: bool) -> Iterator[Finding]:
    """Coordinates lie where the CRS is used; one that is assumed from the geometry before is a warning."""
    at = raw.properties[NAME][0]
    if lies_in_area(srs.epsg, geometry.bounds):
        if assumed:
            message = f"La géométrie n'a pas de srsName : EPSG:{srs.epsg} est repris de celle qui précède."
            yield raw.finding(
                "gml.crs", "warning", message, at, attribute=NAME, measured="absent", expected=EXPECTED
            )
        return
    xmin, ymin, xmax, ymax = geometry.bounds
    reason = f"Coordonnées hors du domaine de EPSG:{srs.epsg}"
    if lies_in_area(srs.epsg, (ymin, xmin, ymax, xmax)):
        reason += ", axes sans doute inversés"
    if assumed:
        reason = f"La géométrie n'a pas de srsName, et EPSG:{srs.epsg} de celle qui précède ne convient pas"
    yield raw.finding(
        "gml.crs",
        "error",
        f"{reason} : vérifier le srsName et les coordonnées.",
        at,
        attribute=NAME,
        measured=f"x {xmin:.3f} à {xmax:.3f}, y {ymin:.3f} à {ymax:.3f}",
        expected="x {0.xmin:.0f} à {0.xmax:.0f}, y {0.ymin:.0f} à {0.ymax:.0f}".format(area(srs.epsg)),
    )


def sound(raw: RawObject, geometry: BaseGeometry) -> Iterator[Finding]:
    """Lines have a length, polygons are valid (each for itself: patches of a surface may share an edge)."""
    at = raw.properties[NAME][0]
    for part in _simple(geometry):
        if part.geom_type == "LineString" and part.length == 0:
            yield _fault(
                raw, at, "Ligne de longueur nulle en plan : la retirer ou la corriger.", measured="0 m"
            )
        elif part.geom_type == "Polygon" and not part.is_valid:
            reason = shapely.is_valid_reason(part)
            yield _fault(
                raw, at, "Polygone invalide : le corriger.", measured=reason, expected="un polygone simple"
            )


def without_null_segments(raw: RawObject, geometry: BaseGeometry) -> Iterator[Finding]:
    """No vertex repeats the one before it, in plan and height: a warning, nothing is lost."""
    for part in _simple(geometry):
        if part.geom_type != "LineString" or part.length == 0:
            continue
        vertices = shapely.get_coordinates(part, include_z=bool(part.has_z))
        repeated = int(np.count_nonzero((vertices[1:] == vertices[:-1]).all(axis=1)))
        if repeated:
            message = "La ligne a des segments de longueur nulle, que le standard exclut : les retirer."
            yield raw.finding(
                "gml.geometry",
                "warning",
                message,
                raw.properties[NAME][0],
                attribute=NAME,
                measured=f"{repeated} segment(s)",
                expected="0",
            )


def closed(raw: RawObject, geometry: BaseGeometry) -> Iterator[Finding]:
    """The outline of a PilierParticulierPCRS is closed; an open one is closed on reading, with a warning."""
    if raw.model.name == CLOSED and not geometry.is_closed:
        message = "Le contour du pilier n'est pas fermé : il est fermé à la lecture."
        yield raw.finding(
            "gml.geometry",
            "warning",
            message,
            raw.properties[NAME][0],
            attribute=NAME,
            measured="ligne ouverte",
            expected="ligne fermée",
        )


def _simple(geometry: BaseGeometry) -> Iterator[BaseGeometry]:
    """The points, lines and polygons that a geometry is made of."""
    parts = getattr(geometry, "geoms", None)
    if parts is None:
        yield geometry
        return
    for part in parts:
        yield from _simple(part)
