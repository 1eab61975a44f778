import numpy as np
import pytest

from ocr.engine import Layout
from ocr.lines import layout


def test_lines_are_found_in_reading_order_with_their_words_and_what_they_stand_on(draw):
    found = layout.find(draw.page(), dpi=200, layout=Layout.PAGE)
    assert [len(line.words) for line in found] == [len(line.split()) for line in draw.letter]
    assert not any(line.upright for line in found)
    for line in found:
        (left, first), (right, last) = line.baseline
        assert (left, right) == (line.words[0].left, line.words[-1].right)
        assert abs(first - last) <= 1
        assert min(word.top for word in line.words) < first <= max(word.bottom for word in line.words) + 1


def test_columns_come_one_after_the_other(draw):
    both = np.hstack([draw.page(size=(800, 560)), draw.page(size=(800, 560))])
    found = layout.find(both, dpi=200, layout=Layout.PAGE)
    assert [line.words[0].left > 800 for line in found] == [False] * 6 + [True] * 6


@pytest.mark.parametrize("turns", [1, 3])
def test_lines_up_and_down_the_page_are_told(draw, turns):
    found = layout.find(
        np.ascontiguousarray(np.rot90(draw.page(draw.letter * 2), turns)), dpi=200, layout=Layout.PAGE
    )
    assert all(line.upright for line in found)


def test_an_empty_page_has_none():
    assert layout.find(np.full((300, 200), 255, np.uint8), dpi=200, layout=Layout.SPARSE) == ()
