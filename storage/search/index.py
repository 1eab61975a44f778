"""The search index: one entry a page, one writer at a time, any number of readers.

It is disposable: it can be made anew from ledger and objects at any time. What it holds of a page, and how
a query is put to that, is in ``storage.search.fields``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import tantivy

import errors
from errors import N_
from storage.search import fields, query
from storage.search.compiled import NoVariants, compiled, restricted
from storage.search.fields import PageEntry
from storage.search.files import IndexFiles
from storage.search.snippets import snippet
from storage.search.sought import Sought

__all__ = ["Answer", "Hit", "PageEntry", "SearchIndex"]

_WRITER_BYTES = 50_000_000
#: A larger group of equal scores (blank forms by the thousand) keeps the index's own order.
_LARGEST_TIE = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """A page found: ``snippet`` is plain text, ``marks`` the character ranges of matched words in it."""

    page_id: str
    document: str
    file_number: str
    volume: int
    page: int
    type: str
    score: float
    snippet: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """How many pages match, and those asked for, best first."""

    total: int
    hits: tuple[Hit, ...]


class SearchIndex:
    """A folder with the index. Readers see the last commit, and nothing else, at every search.

    The first write takes the writer's lock; ``commit`` and ``close`` give it back. Do not fork between.
    """

    def __init__(self, files: IndexFiles, index: tantivy.Index) -> None:
        self._files = files
        self._index = index
        self._writer: tantivy.IndexWriter | None = None

    @classmethod
    def open(cls, folder: Path) -> SearchIndex:
        """Open the index in ``folder``; it is made when absent.

        Raises ``errors.IndexOutdated`` when it was made by another version, or is damaged.
        """
        files = IndexFiles(folder)
        with files.founding():
            try:
                index = tantivy.Index(fields.SCHEMA, str(folder))
            except ValueError as error:
                raise errors.IndexOutdated(detail=str(error)) from error
        # No watching thread: a reader looks at each search, which is exact and survives a fork.
        index.config_reader("manual")
        return cls(files, index)

    @staticmethod
    def discard(folder: Path) -> None:
        """Remove the index in ``folder``, of whatever version, so that it can be made anew.

        Raises ``errors.IndexBusy`` while another process writes.
        """
        IndexFiles(folder).discard()

    def replace_document(self, document: str, entries: Iterable[PageEntry]) -> None:
        """Put these pages in the place of all that is known of ``document``, as one step.

        Raises ``errors.IndexBusy`` while another process writes.
        """
        pages = [fields.document(entry) for entry in entries]
        with self._writing() as writer:
            writer.delete_documents_by_term("document", fields.encodable(document))
            for page in pages:
                writer.add_document(page)

    def remove_document(self, document: str) -> None:
        """Forget all pages of ``document``; raises ``errors.IndexBusy`` while another process writes."""
        with self._writing() as writer:
            writer.delete_documents_by_term("document", fields.encodable(document))

    def commit(self) -> None:
        """Make all writes since the last commit last and visible, and let the next writer in."""
        if self._writer is None:
            return
        with self._writing() as writer:
            writer.commit()
            # Without waiting, merges would be dropped each time and the segments pile up.
            writer.wait_merging_threads()
        self._release()

    def close(self) -> None:
        """Let the index go; what was not committed is undone."""
        self._release()

    def count(self) -> int:
        """The number of pages as of the last commit."""
        return self._searcher().num_docs

    def search(
        self,
        query_text: str,
        types: Mapping[str, str] | None = None,
        *,
        file_number: str | None = None,
        type: str | None = None,  # noqa: A002 - the name of the field, and of the command's option
        limit: int = 10,
        offset: int = 0,
    ) -> Answer:
        """Find pages by a query (see ``storage.search.query``), best first, by BM25.

        ``file_number`` may be spelled with any separators; an empty one asks for pages of no case file.
        ``types``: names of document types, each with its key, for ``typ:`` in the query.
        Pages of equal score stand by document and page. Raises ``errors.BadQuery``.
        """
        if limit < 0 or offset < 0:
            raise errors.WrongUse(detail=N_("'limit' and 'offset' cannot be negative"))
        asked = compiled(query.parse(query_text, types), NoVariants())
        wanted = restricted(asked.query, file_number, type)
        searcher = self._searcher()
        try:
            total, found = _ranked(searcher, wanted, offset, offset + limit)
        except ValueError as error:
            if "max expansions" not in str(error):
                raise
            raise errors.BadQuery(position=1, detail=N_("too many words begin so")) from error
        return Answer(total, tuple(_hit(score, page, asked.sought) for score, page in found))

    # --- inside ------------------------------------------------------------------------------------

    def _searcher(self) -> tantivy.Searcher:
        try:
            self._index.reload()
        except ValueError as error:
            raise errors.IndexOutdated(detail=str(error)) from error
        return self._index.searcher()

    @contextmanager
    def _writing(self) -> Iterator[tantivy.IndexWriter]:
        """The writer, taken if need be; after an error it is gone, and all since the last commit undone."""
        if self._writer is None:
            self._files.lock()
        try:
            if self._writer is None:
                self._writer = self._index.writer(_WRITER_BYTES, num_threads=1)
            yield self._writer
        except Exception as error:
            self._release()
            if "No space left" in str(error):
                raise errors.DiskFull from error
            if "LockBusy" in str(error):
                raise errors.IndexBusy from error
            raise

    def _release(self) -> None:
        self._writer = None
        self._files.unlock()


def _ranked(
    searcher: tantivy.Searcher, wanted: tantivy.Query, first: int, last: int
) -> tuple[int, list[tuple[float, tantivy.Document]]]:
    """The number of matches, and those of rank ``first`` up to ``last``, which is not included.

    tantivy breaks ties by where a page happens to lie, so a tie that reaches over ``last`` is fetched whole.
    """
    last = min(last, searcher.num_docs)
    found = searcher.search(wanted, last + 1)
    if first < last < len(found.hits) and found.hits[last][0] == found.hits[last - 1][0]:
        found = searcher.search(wanted, last + _LARGEST_TIE)
    ranked: list[tuple[float, tantivy.Document]] = []
    rank = 0
    for score, group in groupby(found.hits, key=lambda hit: hit[0]):
        tied = [address for _, address in group]
        begin, end = max(first - rank, 0), min(last - rank, len(tied))
        rank += len(tied)
        if begin >= end:
            continue
        if 1 < len(tied) <= _LARGEST_TIE:
            pages = sorted(map(searcher.doc, tied), key=_place)[begin:end]
        else:
            pages = [searcher.doc(address) for address in tied[begin:end]]
        ranked += [(score, page) for page in pages]
    return found.count, ranked  # type: ignore[attr-defined] # it is there, but not in the stub


def _place(page: tantivy.Document) -> tuple[str, int]:
    return page["document"][0], page["page"][0]


def _hit(score: float, page: tantivy.Document, sought: Sequence[Sought]) -> Hit:
    shown = snippet(page["text"][0].decode(), sought)
    return Hit(
        page_id=page["page_id"][0],
        document=page["document"][0],
        file_number=page["file_number"][0].decode(),
        volume=page["volume"][0],
        page=page["page"][0],
        type=page["type"][0],
        score=score,
        snippet=shown.text,
        marks=shown.marks,
    )
