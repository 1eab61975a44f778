import numpy as np
import pytest

from ocr import prepare


@pytest.mark.parametrize(
    ("pixels", "value"),
    [
        (np.full((4, 6, 3), (255, 0, 0), np.uint8), 76),
        (np.full((4, 6), 9, np.uint8), 9),
        (np.full((4, 6, 1), 9, np.uint8), 9),
        (np.full((4, 6, 2), 9, np.uint8), 9),
        (np.full((4, 6, 4), 9, np.uint8), 9),
        (np.full((4, 6), 0x1234, np.uint16), 0x12),
        (np.full((4, 6), True), 255),
    ],
)
def test_whatever_comes_becomes_grey(pixels, value):
    grey = prepare.to_grey(pixels)
    assert grey.dtype == np.uint8
    assert grey.shape == (4, 6)
    assert (grey == value).all()


def test_an_image_without_pixels_becomes_one_white_pixel():
    assert prepare.to_grey(np.zeros((0, 5, 3), np.uint8)).tolist() == [[255]]


@pytest.mark.parametrize(
    ("width", "height", "dpi", "factor"),
    [
        (2480, 3508, 300, 2 / 3),
        (793, 1122, 96, 200 / 96),
        (1654, 2339, 200, 1.0),
        (500, 500, 10, 2.5),  # no detail is to be had beyond that
        (2340, 3815, 72, 1.339),  # a scan that tells a wrong resolution
        (1654, 2339, 0, 1.0),
        (1654, 2339, float("nan"), 1.0),
        (9, 90_000, 200, 0.3556),
    ],
)
def test_scale_for_recognition(width, height, dpi, factor):
    assert prepare.recognition_factor(width, height, dpi=dpi, target=200) == pytest.approx(factor, rel=1e-3)


def test_normalising_evens_the_paper_and_keeps_the_ink(draw):
    page = draw.page()
    shaded = (page * np.linspace(0.9, 0.5, page.shape[1])).astype(np.uint8)
    even = prepare.normalise(shaded)
    assert even[:, 20:-20][page[:, 20:-20] == 255].min() > 230
    assert even[page == 0].max() < 30


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_turning_is_clockwise(rotation):
    image = np.zeros((3, 5), np.uint8)
    image[0, 0] = 1
    corner = {0: (0, 0), 90: (0, -1), 180: (-1, -1), 270: (-1, 0)}[rotation]
    assert prepare.turn(image, rotation)[corner] == 1


@pytest.mark.parametrize("degrees", [-10, -6.3, -1.7, -0.4, 0, 0.15, 0.9, 3.3, 8.1, 10])
def test_skew_is_estimated_to_a_tenth_of_a_degree(draw, degrees):
    page = draw.noisy(draw.skewed(draw.page(), degrees), 8)
    assert prepare.estimate_skew(page) == pytest.approx(degrees, abs=0.1)


def test_a_single_line_is_enough_to_see_skew(draw):
    page = draw.skewed(draw.page(["hiermit beantrage ich die Verlängerung"], size=(900, 200)), 2.0)
    assert prepare.estimate_skew(page) == pytest.approx(2.0, abs=0.1)


def test_skew_survives_a_dark_border(draw):
    page = draw.skewed(draw.page(), 1.7)
    page[:, :25] = page[:30] = 20
    assert prepare.estimate_skew(page) == pytest.approx(1.7, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_no_skew_without_evidence(draw, seed):
    rng = np.random.default_rng(seed)
    assert prepare.estimate_skew(rng.integers(0, 255, (500, 400), dtype=np.uint8)) == 0.0
    assert prepare.estimate_skew(draw.noisy(np.full((500, 400), 240, np.uint8), 5, seed)) == 0.0
    assert prepare.estimate_skew(np.zeros((500, 400), np.uint8)) == 0.0
    assert prepare.estimate_skew(np.full((3, 4000), 255, np.uint8)) == 0.0


def test_skew_beyond_ten_degrees_is_left_alone(draw):
    assert prepare.estimate_skew(draw.skewed(draw.page(), 17)) == 0.0
