"""The coordinates that GML elements write, as arrays."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
from lxml.etree import _Element

from pcrs.errors import GmlError
from pcrs.standard.model import NAMESPACES
from pcrs.vector.arcs import CHORD_ERROR_M, Points
from pcrs.vector.srs import Srs, lies_in_area

GML: Final = f"{{{NAMESPACES['gml']}}}"
_POS, _POS_LIST, _COORDINATES = f"{GML}pos", f"{GML}posList", f"{GML}coordinates"
_POINT_HOLDERS = (f"{GML}pointProperty", f"{GML}pointRep")
_MOST_LINES = 65_535
HUGE = 1e8
"""Above every coordinate of every accepted CRS; arithmetic stays safe below."""


def line_of(element: _Element) -> int | None:
    """The line on which the element's start tag ends in its file.

    libxml2 keeps 16 bits of it; beyond, it gives the line where the text after the tag ends.
    """
    line = cast("int | None", element.sourceline)
    return line if line is None or line < _MOST_LINES else line - _lines_after(element)


def _lines_after(element: _Element) -> int:
    """Line feeds in the first text after the element's start tag."""
    text, inner = element.text, element
    while not text and len(inner):
        inner = inner[0]
        text = inner.text
    return (text or inner.tail or "").count("\n")


def local_name(element: _Element) -> str:
    """The element's name without its namespace (with its prefix when the document does not declare it)."""
    return str(element.tag).rpartition("}")[2]


class GeometryFault(GmlError):
    """A geometry that cannot be built: the message (French) says why, `line` where."""

    code = "gml.geometry"

    def __init__(
        self, message: str, element: _Element, *, measured: str | None = None, expected: str | None = None
    ) -> None:
        super().__init__(message)
        self.line = line_of(element)
        self.measured = measured
        self.expected = expected


class CrsFault(GeometryFault):
    """A geometry whose CRS is not said, said twice, or none of the standard's."""

    code = "gml.crs"


@dataclass(frozen=True, slots=True)
class Frame:
    """In what the coordinates of one geometry are written."""

    srs: Srs
    dimension: int | None = None
    """The `srsDimension` of the nearest element around; None where none says it."""
    depth: int = 0

    @property
    def tolerance(self) -> float:
        """The chord error, in units of the CRS."""
        return CHORD_ERROR_M * self.srs.metre

    def within(self, element: _Element) -> "Frame":
        """The frame inside `element`, which may give a `srsDimension` of its own."""
        written = element.get("srsDimension")
        dimension = self.dimension if written is None else _dimension(written, element)
        return Frame(self.srs, dimension, self.depth + 1)


def _dimension(written: str, element: _Element) -> int:
    if written.strip() not in ("2", "3"):
        raise GeometryFault("srsDimension non pris en charge", element, measured=written, expected="2 ou 3")
    return int(written)


def points_of(element: _Element, frame: Frame) -> Points:
    """The coordinates that the children of `element` write, x before y: (n, 2) or (n, 3), finite.

    Reads `posList`, `pos`, `coordinates`, `pointProperty` and `pointRep`.

    Raises:
        GeometryFault: no coordinates, no number, another count than the dimension asks for, 2D beside 3D.
    """
    points = _stacked(list(_pieces(element, frame)), element)
    if not np.isfinite(points).all() or (np.abs(points) > HUGE).any():
        raise GeometryFault(
            "coordonnée non finie ou démesurée", element, expected="des nombres finis, en mètres"
        )
    if frame.srs.latlon:
        points[:, [0, 1]] = points[:, [1, 0]]
    return points


def _pieces(element: _Element, frame: Frame) -> Iterator[Points]:
    """What each child of `element` writes, in its own order of axes."""
    for child in element:
        if child.tag == _POS_LIST:
            yield _pos_list(child, frame.within(child))
        elif child.tag == _POS:
            yield _pos(child, frame.within(child))
        elif child.tag == _COORDINATES:
            yield _coordinates(child)
        elif child.tag in _POINT_HOLDERS and len(child):
            yield from _pieces(child[0], frame.within(child[0]))


def _stacked(pieces: list[Points], element: _Element) -> Points:
    """The pieces one under the other."""
    if not pieces:
        raise GeometryFault(
            "géométrie sans coordonnées",
            element,
            expected="gml:posList, gml:pos ou gml:coordinates",
        )
    if len({piece.shape[1] for piece in pieces}) > 1:
        raise GeometryFault("points 2D et 3D dans une même ligne", element)
    return pieces[0] if len(pieces) == 1 else np.vstack(pieces)


def _numbers(words: list[str], element: _Element) -> Points:
    """The words as numbers."""
    try:
        # float() also takes 1_000, which xs:double does not.
        return np.array([float("_" if "_" in word else word) for word in words], dtype=np.float64)
    except ValueError:
        wrong = next(word for word in words if not _is_number(word))
        raise GeometryFault(
            "coordonnée qui n'est pas un nombre", element, measured=wrong[:60], expected="12.345"
        ) from None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return "_" not in word


def _pos(element: _Element, frame: Frame) -> Points:
    """One point: it has as many coordinates as it writes, and a `srsDimension` of its own must agree."""
    values = _numbers((element.text or "").split(), element)
    if len(values) not in (2, 3):
        raise GeometryFault(
            "gml:pos doit avoir deux ou trois nombres", element, measured=f"{len(values)} nombres"
        )
    if element.get("srsDimension") is not None and frame.dimension != len(values):
        raise _count_fault(len(values), frame.dimension, element)
    return values.reshape(1, -1)


def _pos_list(element: _Element, frame: Frame) -> Points:
    """Many points; where no `srsDimension` is in reach, the dimension is found by what is plausible."""
    values = _numbers((element.text or "").split(), element)
    dimension = frame.dimension or _guess(values, frame)
    if not len(values) or len(values) % dimension:
        raise _count_fault(len(values), frame.dimension, element)
    return values.reshape(-1, dimension)


def _guess(values: Points, frame: Frame) -> int:
    """2 or 3: what divides the count; when both do, what puts every point in the area of the CRS."""
    by_count = [dimension for dimension in (2, 3) if len(values) % dimension == 0]
    if len(by_count) < 2 or frame.srs.dimension == 3:
        return by_count[-1] if by_count else frame.srs.dimension
    plan = values.reshape(-1, 2)[:, :: -1 if frame.srs.latlon else 1]
    bounds = (*plan.min(axis=0), *plan.max(axis=0)) if len(plan) else (0.0,) * 4
    return 2 if lies_in_area(frame.srs.epsg, bounds) else 3


def _coordinates(element: _Element) -> Points:
    """`gml:coordinates`: tuples apart by `ts`, numbers apart by `cs`, decimals after `decimal`."""
    text = element.text or ""
    decimal, between, after = (element.get(name, usual) for name, usual in _SEPARATORS)
    rows = [
        _numbers([word.replace(decimal, ".") for word in _split(part, between)], element)
        for part in _split(text, after)
    ]
    sizes = {len(row) for row in rows}
    if not rows or not sizes <= {2, 3} or len(sizes) > 1:
        raise GeometryFault(
            "gml:coordinates doit avoir deux ou trois nombres par point",
            element,
            measured=", ".join(map(str, sorted(sizes))) or "rien",
        )
    return np.vstack(rows)


_SEPARATORS = (("decimal", "."), ("cs", ","), ("ts", " "))


def _split(text: str, separator: str) -> list[str]:
    """The parts that are not blank; a blank separator stands for any white space."""
    return [part.strip() for part in text.split(separator.strip() or None) if part.strip()]


def _count_fault(count: int, dimension: int | None, element: _Element) -> GeometryFault:
    return GeometryFault(
        "le nombre de coordonnées ne convient pas à la dimension",
        element,
        measured=f"{count} nombres",
        expected="un multiple de 2 ou de 3" if dimension is None else f"srsDimension={dimension}",
    )
