"""Figures of a control report."""

import numpy as np
import pytest
from lxml import etree

from pcrs.publish.control.coverage_map import place
from pcrs.publish.control.figures import histogram, target, vectors
from pcrs.publish.control.result import CheckPoint, Planimetry
from pcrs.standard.crs import BBox
from pcrs.standard.precision import judge_gaps


def planimetry(*gaps):
    points = tuple(
        CheckPoint(f"P{n} <&>", 100.0 * n, 50.0, 100.0 * n + dx, 50.0 + dy) for n, (dx, dy) in enumerate(gaps)
    )
    test = judge_gaps([point.gap for point in points], "010", points_m=0.05) if points else None
    return Planimetry("p.csv", points, test, None, ())


def test_a_histogram_draws_three_colours_and_is_not_flattened_by_saturation():
    counts = np.zeros((3, 256), np.int64)
    counts[:, 100:140] = 50
    counts[0, 255] = 1_000_000
    drawing = etree.fromstring(str(histogram(counts)))
    hills = [path.get("d") for path in drawing.iter("path") if path.get("fill")]
    assert len(hills) == 3
    heights = [64 - float(point.split()[1]) for point in hills[1].split("L")[1:-1]]
    assert max(heights) == pytest.approx(56, abs=0.1)
    assert heights[2] == 0


def test_an_empty_dalle_has_a_flat_histogram():
    etree.fromstring(str(histogram(np.zeros((3, 256), np.int64))))


def test_gaps_are_dots_coloured_by_the_bounds_they_pass():
    drawing = etree.fromstring(str(target(planimetry((0.01, 0.02), (0.3, 0.0), (0.0, -0.6)))))
    dots = [dot for dot in drawing.iter("circle") if dot.get("class").startswith("dot")]
    assert [dot.get("class").split()[1] for dot in dots] == ["good", "far", "bad"]
    assert float(dots[1].get("cx")) > 160
    assert float(dots[2].get("cy")) > 160
    assert dots[0][0].text == "P0 <&>"


def test_vectors_are_magnified_by_a_round_number():
    found = vectors(planimetry((0.05, 0.0), (0.0, 0.05)), [BBox(0, 0, 1000, 1000)])
    assert found is not None
    drawing, magnified = etree.fromstring(str(found[0])), found[1]
    assert magnified == 200
    first = next(group for group in drawing.iter("g") if group.get("class") == "gap good")
    assert first.find("path").get("d").split("l")[1].startswith("5.6 0")
    assert "× 200" in "".join(drawing.itertext())


def test_without_points_there_is_no_figure():
    assert target(planimetry()) is None
    assert vectors(planimetry(), [BBox(0, 0, 1, 1)]) is None
    assert vectors(planimetry((0.1, 0.1)), []) is None


def test_a_dalle_is_called_by_its_corner():
    assert place("46-2025-0576-6373-LA93-0M05-RVB") == "0576-6373"
    assert place("2025-05760-63730-LA93-0M05-RVB") == "05760-63730"
    assert place("HFP-1") == "HFP-1"
