"""Pages found by words that were misread on them, and what the lexicon keeps of these."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.boxes import PlacedWord
from storage.search.fields import PageEntry
from storage.search.index import SearchIndex
from storage.search.lexicon import FOLDER, keys, skeleton
from storage.search.variants import allowed


def entry(document: str, text: str, *unsure: str) -> PageEntry:
    """A page of known words, but for those ``unsure``."""
    words, start = [], 0
    for word in text.split(" "):
        known = word not in unsure
        words.append(PlacedWord(start, start + len(word), 0, 0, 1, 1, 0.97, known))
        start += len(word) + 1
    return PageEntry(f"{document}/1", document, "", 1, 1, "unknown", "deu", text, words=tuple(words))


@pytest.fixture
def index(tmp_path):
    index = SearchIndex.open(tmp_path / "index")
    yield index
    index.close()


def fill(index: SearchIndex, *entries: PageEntry) -> None:
    for page in entries:
        index.replace_document(page.document, [page])
    index.commit()


def found(index: SearchIndex, query: str, limit: int = 10) -> list[str]:
    return [hit.document for hit in index.search(query, limit=limit).hits]


def words(index: SearchIndex) -> set[str]:
    searcher = index._lexicon.searcher()
    return {word for word, _ in searcher.terms_with_prefix("word", "")} if searcher.num_docs else set()


@pytest.mark.parametrize(
    ("read", "query"),
    [
        ("Venrualtung", "Verwaltung"),
        ("lmmigration", "Immigration"),
        ("Bchorde", "Behörde"),
        ("Verwa1tung", "Verwaltung"),
        ("derVerwaltung", "Verwaltung"),
        ("Bescheidund", "Bescheid"),
        ("Niederlassungscrlaubnls", "Niederlassungserlaubnis"),
    ],
)
def test_a_misread_word_is_found(index, read, query):
    fill(index, entry("a", f"an die {read} hier", read), entry("b", "an das Gericht hier"))
    assert found(index, query) == ["a"]


def test_a_word_broken_in_two_is_found(index):
    fill(index, entry("a", "die Ver waltung zahlt", "Ver", "waltung"))
    assert found(index, "Verwaltung") == ["a"]


def test_what_was_read_surely_is_no_misreading(index):
    fill(index, entry("a", "mein Haus"), entry("b", "mein Hans"), entry("c", "mein Hans", "Hans"))
    assert found(index, "Haus") == ["a"]


def test_exact_hits_come_first_however_frequent_the_word(index):
    fill(
        index,
        entry("a", "Bcscheid", "Bcscheid"),
        *(entry(f"b{number}", "der lange Bescheid vom Amt Bescheid ist") for number in range(9)),
    )
    assert found(index, "Bescheid") == [*(f"b{number}" for number in range(9)), "a"]


def test_a_compound_is_found_by_its_part_after_the_word_itself(index):
    compound = PlacedWord(0, 16, 0, 0, 1, 1, 0.97, False, ("ausländer", "behörde"))
    page = PageEntry("a/1", "a", "", 1, 1, "unknown", "deu", "Ausländerbehörde", words=(compound,))
    fill(index, page, entry("b", "zur Behörde in der Stadt"))
    assert found(index, "Behörden") == ["b", "a"]


def test_a_word_leaves_the_lexicon_with_its_last_page(index):
    fill(index, entry("a", "Venrualtung", "Venrualtung"), entry("b", "die Venrualtung", "Venrualtung"))
    index.remove_document("a")
    index.commit()
    assert "venrualtung" in words(index)
    fill(index, entry("b", "die Verwaltung"))
    assert words(index) == set()


def test_a_writer_that_died_after_the_lexicon_leaves_no_word_behind(index, tmp_path):
    fill(index, entry("b", "Haus"))
    index.replace_document("a", [entry("a", "Venrualtung", "Venrualtung")])
    index._lexicon.prepare()
    index.close()
    assert words(index) == {"venrualtung"}
    fill(SearchIndex.open(tmp_path / "index"), entry("c", "Hof"))
    assert words(index) == set()


def test_a_writer_that_died_after_the_pages_leaves_no_word_behind(index, tmp_path):
    fill(index, entry("a", "Venrualtung", "Venrualtung"))
    index.remove_document("a")
    index._lexicon.prepare()
    index._writer.commit()
    index.close()
    assert words(index) == {"venrualtung"}
    fill(SearchIndex.open(tmp_path / "index"), entry("c", "Hof"))
    assert words(index) == set()


def test_a_lost_lexicon_is_made_anew_by_the_next_writer(index, tmp_path):
    fill(index, entry("a", "Venrualtung", "Venrualtung"))
    (lexicon,) = (tmp_path / "index").glob(f"*/{FOLDER}")
    shutil.rmtree(lexicon)
    again = SearchIndex.open(tmp_path / "index")
    assert found(again, "Verwaltung") == []
    fill(again, entry("b", "Haus"))
    assert found(again, "Verwaltung") == ["a"]


def test_what_was_not_committed_is_not_known(index):
    fill(index, entry("b", "Haus"))
    index.replace_document("a", [entry("a", "Venrualtung", "Venrualtung")])
    index.close()
    assert words(index) == set()


def test_longer_and_more_frequent_words_may_cost_more_up_to_a_bound():
    assert allowed(5, 1) < allowed(12, 1) < allowed(12, 20)
    assert allowed(12, 50) == allowed(12, 1_000_000)
    assert allowed(3, 1_000_000) <= 1.8


@given(st.text(alphabet="abcdefghimnrtu", min_size=1, max_size=12), st.integers(0, 11))
def test_words_with_a_letter_less_share_a_key_however_short(word, place):
    shorter = skeleton(word)[:place] + skeleton(word)[place + 1 :]
    assert f"={shorter}" in set(keys(word))


@pytest.mark.parametrize(
    ("text", "unsure", "query", "marked"),
    [
        ("die Venrualtung zahlt", "Venrualtung", "Verwaltung", "Venrualtung"),
        ("die derVerwaltung zahlt", "derVerwaltung", "Verwaltung", "derVerwaltung"),
        ("die Verwa1tung zahlt", "Verwa1tung", "Verwaltung", "Verwa1tung"),
        ("die Ver waltung zahlt", "Ver waltung", "Verwaltung", "Ver waltung"),
    ],
)
def test_what_stands_there_for_the_word_is_marked_as_taken_for_it(index, text, unsure, query, marked):
    fill(index, entry("a", text, *unsure.split()))
    (hit,) = index.search(query).hits
    assert hit.match == "tolerant"
    assert [hit.snippet[start:end] for start, end in hit.tolerant_marks] == [marked]
    assert [box.tolerant for box in hit.boxes] == [True] * len(unsure.split())


def test_a_compound_is_marked_as_a_match(index):
    word = PlacedWord(4, 20, 0, 0, 1, 1, 0.97, False, ("ausländer", "behörde"))
    page = PageEntry("a/1", "a", "", 1, 1, "unknown", "deu", "Die Ausländerbehörde", words=(word,))
    fill(index, page)
    (hit,) = index.search("Behörden").hits
    assert hit.match == "exact"
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["Ausländerbehörde"]
    assert hit.tolerant_marks == ()


def test_what_is_left_out_is_the_word_itself_and_nothing_taken_for_it(index):
    fill(index, entry("a", "ein Bescheid vom Bcscheld", "Bcscheld"), entry("b", "ein Bcscheld", "Bcscheld"))
    assert found(index, "ein -Bescheid") == ["b"]


def test_of_a_word_that_stands_nowhere_the_nearest_is_found_and_no_other(index):
    fill(index, entry("a", "ohne Mtwlrhung", "Mtwlrhung"), entry("b", "ohne Mitwirkumg", "Mitwirkumg"))
    assert found(index, "Mitwirkung") == ["b"]
    index.remove_document("b")
    index.commit()
    assert found(index, "Mitwirkung") == ["a"]


def test_of_a_word_on_many_pages_all_that_looks_like_it_is_found(index, monkeypatch):
    monkeypatch.setattr("storage.search.variants._MOST", 1)
    misread = {"Bcscheid", "Beschcid", "Bcschcid"}
    fill(
        index,
        *(entry(read, f"ein {read}", read) for read in misread),
        *(entry(f"d{number}", "ein Bescheid") for number in range(9)),
    )
    assert len(misread.intersection(found(index, "Bescheid", limit=20))) == 1
    fill(index, entry("d9", "ein Bescheid"))
    assert misread.issubset(found(index, "Bescheid", limit=20))
    (hit,) = index.search("Bescheid", limit=1, offset=12).hits
    assert len(hit.tolerant_marks) == 1
