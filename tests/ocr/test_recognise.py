import time

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from errors import RecognitionFailed
from ocr.geometry import upright_matrix
from ocr.options import OcrOptions
from ocr.recognise import recognise
from ocr.records import Box, Word, words_from_json, words_to_json
from ocr.score import confidence_of, legible
from ocr.tesseract import Tesseract

ENGINE = Tesseract()
OPTIONS = OcrOptions()


def read(pixels, dpi=200.0, options=OPTIONS):
    return recognise(np.ascontiguousarray(pixels), dpi=dpi, engine=ENGINE, options=options)


def error_rate(recognised, lines):
    truth = "\n".join(lines)
    return Levenshtein.distance(recognised, truth) / len(truth)


def box_of(recognition, text):
    return next(word.box for word in recognition.words if word.text == text)


def corners(box):
    right, bottom = box.left + box.width, box.top + box.height
    return [(box.left, box.top), (right, box.top), (right, bottom), (box.left, bottom)]


def test_clean_text_is_read_without_errors(draw):
    recognition = read(draw.page())
    assert error_rate(recognition.text, draw.letter) < 0.01
    assert (recognition.width, recognition.height) == (900, 700)
    assert (recognition.rotation, recognition.skew) == (0, 0.0)
    assert recognition.confidence > 85
    assert recognition.language == "deu"
    assert recognition.engine.startswith("tesseract 5")


def test_words_survive_json(draw):
    words = read(draw.page(draw.letter[:2])).words
    again = words_from_json(words_to_json(words))
    assert [(word.text, word.box, word.line) for word in again] == [(w.text, w.box, w.line) for w in words]


@pytest.mark.parametrize(("scale", "dpi"), [(2, 400.0), (0.5, 100.0)])
def test_boxes_are_in_the_original_resolution(draw, scale, dpi):
    plain = box_of(read(draw.page()), "Verlängerung")
    size = (int(900 * scale), int(700 * scale))
    at = (60 * scale, 80 * scale)
    page = draw.page(size=size, at=at, height=32 * scale)
    recognition = read(page, dpi)
    assert error_rate(recognition.text, draw.letter) < 0.05
    box = box_of(recognition, "Verlängerung")
    expected = [value * scale for value in (plain.left, plain.top, plain.width, plain.height)]
    assert [box.left, box.top, box.width, box.height] == pytest.approx(expected, abs=6)


@pytest.mark.parametrize(("rotation", "skew"), [(0, 1.7), (90, -1.7), (180, 1.7), (270, 0.0)])
def test_boxes_of_a_page_lying_askew_and_turned_map_back_to_where_the_words_are(draw, rotation, skew):
    straight = draw.page()
    known = box_of(read(straight), "Verlängerung")
    # The page as scanned: askew by `skew`, then lying so that a turn by `rotation` puts it upright.
    scanned = np.rot90(draw.skewed(straight, skew), rotation // 90)
    recognition = read(scanned)
    assert recognition.rotation == rotation
    assert recognition.skew == pytest.approx(skew, abs=0.1)
    assert error_rate(recognition.text, draw.letter) < 0.02
    assert (recognition.width, recognition.height) == (900, 700)

    height, width = scanned.shape
    to_upright = upright_matrix(width + 1, height + 1, recognition.rotation, recognition.skew)
    back = np.linalg.inv(np.vstack([to_upright, (0, 0, 1)]))
    drawn_at = np.linalg.inv(np.vstack([upright_matrix(width + 1, height + 1, rotation, skew), (0, 0, 1)]))
    for found, expected in zip(corners(box_of(recognition, "Verlängerung")), corners(known), strict=True):
        assert (back @ (*found, 1))[:2] == pytest.approx((drawn_at @ (*expected, 1))[:2], abs=4)


def test_deskewing_can_be_left_out(draw):
    recognition = read(draw.skewed(draw.page(), 1.0), options=OcrOptions(deskew=False))
    assert recognition.skew == 0.0


def test_colour_and_shading_do_not_matter(draw):
    shaded = (draw.page() * np.linspace(0.95, 0.5, 900)).astype(np.uint8)
    colour = np.dstack([shaded, shaded // 2 + 60, shaded // 2 + 20])
    assert error_rate(read(colour).text, draw.letter) < 0.02


def test_a_page_of_few_words_stays_as_it_lies(draw):
    recognition = read(draw.page(["Vermerk"]))
    assert recognition.text == "Vermerk"
    assert recognition.rotation == 0


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((0, 0), np.uint8),
        np.zeros((1, 1), np.uint8),
        np.zeros((400, 300), np.uint8),
        np.full((400, 300, 3), 255, np.uint8),
        np.full((3, 9000), 200, np.uint8),
        np.full((40_000, 30), 255, np.uint8),
        np.full((50, 50, 4), 255, np.uint8),
        np.full((50, 50), 60_000, np.uint16),
        np.random.default_rng(5).integers(0, 255, (300, 300), dtype=np.uint8),
    ],
    ids=["none", "one", "black", "white", "wide", "tall", "alpha", "deep", "noise"],
)
def test_odd_images_are_no_errors(pixels):
    recognition = read(pixels)
    assert recognition.rotation == 0
    assert (recognition.height, recognition.width) == (pixels.shape[:2] if pixels.size else (1, 1))
    assert all(word.box.width > 0 and word.box.height > 0 for word in recognition.words)


@pytest.mark.parametrize("dpi", [0.0, -3.0, float("nan"), 1e9, 1.0])
def test_an_absurd_resolution_is_no_error(draw, dpi):
    assert read(draw.page(draw.letter[:1], size=(700, 200)), dpi).width == 700


def test_a_broken_engine_fails_the_page(draw, fake_tesseract):
    fake_tesseract("exit 1")
    with pytest.raises(RecognitionFailed):
        read(draw.page())


def test_no_more_tries_are_begun_after_the_time_limit(draw, fake_tesseract):
    fake_tesseract('sleep 0.3; echo "level\\t" > "$2.tsv"')
    begun = time.monotonic()
    assert read(draw.page(), options=OcrOptions(time_limit=0.5)).words == ()
    assert time.monotonic() - begun < 1.5


def test_confidence_weighs_words_by_their_length():
    box = Box(0, 0, 1, 1)
    assert confidence_of([Word("abcd", box, 90, 0), Word("e", box, 40, 0)]) == pytest.approx(80)
    assert confidence_of([]) == 0.0


def test_grain_read_as_letters_leaves_only_what_is_sure():
    def word(text, confidence):
        return Word(text, Box(0, 0, 10, 10), confidence, 0)

    grain = tuple(word("en", 12.0) for _ in range(50))
    assert legible((*grain, word("Vermerk", 91.0), word("l", 95.0))) == (word("Vermerk", 91.0),)
    receipt = (word("SUMME", 80.0), word("Iq,9O", 25.0))
    assert legible(receipt) == receipt
