"""The line-wise engine as a whole; what every engine has to keep is in tests/ocr/test_engines.py."""

import numpy as np
import pytest

from errors import RecognitionFailed
from ocr.engine import Layout, Manner
from ocr.lines import layout
from ocr.lines.engine import Lines
from ocr.records import text_of
from ocr.tesseract import Tesseract

GERMAN = Manner("deu", 200)


@pytest.fixture(scope="module")
def engine():
    found = Lines(Tesseract())
    found.warm_up("deu")
    return found


def test_it_reads_what_the_program_reads_in_the_same_places(engine, draw):
    page = draw.page()
    ours, theirs = engine.read(page, GERMAN), Tesseract().read(page, GERMAN)
    assert text_of(ours) == text_of(theirs) == "\n".join(draw.letter)
    for one, other in zip(ours, theirs, strict=True):
        assert (one.box.left, one.box.top) == pytest.approx((other.box.left, other.box.top), abs=3)
        assert (one.box.width, one.box.height) == pytest.approx((other.box.width, other.box.height), abs=5)
        assert one.confidence == pytest.approx(other.confidence, abs=12)


def test_white_on_black_is_read_if_asked_for(engine, draw):
    page = draw.page().copy()
    page[120:190] = 255 - page[120:190]
    assert text_of(engine.read(page, GERMAN)) == "\n".join(draw.letter)


@pytest.mark.parametrize("turns", [1, 3])
def test_a_line_up_or_down_the_margin_is_read_and_its_boxes_stand(engine, draw, turns):
    page = draw.page(draw.letter * 2, size=(1000, 1200)).copy()
    page[300:1000, 880:960] = np.rot90(
        draw.page(["Aktenzeichen 33.2 Hannover"], size=(700, 80), at=(20, 20)), turns
    )
    words = engine.read(page, GERMAN)
    assert text_of(words[-3:]) == "Aktenzeichen 33.2 Hannover"
    assert text_of(words[:-3]) == "\n".join(draw.letter * 2)
    assert all(word.box.left >= 880 and word.box.height > word.box.width for word in words[-3:])


def test_of_two_languages_each_piece_is_read_in_the_surer(engine, draw):
    lines = ["Die Verlängerung der Aufenthaltserlaubnis", "ışığında değişiklik yapılmıştır"]
    page = draw.page(lines, size=(900, 300))
    assert text_of(engine.read(page, Manner("deu+tur", 200))) == "\n".join(lines)


def test_what_reads_from_right_to_left_is_left_to_the_program(draw):
    class Program(Tesseract):
        def read(self, image, manner):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Lines(Program()).read(draw.page(), Manner("ara", 200))


@pytest.mark.parametrize("turns", [1, 3])
def test_a_page_on_its_side_comes_in_the_order_in_which_it_is_read(engine, draw, turns):
    page = draw.page(draw.letter, size=(900, 700))
    words = engine.read(np.ascontiguousarray(np.rot90(page, turns)), GERMAN)
    assert text_of(words) == "\n".join(draw.letter)


def test_what_seems_empty_is_shown_to_the_program(draw):
    """An image too large for layout analysis, or too little memory, looks like an empty page."""
    with pytest.raises(RecognitionFailed):
        Lines(Tesseract()).read(np.pad(draw.page(), ((0, 0), (0, 32_768))), GERMAN)


def test_want_of_memory_is_told_as_that_where_onnxruntime_tells_it(engine, draw, monkeypatch):
    def out_of_memory(*_, **__):
        raise RuntimeError("Non-zero status code returned while running LSTM node: std::bad_alloc")

    monkeypatch.setattr(layout, "find", out_of_memory)
    with pytest.raises(RecognitionFailed, match="needs more than 4000 MB of memory"):
        engine.read(draw.page(), GERMAN)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((1, 1), np.uint8),
        np.zeros((1, 3000), np.uint8),
        np.full((3000, 2), 128, np.uint8),
        np.tile(np.array([[0, 255], [255, 0]], np.uint8), (300, 400)),
        np.tile(np.linspace(0, 255, 900).astype(np.uint8), (700, 1)),
        np.random.default_rng(3).integers(0, 255, (500, 700)).astype(np.uint8),
    ],
    ids=["pixel", "row", "column", "checkerboard", "gradient", "noise"],
)
@pytest.mark.parametrize("layout", [Layout.PAGE, Layout.SPARSE])
def test_no_image_is_too_odd_and_words_lie_within_it(engine, image, layout):
    for word in engine.read(image, Manner("deu", 200, layout)):
        assert word.box.width > 0
        assert word.box.height > 0
        assert 0 <= word.box.left <= word.box.left + word.box.width <= image.shape[1]
        assert 0 <= word.box.top <= word.box.top + word.box.height <= image.shape[0]
        assert 0 <= word.confidence <= 100
