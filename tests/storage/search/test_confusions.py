"""What it costs to read one word for another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.confusions import distance, distances

WORDS = st.text(alphabet="abeilmnrtuvwß019жش", max_size=12)


@pytest.mark.parametrize(
    ("wanted", "likely", "unlikely"),
    [
        ("immigration", "lmmigration", "kmmigration"),
        ("hammer", "harnmer", "hazqmer"),
        ("behorde", "bchorde", "bxhorde"),
        ("verwaltung", "verwaitung", "verwazdung"),
        ("2019", "20l9", "2018"),
    ],
)
def test_letters_that_look_alike_are_cheap(wanted, likely, unlikely):
    assert distance(wanted, wanted) == 0 < distance(wanted, likely) < distance(wanted, unlikely)


@given(WORDS, st.lists(WORDS, min_size=1, max_size=5))
def test_words_cost_the_same_alone_and_together_and_only_themselves_nothing(wanted, read):
    found = distances(wanted, read)
    for cost, word in zip(found, read, strict=True):
        assert cost == pytest.approx(distance(wanted, word), abs=1e-4)
        assert (cost < 0.01) == (word == wanted)


def test_no_words_cost_nothing():
    assert distances("wort", []).shape == (0,)
