import numpy as np
import pytest

from errors import RecognitionFailed
from ocr.options import OcrOptions
from ocr.recognise import recognise
from ocr.records import Attempt, Box, Outcome, Word

SURE = [Word("Aufenthaltserlaubnis", Box(10, 60 * n, 200, 20), 95.0, n) for n in range(4)]
DOUBTFUL = [Word("sıuqnɐןɹǝ", Box(10, 60 * n, 200, 20), 40.0, n) for n in range(4)]
STANDING = [Word("sıuqnɐןɹǝ", Box(60 * n, 10, 20, 200), 90.0, n) for n in range(4)]


def page(rotation, size=(700, 900)):
    """A page with a black corner that is top left once it is turned clockwise by ``rotation``."""
    pixels = np.full(size, 255, np.uint8)
    pixels[10:60, 10:60] = 0
    return np.ascontiguousarray(np.rot90(pixels, rotation // 90))


def is_upright(image):
    return image[10:60, 10:60].mean() < 80


def read(pixels, engine, **options):
    options = OcrOptions(deskew=False, **options)
    return recognise(pixels, dpi=200.0, engine=engine, options=options)


@pytest.mark.parametrize(
    ("rotation", "as_it_lies", "tried"),
    [(0, DOUBTFUL, ()), (180, DOUBTFUL, (180,)), (90, STANDING, (90,)), (270, STANDING, (90, 270))],
)
def test_each_page_ends_upright_after_as_few_samples_as_its_first_reading_allows(
    scripted, rotation, as_it_lies, tried
):
    engine = scripted(lambda image, manner: SURE if is_upright(image) else as_it_lies)
    found = read(page(rotation), engine)
    assert found.rotation == rotation
    assert [word.text for word in found.words] == [word.text for word in SURE]
    samples = [
        (f"rotation {turn}, sample", turn, 95.0 if turn == rotation else 90.0, False) for turn in tried
    ]
    whole = [(f"rotation {rotation}", rotation, 95.0, True)] if rotation else []
    told = [(one.changed, one.rotation, one.confidence, one.kept) for one in found.attempts]
    assert told[1:] == samples + whole


@pytest.mark.parametrize(("upside_down", "rotation"), [("€ abejuy", 180), ("Anlage", 0)])
def test_a_single_word_turns_a_page_if_it_is_clearly_surer(scripted, upside_down, rotation):
    lying = [Word(upside_down, Box(10, 60, 200, 20), 72.0 if rotation else 94.0, 0)]
    one = [Word("Anlage", Box(10, 60, 200, 20), 95.0, 0)]
    engine = scripted(lambda image, manner: one if is_upright(image) else lying)
    assert read(page(180), engine).rotation == rotation


def test_a_page_that_reads_well_is_read_once(scripted):
    engine = scripted(lambda image, manner: SURE)
    found = read(page(180), engine)
    assert (found.rotation, len(found.attempts), len(engine.calls)) == (0, 1, 1)


def test_of_a_large_page_only_a_sample_is_tried(scripted):
    engine = scripted(lambda image, manner: DOUBTFUL)
    found = read(page(0, (2000, 1600)), engine)
    assert found.rotation == 0
    assert [shape for shape, _ in engine.calls][:4] == [(2000, 1600)] + [(900, 900)] * 3
    assert [attempt.changed for attempt in found.attempts][1:4] == [
        f"rotation {r}, sample" for r in (180, 90, 270)
    ]


def test_a_page_stays_as_it_lies_if_the_whole_reads_no_better_than_its_sample_promised(scripted):
    def script(image, manner):
        return SURE if is_upright(image) and image.size < 1_000_000 else DOUBTFUL

    found = read(page(180, (2000, 1600)), scripted(script))
    assert (found.rotation, found.words[0].text) == (0, DOUBTFUL[0].text)
    assert not any(attempt.kept for attempt in found.attempts if "rotation" in attempt.changed)


def test_a_failure_while_turning_costs_that_attempt_only(scripted):
    def script(image, manner):
        if len(engine.calls) == 2:
            raise RecognitionFailed
        return SURE if is_upright(image) else DOUBTFUL

    engine = scripted(script)
    found = read(page(90), engine)
    assert found.rotation == 90
    assert found.attempts[1] == Attempt("rotation 180, sample", "deu", "page", 180, outcome=Outcome.FAILED)


def test_later_readings_get_the_time_that_is_left(scripted):
    engine = scripted(lambda image, manner: DOUBTFUL)
    read(page(0), engine, time_limit=50.0)
    times = [manner.seconds for _, manner in engine.calls]
    assert 50.0 >= times[0] > times[1] > times[2] > times[3] > 0
