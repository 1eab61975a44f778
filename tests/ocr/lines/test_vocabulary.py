"""What the models' dictionaries tell of words."""

import pytest

from ocr.lines.vocabulary import vocabulary

GERMAN = vocabulary("deu")


@pytest.mark.parametrize(
    "word", ["Verwaltung", "„Verwaltung“,", "BEHÖRDEN", "Der", "Straße", "Haus-Verwaltung"]
)
def test_words_are_known_whatever_stands_around_them(word):
    assert GERMAN.knows(word)


@pytest.mark.parametrize("word", ["Venrualtung", "lmmigration", "2019", "x", "", "§", "Haus-Venrualtung"])
def test_misread_words_and_numbers_are_not(word):
    assert not GERMAN.knows(word)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("Ausländerbehörde", ("ausländer", "behörde")),
        ("Sicherungshaft,", ("sicherung", "haft")),
        ("Verpflichtungserklärung", ("verpflichtung", "erklärung")),
        ("Ausländerbchörde", ()),
        ("Verwaltung", ()),
        ("Haus", ()),
        ("", ()),
    ],
)
def test_compounds_are_made_of_known_words(word, parts):
    assert GERMAN.parts(word) == parts


def test_several_languages_know_the_words_of_each_and_an_absent_one_none():
    both = vocabulary("deu+eng")
    assert both.knows("Behörden")
    assert both.knows("authorities")
    assert not vocabulary("tlh").knows("Behörden")
