import numpy as np
import pytest

from ocr.lines.edges import Edges
from ocr.lines.layout import TextLine
from ocr.lines.pieces import UPRIGHT, cut, drawn

SIZE = (1000, 500)


def line(*words: tuple[int, int, int, int], base: int = 130) -> TextLine:
    edges = tuple(Edges(*word) for word in words)
    return TextLine(edges, ((edges[0].left, base), (edges[-1].right, base)), upright=False)


def edges_of(*lines: TextLine) -> list[tuple[int, int, int, int]]:
    return [(one.edges.left, one.edges.top, one.edges.right, one.edges.bottom) for one in cut(lines, *SIZE)]


def words_at(*lefts: int, top: int = 100, bottom: int = 140) -> list[tuple[int, int, int, int]]:
    return [(left, top, left + 80, bottom) for left in lefts]


def test_words_of_a_line_are_one_piece_with_a_margin():
    assert edges_of(line(*words_at(100, 200, 300))) == [(95, 95, 385, 145)]


def test_a_wide_gap_parts_a_line():
    assert edges_of(line(*words_at(100, 200, 400))) == [(95, 95, 285, 145), (395, 95, 485, 145)]


def test_a_word_far_taller_than_the_line_stands_alone():
    tall = (300, 60, 330, 160)
    assert len(edges_of(line(*words_at(100, 200), tall, *words_at(340)), line(*words_at(100, 200, 300)))) > 1


def test_there_is_room_for_descenders_where_a_line_has_none():
    assert edges_of(line(*words_at(100, 200, 300, bottom=130))) == [(95, 95, 385, 145)]


def test_a_short_line_of_small_letters_gets_room_for_tall_ones():
    page = [line(*words_at(100, 200, 300, bottom=130))] * 2 + [line((100, 210, 180, 230), base=230)]
    assert edges_of(*page)[2] == (95, 195, 185, 245)


def test_a_baseline_through_dashes_is_put_below_the_digits():
    page = [line(*words_at(100, 200, 300, bottom=130))] * 2 + [line((100, 200, 200, 230), base=216)]
    assert edges_of(*page)[2] == (95, 195, 205, 245)


def test_pieces_end_at_the_edge_of_the_image():
    assert edges_of(line((0, 0, 1000, 30), base=30)) == [(0, 0, 1000, 45)]


@pytest.mark.parametrize("turns", UPRIGHT)
def test_a_line_up_or_down_is_cut_level_in_both_ways_and_its_words_are_put_back(turns):
    level = np.full((300, 400), 255, np.uint8)
    level[100:120, 50:150] = 0
    image = np.ascontiguousarray(np.rot90(level, -turns))
    height, width = image.shape
    where = ink_of(image)
    both = cut([TextLine((where,), ((0, 0), (0, 0)), upright=True)], width, height)
    (piece,) = (piece for piece in both if piece.turns == turns)
    part = piece.pixels(image)
    assert part.shape[1] == 110
    assert piece.restored(ink_of(part), width, height) == where


def ink_of(image):
    inked = np.argwhere(image == 0)
    (top, left), (bottom, right) = inked.min(axis=0).tolist(), (inked.max(axis=0) + 1).tolist()
    return Edges(left, top, right, bottom)


def test_contrast_is_stretched_whatever_the_paper():
    part = np.full((50, 300), 200, np.uint8)
    part[10:40, 10:290:20] = 120
    image = drawn(part, 36)
    assert image.shape == (36, 216)
    assert image.dtype == np.float32
    assert (image.min(), image.max()) == (-1, 1)


def test_a_piece_narrower_than_a_step_is_made_as_wide_as_one():
    assert drawn(np.zeros((50, 1), np.uint8), 36).shape == (36, 3)


def test_a_piece_knows_its_line():
    assert [piece.line for piece in cut([line(*words_at(100, 600)), line(*words_at(100))], *SIZE)] == [
        0,
        0,
        1,
    ]
