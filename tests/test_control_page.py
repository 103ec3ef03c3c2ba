"""The page of a control report: it holds everything it shows, and shows everything that was found."""

import base64
import io
import json
import re
from dataclasses import replace

import pytest
from lxml import etree, html
from PIL import Image

from pcrs.findings import Finding
from pcrs.publish.control.page import render, write_report
from pcrs.publish.control.pictures import embedded, mosaic
from pcrs.publish.control.result import Card, Completeness
from pcrs.standard.crs import BBox
from tests.deliveries import DOSSIER, control, make_delivery, name_at, stem_at


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """A delivery with faults, judged with check points too."""
    folder = tmp_path_factory.mktemp("livraison")
    faults = {(0, 0): "blurred", (2, 0): "shifted", (1, 1): "missing", (0, 2): "dark"}
    points = tmp_path_factory.mktemp("points") / "points.csv"
    west, north = name_at(0, 0).x_m, name_at(0, 0).y_m
    lines = (f"P{n};{west + 8 * n};{north - 20};{west + 8 * n + 0.05};{north - 19.9}" for n in range(1, 7))
    points.write_text("\n".join(["id;x;y;xi;yi", *lines, "P9;abc;1;2;3"]))
    return control(make_delivery(folder, faults), replace(DOSSIER, points=points))


@pytest.fixture(scope="module")
def page(result):
    return render(result)


@pytest.fixture(scope="module")
def tree(page):
    return html.fromstring(page)


def text(tree):
    return " ".join(tree.itertext())


def test_the_page_needs_nothing_from_elsewhere(page, tree):
    assert not tree.xpath("//script | //link | //iframe | //object | //@onclick | //@onload")
    for address in tree.xpath("//@src | //@href"):
        assert address.startswith("data:image/")
    assert not re.search(r"url\((?!#)", page)
    assert "@import" not in page


def test_every_drawing_is_well_formed_and_without_holes(tree):
    drawings = tree.xpath("//svg")
    assert len(drawings) >= 1 + 8 + 2
    for drawing in drawings:
        etree.fromstring(etree.tostring(drawing))
    numbers = " ".join(tree.xpath("//svg//@d | //svg//@x | //svg//@y | //svg//@r | //svg//@viewBox"))
    assert "nan" not in numbers
    assert "inf" not in numbers


def test_every_finding_is_on_the_page(result, tree):
    shown = " ".join(text(tree).split())
    for finding in result.every_finding:
        assert " ".join(finding.message.split()) in shown
    for verdict in ("non conforme", "à examiner", "conforme"):
        assert verdict in shown
    assert result.signature.operator in shown
    assert "24 novembre 2026" in shown


def test_french_comes_first_and_english_beside(tree):
    headings = tree.xpath("//h2")
    assert [heading.text.strip() for heading in headings] == [
        "Synthèse",
        "Couverture",
        "Constats",
        "Planche-contact",
        "Fiches des dalles",
        "Joints entre dalles",
        "Précision planimétrique",
        "Niveaux appliqués",
        "Décision",
    ]
    assert tree.get("lang") == "fr"
    assert all(heading.xpath("./span[@lang='en']") for heading in headings)


def test_every_dalle_has_a_picture_in_the_contact_sheet(result, tree):
    pictures = tree.xpath("//div[@class='sheet']//img")
    assert len(pictures) == len(result.dalles) == 8
    for picture, card in zip(pictures, result.dalles, strict=True):
        data = base64.b64decode(picture.get("src").split(",")[1])
        assert data == card.inspection.thumb
        assert picture.get("alt") == card.name


def test_the_map_shows_verdicts_holes_and_seams(tree):
    (drawing,) = tree.xpath("//svg[@class='map']")
    assert len(drawing.xpath(".//path[@class='missing']")) == 1
    assert {group.get("class") for group in drawing.xpath(".//g")} == {"sign look", "sign bad"}
    assert len(drawing.xpath(".//g")) == 3
    assert drawing.xpath(".//path[contains(@class, 'seam')]")
    assert drawing.xpath(".//image")


def test_what_a_delivery_says_is_not_taken_as_markup(result):
    evil = "<script>alert(1)</script>&"
    finding = Finding("raster.name", "error", f"« {evil} »", evil)
    card = Card(evil, evil, "raster", (finding,), box=BBox(0, 0, 60, 60))
    page = render(replace(result, delivery=evil, cards=(*result.cards, card)))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_page_and_document_are_written_whole(result, tmp_path):
    page, data = tmp_path / "out" / "r.html", tmp_path / "out" / "r.json"
    write_report(result, page, data)
    assert page.read_text(encoding="utf-8") == render(result)
    assert json.loads(data.read_text(encoding="utf-8"))["verdict"] == "non conforme"
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["r.html", "r.json"]


def test_a_département_of_dalles_makes_a_page_that_opens(result):
    one = next(card for card in result.dalles if card.verdict == "conforme")
    with io.BytesIO() as file:
        Image.open(io.BytesIO(one.inspection.thumb)).resize((64, 64)).save(file, "JPEG", quality=82)
        one = replace(one, inspection=replace(one.inspection, thumb=file.getvalue()))
    cards = tuple(
        replace(one, name=f"{col}-{row}", box=BBox(60 * col, 60 * row, 60 * col + 60, 60 * row + 60))
        for col in range(60)
        for row in range(60)
    )
    big = replace(result, cards=cards, seams=(), completeness=Completeness("rectangle", 3600))
    page = render(big)
    tree = html.fromstring(page)
    assert len(page) < 16_000_000
    assert len(tree.xpath("//div[@class='sheet']//img")) == 3600
    assert not tree.xpath("//article")
    (drawing,) = tree.xpath("//svg[@class='map']")
    assert len(drawing.xpath(".//path")) < 100


def test_a_delivery_without_dalles_has_a_page_too(result):
    nothing = Completeness("rectangle", 0)
    page = render(replace(result, cards=(), seams=(), findings=(), completeness=nothing, planimetry=None))
    tree = html.fromstring(page)
    assert not tree.xpath("//svg")
    assert "Aucun point de contrôle" in text(tree)


def test_the_mosaic_puts_each_dalle_at_its_place(result):
    boxes = [card.box for card in result.dalles]
    whole = BBox(
        min(box.xmin for box in boxes),
        min(box.ymin for box in boxes),
        max(box.xmax for box in boxes),
        max(box.ymax for box in boxes),
    )
    with Image.open(io.BytesIO(mosaic(result.dalles, whole))) as image:
        assert image.size == (1100, 1100)
        assert image.resize((3, 3), Image.Resampling.BOX).getpixel((1, 1)) == (255, 255, 255)
        dark = image.resize((3, 3), Image.Resampling.BOX).getpixel((0, 2))
        light = image.resize((3, 3), Image.Resampling.BOX).getpixel((1, 2))
    assert sum(dark) < 0.5 * sum(light)


def test_pictures_are_named_by_what_they_are(result):
    assert embedded(result.dalles[0].inspection.thumb).startswith("data:image/jpeg;base64,")
    assert embedded(b"\x89PNG\r\n").startswith("data:image/png;base64,")


def test_cards_tell_what_was_measured(result, tree):
    (card,) = [card for card in tree.xpath("//article") if stem_at(0, 0) in text(card)]
    said = text(card)
    width = next(c for c in result.dalles if c.name == stem_at(0, 0)).inspection.sharpness.width_px
    assert f"{width:.1f}".replace(".", ",") in said
    assert "floue" in said
    assert card.xpath(".//svg[@class='histogram']")
