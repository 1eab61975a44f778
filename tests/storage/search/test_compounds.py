"""Which words of a page may be another."""

from hypothesis import given
from hypothesis import strategies as st

from storage.search.boxes import PlacedWord
from storage.search.compounds import doubtful, parts


def page(*words: tuple[str, float, bool]) -> tuple[str, list[PlacedWord]]:
    placed, start = [], 0
    for text, confidence, known in words:
        placed.append(PlacedWord(start, start + len(text), 0, 0, 1, 1, confidence, known))
        start += len(text) + 1
    return " ".join(text for text, _, _ in words), placed


def test_what_is_known_and_sure_is_itself():
    assert doubtful(*page(("Haus", 0.97, True), ("Hof", 0.99, True))) == frozenset()


def test_what_is_unknown_or_unsure_may_be_another_alone_or_with_its_neighbour():
    assert doubtful(*page(("Haus", 0.95, True), ("Venrualtung", 0.99, False))) == {
        "venrualtung",
    }
    assert "haus" in doubtful(*page(("Haus", 0.5, True)))


def test_a_word_that_was_broken_is_whole_again():
    assert "verwaltung" in doubtful(*page(("Ver", 0.9, False), ("waltung", 0.9, False)))


def test_words_that_were_joined_are_apart():
    found = doubtful(*page(("derVerwaltung", 0.9, False), ("Bescheidund", 0.9, False)))
    assert {"verwaltung", "bescheid"} <= found


def test_signs_within_a_word_are_letters():
    assert "lmmigration" in doubtful(*page(("|mmigration", 0.9, False)))
    assert "verwaltun9" in doubtful(*page(("Verwaltun9", 0.9, False)))


def test_numbers_are_themselves_if_recognition_was_sure():
    assert "4711" not in doubtful(*page(("4711", 0.97, False)))
    assert "4711" in doubtful(*page(("4711", 0.5, False)))


def test_parts_are_stems():
    word = PlacedWord(0, 16, 0, 0, 1, 1, 0.9, False, ("ausländer", "behörde"))
    assert "behord" in parts([word])


@given(st.lists(st.tuples(st.text(max_size=60), st.floats(0, 1), st.booleans()), max_size=8))
def test_whatever_was_read_words_come_of_it(words):
    for word in doubtful(*page(*words)):
        assert 2 <= len(word) <= 40
        assert word.isalnum()
