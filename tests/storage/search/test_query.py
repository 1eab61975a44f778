"""What may be typed into the search field, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import errors
from storage.search.query import MOST_WORDS, parse


def test_words_are_clauses_of_their_own():
    assert [clause.words for clause in parse("Bescheid, Ausweisung")] == [("bescheid",), ("ausweisung",)]


@pytest.mark.parametrize("text", ['"Antrag auf"', "„Antrag auf“", "»Antrag auf«", "Antrag-auf"])
def test_words_side_by_side_are_one_clause(text):
    (clause,) = parse(text)
    assert clause.words == ("antrag", "auf")


def test_a_file_number_or_a_date_is_a_phrase_by_itself():
    assert [clause.words for clause in parse("33.2-2019/4711 vom 03.05.2019")] == [
        ("33", "2", "2019", "4711"), ("vom",), ("03", "05", "2019"),
    ]  # fmt: skip


def test_spaced_capitals_in_quotes_are_the_word_they_spell():
    (clause,) = parse('"B E S C H E I D vom"')
    assert clause.words == ("bescheid", "vom")


def test_a_minus_excludes_a_word_or_a_phrase():
    wanted, word, phrase = parse('Bescheid -Duldung -"§ 60a"')
    assert not wanted.excluded
    assert word.excluded
    assert phrase.excluded
    assert phrase.words == ("60", "a")


def test_a_minus_inside_or_alone_excludes_nothing():
    assert not any(clause.excluded for clause in parse("Müller-Lüdenscheid - Bescheid"))


def test_a_star_asks_for_beginnings():
    assert parse("Verpflicht*")[0].prefix
    assert not parse("Verpflicht")[0].prefix


def test_punctuation_between_words_is_no_clause():
    assert [clause.words for clause in parse("§ 81 & ( ) ''")] == [("81",)]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 1),
        ("  ", 1),
        ("§ !", 1),
        ('""', 1),
        ('Antrag "auf', 8),
        ("abc Ver*ung", 8),
        ("abc *", 5),
        ("**", 1),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_position(text, position):
    with pytest.raises(errors.BadQuery) as caught:
        parse(text)
    assert caught.value.params["position"] == position
    assert caught.value.exit_code == 2


def test_a_pasted_page_is_no_query():
    parse("Wort " * MOST_WORDS)
    with pytest.raises(errors.BadQuery, match="too many words"):
        parse("Wort " * (MOST_WORDS + 1))


@given(st.text() | st.text('ab"-* §1ü()\\:+~^'))
def test_any_text_is_a_query_or_refused(text):
    try:
        clauses = parse(text)
    except errors.BadQuery as error:
        position = error.params["position"]
    else:
        position = 1
        assert all(clause.words and all(clause.words) for clause in clauses)
    assert 1 <= position <= max(1, len(text))
