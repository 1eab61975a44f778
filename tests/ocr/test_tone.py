import io

import cv2
import numpy as np
import pytest
from PIL import Image

from ocr.tone import Tone, tone_of

DPI = 200.0
WHITE, YELLOWED = (252, 252, 250), (238, 226, 190)
RED, BLUE, BLACK = (200, 30, 30), (25, 40, 130), (20, 20, 20)


@pytest.fixture(scope="module")
def tone(draw):
    text = draw.page(draw.letter, size=(800, 700), at=(50, 60), height=28) / 255.0

    def of(mark=None, colour=BLACK, *, strength=0.8, paper=WHITE, ink=0.9, quality=75):
        """The tone of a page, 10 cm wide, with ``mark`` in ``colour``, when it comes back from a JPEG."""
        page = (1 - ink * (1 - text))[..., None] * np.array(paper, float)
        if mark is not None:
            coverage = strength * mark(np.zeros(text.shape, np.float32))[..., None]
            page = page * (1 - coverage * (1 - np.array(colour) / 255))
        noise = np.random.default_rng(1).normal(0, 4, page.shape)
        scanned = np.clip(cv2.GaussianBlur(page, (0, 0), 0.7) + noise, 0, 255).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(scanned).save(file, "JPEG", quality=quality)
        image = Image.open(file)
        return tone_of(np.asarray(image.convert("L")), np.asarray(image.reduce(5)), DPI)

    return of


def ring(ink):
    """A stamp of 5 mm."""
    return cv2.circle(ink, (600, 500), 20, 1.0, 3, cv2.LINE_AA)


def stroke(ink):
    """A pen's, a centimetre long and 0.4 mm thick."""
    return cv2.line(ink, (100, 620), (178, 630), 1.0, 3, cv2.LINE_AA)


def photograph(ink):
    ink[450:650, 500:660] = np.linspace(0.1, 0.9, 160)
    return ink


def field(ink):
    ink[450:650, 500:660] = 1
    return ink


@pytest.mark.parametrize("quality", [40, 90])
@pytest.mark.parametrize("paper", [WHITE, YELLOWED])
def test_black_print_is_bitonal_whatever_the_paper(tone, paper, quality):
    assert tone(paper=paper, quality=quality) is Tone.BITONAL


@pytest.mark.parametrize("paper", [WHITE, YELLOWED])
@pytest.mark.parametrize(
    ("mark", "colour"), [(ring, BLUE), (stroke, RED), (stroke, BLUE)], ids=["stamp", "red pen", "blue pen"]
)
def test_a_small_coloured_mark_makes_a_page_coloured(tone, mark, colour, paper):
    assert tone(mark, colour, paper=paper) is Tone.COLOUR


@pytest.mark.parametrize(
    ("mark", "strength"),
    [(photograph, 1.0), (field, 0.5), (stroke, 0.3)],
    ids=["photograph", "shaded field", "pencil"],
)
def test_what_black_and_white_would_lose_is_grey(tone, mark, strength):
    assert tone(mark, strength=strength) is Tone.GREY


def test_pale_print_is_grey(tone):
    assert tone(ink=0.4) is Tone.GREY


def test_a_black_field_is_bitonal(tone):
    assert tone(field, strength=1.0) is Tone.BITONAL


def test_a_grey_lid_beside_yellowed_paper_is_no_colour():
    page = np.full((400, 600, 3), YELLOWED, np.uint8)
    page[:, 500:] = 180
    assert tone_of(page[..., 1], page[::5, ::5], DPI) is not Tone.COLOUR


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (300, 3)])
def test_no_page_is_too_odd(shape):
    assert tone_of(np.full(shape, 255, np.uint8), None, 300.0) is Tone.BITONAL
