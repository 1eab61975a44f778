"""Who sees what: an index with hidden pages answers as one without them."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.search import variants
from storage.search.boxes import PlacedWord
from storage.search.index import PageEntry, Reader, SearchIndex, Sort

WORDS = ["Bescheid", "Verwaltung", "Verwatlung", "Müller", "Mueler", "§ 81", "Ausweisung", "Haus"]
#: What recognition made of some of them, and was not sure of.
MISREAD = ["Venwaltung", "Verwaltnng", "Ven/valtung", "Besoheid", "Miiller", "Hans", "Hous"]

READERS = (
    Reader(),
    Reader(frozenset("a"), 1),
    Reader(frozenset("bx"), 3),
    Reader(frozenset("ac*"), 2),
    Reader(frozenset("abc"), -1),
)
QUERIES = [
    *WORDS,
    *MISREAD,
    "Verwaltng",
    "Beschied",
    "Bescheid -Müller",
    '"Bescheid Verwaltung"',
    "Ver*",
    "-Müller",
    "Bescheid ODER typ:payslip",
]


def page_of(place: int, text: str, **fields) -> PageEntry:
    words = [
        PlacedWord(
            found.start(), found.end(), 0, 0, 1, 1, 0.3 if found[0] in MISREAD else 1.0, found[0] in WORDS
        )
        for found in re.finditer(r"\S+", text)
    ]
    return PageEntry(
        page_id=f"p{place}", document=f"d{place}", volume=1, page=1, text=text, words=tuple(words), **fields
    )


def may_see(reader: Reader, page: PageEntry) -> bool:
    is_in = not page.groups or bool(reader.groups & set(page.groups))
    return is_in and page.confidentiality <= reader.clearance


def drawn_pages() -> list[PageEntry]:
    chance = random.Random(6)
    return [
        page_of(
            place,
            text=" ".join(chance.choices([*WORDS, *MISREAD], k=chance.randint(1, 4))),
            file_number=chance.choice(["33/1", "33/2", "33/3", ""]),
            type=chance.choice(["file_note", "payslip"]),
            language=chance.choice(["deu", "deu+rus", "tur"]),
            date=chance.choice([None, date(2014, 5, 3), date(2019, 1, 1)]),
            groups=chance.choice([(), ("a",), ("b",), ("a", "c")]),
            confidentiality=chance.randint(0, 3),
        )
        for place in range(60)
    ]


def made(folder: Path, entries: list[PageEntry]) -> SearchIndex:
    index = SearchIndex.open(folder)
    for page in entries:
        index.replace_document(page.document, [page])
    index.commit()
    return index


@pytest.fixture(scope="module")
def indexes(tmp_path_factory):
    """An index of all pages, and for each reader one of those he may see."""
    folder, entries = tmp_path_factory.mktemp("access"), drawn_pages()
    seen_by = [[page for page in entries if may_see(reader, page)] for reader in READERS]
    assert len({len(seen) for seen in seen_by}) > 3
    opened = [made(folder / str(place), content) for place, content in enumerate([entries, *seen_by])]
    yield opened[0], dict(zip(READERS, opened[1:], strict=True))
    for index in opened:
        index.close()


@given(
    reader=st.sampled_from(READERS),
    query=st.sampled_from(QUERIES),
    asked=st.fixed_dictionaries({"sort": st.sampled_from(Sort), "per_file": st.sampled_from([None, 1, 2])}),
)
@settings(deadline=None, max_examples=60)
def test_what_a_reader_may_not_see_changes_no_answer(indexes, reader, query, asked):
    with_all, with_seen = indexes
    answer = with_all.search(query, reader=reader, limit=100, **asked)
    expected = with_seen[reader].search(query, limit=100, **asked)
    assert (answer.total, answer.exact) == (expected.total, expected.exact)
    assert answer.facets == expected.facets
    assert answer.suggestion == expected.suggestion
    assert {(one.file_number, one.document, one.pages, len(one.hits)) for one in answer.files} == {
        (one.file_number, one.document, one.pages, len(one.hits)) for one in expected.files
    }
    assert {hit.score for hit in answer.hits} <= {0.0}
    if asked["sort"] is not Sort.RELEVANCE:  # there, how frequent a word is on hidden pages weighs a little
        assert answer.hits == expected.hits
    elif asked["per_file"] is None:
        assert {replace(hit, score=0.0) for hit in answer.hits} == {
            replace(hit, score=0.0) for hit in expected.hits
        }


def test_who_keeps_the_index_sees_all(tmp_path):
    index = SearchIndex.open(tmp_path)
    page = PageEntry("p", "d", "33/1", 1, 1, "", "", "Bescheid", groups=("a",), confidentiality=9)
    index.replace_document("d", [page])
    index.commit()
    assert index.search("Bescheid").total == 1
    assert index.search("Bescheid", reader=Reader()).total == 0
    assert index.search("Bescheid", reader=Reader(frozenset("a"), 8)).total == 0
    assert index.search("Bescheid", reader=Reader(frozenset("ab"), 9)).total == 1


@pytest.mark.parametrize("hidden", ["Venwaltung", "Verwaltnng"])
def test_misreadings_on_hidden_pages_do_not_take_the_place_of_those_one_may_see(
    tmp_path, monkeypatch, hidden
):
    monkeypatch.setattr(variants, "_MOST", 1)
    fields = {"file_number": "", "type": "", "language": ""}
    both = [
        page_of(1, "Venwaltung", groups=("b",) if hidden == "Venwaltung" else (), **fields),
        page_of(2, "Verwaltnng", groups=("b",) if hidden == "Verwaltnng" else (), **fields),
    ]
    index = made(tmp_path, both)
    (hit,) = index.search("Verwaltung", reader=Reader()).hits
    assert hidden not in hit.snippet
