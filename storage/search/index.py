"""The search index: one entry a page, one writer at a time, any number of readers.

It is disposable: it can be made anew from ledger and objects at any time. What it holds of a page, and how
a query is put to that, is in ``storage.search.fields``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import tantivy

import errors
from errors import N_
from storage.search import fields, german
from storage.search.access import Reader, seen_by
from storage.search.answers import Answer, Asked, Hit, answer, count
from storage.search.compiled import Lexicon as Knowledge
from storage.search.compiled import compiled, restricted
from storage.search.fields import PageEntry
from storage.search.files import IndexFiles, Lock
from storage.search.lexicon import LOOKS, Lexicon
from storage.search.query import parse
from storage.search.ranking import Sort, Wanted
from storage.search.sought import Seeker
from storage.search.suggestions import LITTLE, suggestion
from storage.search.tree import Node
from storage.search.variants import Variants

__all__ = ["Answer", "Hit", "PageEntry", "Reader", "SearchIndex", "Sort"]

_WRITER_BYTES = 50_000_000


class SearchIndex:
    """A folder with the index. Readers see the last commit, and nothing else, at every search.

    The first write takes the writer's lock; ``commit`` and ``close`` give it back. Do not fork between.
    """

    def __init__(self, generation: Path, lock: Lock, files: IndexFiles | None = None) -> None:
        """Open the index in the folder ``generation``; with ``files``, go over to the next that is served."""
        self._generation, self._lock, self._files = generation, lock, files
        self._index, self._lexicon = _opened(generation)
        self._writer: tantivy.IndexWriter | None = None

    @classmethod
    def open(cls, folder: Path) -> SearchIndex:
        """Open the index in ``folder``; it is made when absent.

        Raises ``errors.IndexOutdated`` when it was made by another version, or is damaged.
        """
        files = IndexFiles(folder)
        generation = files.served()
        if generation is None:
            folder.mkdir(parents=True, exist_ok=True)
            with files.writing.held(wait=True):
                generation = files.served()  # somebody else may have made it meanwhile
                if generation is None:
                    generation = files.begin()
                    _opened(generation)
                    files.serve(generation)
        return cls(generation, files.writing, files)

    @classmethod
    @contextmanager
    def renewed(
        cls, folder: Path
    ) -> Iterator[tuple[SearchIndex, Callable[[], AbstractContextManager[None]]]]:
        """An empty index to fill, and a context in which nobody writes, after which it is that of ``folder``.

        Until then the one that is there goes on. Raises ``errors.IndexBusy`` while another process does so.
        """
        files = IndexFiles(folder)
        with files.renewing() as generation:
            fresh = cls(generation, IndexFiles(generation).writing)

            @contextmanager
            def serving() -> Iterator[None]:
                with files.writing.held(wait=True):
                    yield
                    files.serve(generation)

            try:
                yield fresh, serving
            finally:
                fresh.close()

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
            self._delete(writer, document)
            for page in pages:
                self._lexicon.add(fields.doubts_of(page))
                writer.add_document(page)

    def remove_document(self, document: str) -> None:
        """Forget all pages of ``document``; raises ``errors.IndexBusy`` while another process writes."""
        with self._writing() as writer:
            self._delete(writer, document)

    def commit(self) -> None:
        """Make all writes since the last commit last and visible, and let the next writer in."""
        if self._writer is None:
            return
        with self._writing() as writer:
            self._lexicon.prepare()
            writer.commit()
            # Without waiting, merges would be dropped each time and the segments pile up.
            writer.wait_merging_threads()
            self._lexicon.settle(_Doubtful(self._searcher()))
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
        per_file: int | None = None,
        sort: Sort = Sort.RELEVANCE,
        reader: Reader | None = None,
    ) -> Answer:
        """Find pages by a query (see ``storage.search.query``), in the order of ``storage.search.ranking``.

        ``file_number`` may be spelled with any separators; an empty one asks for pages of no case file.
        ``types``: names of document types, each with its key, for ``typ:`` in the query.
        ``limit``, ``offset``, ``per_file``: see ``storage.search.answers.Asked``. Only what ``reader`` may
        see is looked through; None sees all. Raises ``errors.BadQuery``.
        """
        if limit < 0 or offset < 0 or (per_file is not None and per_file < 1):
            raise errors.WrongUse(detail=N_("'limit' and 'offset' cannot be negative"))
        asked = Asked(limit, offset, per_file, sort)

        def narrowed(whole: tantivy.Query) -> tantivy.Query:
            return seen_by(reader, restricted(whole, file_number, type))

        def exactly(text: str) -> int:
            return count(searcher, narrowed(compiled(parse(text, types)).query))

        searcher, tree = self._searcher(), parse(query_text, types)
        try:
            found = answer(
                searcher,
                _wanted(tree, self._variants(searcher, reader), narrowed),
                asked,
                with_scores=reader is None,
            )
            if found.exact >= LITTLE:
                return found
            better = suggestion(searcher, query_text, tree, reader, exactly)
        except ValueError as error:
            if "max expansions" not in str(error):
                raise
            raise errors.BadQuery(position=1, detail=N_("too many words begin so")) from error
        return replace(found, suggestion=better)

    # --- inside ------------------------------------------------------------------------------------

    def _searcher(self) -> tantivy.Searcher:
        """The last commit of the generation that is served by now."""
        self._follow()
        try:
            self._index.reload()
        except ValueError as error:
            if not self._follow():
                raise errors.IndexOutdated(detail=str(error)) from error
        return self._index.searcher()

    def _follow(self) -> bool:
        """Go over to another generation, if another is served."""
        served = self._files.served() if self._files else None
        if served in (None, self._generation):
            return False
        (self._index, self._lexicon), self._generation = _opened(served), served
        return True

    def _variants(self, searcher: tantivy.Searcher, reader: Reader | None = None) -> Variants:
        lexicon = self._lexicon.searcher()
        if reader is None:
            return Variants(lexicon, lambda word: searcher.doc_freq("stems", german.stem(word)))

        def pages(field: str, word: str) -> int:
            return count(searcher, seen_by(reader, tantivy.Query.term_query(fields.SCHEMA, field, word)))

        return Variants(
            lexicon,
            lambda word: pages("stems", german.stem(word)),
            lambda word: pages("doubtful", word) > 0,
        )

    def _delete(self, writer: tantivy.IndexWriter, document: str) -> None:
        """Take the pages of ``document`` out, and note their doubtful words."""
        name = fields.encodable(document)
        searcher = self._index.searcher()
        pages = searcher.doc_freq("document", name)
        if pages:
            known = searcher.search(tantivy.Query.term_query(fields.SCHEMA, "document", name), pages)
            for _, address in known.hits:
                self._lexicon.doubt(fields.doubts_of(searcher.doc(address)))
        writer.delete_documents_by_term("document", name)

    @contextmanager
    def _writing(self) -> Iterator[tantivy.IndexWriter]:
        """The writer, taken if need be; after an error it is gone, and all since the last commit undone."""
        if self._writer is None:
            self._lock.take()
        try:
            if self._writer is None:
                self._follow()
                self._writer = self._index.writer(_WRITER_BYTES, num_threads=1)
                self._lexicon.mend(_Doubtful(self._searcher()))
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
        self._lexicon.close()
        self._lock.give_back()


def _opened(generation: Path) -> tuple[tantivy.Index, Lexicon]:
    try:
        index = tantivy.Index(fields.SCHEMA, str(generation))
    except ValueError as error:
        raise errors.IndexOutdated(detail=str(error)) from error
    # No watching thread: a reader looks at each search, which is exact and survives a fork.
    index.config_reader("manual")
    return index, Lexicon(generation)


class _Doubtful:
    """The doubtful words of all pages, for the lexicon."""

    def __init__(self, pages: tantivy.Searcher) -> None:
        self._pages = pages

    def words(self) -> list[str]:
        terms = (term for term, _ in self._pages.terms_with_prefix("doubtful", ""))
        return [term for term in terms if not term.startswith(LOOKS)]

    def have(self, word: str) -> bool:
        term = tantivy.Query.term_query(fields.SCHEMA, "doubtful", word)
        return bool(self._pages.search(term, 1, count=False).hits)


def _wanted(tree: Node, lexicon: Knowledge, narrowed: Callable[[tantivy.Query], tantivy.Query]) -> Wanted:
    """A query's tree with and without the variants of its words, on such pages only as are asked for."""
    exact, tolerant = compiled(tree), compiled(tree, lexicon)
    is_wider = any(one.is_wide for one in tolerant.sought)
    return Wanted(
        narrowed(exact.query),
        narrowed(tolerant.query) if is_wider else None,
        Seeker(tolerant.sought).matches,
    )
