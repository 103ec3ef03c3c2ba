import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.errors import InputError
from pcrs.standard.crs import BBox
from pcrs.standard.grid import (
    LAMB93,
    PM,
    SLAB_TILES,
    TOP_LEVEL,
    Cells,
    Slab,
    Tile,
    children,
    parent,
    slab_bbox,
    slab_mm,
    slab_of,
    slabs_covering,
    tile_mm,
    tiles_covering,
)

FACTS = Path(__file__).resolve().parents[2] / "shared" / "reference" / "facts" / "tilematrixsets_values.json"
LOT = BBox(538_658, 6_345_203, 637_880, 6_440_671)
"""The Lot's box, whose tiles are known: columns 42082 to 49834 and rows 434322 to 441781 of level 22."""


@st.composite
def tiles(draw):
    level = draw(st.integers(0, LAMB93.last_level))
    columns, rows = LAMB93.sizes[level]
    return Tile(level, draw(st.integers(0, columns - 1)), draw(st.integers(0, rows - 1)))


@st.composite
def boxes(draw):
    """Boxes with edges on whole millimetres, in the Lot."""
    x, y = draw(st.integers(538_000_000, 638_000_000)), draw(st.integers(6_346_000_000, 6_442_000_000))
    width, height = draw(st.integers(1, 30_000)), draw(st.integers(1, 30_000))
    return BBox(x / 1000, y / 1000, (x + width) / 1000, (y + height) / 1000)


def test_integers_not_floats():
    assert 5_136_000 // 12.8 == 401_249  # what floats would say
    assert tiles_covering(BBox(5_136_000, 6_000_000, 5_136_000.001, 6_000_000.001), 22).min_col == 401_250


def test_the_lot_at_level_22():
    assert tiles_covering(LOT, 22) == Cells(42082, 434322, 49834, 441781)
    assert tiles_covering(LOT, 20) == Cells(10520, 108580, 12458, 110445)


def test_a_known_slab():
    slab, index = slab_of(Tile(18, 414, 3134))
    assert slab == Slab(18, 25, 195)
    assert index == 14 * 16 + 14


@given(tiles())
def test_a_tile_covers_itself_and_nothing_else(tile):
    level, col, row = tile
    assert tiles_covering(LAMB93.bbox(tile), level) == Cells(col, row, col, row)
    assert LAMB93.contains(tile)


@given(tiles())
def test_a_tile_lies_in_its_slab(tile):
    slab, index = slab_of(tile)
    row, col = divmod(index, SLAB_TILES)
    assert (slab.col * SLAB_TILES + col, slab.row * SLAB_TILES + row) == (tile.col, tile.row)
    around, inside = slab_bbox(slab), LAMB93.bbox(tile)
    assert around.union(inside) == pytest.approx(around, abs=1e-6)
    assert Cells(slab.col, slab.row, slab.col, slab.row) == slabs_covering(inside, tile.level)


@given(boxes(), st.integers(0, LAMB93.last_level))
def test_cells_cover_the_box_and_no_more(box, level):
    cells = tiles_covering(box, level)
    side = tile_mm(level)
    left, top = (
        Fraction(round(box.xmin * 1000), side),
        Fraction(12_000_000_000 - round(box.ymax * 1000), side),
    )
    right, bottom = (
        Fraction(round(box.xmax * 1000), side),
        Fraction(12_000_000_000 - round(box.ymin * 1000), side),
    )
    assert cells.min_col <= left < cells.min_col + 1
    assert cells.min_row <= top < cells.min_row + 1
    assert cells.max_col < right <= cells.max_col + 1
    assert cells.max_row < bottom <= cells.max_row + 1
    assert len(list(cells.cells())) == (cells.max_col - cells.min_col + 1) * (
        cells.max_row - cells.min_row + 1
    )


@given(tiles().filter(lambda tile: tile.level > 0))
def test_a_slab_is_one_of_its_parents_four_children(tile):
    slab, _ = slab_of(tile)
    four = children(parent(slab))
    assert slab in four
    assert len(set(four)) == 4
    assert {parent(child) for child in four} == {parent(slab)}
    assert slab_bbox(parent(slab)) == slab_bbox(four[0]).union(slab_bbox(four[3]))
    assert slab_mm(slab.level - 1) == 2 * slab_mm(slab.level)


@given(st.sampled_from(range(TOP_LEVEL, LAMB93.last_level)))
def test_levels_halve_each_other(level):
    assert LAMB93.res(level) == 2 * LAMB93.res(level + 1)
    assert LAMB93.sizes[level] == tuple(-(-count // 2) for count in LAMB93.sizes[level + 1])


def test_level_22_has_the_pixels_of_the_dalles():
    assert LAMB93.res(22) == 0.05
    assert LAMB93.bbox(Tile(22, 0, 0)) == BBox(0, 12_000_000 - 12.8, 12.8, 12_000_000)


@pytest.mark.parametrize("tile", [Tile(22, 100_800, 0), Tile(22, -1, 0), Tile(23, 0, 0), Tile(-1, 0, 0)])
def test_tiles_outside_the_matrix(tile):
    assert not LAMB93.contains(tile)


@pytest.mark.parametrize("box", [BBox(1, 1, 1, 2), BBox(2, 1, 1, 2), BBox(0, 3, 1, 2)])
def test_an_empty_box_covers_nothing(box):
    with pytest.raises(InputError):
        tiles_covering(box, 22)


@pytest.mark.parametrize("matrix_set", [LAMB93, PM], ids=lambda matrix_set: matrix_set.id)
def test_igns_published_values(matrix_set):
    if not FACTS.is_file():
        pytest.skip(f"IGN's values are not at {FACTS}")
    published = json.loads(FACTS.read_text())[matrix_set.id]
    assert published["crs"].rpartition(":")[2] == str(matrix_set.epsg)
    assert len(published["levels"]) == matrix_set.last_level + 1
    for level, values in enumerate(published["levels"]):
        assert values["id"] == str(level)
        assert values["pointOfOrigin"] == [matrix_set.origin_x, matrix_set.origin_y]
        assert values["tile"] == [256, 256]
        assert values["cellSize"] == pytest.approx(matrix_set.res(level), rel=1e-12)
        assert values["scaleDenominator"] == pytest.approx(matrix_set.scale_denominator(level), rel=1e-9)
        columns, rows = values["matrix"]
        if (matrix_set, level) == (LAMB93, 19):
            rows += 1  # IGN writes 105102 where half of level 20's 210205, rounded up, is 105103
        assert (columns, rows) == matrix_set.sizes[level]
