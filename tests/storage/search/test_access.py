"""Who sees what: an index with hidden pages answers as one without them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.search.index import PageEntry, Reader, SearchIndex, Sort

WORDS = ["Bescheid", "Verwaltung", "Verwatlung", "Venwaltung", "Müller", "Mueler", "§ 81", "Ausweisung"]

pages = st.builds(
    dict,
    text=st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join),
    file_number=st.sampled_from(["33/1", "33/2", "33/3", ""]),
    type=st.sampled_from(["file_note", "payslip"]),
    language=st.sampled_from(["deu", "deu+rus", "tur"]),
    date=st.sampled_from([None, date(2014, 5, 3), date(2019, 1, 1)]),
    groups=st.sampled_from([(), ("a",), ("b",), ("a", "c")]),
    confidentiality=st.integers(0, 3),
)
readers = st.builds(Reader, st.frozensets(st.sampled_from("abcx*")), st.integers(-1, 3))
queries = st.sampled_from(
    [*WORDS, "Verwaltng", "Bescheid -Müller", '"Bescheid Verwaltung"', "Ver*", "-Müller"]
)


def may_see(reader: Reader, page: PageEntry) -> bool:
    is_in = not page.groups or bool(reader.groups & set(page.groups))
    return is_in and page.confidentiality <= reader.clearance


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """An index with all pages, and one with those that a reader may see."""
    folder = tmp_path_factory.mktemp("access")
    both = SearchIndex.open(folder / "all"), SearchIndex.open(folder / "seen")
    yield both
    for index in both:
        index.close()


def put(index: SearchIndex, entries: list[PageEntry]) -> None:
    for number in range(12):
        index.replace_document(f"d{number}", [page for page in entries if page.document == f"d{number}"])
    index.commit()


@given(
    content=st.lists(pages, min_size=1, max_size=12),
    reader=readers,
    query=queries,
    asked=st.fixed_dictionaries({"sort": st.sampled_from(Sort), "per_file": st.sampled_from([None, 1, 2])}),
)
@settings(deadline=None, max_examples=25)
def test_what_a_reader_may_not_see_changes_no_answer(two, content, reader, query, asked):
    entries = [
        PageEntry(page_id=f"p{place}", document=f"d{place}", volume=1, page=1, **fields)
        for place, fields in enumerate(content)
    ]
    seen = [page for page in entries if may_see(reader, page)]
    with_all, with_seen = two
    put(with_all, entries)
    put(with_seen, seen)

    answer = with_all.search(query, reader=reader, limit=100, **asked)
    expected = with_seen.search(query, limit=100, **asked)
    assert {hit.page_id for hit in answer.hits} <= {page.page_id for page in seen}
    assert (answer.total, answer.exact) == (expected.total, expected.exact)
    assert answer.facets == expected.facets
    assert answer.suggestion == expected.suggestion
    assert {(one.file_number, one.document, one.pages, len(one.hits)) for one in answer.files} == {
        (one.file_number, one.document, one.pages, len(one.hits)) for one in expected.files
    }
    assert {hit.score for hit in answer.hits} <= {0.0}
    if (
        asked["sort"] is not Sort.RELEVANCE
    ):  # by relevance, how frequent a word is on hidden pages weighs a little
        assert answer.hits == expected.hits
    elif asked["per_file"] is None:
        assert {(hit.page_id, hit.snippet) for hit in answer.hits} == {
            (hit.page_id, hit.snippet) for hit in expected.hits
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
