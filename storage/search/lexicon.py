"""The index's own doubtful words: a small index beside that of the pages, one entry a word.

It is a folder within theirs and has the same writer. It never knows less than the pages: their new words
come in before them, and a word leaves after its last page. Between, a note lies in the folder of which words
are to be looked at, so that who writes next, after a death, does that first. Lost, it is made anew from the
pages.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import tantivy

FOLDER = "lexicon"
_NOTE, _WHOLE = "to-look-at", "whole"
_WRITER_BYTES = 30_000_000
#: Words of which is remembered that they are there; the others are put in once more, in their own place.
_REMEMBERED = 200_000
_GRAM = 3


class Pages(Protocol):
    """What pages say of doubtful words, as of their last commit."""

    def words(self) -> Iterable[str]:
        """All that any has, and maybe some that none has any more."""

    def have(self, word: str) -> bool:
        """Whether any page has ``word``."""


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("word", stored=True, tokenizer_name="raw", index_option="basic")
    # With frequencies, though each is one: blocks of postings can be passed over by their best score only so.
    builder.add_text_field("keys", tokenizer_name="whitespace", index_option="freq")
    return builder.build()


SCHEMA = _schema()


class Lexicon:
    """The words, to be read at any time, and written by the one who writes the pages."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is that of the pages' index. A damaged lexicon goes."""
        self._folder = folder / FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        self._index = _opened(self._folder)
        self._writer: tantivy.IndexWriter | None = None
        self._remembered: set[str] = set()
        self._touched: set[str] = set()

    def searcher(self) -> tantivy.Searcher:
        """The words as of the last commit."""
        self._index.reload()
        return self._index.searcher()

    def add(self, words: Iterable[str]) -> None:
        """Have these words from the next commit on."""
        for word in words:
            if word in self._remembered:
                continue
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered.add(word)
            if self._index.searcher().doc_freq("word", word):
                continue
            self._touched.add(word)
            writer = self._writing()
            writer.delete_documents_by_term("word", word)
            writer.add_document(_document(word))

    def doubt(self, words: Iterable[str]) -> None:
        """These words were on pages that go: when they have gone, see whether others have them."""
        self._touched.update(words)

    def prepare(self) -> None:
        """Make the added words last, before the pages are made to."""
        if self._touched:
            (self._folder / _NOTE).write_text("\n".join(sorted(self._touched)), encoding="utf-8")
        if self._writer is not None:
            self._commit()

    def settle(self, pages: Pages) -> None:
        """Let words go that no page has any more, of all that were noted."""
        note = self._folder / _NOTE
        if not note.exists():
            return
        noted = note.read_text(encoding="utf-8").split("\n")
        gone = [word for word in noted if not pages.have(word)]
        for word in gone:
            self._writing().delete_documents_by_term("word", word)
        if gone:
            self._commit()
        note.unlink()
        self._touched.clear()
        self._remembered.difference_update(gone)

    def mend(self, pages: Pages) -> None:
        """Before anything is written: end what somebody began who died, and make a lost lexicon anew."""
        self.settle(pages)
        if not (self._folder / _WHOLE).exists():
            self.add(word for word in pages.words() if pages.have(word))
            if self._writer is not None:
                self._commit()
            self._touched.clear()
            (self._folder / _WHOLE).touch()

    def close(self) -> None:
        """Let the writer go; what was not committed is undone."""
        self._writer = None
        self._remembered.clear()
        self._touched.clear()

    # --- inside ------------------------------------------------------------------------------------

    def _writing(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._index.writer(_WRITER_BYTES, num_threads=1)
        return self._writer

    def _commit(self) -> None:
        writer = self._writing()
        writer.commit()
        writer.wait_merging_threads()
        self._writer = None
        self._index.reload()


def _opened(folder: Path) -> tantivy.Index:
    try:
        index = tantivy.Index(SCHEMA, str(folder))
    except ValueError:
        shutil.rmtree(folder)
        folder.mkdir()
        index = tantivy.Index(SCHEMA, str(folder))
    index.config_reader("manual")
    return index


def _document(word: str) -> tantivy.Document:
    entry = tantivy.Document()
    entry.add_text("word", word)
    entry.add_text("keys", " ".join(set(keys(word))))
    return entry


# --- what a word is found by --------------------------------------------------------------------------

_MERGED = (
    ("rn", "m"),
    ("nn", "m"),
    ("in", "m"),
    ("ni", "m"),
    ("ii", "u"),
    ("li", "h"),
    ("cl", "d"),
    ("vv", "w"),
)
_ALIKE = str.maketrans(
    {
        letter: first
        for first, others in (
            ("i", "ltjf1r"),
            ("o", "cea0gq69d"),
            ("n", "hum"),
            ("v", "y"),
            ("b", "8k"),
            ("s", "5"),
        )
        for letter in others
    }
)


#: Begins what a word looks like, as no word does.
LOOKS = "="
_LEAST_OF_LOOKS = 8  # letters


def skeleton(word: str) -> str:
    """What is left of a word when letters that look alike are the same: equal for many misreadings of it."""
    for two, one in _MERGED:
        word = word.replace(two, one)
    return word.translate(_ALIKE)


def keys(word: str) -> Iterator[str]:
    """What a word shares with its misreadings: pieces of three letters; its skeleton without any one letter.

    Two words whose skeletons are one edit apart share a skeleton without a letter (deletion neighbourhoods:
    Mor and Fraenkel, CACM 1982), which is rare, so that the ranking puts them first.
    """
    framed = f"^{word}$"
    for start in range(len(framed) - _GRAM + 1):
        yield framed[start : start + _GRAM]
    bones = skeleton(word)
    yield LOOKS + bones
    for place in range(len(bones)):
        yield LOOKS + bones[:place] + bones[place + 1 :]


def looks_of(word: str) -> str:
    """The term of all doubtful words that look like ``word``; empty for a short one: many look like that."""
    return LOOKS + skeleton(word) if len(word) >= _LEAST_OF_LOOKS else ""
