"""Finds a cue on a page: tolerantly, as an exact word, as a legal reference or as a regular expression."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import partial_ratio_alignment

from pipeline.classification.document_types import Cue, CueKind
from pipeline.classification.legal_refs import reference_pattern
from pipeline.classification.page_text import PageText, Span, condense, fold

#: Fewer letters than this are too alike to be matched tolerantly: „Js“, „GÜB“, „Netto“.
_SHORTEST_TOLERANT = 6
#: From this length on a phrase may stand within a longer compound.
_SHORTEST_COMPOUND = 12
#: „Duldung-en“, „Mietvertrag-es“: what may follow an otherwise exact short phrase.
_LONGEST_ENDING = 2
#: Places looked at for one cue; a page that has more repeats itself.
_MAX_PLACES = 24


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a cue was found; ``similarity`` is 1.0 for letter by letter, less with OCR errors."""

    span: Span
    similarity: float


class Search(Protocol):
    """The seam between a cue and the page: where does it stand?"""

    def hits(self, page: PageText) -> Iterator[Hit]:
        """Yield the places, exact ones first."""


def search_for(cue: Cue) -> Search:
    """Choose how a cue is looked for; a phrase with digits or few letters is never matched tolerantly."""
    if cue.kind is CueKind.REGEX:
        return RegexSearch(re.compile(cue.text, re.IGNORECASE | re.MULTILINE))
    letters = condense(cue.text)
    numbers = re.findall(r"\d+", fold(cue.text))
    short = len(letters) < _SHORTEST_TOLERANT and "§" not in cue.text
    if cue.kind is CueKind.WORD or short:
        return FoldedSearch(_word_pattern(letters), needed=letters)
    if numbers:
        return FoldedSearch(reference_pattern(cue.text), needed=max(numbers, key=len))
    return PhraseSearch.of(letters)


def _word_pattern(letters: str) -> re.Pattern[str]:
    """The letters as words of their own, with blanks or dots between them: „z. d. A.“, „z.d.A.“, „zdA“."""
    return re.compile(r"(?<![^\W_])" + r"[^\w\n]{0,2}".join(map(re.escape, letters)) + r"(?![^\W_])")


@dataclass(frozen=True, slots=True)
class RegexSearch:
    """A regular expression on the text as it stands; ``^`` and ``$`` are line ends, case does not matter."""

    pattern: re.Pattern[str]

    def hits(self, page: PageText) -> Iterator[Hit]:
        """Yield the places."""
        for match in self.pattern.finditer(page.original):
            if match.group():
                yield Hit(Span(*match.span()), 1.0)


@dataclass(frozen=True, slots=True)
class FoldedSearch:
    """A pattern on the folded text; ``needed`` is a cheap first test on the dense text."""

    pattern: re.Pattern[str]
    needed: str

    def hits(self, page: PageText) -> Iterator[Hit]:
        """Yield the places."""
        if self.needed in page.dense:
            for match in self.pattern.finditer(page.folded):
                yield Hit(page.folded_span(*match.span()), 1.0)


@dataclass(frozen=True, slots=True)
class PhraseSearch:
    """Approximate search in the dense text, at most ``errors`` edits away.

    Where at most k edits are allowed, one of k + 1 pieces of the phrase must stand on the page unharmed
    (the pigeonhole filter: Wu and Manber, "Fast text searching allowing errors", CACM 35(10), 1992), so
    that the alignment runs only around the pieces found.
    """

    letters: str
    errors: int
    pieces: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, letters: str) -> PhraseSearch:
        """Prepare the search for condensed ``letters``: one error per seven letters, at most four."""
        errors = min(max(len(letters) // 7, 1), 4)
        edges = [round(len(letters) * number / (errors + 1)) for number in range(errors + 2)]
        pieces = tuple((start, letters[start:end]) for start, end in pairwise(edges))
        return cls(letters, errors, pieces)

    def hits(self, page: PageText) -> Iterator[Hit]:
        """Yield the exact places, and if there are none the approximate ones.

        An approximate place begins with a word, and a short one ends with one as well.
        """
        length = len(self.letters)
        found = False
        for start in _places(page.dense, self.letters):
            end = self._exact_end(page, start, start + length)
            if end is not None:
                found = True
                yield Hit(page.dense_span(start, end), 1.0)
        if not found:
            yield from self._approximate(page)

    def _exact_end(self, page: PageText, start: int, end: int) -> int | None:
        """Where the phrase's last word ends; None where the phrase is only part of another word."""
        if len(self.letters) >= _SHORTEST_COMPOUND:
            return end
        if not page.starts[start]:
            return None
        ending = page.ends.find(1, end - 1, end + _LONGEST_ENDING)
        return ending + 1 if ending >= 0 else None

    def _approximate(self, page: PageText) -> Iterator[Hit]:
        tried: set[int] = set()
        for offset, piece in self.pieces:
            for place in _places(page.dense, piece):
                start = place - offset
                if any(near in tried for near in range(start - self.errors, start + self.errors + 1)):
                    continue
                hit = self._align(page, start)
                if hit is not None:
                    tried.add(start)
                    yield hit

    def _align(self, page: PageText, start: int) -> Hit | None:
        first = max(start - self.errors, 0)
        window = page.dense[first : start + len(self.letters) + self.errors]
        alignment = partial_ratio_alignment(self.letters, window, score_cutoff=60)
        if alignment is None or alignment.dest_end == alignment.dest_start:
            return None
        begin = self._edge(page.starts, first + alignment.dest_start)
        last = self._edge(page.ends, first + alignment.dest_end - 1)
        if last is None and len(self.letters) >= _SHORTEST_COMPOUND:
            last = first + alignment.dest_end - 1
        if begin is None or last is None or last < begin:
            return None
        found = page.dense[begin : last + 1]
        edits = Levenshtein.distance(self.letters, found, score_cutoff=self.errors)
        if edits > self.errors:
            return None
        return Hit(page.dense_span(begin, last + 1), 1 - edits / max(len(found), len(self.letters)))

    def _edge(self, edges: bytes, place: int) -> int | None:
        """The word edge nearest to ``place``, no farther away than the errors allowed."""
        for distance in range(self.errors + 1):
            for candidate in (place - distance, place + distance):
                if 0 <= candidate < len(edges) and edges[candidate]:
                    return candidate
        return None


def _places(text: str, piece: str) -> Iterator[int]:
    """The first places of ``piece`` in ``text``, overlapping ones too."""
    place = text.find(piece)
    for _ in range(_MAX_PLACES):
        if place < 0:
            return
        yield place
        place = text.find(piece, place + 1)
