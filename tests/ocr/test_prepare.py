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
