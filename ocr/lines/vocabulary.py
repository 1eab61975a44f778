"""Whether a word is one, and of which it is made, as the models' dictionaries know; no network is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from errors import ToolMissing
from ocr import tesseract
from ocr.lines.dictionary import Dictionary
from ocr.lines.traineddata import load_words

_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_SEAM = re.compile(r"[-–/]")
_LEAST = 2  # letters; one that stands alone is a word to every dictionary
_LEAST_PART = 4  # letters: with shorter ones, misreadings would be compounds, too
_LEAST_COMPOUND = 9
_LINKS = ("", "s", "n", "en", "es")
#: What dictionaries have, as the second half of a word broken at a line end; no word.
_ENDINGS = frozenset(
    {"tung", "lung", "rung", "gung", "dung", "keit", "heit", "lich", "isch", "schaft", "chen"}
)


class Vocabulary:
    """The words of a language's models, which may be several as in ``deu+eng``; of an absent one, none."""

    def __init__(self, dictionaries: tuple[Dictionary, ...]) -> None:
        self._dictionaries = dictionaries
        self.knows = lru_cache(maxsize=65_536)(self._knows)
        self.parts = lru_cache(maxsize=65_536)(self._parts)

    def _knows(self, word: str) -> bool:
        """Whether ``word``, without the marks around it, is known, or each part of a hyphenated one.

        In capitals, or with one at the beginning, it is known by its small letters, too. Numbers are not.
        """
        parts = _SEAM.split(_EDGES.sub("", word))
        return all(len(part) >= _LEAST and any(self._has(form) for form in _forms(part)) for part in parts)

    def _parts(self, word: str) -> tuple[str, ...]:
        """The words ``word`` is compounded of, in small letters: the fewest; none where it is no compound.

        Each has four letters or more and is known, all have nine; between two may stand s, es, n or en.
        """
        word = _EDGES.sub("", word).lower()
        if len(word) < _LEAST_COMPOUND:
            return ()
        # For each place up to which the word is made of parts: the fewest of them, and where the last begins.
        made: dict[int, tuple[int, int, tuple[str, ...]]] = {0: (0, 0, ())}
        for start in range(len(word) - _LEAST_PART + 1):
            if start not in made:
                continue
            for end, at in self._steps(word, start):
                parts = (*made[start][2], word[start:end])
                # Of as many parts, the later last one: Sicherung|s|haft, not Sicherung|shaft.
                found = (len(parts), -start, parts)
                if at not in made or found[:2] < made[at][:2]:
                    made[at] = found
        return made[len(word)][2] if len(word) in made else ()

    def _steps(self, word: str, start: int) -> Iterator[tuple[int, int]]:
        """Where a part of ``word`` from ``start`` on may end, and the next one begin."""
        for length in self._beginnings(word[start:]):
            end = start + length
            if length == len(word):
                continue
            for link in _LINKS:
                at = end + len(link)
                if word.startswith(link, end) and (not link or at < len(word)):
                    yield end, at

    def _beginnings(self, text: str) -> list[int]:
        """The lengths of the parts ``text`` may begin with."""
        lengths: set[int] = set()
        for dictionary in self._dictionaries:
            for form in (text, text.capitalize()):
                lengths.update(dictionary.beginnings(form))
        return sorted(length for length in lengths if length >= _LEAST_PART and text[:length] not in _ENDINGS)

    def _has(self, word: str) -> bool:
        return any(word in dictionary for dictionary in self._dictionaries)


@cache
def vocabulary(language: str) -> Vocabulary:
    """That of ``language``, read once a process (some milliseconds and megabytes a language)."""
    dictionaries = (_dictionary(name) for name in language.split("+"))
    return Vocabulary(tuple(one for one in dictionaries if one is not None))


@cache
def _dictionary(name: str) -> Dictionary | None:
    try:
        return load_words(Path(tesseract.models_folder()) / f"{name}.traineddata")
    except (OSError, ToolMissing):
        return None


def _forms(word: str) -> Iterator[str]:
    yield word
    if word[:1].isupper():
        yield word.lower()
        if word.isupper():
            yield word.capitalize()
