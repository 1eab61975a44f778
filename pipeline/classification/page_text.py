"""A page's text in the two forms cues are looked for in, each mapped back to the text as it stands."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

#: B E S C H E I D: three or more single letters with a blank between any two.
_SPACED_OUT = re.compile(r"(?<![^\W_])[^\W\d_](?: [^\W\d_]){2,}(?![^\W_])")
#: The head is the upper third, but on a short page at least this many characters.
_SHORTEST_HEAD = 400
#: A heading's lines may hold its own length and this many letters more: „Gehaltsabrechnung März 2023“.
_HEADING_SLACK = 12
#: „- Mietvertrag“, „3. Mietvertrag“ in a list of papers; but „- Duldung -“ is a typist's heading.
_LIST_MARK = re.compile(r"\s*(?:[-–—•·*▪☐□]|\d{1,2}[.)])\s")
_CLOSING_DASH = re.compile(r"\s[-–—]\s*$")
_ACCENTS = ("Mn", "Me")


@lru_cache(maxsize=4096)
def fold_character(character: str) -> str:
    """Small letters without dots and accents, ß and ligatures written out; one character becomes 0 … n."""
    decomposed = unicodedata.normalize("NFKD", character.casefold())
    return "".join(part for part in decomposed if unicodedata.category(part) not in _ACCENTS).casefold()


def fold(text: str) -> str:
    """Fold every character of ``text``; blanks and punctuation stay."""
    return "".join(map(fold_character, text))


def condense(text: str) -> str:
    """Fold ``text`` and keep only its letters and digits."""
    return "".join(filter(str.isalnum, fold(text)))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the original text: from ``start`` up to, not including, ``end``."""

    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        """Whether the two share at least one character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class PageText:
    """One page's text, prepared once and then searched for hundreds of cues.

    ``folded`` keeps blanks and punctuation, but spaced-out words are joined; ``dense`` keeps letters and
    digits only, so that line breaks, hyphens and spacing do not matter. ``folded_at`` and ``dense_at``
    give each character's place in ``original``. ``starts[i]`` and ``ends[i]`` say whether a word begins
    with, or ends with, ``dense[i]``; within a spaced-out run, which has lost its word gaps, every
    letter may begin or end one.
    """

    original: str
    folded: str
    folded_at: tuple[int, ...]
    dense: str
    dense_at: tuple[int, ...]
    starts: bytes
    ends: bytes

    @classmethod
    def of(cls, text: str) -> PageText:
        """Prepare ``text``, lines separated by line feeds."""
        runs = [match.span() for match in _SPACED_OUT.finditer(text)]
        blanks = {place for start, end in runs for place in range(start + 1, end, 2)}
        inside = {place for start, end in runs for place in range(start, end)}
        folded: list[str] = []
        folded_at: list[int] = []
        for place, character in enumerate(text):
            if place not in blanks:
                for part in fold_character(character):
                    folded.append(part)
                    folded_at.append(place)
        kept = [index for index, part in enumerate(folded) if part.isalnum()]
        dense_at = tuple(folded_at[index] for index in kept)
        gaps = [True, *(after - before != 1 for before, after in pairwise(kept)), True]
        loose = [place in inside for place in dense_at] if inside else [False] * len(kept)
        return cls(
            original=text,
            folded="".join(folded),
            folded_at=tuple(folded_at),
            dense="".join(folded[index] for index in kept),
            dense_at=dense_at,
            starts=bytes(gap or free for gap, free in zip(gaps, loose, strict=False)),
            ends=bytes(gap or free for gap, free in zip(gaps[1:], loose, strict=False)),
        )

    def dense_span(self, start: int, end: int) -> Span:
        """The original stretch behind ``dense[start:end]``."""
        return Span(self.dense_at[start], self.dense_at[end - 1] + 1)

    def folded_span(self, start: int, end: int) -> Span:
        """The original stretch behind ``folded[start:end]``."""
        return Span(self.folded_at[start], self.folded_at[end - 1] + 1)

    def quote(self, span: Span) -> str:
        """The stretch as it stands on the page, line breaks and all."""
        return self.original[span.start : span.end]

    def in_head(self, span: Span) -> bool:
        """Whether the stretch begins in the upper third of the page's text."""
        return span.start < max(_SHORTEST_HEAD, len(self.original) // 3)

    def is_heading(self, span: Span) -> bool:
        """Whether the stretch has its lines nearly to itself and is no item of a list."""
        line_start = self.original.rfind("\n", 0, span.start) + 1
        line_end = self.original.find("\n", span.end)
        before = self.original[line_start : span.start]
        after = self.original[span.end : line_end if line_end >= 0 else len(self.original)]
        if _LIST_MARK.match(before) and not _CLOSING_DASH.search(after):
            return False
        others = sum(map(str.isalnum, before + after))
        return others <= span.end - span.start + _HEADING_SLACK
