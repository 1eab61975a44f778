"""What is learnt from pages that were read and whose truth is known."""

from __future__ import annotations

import pytest

from bench.search.lessons import costs, edits, learn, module, pairs
from bench.search.readings import Reading, ReadWord


def page(truth: str, read: str) -> Reading:
    words = [ReadWord(word, 0.9, 0, (50 * place, 0, 40, 20)) for place, word in enumerate(read.split())]
    return Reading("lesson-1", "00", truth, "deu", 1000, 1000, words, 0.1)


@pytest.mark.parametrize(
    ("wanted", "read", "found"),
    [
        ("hammer", "harnmer", {("m", "rn")}),
        ("behorde", "bchorde", {("e", "c")}),
        ("verwaltung", "verwaltung", set()),
        ("akten", "aktem", {("n", "m")}),
        ("akte", "akt", {("e", "")}),
    ],
)
def test_an_edit_is_a_stretch_that_was_read_otherwise(wanted, read, found):
    assert set(edits(wanted, read)) == found


def test_words_are_paired_where_as_many_were_read():
    found = dict(pairs(page("Die Behörde hat ent-\nschieden", "Die Bchörde hat entschieden")))
    assert found == {"die": "die", "behorde": "bchorde", "hat": "hat", "entschieden": "entschieden"}


def test_what_happens_often_costs_less_and_a_digit_for_another_is_not_learnt():
    stood = {"e": 1000, "1": 1000}
    found = costs({("e", "c"): 100, ("e", "x"): 2, ("1", "7"): 500, ("ei", "ttt"): 9}, stood, [])
    assert found[("e", "c")] < found[("e", "x")]
    assert set(found) == {("e", "c"), ("e", "x")}


def test_what_looks_alike_is_known_before_it_happened():
    learnt = learn([page("Die Behörde", "Die Behörde")])
    assert ("rn", "m") in learnt
    assert "rn>m" in module(learnt, "nothing")
