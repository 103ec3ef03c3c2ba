"""GML geometries: every form that the standard allows, arcs, axes, dimensions, and what is refused."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pcrs.vector.arcs import CHORD_ERROR_M, arc, circle
from pcrs.vector.coordinates import Frame, GeometryFault
from pcrs.vector.geometry import build
from pcrs.vector.srs import Srs

L93 = Srs(2154, False, 2)
X0, Y0 = 577_000.0, 6_373_000.0


def geometry(text, srs=L93):
    root = etree.XML(f'<a xmlns:gml="http://www.opengis.net/gml/3.2">{text}</a>')
    return build(root[0], Frame(srs))


def at(*offsets):
    """Positions near the origin of the tests, as GML writes them."""
    return " ".join(f"{X0 + x} {Y0 + y}" for x, y in offsets)


def at3(*offsets):
    return " ".join(f"{X0 + x} {Y0 + y} {z}" for x, y, z in offsets)


def wkt(text):
    """The same text at the origin of the tests."""
    moved = shapely.from_wkt(text)
    return shapely.transform(
        moved, lambda points: points + [X0, Y0, 0][: points.shape[1]], include_z=moved.has_z
    )


def line(*offsets, name="LineString"):
    return f"<gml:{name}><gml:posList>{at(*offsets)}</gml:posList></gml:{name}>"


def ring(side, low=0.0):
    """A square as a LinearRing."""
    corners = ((low, low), (side, low), (side, side), (low, side), (low, low))
    return line(*corners, name="LinearRing")


def polygon(side, *holes, name="Polygon"):
    inside = "".join(f"<gml:interior>{hole}</gml:interior>" for hole in holes)
    return f"<gml:{name}><gml:exterior>{ring(side)}</gml:exterior>{inside}</gml:{name}>"


def curve(*segments):
    return f"<gml:Curve><gml:segments>{''.join(segments)}</gml:segments></gml:Curve>"


SQUARE = "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"
HOLED = "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))"
FORMS = [
    (f"<gml:Point><gml:pos>{at((1, 2))}</gml:pos></gml:Point>", "POINT (1 2)"),
    (f"<gml:Point><gml:pos>{at3((1, 2, 3))}</gml:pos></gml:Point>", "POINT Z (1 2 3)"),
    (f"<gml:Point><gml:coordinates>{X0 + 1},{Y0}</gml:coordinates></gml:Point>", "POINT (1 0)"),
    (line((0, 0), (3, 4)), "LINESTRING (0 0, 3 4)"),
    (
        f'<gml:LineString srsDimension="3"><gml:posList>{at3((0, 0, 1), (3, 4, 2))}</gml:posList>'
        "</gml:LineString>",
        "LINESTRING Z (0 0 1, 3 4 2)",
    ),
    (
        f"<gml:LineString><gml:pos>{at((0, 0))}</gml:pos><gml:pos>{at((3, 4))}</gml:pos></gml:LineString>",
        "LINESTRING (0 0, 3 4)",
    ),
    (
        f"<gml:LineString><gml:coordinates>{X0},{Y0},5\n {X0 + 3},{Y0},6 </gml:coordinates></gml:LineString>",
        "LINESTRING Z (0 0 5, 3 0 6)",
    ),
    (
        '<gml:LineString><gml:coordinates decimal="," cs=";" ts="|">'
        f"{int(X0)},5;{int(Y0)}|{int(X0)};{int(Y0)},25</gml:coordinates></gml:LineString>",
        "LINESTRING (0.5 0, 0 0.25)",
    ),
    (
        f"<gml:LineString><gml:pointProperty><gml:Point><gml:pos>{at((0, 0))}</gml:pos></gml:Point>"
        f"</gml:pointProperty><gml:pos>{at((3, 4))}</gml:pos></gml:LineString>",
        "LINESTRING (0 0, 3 4)",
    ),
    (
        curve(line((0, 0), (1, 1), name="LineStringSegment"), line((1, 1), (2, 1), name="LineStringSegment")),
        "LINESTRING (0 0, 1 1, 2 1)",
    ),
    (
        f"<gml:CompositeCurve><gml:curveMember>{line((0, 0), (1, 1))}</gml:curveMember><gml:curveMember>"
        f'<gml:OrientableCurve orientation="-"><gml:baseCurve>{line((2, 1), (1, 1))}</gml:baseCurve>'
        "</gml:OrientableCurve></gml:curveMember></gml:CompositeCurve>",
        "LINESTRING (0 0, 1 1, 2 1)",
    ),
    (polygon(4), SQUARE),
    (polygon(4, ring(2, 1)), HOLED),
    (
        "<gml:Polygon><gml:exterior><gml:Ring>"
        f"<gml:curveMember>{line((0, 0), (4, 0), (4, 4))}</gml:curveMember>"
        f"<gml:curveMember>{curve(line((4, 4), (0, 4), (0, 0), name='LineStringSegment'))}</gml:curveMember>"
        "</gml:Ring></gml:exterior></gml:Polygon>",
        SQUARE,
    ),
    (f"<gml:Surface><gml:patches>{polygon(4, name='PolygonPatch')}</gml:patches></gml:Surface>", SQUARE),
    (
        f"<gml:TriangulatedSurface><gml:patches><gml:Triangle><gml:exterior>"
        f"{line((0, 0), (4, 0), (4, 4), (0, 0), name='LinearRing')}"
        "</gml:exterior></gml:Triangle></gml:patches></gml:TriangulatedSurface>",
        "POLYGON ((0 0, 4 0, 4 4, 0 0))",
    ),
    (
        f"<gml:OrientableSurface><gml:baseSurface>{polygon(4)}</gml:baseSurface></gml:OrientableSurface>",
        SQUARE,
    ),
    (
        f"<gml:CompositeSurface><gml:surfaceMember>{polygon(4)}</gml:surfaceMember><gml:surfaceMember>"
        f"{polygon(2)}</gml:surfaceMember></gml:CompositeSurface>",
        "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0)), ((0 0, 2 0, 2 2, 0 2, 0 0)))",
    ),
    (
        f"<gml:MultiPoint><gml:pointMember><gml:Point><gml:pos>{at((1, 2))}</gml:pos></gml:Point>"
        f"</gml:pointMember><gml:pointMembers><gml:Point><gml:pos>{at((3, 4))}</gml:pos></gml:Point>"
        f"<gml:Point><gml:pos>{at((5, 6))}</gml:pos></gml:Point></gml:pointMembers></gml:MultiPoint>",
        "MULTIPOINT ((1 2), (3 4), (5 6))",
    ),
    (
        f"<gml:MultiCurve><gml:curveMember>{line((0, 0), (1, 1))}</gml:curveMember><gml:curveMembers>"
        f"{curve(line((2, 2), (3, 3), name='LineStringSegment'))}</gml:curveMembers></gml:MultiCurve>",
        "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
    ),
    (
        f"<gml:MultiLineString><gml:lineStringMember>{line((0, 0), (1, 1))}</gml:lineStringMember>"
        "</gml:MultiLineString>",
        "MULTILINESTRING ((0 0, 1 1))",
    ),
    (
        f"<gml:MultiSurface><gml:surfaceMember>{polygon(4)}</gml:surfaceMember></gml:MultiSurface>",
        "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0)))",
    ),
    (
        f"<gml:MultiPolygon><gml:polygonMember>{polygon(4)}</gml:polygonMember></gml:MultiPolygon>",
        "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0)))",
    ),
    (
        f"<gml:MultiGeometry><gml:geometryMember>{line((0, 0), (1, 1))}</gml:geometryMember>"
        f"<gml:geometryMembers>{polygon(4)}</gml:geometryMembers></gml:MultiGeometry>",
        f"GEOMETRYCOLLECTION (LINESTRING (0 0, 1 1), {SQUARE})",
    ),
]


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_every_form_gives_its_geometry(text, expected):
    assert shapely.to_wkt(geometry(text), output_dimension=3) == shapely.to_wkt(
        wkt(expected), output_dimension=3
    )


def test_an_arc_is_within_the_chord_error_and_keeps_its_points():
    three = ((5, 0, 10), (0, 5, 20), (-5, 0, 40))
    arc_segment = f"<gml:Arc><gml:posList>{at3(*three)}</gml:posList></gml:Arc>"
    heights = at3((-5, 0, 40), (-9, 0, 41))
    tail = f"<gml:LineStringSegment><gml:posList>{heights}</gml:posList></gml:LineStringSegment>"
    text = curve(arc_segment, tail).replace("<gml:Curve>", '<gml:Curve srsDimension="3">')
    vertices = np.array(geometry(text).coords)
    assert all((vertices == [X0 + x, Y0 + y, z]).all(axis=1).any() for x, y, z in (*three, (-9, 0, 41)))
    on_circle = vertices[:-1]
    assert np.hypot(on_circle[:, 0] - X0, on_circle[:, 1] - Y0) == pytest.approx(5, abs=1e-9)
    heights = on_circle[:, 2]
    assert (np.diff(heights) > 0).all()
    assert (len(set(map(tuple, vertices))), vertices.shape) == (len(vertices), (len(vertices), 3))


def test_an_arc_string_is_its_arcs():
    five = ((0, 0), (1, 1), (2, 0), (3, -1), (4, 0))
    whole = geometry(curve(line(*five, name="ArcString")))
    halves = geometry(curve(line(*five[:3], name="Arc"), line(*five[2:], name="Arc")))
    assert whole == halves
    assert whole.length == pytest.approx(2 * math.pi, rel=1e-2)


def test_a_circle_makes_a_ring():
    three = line((5, 0), (0, 5), (-5, 0), name="Circle")
    held = f"<gml:Ring><gml:curveMember>{curve(three)}</gml:curveMember></gml:Ring>"
    disc = geometry(f"<gml:Polygon><gml:exterior>{held}</gml:exterior></gml:Polygon>")
    assert disc.is_valid
    assert disc.area == pytest.approx(math.pi * 25, rel=2e-3)


@given(
    radius=st.floats(0.02, 20_000),
    start=st.floats(0, 2 * math.pi),
    shares=st.tuples(st.floats(0.02, 0.98), st.floats(0.05, 6.2)),
    turned=st.booleans(),
)
def test_chords_never_leave_the_arc_by_more_than_five_millimetres(radius, start, shares, turned):
    sweep = shares[1] * (-1 if turned else 1)
    angles = np.array([start, start + shares[0] * sweep, start + sweep])
    three = np.column_stack([X0 + radius * np.cos(angles), Y0 + radius * np.sin(angles), [1.0, 2.0, 3.0]])
    vertices = arc(three, CHORD_ERROR_M)
    middles = (vertices[1:] + vertices[:-1])[:, :2] / 2 - [X0, Y0]
    error = np.abs(np.hypot(middles[:, 0], middles[:, 1]) - radius)
    assert error.max() <= CHORD_ERROR_M * 1.001 + 1e-6
    swept = np.unwrap(np.arctan2(vertices[:, 1] - Y0, vertices[:, 0] - X0))
    assert swept[-1] - swept[0] == pytest.approx(sweep, abs=1e-4)
    assert (vertices[[0, -1]] == three[[0, 2]]).all()


def test_degenerate_arcs_stay_straight():
    flat = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    assert (arc(flat, CHORD_ERROR_M) == flat).all()
    one_spot = np.zeros((3, 2))
    assert (arc(one_spot, CHORD_ERROR_M) == one_spot).all()
    with pytest.raises(ValueError, match="line"):
        circle(flat, CHORD_ERROR_M)


def test_a_first_point_that_is_the_last_makes_a_full_circle():
    turn = arc(np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 0.0]]), CHORD_ERROR_M)
    assert np.hypot(turn[:, 0] - 1, turn[:, 1]) == pytest.approx(1)
    assert (turn[0] == turn[-1]).all()


@pytest.mark.parametrize(
    ("offsets", "dimension"),
    [(((0, 0), (1, 1), (2, 2)), 2), (((0, 0, 150), (1, 1, 151)), 3), (((0, 0), (1, 1)), 2)],
)
def test_without_srs_dimension_the_plausible_one_is_taken(offsets, dimension):
    numbers = at(*offsets) if dimension == 2 else at3(*offsets)
    found = geometry(f"<gml:LineString><gml:posList>{numbers}</gml:posList></gml:LineString>")
    assert found.has_z == (dimension == 3)
    assert len(found.coords) == len(offsets)


def test_a_compound_crs_has_three_coordinates():
    text = f"<gml:LineString><gml:posList>{at3((0, 0, 1), (1, 1, 2))}</gml:posList></gml:LineString>"
    assert geometry(text, Srs(2154, False, 3)).has_z


def test_axes_in_the_authority_s_order_are_turned():
    text = "<gml:LineString><gml:posList>44.5 1.5 44.6 1.6</gml:posList></gml:LineString>"
    assert geometry(text, Srs(4326, True, 2)).wkt == "LINESTRING (1.5 44.5, 1.6 44.6)"
    nested = (
        "<gml:LineString><gml:pointProperty><gml:Point><gml:pos>44.5 1.5 9</gml:pos></gml:Point>"
        "</gml:pointProperty><gml:pos>44.6 1.6 8</gml:pos></gml:LineString>"
    )
    assert geometry(nested, Srs(4326, True, 2)).wkt == "LINESTRING Z (1.5 44.5 9, 1.6 44.6 8)"


def nest(inner, levels):
    for _ in range(levels):
        inner = f"<gml:MultiGeometry><gml:geometryMember>{inner}</gml:geometryMember></gml:MultiGeometry>"
    return inner


BOW = line((0, 0), (1, 1), name="LineStringSegment")
REFUSED = [
    ("<gml:Point/>", "sans coordonnées"),
    ("<gml:Point><gml:pos/></gml:Point>", "deux ou trois nombres"),
    ("<gml:Point><gml:pos>1</gml:pos></gml:Point>", "deux ou trois nombres"),
    ('<gml:Point><gml:pos srsDimension="3">1 2</gml:pos></gml:Point>', "dimension"),
    ('<gml:Point srsDimension="4"><gml:pos>1 2</gml:pos></gml:Point>', "srsDimension"),
    ("<gml:Point><gml:pos>1 NaN</gml:pos></gml:Point>", "non finie"),
    ("<gml:Point><gml:pos>1 1e300</gml:pos></gml:Point>", "non finie ou démesurée"),
    ("<gml:Point><gml:pos>1 2,5</gml:pos></gml:Point>", "pas un nombre"),
    ("<gml:Point><gml:pos>1 2_5</gml:pos></gml:Point>", "pas un nombre"),
    ("<gml:Point><gml:posList>1 2 3 4</gml:posList></gml:Point>", "une seule position"),
    ("<gml:Point><gml:coordinates>1,2,3,4</gml:coordinates></gml:Point>", "deux ou trois nombres par point"),
    ("<gml:Point><gml:coordinates/></gml:Point>", "deux ou trois nombres par point"),
    (line((0, 0)), "moins de deux points"),
    ("<gml:LineString><gml:posList/></gml:LineString>", "nombre de coordonnées"),
    ("<gml:LineString><gml:posList>1 2 3 4 5</gml:posList></gml:LineString>", "nombre de coordonnées"),
    (
        "<gml:LineString><gml:pos>1 2</gml:pos><gml:pos>1 2 3</gml:pos></gml:LineString>",
        "2D et 3D",
    ),
    (curve(BOW, line((1, 1.01), (2, 2), name="LineStringSegment")), "discontinue"),
    (curve(line((0, 0), (1, 1), name="Arc")), "ne convient pas à gml:Arc"),
    (curve(line((0, 0), (1, 1), (2, 0), (3, 0), name="ArcString")), "ne convient pas à gml:ArcString"),
    (curve(line((0, 0), (1, 0), (2, 0), name="Circle")), "alignés"),
    (curve(line((0, 0), (1, 1), name="CubicSpline")), "non pris en charge"),
    (curve(), "vide"),
    ("<gml:Solid/>", "non pris en charge"),
    ("<Point/>", "non pris en charge"),
    ("<gml:Polygon/>", "vide"),
    (
        f"<gml:Polygon><gml:exterior>{line((0, 0), (1, 1), (0, 0))}</gml:exterior></gml:Polygon>",
        "pris en charge",
    ),
    (polygon(4, line((1, 1), (2, 1), (1, 1), name="LinearRing")), "moins de quatre points"),
    (polygon(4, line((1, 1), (2, 1), (2, 2), (1, 2), name="LinearRing")), "anneau ouvert"),
    ("<gml:MultiCurve/>", "vide"),
    (
        '<gml:MultiCurve><gml:curveMember xmlns:x="http://www.w3.org/1999/xlink" x:href="#c"/>'
        "</gml:MultiCurve>",
        "référence",
    ),
    (f"<gml:MultiCurve><gml:curveMember>{polygon(4)}</gml:curveMember></gml:MultiCurve>", "pris en charge"),
    (
        f"<gml:MultiSurface><gml:surfaceMember>{line((0, 0), (1, 1))}</gml:surfaceMember></gml:MultiSurface>",
        "pris",
    ),
    (nest(line((0, 0), (1, 1)), 40), "trop imbriquée"),
]


@pytest.mark.parametrize(("text", "told"), REFUSED)
def test_what_cannot_be_a_geometry_says_why_and_where(text, told):
    with pytest.raises(GeometryFault, match=told) as fault:
        geometry(text)
    assert fault.value.line == 1
    assert fault.value.code == "gml.geometry"
