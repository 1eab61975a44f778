"""What is answered: case files, order, pieces, kinds, boxes; and a spelling that finds more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import tantivy

from storage.search import answers, ranking
from storage.search.answers import Asked, Count
from storage.search.boxes import PlacedWord
from storage.search.fields import SCHEMA, PageEntry
from storage.search.index import SearchIndex, Sort
from storage.search.sought import Match


def entry(text: str = "Bescheid", document: str = "doc-1", page: int = 1, **fields) -> PageEntry:
    values = {"file_number": "33.2-2019/4711", "volume": 1, "type": "unknown", "language": "deu"}
    return PageEntry(page_id=f"{document}/{page}", document=document, page=page, text=text, **values | fields)


def filled(folder, *entries: PageEntry) -> SearchIndex:
    index = SearchIndex.open(folder / "index")
    documents: dict[str, list[PageEntry]] = {}
    for page in entries:
        documents.setdefault(page.document, []).append(page)
    for document, pages in documents.items():
        index.replace_document(document, pages)
    index.commit()
    return index


def places(answer) -> list[tuple[str, int]]:
    return [(hit.document, hit.page) for hit in answer.hits]


# --- grouped by case file ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Twelve case files with as many matching pages as their number says, the later the better; one loose."""
    pages = [
        entry(
            "Bescheid " * (number if page == number else 1),
            f"doc-{number:02}",
            page,
            file_number=f"33/{number}",
            date=date(2000 + number, 5, page) if number % 4 else None,
            type=f"type-{number % 3}",
            language="deu+rus" if number % 2 else "deu",
        )
        for number in range(1, 13)
        for page in range(1, number + 1)
    ]
    pages += [entry("Bescheid", f"loose-{one}", file_number="") for one in "ab"]
    index = filled(tmp_path_factory.mktemp("office"), *pages)
    yield index
    index.close()


def test_each_case_file_comes_once_with_its_best_page_first(office):
    answer = office.search("Bescheid", per_file=2, limit=3)
    assert [file.file_number for file in answer.files] == ["33/12", "33/11", "33/10"]
    assert [file.pages for file in answer.files] == [12, 11, 10]
    assert [file.hits for file in answer.files] == [(0, 1), (2, 3), (4, 5)]
    assert places(answer)[::2] == [("doc-12", 12), ("doc-11", 11), ("doc-10", 10)]
    assert answer.total == 80
    assert answer.next_offset == 3


def test_a_group_shows_its_best_pages_even_if_they_are_far_down_the_list(office, monkeypatch):
    whole = office.search("Bescheid", per_file=3, limit=100)
    monkeypatch.setattr(answers, "_FIRST_FETCH", 2)
    monkeypatch.setattr(answers, "_GROWTH", 2)
    assert office.search("Bescheid", per_file=3, limit=100) == whole
    assert office.search("Bescheid", per_file=3, limit=2).hits == whole.hits[:6]


def test_pages_of_no_case_file_are_grouped_by_document(office):
    loose = [file for file in office.search("Bescheid", per_file=1, limit=100).files if not file.file_number]
    assert [(file.document, file.pages) for file in loose] == [("loose-a", 1), ("loose-b", 1)]


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize(("per_file", "count"), [(None, 80), (1, 14), (3, 35)])
def test_in_pieces_nothing_comes_twice_or_never(office, sort, per_file, count):
    whole = office.search("Bescheid", sort=sort, per_file=per_file, limit=1000)
    assert whole.next_offset is None
    hits, offset = [], 0
    while offset is not None:
        piece = office.search("Bescheid", sort=sort, per_file=per_file, limit=5, offset=offset)
        hits += piece.hits
        offset = piece.next_offset
    assert hits == list(whole.hits)
    assert len({hit.page_id for hit in hits}) == len(hits) == count


def test_without_grouping_case_files_are_told_of_the_pages_shown(office):
    answer = office.search("Bescheid", limit=2)
    assert [(file.file_number, file.pages, file.hits) for file in answer.files] == [
        ("33/12", 12, (0,)),
        ("33/11", 11, (1,)),
    ]


# --- by date, by kind --------------------------------------------------------------------------------


def test_by_date_the_undated_come_last_either_way(tmp_path):
    index = filled(
        tmp_path,
        entry(document="b", date=date(2014, 5, 3)),
        entry(document="b", page=2, date=date(2014, 5, 3)),
        entry(document="a", date=date(2014, 5, 3)),
        entry(document="c", date=date(1999, 12, 31)),
        entry(document="d"),
        entry(document="e", date=date(2021, 1, 1)),
    )
    newest = index.search("Bescheid", sort=Sort.NEWEST)
    assert places(newest) == [("e", 1), ("a", 1), ("b", 1), ("b", 2), ("c", 1), ("d", 1)]
    assert [hit.date for hit in newest.hits][::5] == [date(2021, 1, 1), None]
    oldest = index.search("Bescheid", sort=Sort.OLDEST)
    assert places(oldest) == [("c", 1), ("a", 1), ("b", 1), ("b", 2), ("e", 1), ("d", 1)]


def test_facets_count_all_that_matches_not_what_is_shown(office):
    facets = office.search("Bescheid", limit=1).facets
    assert facets.language == (Count("deu", 80), Count("rus", 36))
    assert [count.value for count in facets.year] == [2011, 2010, 2009, 2007, 2006, 2005, 2003, 2002, 2001]
    assert {count.value: count.count for count in facets.type} == {
        "type-0": 30, "type-2": 26, "type-1": 22, "unknown": 2,
    }  # fmt: skip
    narrowed = office.search("Bescheid", type="type-1", limit=0)
    assert (narrowed.total, narrowed.facets.type) == (22, (Count("type-1", 22),))


# --- exact before tolerant ---------------------------------------------------------------------------


def test_exact_matches_come_first_and_each_is_told_from_a_tolerant_one(tmp_path):
    index = filled(
        tmp_path,
        *(entry("Venwaltung " * 9, "a", page) for page in range(1, 5)),
        *(entry(f"Verwaltung {'und so weiter ' * 50}", "b", page) for page in range(1, 4)),
    )
    exact = tantivy.Query.term_query(SCHEMA, "words", "verwaltung")
    misread = tantivy.Query.term_query(SCHEMA, "words", "venwaltung")
    either = tantivy.Query.boolean_query([(tantivy.Occur.Should, exact), (tantivy.Occur.Should, misread)])
    wanted = ranking.Wanted(exact, either, lambda text: [Match(0, 10, 0, text.startswith("Verw"))])
    searcher = index._searcher()

    whole = answers.answer(searcher, wanted, Asked())
    assert (whole.total, whole.exact) == (7, 3)
    assert places(whole) == [("b", 1), ("b", 2), ("b", 3), ("a", 1), ("a", 2), ("a", 3), ("a", 4)]
    assert [hit.match for hit in whole.hits] == ["exact"] * 3 + ["tolerant"] * 4
    assert [bool(hit.tolerant_marks) for hit in whole.hits] == [False] * 3 + [True] * 4
    pieces = [answers.answer(searcher, wanted, Asked(limit=2, offset=offset)) for offset in (0, 2, 4, 6)]
    assert [hit for piece in pieces for hit in piece.hits] == list(whole.hits)
    assert [piece.next_offset for piece in pieces] == [2, 4, 6, None]


# --- boxes -------------------------------------------------------------------------------------------


def test_boxes_are_those_of_the_words_that_match_on_both_lines_of_a_broken_one(tmp_path):
    text = "Die Verwal- tung"
    words = [
        PlacedWord(0, 3, 10, 10, 30, 12, 1.0),
        PlacedWord(4, 11, 50, 10, 70, 12, 1.0),
        PlacedWord(12, 16, 10, 30, 40, 12, 1.0),
    ]
    page = entry(text.replace("- ", "-\n"), words=tuple(words), width=600, height=800)
    index = filled(tmp_path, page, replace(page, page_id="no-boxes", document="other", words=()))
    hit, without = index.search("Verwaltung").hits
    assert [(tuple(one.box), one.tolerant) for one in hit.boxes] == [
        ((50, 10, 70, 12), False),
        ((10, 30, 40, 12), False),
    ]
    assert hit.pixels == (600, 800)
    assert without.boxes == ()


# --- did you mean ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Verwatlung", "Verwaltung"),
        ("bescheid Verwaltnug", "bescheid Verwaltung"),
        ("Ausländrebehörd", "Ausländerbehörde"),
        ('"Verwatlung" Müler', '"Verwaltung" Müller'),
    ],
)
def test_a_misspelled_word_is_suggested_as_pages_have_it(tmp_path, typed, meant):
    text = "Bescheid der Verwaltung, Ausländerbehörde, an Herrn Müller"
    index = filled(tmp_path, *(entry(text, page=page) for page in range(1, 6)))
    assert index.search(typed).suggestion == meant


@pytest.mark.parametrize(
    "typed", ["Verwaltung", "-Verwatlung", "Verwatlung*", "Xylophon", "Verwatlung -Bescheid", "0815", "Be"]
)
def test_nothing_is_suggested_that_finds_no_more(tmp_path, typed):
    index = filled(tmp_path, *(entry("Bescheid der Verwaltung", page=page) for page in range(1, 6)))
    assert index.search(typed).suggestion is None
