"""The few words of a page that show why it was found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.search import german
from storage.search.compiled import compiled
from storage.search.query import parse
from storage.search.snippets import WIDTH, Snippet, snippet
from storage.search.sought import Match, Seeker


def cut(page: str, query: str, width: int = WIDTH) -> Snippet:
    text = german.unwrap(page)
    sought = compiled(parse(query)).sought
    return snippet(text, Seeker(sought).matches(text), width)


def marked(shown: Snippet) -> list[str]:
    return [shown.text[start:end] for start, end in shown.marks]


def test_marks_are_the_words_as_they_stand_on_the_page():
    shown = cut("Frau Müller legte die Verpflichtungserklärungen vor.", "mueller VERPFLICHTUNGSERKLAERUNG")
    assert shown.text == "Frau Müller legte die Verpflichtungserklärungen vor."
    assert marked(shown) == ["Müller", "Verpflichtungserklärungen"]


def test_a_broken_word_is_shown_and_marked_joined():
    shown = cut("Die Verwal-\ntung\n  entscheidet.", "Verwaltung")
    assert shown.text == "Die Verwaltung entscheidet."
    assert marked(shown) == ["Verwaltung"]


def test_spaced_capitals_are_marked_whole():
    assert marked(cut("Es ergeht\nB E S C H E I D\nvom 3. Mai", "Bescheid")) == ["B E S C H E I D"]


def test_a_phrase_marks_its_own_words_only():
    shown = cut("Bescheid oder der Bescheid gilt.", '"der Bescheid"')
    assert marked(shown) == ["der", "Bescheid"]


def test_an_identifier_is_marked_whole_and_its_words_only_without_it():
    assert marked(cut("Abs. 5 nicht, aber § 81 Abs. 5 gilt.", "§81 V")) == ["§ 81 Abs. 5"]
    assert marked(cut("am l2. Mai 2O14", "12.05.2014")) == ["l2. Mai 2O14"]
    assert marked(cut("Seite 81, Fußnote V", "§ 81 V")) == ["81", "V"]


def test_a_beginning_marks_the_whole_word():
    assert marked(cut("eine Verpflichtung", "Ver*")) == ["Verpflichtung"]


def test_the_place_with_most_of_the_query_is_shown_with_cuts_between_words():
    filler = "lorem ipsum " * 40
    page = f"Bescheid {filler} Ausweisung aus dem Bundesgebiet durch Bescheid {filler}"
    shown = cut(page, "Bescheid Ausweisung")
    assert marked(shown) == ["Ausweisung", "Bescheid"]
    assert shown.text.startswith("… ")
    assert shown.text.endswith(" …")
    assert set(shown.text.strip("… ").split()) <= set(page.split())
    assert 100 < len(shown.text) <= WIDTH + 4


def test_without_a_match_it_is_the_beginning_of_the_page():
    shown = cut("Sehr geehrte Damen und Herren, hiermit " + "bitte " * 50, "-Duldung")
    assert shown.text.startswith("Sehr geehrte Damen")
    assert shown.text.endswith(" …")
    assert shown.marks == ()


def test_an_endless_word_is_cut_all_the_same():
    assert 0 < len(cut("x" * 5000, "-Duldung").text) < 200


def test_control_characters_never_reach_the_terminal():
    assert cut("Bescheid\x1b[31m\x07 vom\x0c3. Mai", "Bescheid").text == "Bescheid [31m vom 3. Mai"


def test_what_is_only_taken_for_the_word_is_told_apart():
    text = "Die Venwaltung der Verwaltung, Verwaltungsakt"
    shown = snippet(
        text,
        [
            Match(4, 14, 0, is_exact=False),
            Match(19, 29, 0, is_exact=True),
            Match(31, 41, 0, is_exact=True),
            Match(31, 45, 0, is_exact=False),
        ],
    )
    assert marked(shown) == ["Venwaltung", "Verwaltung", "Verwaltungsakt"]
    assert [shown.text[start:end] for start, end in shown.tolerant] == ["Venwaltung"]


pages = st.text() | st.lists(
    st.sampled_from(
        ["Bescheid", "B E S C H E I D", "Müller", "§ 81", "-\n", "\n", " ", "ü" * 90, "Beschei-\nde"]
    )
).map(" ".join)


@given(pages, st.integers(min_value=1, max_value=60))
def test_whatever_the_page_the_marks_are_matched_words(page, width):
    shown = cut(page, "Bescheid Müll* -Duldung", width)
    assert "\n" not in shown.text
    end = 0
    for start, stop in shown.marks:
        assert end <= start < stop <= len(shown.text)
        assert shown.text[start:stop].replace(" ", "").lower().startswith(("bescheid", "müll"))
        end = stop
