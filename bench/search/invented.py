"""Pages that were never scanned, by the million: words as frequent as in German, some read as on worn paper.

Words are those of the recogniser's German dictionary; how frequent they are falls with their rank as
B. Mandelbrot has it (An informational theory of the statistical structure of language, 1953), short ones
first (Zipf's law of brevity). Beside them stand names, days, file numbers and references to the law. Some
are misread, by the confusions the product reckons with. A page is drawn from its number alone: the same
each time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ocr import tesseract
from ocr.lines.dictionary import Dictionary
from ocr.lines.traineddata import load_words
from ocr.lines.vocabulary import vocabulary
from storage.search.boxes import PlacedWord
from storage.search.confusion_costs import COSTS
from storage.search.fields import PageEntry

PAGES_OF_FILE, PAGES_OF_DOCUMENT, WORDS_OF_PAGE = 300, 150, 250
#: Words that are misread, and those read rightly that recognition is not sure of.
MISREAD, UNSURE = 0.06, 0.04
_MANDELBROT_SHIFT, _MANDELBROT_FALL = 2.7, 1.07
_WORDS_OF_LINE, _LINE, _LETTER = 10, 40, 22  # pixels
_TYPES = ("unknown", "residence_permit", "toleration", "bamf_decision", "lawyer_letter", "payslip")
_FIRST_DAY, _DAYS = date(1995, 1, 1), 11_000
_ONSETS = tuple("b d f g h k l m n p r s t w z br dr fr gr kr sch st tr".split())  # noqa: SIM905
_NUCLEI = tuple("a e i o u ai au ei".split())  # noqa: SIM905
_CODAS = tuple("l n r s t ck ld nd rg tz ch".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a case file is about."""

    given: str
    family: str
    born: date


class World:
    """All pages there could be."""

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        self._known = lru_cache(None)(_known)

    @cached_property
    def words(self) -> list[str]:
        """By rank, the most frequent first."""
        found = sorted(_all_words())
        luck = np.random.default_rng(self._seed).normal(0.0, 2.0, len(found))
        order = np.argsort(np.fromiter(map(len, found), float) + luck, kind="stable")
        return [found[place] for place in order]

    @cached_property
    def _sums(self) -> npt.NDArray[np.float64]:
        ranks = np.arange(len(self.words)) + _MANDELBROT_SHIFT
        shares = ranks**-_MANDELBROT_FALL
        return np.asarray(np.cumsum(shares / shares.sum()), np.float64)

    @lru_cache(1000)  # noqa: B019 - there is one world a run
    def person(self, file: int) -> Person:
        """Whom case file number ``file`` is about."""
        dice = np.random.default_rng((self._seed, 7, file))
        given, family = (_name(dice, syllables) for syllables in (2, 3))
        return Person(given, family, _day(dice))

    def entries(self, first: int, last: int) -> Iterator[PageEntry]:
        """The pages from number ``first`` up to ``last``, which is not included."""
        for number in range(first, last):
            yield self.entry(number)

    def entry(self, number: int) -> PageEntry:
        """Page ``number``, from 0."""
        dice = np.random.default_rng((self._seed, number))
        file, document = number // PAGES_OF_FILE, number // PAGES_OF_DOCUMENT
        day = _day(dice)
        said = self._said(dice, file, day)
        text, words = self._read(dice, said)
        return PageEntry(
            page_id=f"{document:08x}/{number}",
            document=f"{document:08x}",
            file_number=_file_number(file),
            volume=1 + document % (PAGES_OF_FILE // PAGES_OF_DOCUMENT),
            page=1 + number % PAGES_OF_DOCUMENT,
            type=_TYPES[int(dice.integers(len(_TYPES)))],
            language="deu",
            text=text,
            date=day if dice.random() < 0.7 else None,  # noqa: PLR2004 - many pages say no day
            width=2480,
            height=3508,
            words=tuple(words),
        )

    def _said(self, dice: np.random.Generator, file: int, day: date) -> list[str]:
        """What stands on a page: words by their frequency, and what is told of a person."""
        ranks = np.searchsorted(self._sums, dice.random(WORDS_OF_PAGE))
        said = [self.words[rank] for rank in ranks.tolist()]
        person = self.person(file)
        said[3:3] = [
            person.given,
            person.family,
            "geb.",
            f"{person.born:%d.%m.%Y}",
            "Az.",
            _file_number(file),
        ]
        said[40:40] = [f"§ {dice.integers(1, 110)} Abs. {dice.integers(1, 8)} AufenthG", f"{day:%d.%m.%Y}"]
        said[90:90] = [person.family]
        return [part for one in said for part in one.split()]

    def _read(self, dice: np.random.Generator, said: list[str]) -> tuple[str, list[PlacedWord]]:
        """How it was read: the text, ten words a line, and where they stand."""
        fates, sure = dice.random(len(said)).tolist(), dice.random(len(said)).tolist()
        pieces: list[str] = []
        words: list[PlacedWord] = []
        start = 0
        for place, word in enumerate(said):
            confidence = 0.91 + 0.09 * sure[place]
            if fates[place] < MISREAD:
                word, confidence = _misread(dice, word), 0.3 + 0.65 * sure[place]  # noqa: PLW2901
            elif fates[place] < MISREAD + UNSURE:
                confidence = 0.6 + 0.3 * sure[place]
            row, column = divmod(place, _WORDS_OF_LINE)
            end = start + len(word)
            box = (150 + 220 * column, 150 + _LINE * row, _LETTER * len(word), _LINE - 8)
            is_known, parts = self._known(word)
            words.append(PlacedWord(start, end, *box, confidence, is_known, parts))
            pieces.append(word + ("\n" if column == _WORDS_OF_LINE - 1 else " "))
            start = end + 1
        return "".join(pieces).rstrip(), words


def _known(word: str) -> tuple[bool, tuple[str, ...]]:
    """Whether the dictionary has it, and the parts it is compounded of."""
    german = vocabulary("deu")
    return german.knows(word), german.parts(word)


def _all_words() -> set[str]:
    """The words of the German dictionary that consist of letters, two at least."""
    dictionary = load_words(Path(tesseract.models_folder()) / "deu.traineddata")
    if dictionary is None:
        raise LookupError("deu")
    return {word for word in _spelled(dictionary, Dictionary.root, "") if word.isalpha() and len(word) > 1}


def _spelled(dictionary: Dictionary, node: int, before: str) -> Iterator[str]:
    for letter, edge in dictionary.after(node).items():
        if edge.ends:
            yield before + letter
        if edge.node is not None:
            yield from _spelled(dictionary, edge.node, before + letter)


_CONFUSIONS = [pair.partition(">")[::2] for pair in COSTS.split()[::2] if not pair.startswith(("-", ">"))]
random.Random(1).shuffle(_CONFUSIONS)


def _misread(dice: np.random.Generator, word: str) -> str:
    """The word with one confusion somewhere, of forty in a row that are tried; as it is where none fits."""
    first = int(dice.integers(len(_CONFUSIONS)))
    for right, wrong in _CONFUSIONS[first : first + 40]:
        if right in word:
            return word.replace(right, wrong.replace("-", ""), 1) or word
    return word


def _name(dice: np.random.Generator, syllables: int) -> str:
    parts = [
        _ONSETS[dice.integers(len(_ONSETS))] + _NUCLEI[dice.integers(len(_NUCLEI))] for _ in range(syllables)
    ]
    return "".join([*parts, _CODAS[dice.integers(len(_CODAS))]]).capitalize()


def _day(dice: np.random.Generator) -> date:
    return _FIRST_DAY + timedelta(int(dice.integers(_DAYS)))


def _file_number(file: int) -> str:
    return f"33.{file % 7}-{1995 + file % 30}/{file:05d}"
