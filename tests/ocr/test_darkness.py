import cv2
import numpy as np
import pytest

from ocr import letters
from ocr.darkness import has_dark_areas

SIZE = (1654, 2339)  # A4 at 200 dpi


def asked(page):
    return has_dark_areas(page, letters.find(page).x_height)


@pytest.fixture
def letter(draw):
    return draw.noisy(draw.page(draw.letter * 4, size=SIZE, at=(150, 200), height=30), 5)


def with_table_head(page, height):
    page = page.copy()
    page[1900 : 1900 + height, 150:1500] = 20
    for x in (200, 700, 1100):
        cv2.putText(page, "Betrag", (x, 1900 + height - 14), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 250, 2)
    return page


def test_a_letter_has_none(letter):
    assert not asked(letter)


@pytest.mark.parametrize("height", [50, 90, 300])
def test_a_table_head_white_on_black_is_one(letter, height):
    assert asked(with_table_head(letter, height))


@pytest.mark.parametrize("reduction", [1.5, 0.5])
def test_at_any_resolution(letter, reduction):
    for page, answer in ((letter, False), (with_table_head(letter, 50), True)):
        assert asked(cv2.resize(page, None, fx=1 / reduction, fy=1 / reduction)) == answer


def test_neither_dark_edges_nor_rules_nor_a_heading_count(draw, letter):
    letter[:, :80] = letter[:60] = 15
    letter[1800:1806, 100:1500] = 0
    heading = draw.page(["Bescheid"], size=(800, 120), at=(10, 10), height=64)
    letter[70:190, 150:950] = np.minimum(letter[70:190, 150:950], heading)
    assert not asked(letter)


@pytest.mark.parametrize("value", [20, 255])
def test_in_doubt_there_may_be(value):
    assert asked(np.full((900, 700), value, np.uint8))
