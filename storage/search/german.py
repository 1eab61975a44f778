"""German text as a search sees it: one normalisation, the same for pages, queries and snippets.

``Straße`` and ``STRASSE``, ``Müller``, ``Mueller`` and ``Muller`` are one word; so are ``Yılmaz`` and
``Yilmaz``. A word broken at a line end is joined, spaced capitals (``B E S C H E I D``) are read as the
word they spell, letters and digits are parted (``§ 60a`` = ``§ 60 a``). Inflected forms meet in a stem, and
so do spellings of before and after the reforms of 1901 and 1996.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

import tantivy

#: Longer "words" are noise of the recognition; they are cut here, on both sides alike.
LONGEST_WORD = 64


class Token(NamedTuple):
    """A word of a text: folded, stemmed, and where it stands.

    ``position`` counts words from 0, so a phrase is a run of positions; tokens that are two readings of
    the same place share one. ``start`` and ``end`` are character offsets into the text.
    """

    word: str
    stem: str
    position: int
    start: int
    end: int


# Letters that have no decomposition in Unicode, as passports transliterate them (ICAO 9303-3, section 6).
_PLAIN = str.maketrans(
    {
        "ı": "i", "ł": "l", "ø": "oe", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe",
        "ħ": "h", "ŋ": "n", "ŧ": "t", "ə": "e",
    }
)  # fmt: skip

# An e after a and o is how an umlaut is written without its dots; after u as well, but not where the u
# ends a diphthong or follows q (neue, Steuer, Quelle): the rule of Snowball's "german2" stemmer, but for a
# y that begins a name (Yueksel). The u of "geübt" follows a prefix, not a vowel of its own syllable. "e+"
# and not "e" makes folding idempotent.
_UMLAUT = re.compile(r"([ao]|(?<![aeiouq])(?<!.y)u|(?<=ge)u(?=e+b))e+")


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """The plain form of ``word``: lower case, no diacritics, ``ä`` = ``ae`` = ``a``, ``ß`` = ``ss``.

    Only letters and digits remain. Folding a folded word changes nothing.
    """
    if not word.isascii():
        word = unicodedata.normalize("NFKD", word).casefold().translate(_PLAIN)
        word = unicodedata.normalize("NFKD", word)
        word = "".join(str(unicodedata.decimal(char, char)) for char in word)
    if not word.isalnum():
        word = "".join(filter(str.isalnum, word))
    return _UMLAUT.sub(r"\1", word.casefold())


_snowball = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).filter(tantivy.Filter.stemmer("german")).build()
)


# Spellings of before 1996 and before 1901 beside today's, as folded. Only what stays unambiguous: "Graph" is
# no "Graf", so ph becomes f where the rules of 1996 name it and nowhere else.
_OLD_SPELLINGS = (
    (re.compile(r"(.)\1\1"), r"\1\1"),  # Schifffahrt, Flussschifffahrt
    (re.compile(r"ph(?=ot|on|ant)|(?<=gra)ph(?=i|e)|(?<=del)ph(?=in)"), "f"),
    (re.compile(r"th"), "t"),  # Thür, Theil, Rath; and Thema, as there is no other Tema
    (re.compile(r"cc(?=[eiy])"), "kz"),
    (re.compile(r"c(?=[eiy])"), "z"),
    (re.compile(r"c(?![hk])"), "k"),
    (re.compile(r"selbstst(?=and)"), "selbst"),
    (re.compile(r"entiell"), "enziell"),
    (re.compile(r"numerier"), "nummerier"),
    (re.compile(r"pla[zc]ier"), "platzier"),
    (re.compile(r"aufwandig"), "aufwendig"),
    (re.compile(r"greuel"), "grauel"),
    (re.compile(r"alptraum"), "albtraum"),
    (re.compile(r"stengel"), "stangel"),
    (re.compile(r"^rauh(?=$|e|f|r)"), "rau"),
)
_MAY_BE_OLD = re.compile(
    r"(.)\1\1|ph|th|c(?!h)|rier|pla[zc]ier|selbstst|entiell|aufwandig|greuel|alptr|stengel|rauh"
)
_OLD_WORDS = {"seyn": "sein", "bey": "bei", "giebt": "gibt", "todt": "tot", "brod": "brot"}
_SHORTEST_OLD = 4


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The Snowball stem of a folded word, in today's spelling.

    Numbers and words of other scripts stay as they are.
    """
    if not (word.isascii() and word.isalpha()):
        return word
    word = _OLD_WORDS.get(word, word)
    if len(word) >= _SHORTEST_OLD and _MAY_BE_OLD.search(word):
        for old, new in _OLD_SPELLINGS:
            word = old.sub(new, word)
    return _snowball.analyze(word)[0]


_LINE_END = re.compile(r"(?<=[^\W\d_])[-\u2010\u2011–¬=⸗\u00ad][ \t]*\r?\n[ \t]*(?=([^\W\d_]+))|\u00ad")
_SECOND_HALVES_OF_THEIR_OWN = frozenset({"und", "oder", "sowie", "bzw", "bis", "als"})


class Unwrapped(NamedTuple):
    """A text without its line-end hyphens. ``gaps``: from a place on, how much was left out before it."""

    text: str
    gaps: tuple[tuple[int, int], ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters ``start`` to ``end`` stand in the text as it was."""
        return start + self._left_out(start), end + self._left_out(end - 1)

    def _left_out(self, place: int) -> int:
        before = bisect_right(self.gaps, place, key=itemgetter(0))
        return self.gaps[before - 1][1] if before else 0


def unwrap(text: str) -> str:
    """Join the words that were broken at a line end; all else, line breaks too, stays as it is.

    A hyphen is taken as a break when the next line goes on in lower case, unless that is the "und" of
    "Ein-\\nund Ausreise". Soft hyphens go everywhere.
    """
    return unwrapped(text).text


def unwrapped(text: str) -> Unwrapped:
    """The same, with what is needed to find a place of it in ``text``."""
    parts, gaps, end, left_out = [], [], 0, 0
    for match in _LINE_END.finditer(text):
        if match[0][0] != "\u00ad" and _stands_by_itself(match[1]):
            continue
        parts.append(text[end : match.start()])
        end, left_out = match.end(), left_out + len(match[0])
        gaps.append((end - left_out, left_out))
    return Unwrapped("".join([*parts, text[end:]]), tuple(gaps))


def _stands_by_itself(second_half: str) -> bool:
    return not second_half[0].islower() or second_half in _SECOND_HALVES_OF_THEIR_OWN


# Combining marks are no letters to the re module; these are the blocks of the scripts our papers bring.
_MARK = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u200c\u200d"
_LETTER = rf"[^\W\d_][{_MARK}]*"
_LETTERS = rf"(?:[^\W\d_]+[{_MARK}]*)+"
_TOKEN = re.compile(rf"(?<!\w){_LETTER}(?:[ \u00a0]{_LETTER}){{2,}}(?!\w)|{_LETTERS}|\d+")
_BLANK = re.compile("[ \u00a0]")
_ONE_LETTER = re.compile(_LETTER)


@lru_cache(maxsize=65_536)
def _read(written: str) -> tuple[str, str]:
    """Both forms of a word as it is written."""
    word = fold(written)[:LONGEST_WORD]
    return word, stem(word)


def written_in(text: str) -> list[str]:
    """The words of an unwrapped text as they are written; those written wide with their blanks."""
    return _TOKEN.findall(text)


def words_and_stems(text: str) -> tuple[str, str] | None:
    """All words of an unwrapped ``text`` and all their stems, with blanks between: its tokens, but quicker.

    None where something is written wide, so that several are on one position.
    """
    written = written_in(text)
    if _BLANK.search("\n".join(written)):
        return None
    read = list(map(_read, written))
    return " ".join([word for word, _ in read]), " ".join([stem for _, stem in read])


def tokens(text: str) -> Iterator[Token]:
    """Walk through the words of ``text``, which should have been unwrapped.

    Three or more letters that stand alone are one word written wide: it comes first, then its letters,
    all on one position.
    """
    position = 0
    for match in _TOKEN.finditer(text):
        written = match[0]
        start, end = match.span()
        word, its_stem = _read(written)
        if not word:
            continue
        yield Token(word, its_stem, position, start, end)
        if _BLANK.search(written):
            for part in _ONE_LETTER.finditer(text, start, end):
                letter = fold(part[0])
                if letter:
                    yield Token(letter, stem(letter), position, part.start(), part.end())
        position += 1


class PageWords:
    """The tokens of an unwrapped text, in order; each is made only when it is looked at, for few are.

    ``written`` are its words as they stand in the text, by the same places.
    """

    def __init__(self, text: str) -> None:
        self._found = list(_TOKEN.finditer(text))
        self.written = [found[0] for found in self._found]
        self._tokens: list[Token] = []
        self._at: dict[int, list[Token]] = {}
        self._is_plain = all(map(fold, self.written)) and not _BLANK.search("\n".join(self.written))
        if not self._is_plain:
            self._tokens = list(tokens(text))
            self.written = [text[one.start : one.end] for one in self._tokens]
            for token in self._tokens:
                self._at.setdefault(token.position, []).append(token)

    def __len__(self) -> int:
        return len(self.written)

    def __getitem__(self, place: int) -> Token:
        if not self._is_plain:
            return self._tokens[place]
        return Token(*_read(self.written[place]), place, *self._found[place].span())

    def at(self, position: int) -> list[Token]:
        """The readings of the word at ``position``; none after the last word."""
        if not self._is_plain:
            return self._at.get(position, [])
        return [self[position]] if position < len(self.written) else []
