"""The ways of asking that are compared, over one index of all pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tantivy import DocAddress, Occur, Query

from bench.search.readings import Reading
from ocr.records import Box, Word, text_of
from pipeline.reading import placed
from storage.search import german, query
from storage.search.compiled import compiled
from storage.search.fields import SCHEMA, PageEntry
from storage.search.index import SearchIndex

EXACT, EDIT, OURS = "exact", "edit distance", "akten"
#: A word in, the ids of pages with it out, best first.
Way = Callable[[str], list[str]]
_BELOW = 0.1


def fill(index: SearchIndex, pages: Mapping[str, Reading]) -> None:
    """Put all pages into ``index``, each as a document of one page, ``set/name`` being its id."""
    for key, page in pages.items():
        index.replace_document(key, [entry_of(key, page)])
    index.commit()


def entry_of(key: str, page: Reading) -> PageEntry:
    """A page as the pipeline tells it the index."""
    words = tuple(Word(one.text, Box(*one.box), one.confidence * 100, one.line) for one in page.words)
    return PageEntry(
        page_id=key,
        document=key,
        file_number="",
        volume=0,
        page=1,
        type="unknown",
        language=page.language,
        text=text_of(words),
        width=page.width,
        height=page.height,
        words=tuple(placed(words, page.language)),
    )


def ways(folder: Path, pages: Mapping[str, Reading]) -> dict[str, Way]:
    """Index ``pages`` below ``folder``, and say how each way asks for a word."""
    index = SearchIndex.open(folder)
    fill(index, pages)
    searcher = index._searcher()
    every = searcher.search(Query.all_query(), searcher.num_docs).hits
    ids = {_place(address): searcher.doc(address)["page_id"][0] for _, address in every}

    def asking(put: Callable[[str], Query]) -> Way:
        return lambda word: [ids[_place(at)] for _, at in searcher.search(put(word), len(ids)).hits]

    lexicon = index._variants(searcher)

    def ours(word: str) -> Query:
        return compiled(query.parse(word), lexicon).query

    return {EXACT: asking(_exact), EDIT: asking(_edit), OURS: asking(ours)}


def _place(address: DocAddress) -> tuple[int, int]:
    return address.segment_ord, address.doc


def _exact(word: str) -> Query:
    """The stem, and nothing else."""
    stems = [token.stem for token in german.tokens(word)]
    if len(stems) > 1:
        return Query.phrase_query(SCHEMA, "stems", [*stems])
    return Query.term_query(SCHEMA, "stems", stems[0])


def _edit(word: str) -> Query:
    """As paperless-ngx 2.20 asks where its threshold for fuzzy search is set (documents/search/_query.py).

    The very stem; and a tenth as heavy, words that begin with at most one edit of it.
    """
    near = [
        Query.fuzzy_term_query(
            SCHEMA, "stems", token.stem, distance=1, transposition_cost_one=True, prefix=True
        )
        for token in german.tokens(word)
    ]
    every = Query.boolean_query([(Occur.Must, one) for one in near])
    return Query.boolean_query(
        [(Occur.Should, _exact(word)), (Occur.Should, Query.boost_query(every, _BELOW))]
    )
