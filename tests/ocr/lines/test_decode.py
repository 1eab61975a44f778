import numpy as np
import pytest

from ocr.lines import decode
from ocr.lines.spelling import Speller
from ocr.lines.traineddata import load
from tests.ocr.lines.test_traineddata import path_of

NAMES = (" ", "a", "b", "", "r", "n", "m", "")
BLANK = 7
SIZES = {name: index for index, name in enumerate(NAMES) if name}


def chances(*columns):
    """A row a column: ``"a"``, ``""`` for blank, or a mapping of chances; the rest is blank's."""
    table = np.zeros((len(columns), len(NAMES)), np.float32)
    for row, column in zip(table, columns, strict=True):
        for name, chance in (
            column if isinstance(column, dict) else {column: 1.0 if column else 0.0}
        ).items():
            row[SIZES.get(name, BLANK)] = chance
        row[BLANK] += 1 - row.sum()
    return table


def letters(*columns):
    return decode.letters(chances(*columns), NAMES, BLANK)


def test_repetitions_and_blanks_are_left_out():
    found = letters("", "a", "a", "", "a", "b", "")
    assert [(one.text, one.first, one.last) for one in found] == [("a", 1, 2), ("a", 4, 4), ("b", 5, 5)]


def test_a_letter_is_as_sure_as_its_surest_column():
    assert letters({"a": 0.6}, {"a": 0.9})[0].chance == pytest.approx(0.9)


def test_what_no_text_shows_is_left_out():
    table = chances("a", "", "b")
    table[1, 3], table[1, BLANK] = 1, 0
    assert [one.text for one in decode.letters(table, NAMES, BLANK)] == ["a", "b"]


def test_a_piece_without_columns_has_no_letters():
    assert decode.letters(np.empty((0, len(NAMES)), np.float32), NAMES, BLANK) == []


def test_sureness_is_that_of_letters_not_of_blanks():
    assert decode.sureness(chances({"a": 0.6}, "", "", {"b": 0.8}), BLANK) == pytest.approx(0.7)
    assert decode.sureness(chances("", ""), BLANK) == 0


def test_words_are_parted_in_the_widest_gap_and_have_the_edges_of_their_ink():
    part = np.full((40, 90), 255, np.uint8)
    part[10:30, 5:25] = part[12:30, 27:40] = part[10:35, 50:80] = 0
    found = list(decode.words(letters("a", "a", "", "b", " ", "", "a", "a", ""), part, 9))
    assert [
        (one.text, one.edges.left, one.edges.top, one.edges.right, one.edges.bottom) for one in found
    ] == [
        ("ab", 5, 10, 40, 30),
        ("a", 50, 10, 80, 35),
    ]


def test_a_word_where_there_is_no_ink_has_edges_all_the_same():
    (word,) = decode.words(letters("a"), np.full((40, 30), 255, np.uint8), 1)
    assert (word.edges.left, word.edges.right) == (0, 30)


def test_confidence_is_that_of_the_least_sure_letter_or_space_beside():
    part = np.full((10, 60), 255, np.uint8)
    sure, doubtful, beside = decode.words(letters("a", " ", "b", {"a": 0.6}, {" ": 0.7}, "b"), part, 6)
    assert sure.confidence == 96
    assert doubtful.confidence == pytest.approx(96 + 60 * np.log(0.6), abs=0.1)
    assert beside.confidence == pytest.approx(96 + 60 * np.log(0.7), abs=0.1)


@pytest.fixture(scope="module")
def speller():
    model = load(path_of("deu"))
    return Speller(model.words, model.letters, model.blank)


def spelled(speller, *columns):
    table = np.full((len(columns), len(speller.names)), 1e-7, np.float32)
    for row, column in zip(table, columns, strict=True):
        for name, chance in (
            column if isinstance(column, dict) else {column: 0.999} if column else {}
        ).items():
            row[speller.names.index(name) if name else speller.blank] = chance
        row[speller.blank] += max(1 - row.sum(), 0)
    found = decode.letters(table, speller.names, speller.blank)
    return "".join(letter.text for letter in speller.spelled(found, table))


def test_a_doubtful_word_is_spelled_as_the_dictionary_has_it(speller):
    assert spelled(speller, *"Ve", {"n": 0.55, "r": 0.4}, *"waltung") == "Verwaltung"


def test_a_letter_too_many_goes_and_one_left_out_comes(speller):
    assert spelled(speller, *"Verwa", {"l": 0.6, "": 0.39}, "", *"ltung") == "Verwaltung"
    assert spelled(speller, *"Ver", {"w": 0.8, "v": 0.1}, {"": 0.6, "a": 0.39}, *"ltung") == "Verwaltung"


def test_marks_around_a_word_stay(speller):
    assert spelled(speller, "(", *"Ve", {"n": 0.55, "r": 0.4}, *"waltung", ")", ",") == "(Verwaltung),"


def test_what_the_network_is_sure_of_stays_though_no_dictionary_has_it(speller):
    assert spelled(speller, *"Venwaltung") == "Venwaltung"


def test_far_likelier_letters_win_over_the_dictionary(speller):
    assert spelled(speller, *"Ve", {"n": 0.88, "r": 0.02}, *"waltun", {"g": 0.999}) == "Venwaltung"


def test_numbers_are_never_spelled(speller):
    assert spelled(speller, *"Ve", {"n": 0.55, "r": 0.4}, *"waltun7") == "Venwaltun7"


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("$ 81 Abs. 5", "§ 81 Abs. 5"),
        ("$$ 66-68", "§§ 66-68"),
        ("vgl.$5", "vgl.§5"),
        ("500 $ und", "500 $ und"),
        ("US$ in bar", "US$ in bar"),
    ],
)
def test_a_section_sign_is_told_from_a_dollar_which_german_writes_behind(speller, read, meant):
    assert spelled(speller, *(column for letter in read for column in (letter, ""))) == meant
