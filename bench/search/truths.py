"""What truly stands on a page: the words asked for, and whether a hit is right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz, process

from bench.search.readings import Reading
from storage.search import german

_LEAST = 2  # characters of a word that is asked for
_PART = 4  # of a word that is looked for within compounds
_LIKE = 50.0  # percent alike, from which something else was read for a word, and not nothing


@dataclass(frozen=True, slots=True)
class Truth:
    """A page: its words as written by their plain forms, stems, plain forms in one text, what was read."""

    page_id: str
    level: int
    words: dict[str, str]
    stems: frozenset[str]
    text: str
    read: tuple[str, ...]

    def has(self, word: str) -> bool:
        """Whether the plain ``word`` stands there in any inflection, or begins or ends a longer word so."""
        stem = german.stem(word)
        if stem in self.stems:
            return True
        ends = (f" {stem}", f"{stem} ", f"{word} ")
        return len(stem) >= _PART and any(end in self.text for end in ends)

    def was_read(self, word: str) -> bool:
        """Whether anything like the plain ``word`` was read there, be it within another or broken in two."""
        return bool(process.extractOne(word, self.read, scorer=fuzz.ratio, score_cutoff=_LIKE))


#: Shares of wrong characters on a page, up to which it is of a level.
LEVELS = (0.01, 0.05, 0.15, 0.4, float("inf"))


def truth_of(page: Reading, page_id: str) -> Truth:
    """The truth of a recognised page."""
    text = german.unwrap(page.truth)
    words: dict[str, str] = {}
    stems: set[str] = set()
    for token in german.tokens(text):
        stems.add(token.stem)
        if len(token.word) >= _LEAST:
            # Written wide, it is asked for as the word it spells.
            words.setdefault(token.word, "".join(text[token.start : token.end].split()))
    level = next(number for number, most in enumerate(LEVELS) if page.error <= most)
    return Truth(page_id, level, words, frozenset(stems), f" {' '.join(words)} ", _read(page))


def _read(page: Reading) -> tuple[str, ...]:
    plain = [german.fold(word.text) for word in page.words]
    pairs = (first + second for first, second in pairwise(plain))
    return tuple({word for word in (*plain, *pairs) if word})
