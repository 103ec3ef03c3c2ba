"""Plans on paper: the arithmetic of sheets, and the page as a PDF."""

import math
import re
import zlib
from itertools import pairwise

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pcrs.errors import InputError
from pcrs.publish.plan import FORMATS, ORIENTATIONS, SCALES, Plan, Sheet
from pcrs.publish.plan.page import write_plan
from pcrs.publish.plan.sheet import BLOCK, MARGIN
from pcrs.standard.crs import BBox, distortion
from pcrs.vector.drawing import DRAWINGS
from pcrs.vector.sheets import Extract
from pcrs.vector.sheets import Sheet as Layer

MM = 72 / 25.4
X, Y = 577_012.34, 6_372_487.66
sheets = st.builds(
    Sheet,
    st.floats(100_000, 1_200_000),
    st.floats(6_050_000, 7_100_000),
    st.sampled_from(SCALES),
    st.sampled_from(list(FORMATS)),
    st.sampled_from(ORIENTATIONS),
)


@given(sheets)
def test_a_metre_of_ground_is_a_millimetre_times_the_scale(sheet):
    (x0, y0), (x1, y1) = sheet.place(sheet.x, sheet.y), sheet.place(sheet.x + 10, sheet.y - 10)
    assert (x1 - x0, y0 - y1) == (pytest.approx(10_000 / sheet.scale), pytest.approx(10_000 / sheet.scale))
    ground, (width, height) = sheet.ground, sheet.frame
    assert sheet.place(ground.xmin, ground.ymin) == pytest.approx((MARGIN, MARGIN + BLOCK), abs=1e-6)
    assert ground.width == pytest.approx(width * sheet.scale / 1000)
    assert height + BLOCK + 2 * MARGIN == sheet.size[1]


@given(sheets)
def test_the_image_covers_the_map_with_pixels_of_the_lattice(sheet):
    box, (columns, rows) = sheet.image(0.05)
    ground = sheet.ground
    assert box.xmin <= ground.xmin + 1e-6
    assert box.ymin <= ground.ymin + 1e-6
    assert box.xmax >= ground.xmax - 1e-6
    assert box.ymax >= ground.ymax - 1e-6
    pixel = box.width / columns
    assert pixel == pytest.approx(box.height / rows)
    assert math.log2(pixel / 0.05) == pytest.approx(round(math.log2(pixel / 0.05)), abs=1e-6)
    assert 0.1 <= pixel * 1000 / sheet.scale * (1 + 1e-9) <= 0.26
    assert columns * rows < 30_000_000


@given(sheets)
def test_crosses_are_five_centimetres_apart_and_inside(sheet):
    eastings, northings = sheet.crosses()
    places = [sheet.place(east, north) for east, north in zip(eastings, northings, strict=False)]
    assert all(b[0] - a[0] == pytest.approx(50) for a, b in pairwise(places))
    assert all(sheet.ground.xmin <= east <= sheet.ground.xmax for east in eastings)


@pytest.mark.parametrize(
    ("x", "scale", "paper", "turn"),
    [
        (X, 250, "A4", "paysage"),
        (X, 200, "A5", "paysage"),
        (X, 200, "A4", "upside"),
        (-5, 200, "A4", "paysage"),
    ],
)
def test_other_sheets_are_refused_with_what_there_is(x, scale, paper, turn):
    with pytest.raises(InputError, match="attendu"):
        Sheet(x, Y, scale, paper, turn)


def layer(name, *records):
    return Layer(name, name, "Curve", (), "gml_id", len(records), False, lambda: [list(records)])


def plan(sheet, *layers, image=None):
    bent = distortion(2154, sheet.x, sheet.y)
    return Plan(
        sheet=sheet,
        title="Place de l'Église",
        credits="© Lot",
        day="28/11/2026",
        image=image,
        imagery=(
            "Orthophotographie 5 cm, édition 2025 : prise de vue le 12/06/2025, précision de 5 à 10 cm",
        ),
        objects=Extract("t", 2154, tuple(layers), None, "") if layers else None,
        precisions={"005": "de 2 à 5 cm", "010": "de 5 à 10 cm"},
        stretch=bent.stretch,
        convergence=bent.convergence,
    )


def content(pdf):
    """The streams of a PDF, and its text."""
    ends = (found.end() for found in re.finditer(rb"stream\r?\n", pdf))
    starts = [at for at in ends if pdf[at : at + 1] == b"x"]
    return b"".join(zlib.decompressobj().decompress(pdf[at:]) for at in starts).decode("latin-1")


def written(pdf):
    """The same with its texts as they are read."""
    return re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), content(pdf)).replace("\\", "")


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("paper", FORMATS)
@pytest.mark.parametrize("turn", ORIENTATIONS)
def test_a_line_of_a_hundred_metres_has_its_length_on_paper(scale, paper, turn):
    sheet = Sheet(X, Y, scale, paper, turn)
    line = shapely.LineString([(X - 15, Y), (X + 15, Y)])
    pdf = write_plan(plan(sheet, layer("FacadePCRS", ("f", line, {"dateLeve": "2025-06-18"}))))
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert [float(side) / MM for side in box.groups()] == pytest.approx(sheet.size, abs=0.001)
    strokes = re.findall(r"([\d.]+) ([\d.]+) m ([\d.]+) ([\d.]+) l\sS", content(pdf))
    lengths = {float(x1) - float(x0) for x0, y0, x1, y1 in strokes if y0 == y1}
    assert any(length == pytest.approx(30_000 / scale * MM, abs=0.01) for length in lengths)
    assert pdf.count(b"/Type /Page\n") == 1


def test_what_one_must_know_is_written():
    sheet = Sheet(X, Y, 500, "A4", "paysage")
    facade = (
        "f",
        shapely.LineString([(X, Y), (X + 5, Y)]),
        {"dateLeve": "2025-06-18", "precisionPlanimetrique": "010"},
    )
    cover = ("c", shapely.box(X, Y, X + 1, Y + 1), {"reseau": "GAZ"})
    pdf = write_plan(plan(sheet, layer("FacadePCRS", facade), layer("AffleurantEnveloppePCRS", cover)))
    words = (
        content(pdf).replace("\\351", "é").replace("\\340", "à").replace("\\311", "É").replace("\\240", " ")
    )
    for said in (
        "1/500",
        "taille r",
        "2025 : prise de vue le 12/06/2025",
        "le 18/06/2025",
        "de 5 à 10 cm",
        "EPSG:2154",
    ):
        assert said in words, said
    assert "(Gaz)" in words
    assert b"/PrintScaling /None" in pdf


def test_the_image_lies_where_its_box_does():
    sheet = Sheet(X, Y, 200, "A4", "portrait")
    box, size = sheet.image(0.05)
    pdf = write_plan(plan(sheet, image=(Image.new("RGB", size, "red"), BBox(*box))))
    placed = re.findall(r"q\s([\d.]+) 0 0 ([\d.]+) ([\d.]+) ([\d.]+) cm", content(pdf))
    width, height, x, y = map(float, placed[0])
    assert (width / MM, height / MM) == pytest.approx((box.width * 5, box.height * 5), abs=0.001)
    assert (x / MM, y / MM) == pytest.approx(sheet.place(box.xmin, box.ymin), abs=0.001)


def test_every_class_symbol_and_text_is_drawn_and_the_same_plan_makes_the_same_bytes():
    sheet = Sheet(X, Y, 200, "A3", "paysage")
    said = {"libelle": "Rue de l'Œuf ≠", "angleRotation": 275.0, "justification": "D", "reseau": "ELECBT"}
    sides = {"longueur_mm": 420, "largeur_mm": 2}
    layers = [
        layer(name, ("p", shapely.Point(X, Y), {drawing.by or "x": code, **said, **sides}))
        for name, drawing in DRAWINGS.items()
        for code in ("", *drawing.symbols, *drawing.looks)
    ]
    bent = shapely.LineString([(X, Y), (X + 9, Y + 4), (X + 9, Y + 4)])
    lines = [layer("MurPCRS", ("m", bent, {"typeMur": "02"}))]
    made = write_plan(plan(sheet, *layers, *lines, image=(Image.new("RGBA", (9, 9)), sheet.ground)))
    assert made == write_plan(plan(sheet, *layers, *lines, image=(Image.new("RGBA", (9, 9)), sheet.ground)))
    words = written(made)
    assert "Rue de l'\x8cuf ?" in words  # as WinAnsi has it


def test_distortion_is_that_of_proj():
    assert distortion(2154, 577_000, 6_372_500).stretch == pytest.approx(-30.1, abs=0.1)
    assert distortion(2154, 577_000, 6_372_500).convergence == pytest.approx(1.126, abs=0.01)
    assert distortion(2154, 700_000, 6_600_000).convergence == pytest.approx(0, abs=1e-9)
