"""The few words of a page that show why it was found.

The matches come from the same tokens that were indexed, so that "Mueller" marks "Müller"; the index's own
snippets could mark only what is spelled like the query.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from storage.search import german
from storage.search.sought import Match

#: Characters a snippet has at most, the ellipses and a longer match apart.
WIDTH = 160

_GAP = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


class Snippet(NamedTuple):
    """Plain text on one line, and the character ranges of the matched words in it, ascending, disjoint.

    ``tolerant`` are those of ``marks`` that are only taken for what was asked.
    """

    text: str
    marks: tuple[tuple[int, int], ...]
    tolerant: tuple[tuple[int, int], ...] = ()


def snippet(text: str, found: Sequence[Match], width: int = WIDTH) -> Snippet:
    """Cut the best place out of an unwrapped text: most that is sought, then most words; the first such.

    ``found`` are the matches in the text's order. Without any it is the text's beginning. Cuts lie between
    words and are shown by ``…``.
    """
    cluster = _best_cluster(found, width)
    start, end = _cut(text, cluster, width)
    return _render(
        text, start, end, disjoint([one for one in found if start <= one.start and one.end <= end])
    )


def _best_cluster(found: Sequence[Match], width: int) -> tuple[int, int]:
    """The character range of those matches within ``width`` that say most about the page."""
    best, best_merit = (0, 0), (0, 0)
    starts = [match.start for match in found]
    for index, first in enumerate(found):
        limit = first.start + width
        near = found[index : bisect_left(starts, limit, lo=index)]
        within = [match for match in near if match.end <= limit] or [first]
        merit = (len({match.number for match in within}), len(within))
        if merit > best_merit:
            best, best_merit = (first.start, max(match.end for match in within)), merit
    return best


def _cut(text: str, cluster: tuple[int, int], width: int) -> tuple[int, int]:
    """Widen the cluster to ``width``, itself in the middle, then draw back to whole words."""
    first, last = cluster
    room = max(0, width - (last - first))
    start = max(0, first - room // 2)
    end = min(len(text), start + max(width, last - first))
    start = max(0, min(start, end - width))
    return _word_start(text, start, first), _word_end(text, end, last)


def _word_start(text: str, start: int, limit: int) -> int:
    """The first word's start from ``start`` on; inside an endless "word", ``start`` itself."""
    for place in range(start, min(limit, start + german.LONGEST_WORD) + 1):
        if place in (0, limit) or text[place - 1].isspace():
            return place
    return start


def _word_end(text: str, end: int, limit: int) -> int:
    """The last word's end up to ``end``; inside an endless "word", ``end`` itself."""
    for place in range(end, max(limit, end - german.LONGEST_WORD) - 1, -1):
        if place == len(text) or (place == limit > 0) or text[place].isspace():
            return place
    return end


def disjoint(found: Sequence[Match]) -> list[Match]:
    """Join those that overlap; exact is what is so in part."""
    merged: list[Match] = []
    for match in found:
        if merged and match.start < merged[-1].end:
            last = merged.pop()
            end, is_exact = max(last.end, match.end), last.is_exact or match.is_exact
            merged.append(last._replace(end=end, is_exact=is_exact))
        else:
            merged.append(match)
    return merged


def _render(text: str, start: int, end: int, marks: Sequence[Match]) -> Snippet:
    """Put the cut on one line; the marks move along with the white space that goes."""
    shown = "… " if text[:start].strip() else ""
    moved: list[tuple[int, int]] = []
    position = start
    for mark in marks:
        shown += _one_line(text[position : mark.start], shown)
        left = len(shown)
        shown += _one_line(text[mark.start : mark.end], shown)
        moved.append((left, len(shown)))
        position = mark.end
    shown = (shown + _one_line(text[position:end], shown)).rstrip()
    shown = shown + " …" if text[end:].strip() else shown
    tolerant = tuple(place for place, mark in zip(moved, marks, strict=True) if not mark.is_exact)
    return Snippet(shown, tuple(moved), tolerant)


def _one_line(piece: str, before: str) -> str:
    piece = _GAP.sub(" ", piece)
    return piece.removeprefix(" ") if not before or before.endswith(" ") else piece
