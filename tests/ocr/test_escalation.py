import time

import numpy as np
import pytest

from errors import RecognitionFailed
from ocr.engine import Layout
from ocr.escalation import GOOD, fused
from ocr.options import OcrOptions
from ocr.recognise import recognise
from ocr.records import Attempt, Box, Outcome, Word
from ocr.score import lost_ink

OPTIONS = OcrOptions(deskew=False)
PAGE = (700, 900)


def words(image, confidence, text="Aufenthaltserlaubnis"):
    """Three words on one line, in the same place of the page however it is drawn."""
    unit, height = image.shape[1] / 100, image.shape[0]
    return [
        Word(
            text, Box(round((5 + 30 * n) * unit), height // 10, round(25 * unit), height // 30), confidence, 0
        )
        for n in range(3)
    ]


def read(engine, options=OPTIONS):
    return recognise(np.full(PAGE, 255, np.uint8), dpi=200.0, engine=engine, options=options)


def by_manner(first, finer, block):
    """A script: what is found at first, drawn finer, and as one block."""

    def script(image, manner):
        if manner.layout is Layout.BLOCK:
            return words(image, block, "Blockweise gelesen")
        coarse = image.shape[1] <= PAGE[1]
        return words(image, first, "Zuerst gelesenes") if coarse else words(image, finer, "Feiner gelesenes")

    return script


def told(found):
    """What was tried besides the first reading, which is always noted."""
    first, *others = found.attempts
    assert (first.changed, first.language, first.layout, first.kept) == ("first", "deu", "page", True)
    return [(attempt.changed, attempt.kept) for attempt in others]


@pytest.mark.parametrize(
    ("confidences", "text", "attempts"),
    [
        ((95.0, 99.0, 99.0), "Zuerst gelesenes", []),
        ((GOOD, 99.0, 99.0), "Zuerst gelesenes", []),
        ((80.0, 92.0, 99.0), "Feiner gelesenes", [("finer", True)]),
        ((80.0, 70.0, 99.0), "Zuerst gelesenes", [("finer", False)]),
        ((73.0, 72.0, 90.0), "Blockweise gelesen", [("finer", False), ("layout block", True)]),
        ((73.0, 76.5, 76.0), "Feiner gelesenes", [("finer", True), ("layout block", False)]),
        ((73.0, 72.0, 70.0), "Zuerst gelesenes", [("finer", False), ("layout block", False)]),
    ],
)
def test_the_best_reading_is_kept_and_no_more_are_made_than_it_takes(scripted, confidences, text, attempts):
    found = read(scripted(by_manner(*confidences)))
    assert told(found) == attempts
    assert {word.text for word in found.words} == {text}


def test_what_breaks_later_loses_nothing(scripted):
    def script(image, manner):
        if len(engine.calls) > 1:
            raise RecognitionFailed
        return words(image, 75.0)

    engine = scripted(script)
    found = read(engine)
    assert found.text == " ".join(["Aufenthaltserlaubnis"] * 3)
    assert found.attempts[1:] == (
        Attempt("finer", "deu", "page", 0, outcome=Outcome.FAILED),
        Attempt("layout block", "deu", "block", 0, outcome=Outcome.FAILED),
    )


def test_no_attempt_is_begun_once_time_is_up(scripted):
    engine = scripted(lambda image, manner: words(image, 60.0))
    found = read(engine, OcrOptions(deskew=False, time_limit=0.0))
    assert (found.confidence, len(engine.calls)) == (60.0, 1)
    assert [attempt.outcome for attempt in found.attempts] == [Outcome.READ, Outcome.OUT_OF_TIME]


def test_one_that_time_runs_out_on_is_the_last(scripted):
    def script(image, manner):
        if len(engine.calls) > 1:
            time.sleep(manner.seconds)
            raise RecognitionFailed
        return words(image, 75.0)

    engine = scripted(script)
    found = read(engine, OcrOptions(deskew=False, time_limit=0.3))
    assert [one.outcome for one in found.attempts] == [Outcome.READ, Outcome.OUT_OF_TIME]
    assert len(engine.calls) == 2


def test_ink_that_was_not_read_lowers_the_score_of_an_attempt(scripted):
    found = recognise(
        letters_page(), dpi=200.0, engine=scripted(lambda image, manner: words(image, 95.0)), options=OPTIONS
    )
    assert all(one.score < one.confidence == 95.0 for one in found.attempts)


def letters_page():
    """Much that looks like letters: 18 rows of 24 small bars."""
    page = np.full((800, 1000), 255, np.uint8)
    for top in range(40, 760, 40):
        for left in range(40, 960, 40):
            page[top : top + 14, left : left + 9] = 0
    return page


def test_a_page_whose_letters_were_mistaken_is_read_at_the_size_its_resolution_says(scripted):
    def script(image, manner):
        return words(image, 95.0) if image.shape[0] == 800 else []

    found = recognise(letters_page(), dpi=200.0, engine=scripted(script), options=OPTIONS)
    assert found.confidence == 95.0
    assert told(found)[0] == ("size", True)
    assert (found.attempts[0].confidence, found.attempts[1].confidence) == (0.0, 95.0)


def test_of_two_words_in_one_place_the_surer_is_taken_and_its_place_stays():
    mine = (Word("Kindheıt", Box(0, 0, 80, 20), 60.0, 0), Word("sehr", Box(100, 0, 40, 20), 90.0, 0))
    theirs = (
        Word("Kindheit", Box(2, 1, 80, 20), 95.0, 7),
        Word("sehr.", Box(101, 0, 41, 20), 80.0, 7),
        Word("Kindheit", Box(0, 40, 80, 20), 99.0, 8),
        Word("Kind", Box(0, 0, 40, 20), 99.0, 8),
    )
    assert fused(mine, theirs) == (Word("Kindheit", Box(0, 0, 80, 20), 95.0, 0), mine[1])
    many = tuple(Word("Zeıle", Box(0, 30 * row, 80, 20), 50.0, row) for row in range(600))
    surer = tuple(Word(f"Z{row}", Box(1, 30 * row, 80, 20), 90.0, row) for row in range(600))
    assert [word.text for word in fused(many, surer[::-1])] == [word.text for word in surer]
    assert fused(mine, ()) == mine
    assert fused((), theirs) == ()


def test_letters_outside_all_words_are_lost_and_specks_and_pictures_are_not_letters():
    word = Word("gefunden", Box(100, 100, 200, 30), 95.0, 0)
    inside = [(110 + 20 * n, 115, 20) for n in range(9)]
    outside = [(110 + 20 * n, 215, 20) for n in range(6)]
    others = [(50, 50, 4), (600, 600, 300)]
    assert lost_ink(np.array(inside + others, float), (word,)) == 0.0
    assert lost_ink(np.array(inside + outside + others, float), (word,)) == pytest.approx(0.4)
    assert lost_ink(np.array(inside + outside[:3], float), (word,)) == 0.0
    assert lost_ink(np.array(outside, float), ()) == 0.0
    assert lost_ink(np.empty((0, 3)), (word,)) == 0.0
