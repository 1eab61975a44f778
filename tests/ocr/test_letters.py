import cv2
import numpy as np
import pytest

from ocr import letters


def page_of(draw, size):
    return draw.page(height=size, size=(size * 28, size * 22), at=(size, size))


@pytest.mark.parametrize("size", [14, 32, 70])
def test_x_height_is_measured_at_any_size(draw, size):
    assert letters.find(page_of(draw, size)).x_height == pytest.approx(0.55 * size, rel=0.15)


def test_specks_are_not_taken_for_small_print(draw):
    page = page_of(draw, 32).copy()
    rng = np.random.default_rng(1)
    for x, y in rng.integers(5, 690, (600, 2)):
        cv2.circle(page, (int(x), int(y)), 2, 0, -1)
    assert letters.find(page).x_height == pytest.approx(18, rel=0.15)


@pytest.mark.parametrize("degrees", [-10, -6.3, -1.7, -0.4, 0, 0.15, 0.9, 3.3, 8.1, 10])
def test_skew_is_estimated_to_some_hundredths_of_a_degree(draw, degrees):
    page = draw.noisy(draw.skewed(draw.page(), degrees), 8)
    assert letters.find(page).skew == pytest.approx(degrees, abs=0.05)


def test_skew_is_seen_upside_down_too(draw):
    assert letters.find(draw.skewed(draw.page(), 2.0)[::-1, ::-1].copy()).skew == pytest.approx(2.0, abs=0.05)


def test_a_single_line_is_enough_to_see_skew(draw):
    page = draw.skewed(draw.page(["hiermit beantrage ich die Verlängerung"], size=(900, 200)), 2.0)
    assert letters.find(page).skew == pytest.approx(2.0, abs=0.1)


def test_skew_survives_a_dark_border(draw):
    page = draw.skewed(draw.page(), 1.7)
    page[:, :25] = page[:30] = 20
    assert letters.find(page).skew == pytest.approx(1.7, abs=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_noise_has_no_skew(draw, seed):
    rng = np.random.default_rng(seed)
    assert letters.find(rng.integers(0, 255, (500, 400), dtype=np.uint8)).skew == 0.0
    assert letters.find(draw.noisy(np.full((500, 400), 240, np.uint8), 8, seed)).skew == 0.0


def test_lines_running_down_have_no_skew(draw):
    assert letters.find(np.rot90(draw.page()).copy()).skew == 0.0


def test_skew_beyond_ten_degrees_is_left_alone(draw):
    assert letters.find(draw.skewed(draw.page(), 17)).skew == 0.0


@pytest.mark.parametrize("shape", [(1, 1), (500, 400), (3, 4000), (4000, 1)])
@pytest.mark.parametrize("value", [0, 255])
def test_nothing_is_found_where_nothing_is(shape, value):
    found = letters.find(np.full(shape, value, np.uint8))
    assert (found.count, found.x_height, found.skew) == (0, None, 0.0)
