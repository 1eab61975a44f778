"""What the index holds of a page.

Of a page's words there are two forms, as written and as stems, both folded by ``german`` and on
the same positions. Beside them, without positions, its doubtful words and the parts of its compounds
(``compounds``). How a query is put to them stands in ``storage.search.compiled``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

import tantivy

from storage.file_numbers import file_key
from storage.search import compounds, german, names, values
from storage.search.boxes import PlacedWord, pack
from storage.search.identifiers import identifiers_in
from storage.search.lexicon import looks_of

__all__ = [
    "EVERYBODY",
    "PLACE_MASK",
    "SCHEMA",
    "PageEntry",
    "PlacedWord",
    "document",
    "encodable",
    "group_term",
]


@dataclass(frozen=True, slots=True)
class PageEntry:
    """What the index is told of a page; ``page`` counts from 1 in the document's PDF.

    ``file_number`` is empty as long as the page belongs to no case file. ``date`` is what its document says
    of itself. ``words`` say where in ``text`` each word of it stands, and where on the page of ``width`` ×
    ``height`` pixels. A page with ``groups`` is for members of these alone, one of a ``confidentiality`` for
    who is cleared for as much (``storage.search.access``).
    """

    page_id: str
    document: str
    file_number: str
    volume: int
    page: int
    type: str
    language: str
    text: str
    date: date | None = None
    width: int = 0
    height: int = 0
    words: tuple[PlacedWord, ...] = ()
    groups: tuple[str, ...] = ()
    confidentiality: int = 0


def _schema() -> tantivy.Schema:
    """The fields; whoever changes them, or ``storage.search.german``, raises ``files.VERSION``."""
    builder = tantivy.SchemaBuilder()
    for name in ("words", "stems"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in ("doubtful", "parts", "names"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="basic")
    for name in ("page_id", "document", "file_key"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("type", "language"):  # facets, so they can be counted without the pages being fetched
        builder.add_text_field(name, stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("volume", stored=True, indexed=True)
    for name in ("page", "width", "height"):
        builder.add_unsigned_field(name, stored=True)
    for name in ("dated", "identifiers"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("day", stored=True, indexed=True, fast=True)
    builder.add_unsigned_field("case", indexed=True, fast=True)
    for name in ("oldest", "newest"):
        builder.add_unsigned_field(name, fast=True)
    builder.add_text_field("groups", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("confidentiality", indexed=True, fast=True)
    for name in ("file_number", "text", "boxes", "doubts"):
        builder.add_bytes_field(name, stored=True)
    return builder.build()


SCHEMA = _schema()

#: The term of pages that are for no group in particular.
EVERYBODY = "*"

_DAY_BITS, _PAGE_BITS = 22, 10
_PLACE_BITS = 32 + _PAGE_BITS
#: The part of ``oldest`` by which pages of one day, or of equal score, are in order: document, page.
PLACE_MASK = 2**_PLACE_BITS - 1


def document(entry: PageEntry) -> tantivy.Document:
    """An entry as the index takes it: its words in both forms, and what a hit has to show."""
    page = tantivy.Document()
    page.add_text("page_id", encodable(entry.page_id))
    page.add_text("document", encodable(entry.document))
    page.add_text("file_key", encodable(file_key(entry.file_number)))
    page.add_text("type", encodable(entry.type))
    for language in filter(None, entry.language.split("+")):
        page.add_text("language", encodable(language))
    page.add_bytes("file_number", entry.file_number.encode("utf-8", "replace"))
    page.add_bytes("text", entry.text.encode("utf-8", "replace"))
    page.add_bytes("boxes", pack(entry.words))
    for name in ("volume", "page", "width", "height", "confidentiality"):
        page.add_unsigned(name, getattr(entry, name))
    for term in map(group_term, entry.groups) if entry.groups else (EVERYBODY,):
        page.add_text("groups", term)
    _add_order(page, entry)
    text = german.unwrap(entry.text)
    for key in {key for one in identifiers_in(text) for key in (*one.keys, *one.broader)}:
        page.add_text("identifiers", key)
    _add_text(page, text)
    doubts = compounds.doubtful(entry.text, entry.words)
    page.add_bytes("doubts", " ".join(sorted(doubts)).encode("utf-8", "replace"))
    page.add_text("doubtful", encodable(" ".join(doubts | set(map(looks_of, doubts)))))
    page.add_text("names", encodable(" ".join(names.keys_of_page(entry.text, entry.words))))
    page.add_text("parts", encodable(" ".join(compounds.parts(entry.words))))
    return page


def _add_text(page: tantivy.Document, text: str) -> None:
    """The text's words in both forms, none of which has a blank in it."""
    plain = german.words_and_stems(text)
    if plain:
        page.add_text("words", plain[0])
        page.add_text("stems", plain[1])
        return
    tokens = list(german.tokens(text))
    for name, forms in (("words", [one.word for one in tokens]), ("stems", [one.stem for one in tokens])):
        placed = [
            tantivy.Token(form, one.position, one.start, one.end)
            for form, one in zip(forms, tokens, strict=True)
        ]
        page.add_pre_tokenized_text(name, tantivy.PreTokenizedString("", placed))


def doubts_of(page: tantivy.Document) -> list[str]:
    """The doubtful words of a page that is, or goes, into the index."""
    stored: bytes = page["doubts"][0]
    return stored.decode().split()


def group_term(group: str) -> str:
    """A group as the index has it: never the term of pages that are for everybody."""
    return f"={encodable(group)}"


def case_of(file_number: str, document: str) -> int:
    """What pages of one case file have in common; those of none are told apart by document. 64 bits."""
    name = f"file {file_key(file_number)}" if file_number else f"document {document}"
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest())


def day_number(day: date) -> int:
    """A day as the index has it: 20140503."""
    return day.year * 10_000 + day.month * 100 + day.day


def _add_order(page: tantivy.Document, entry: PageEntry) -> None:
    """Numbers to group and sort by: undated pages are last either way, pages of one day by document and page.

    22 bits for the day, 32 for how the document's name begins, 10 for the page.
    """
    page.add_unsigned("case", case_of(entry.file_number, entry.document))
    name = int.from_bytes(entry.document.encode("utf-8", "replace")[:4].ljust(4, b"\0"))
    place = name << _PAGE_BITS | min(entry.page, 2**_PAGE_BITS - 1)
    day = (entry.date.toordinal() if entry.date else 2**_DAY_BITS - 1) << _PLACE_BITS
    page.add_unsigned("oldest", day | place)
    newest = (entry.date.toordinal() if entry.date else 0) << _PLACE_BITS
    page.add_unsigned("newest", newest | (PLACE_MASK - place))
    if entry.date:
        page.add_unsigned("day", day_number(entry.date))
        for term in values.known_by(entry.date):
            page.add_text("dated", term)


def encodable(text: str) -> str:
    """Replace by ``?`` what cannot be stored: lone surrogates, which a shell's undecodable bytes become."""
    return text.encode("utf-8", "replace").decode("utf-8")
