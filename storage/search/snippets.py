"""The few words of a page that show why it was found.

The ranges come from the same tokens that were indexed, so that "Mueller" marks "Müller"; the index's own
snippets could mark only what is spelled like the query.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from storage.search import german
from storage.search.sought import Match, Sought, matches

#: Characters a snippet has at most, the ellipses and a longer match apart.
WIDTH = 160

_GAP = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


class Snippet(NamedTuple):
    """Plain text on one line, and the character ranges of the matched words in it, ascending, disjoint."""

    text: str
    marks: tuple[tuple[int, int], ...]


def snippet(page: str, sought: Sequence[Sought], width: int = WIDTH) -> Snippet:
    """Cut the best place out of a page's text: most of what is sought, then most words; the first of equals.

    Without any match it is the page's beginning. Cuts lie between words and are shown by ``…``.
    """
    text = german.unwrap(page)
    found = matches(sought, german.tokens(text))
    cluster = _best_cluster(found, width)
    start, end = _cut(text, cluster, width)
    marks = _disjoint([match for match in found if start <= match.start and match.end <= end])
    return _render(text, start, end, marks)


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


def _disjoint(found: Sequence[Match]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for match in found:
        if merged and match.start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], match.end))
        else:
            merged.append((match.start, match.end))
    return merged


def _render(text: str, start: int, end: int, marks: Sequence[tuple[int, int]]) -> Snippet:
    """Put the cut on one line; the marks move along with the white space that goes."""
    shown = "… " if text[:start].strip() else ""
    moved: list[tuple[int, int]] = []
    position = start
    for mark_start, mark_end in marks:
        shown += _one_line(text[position:mark_start], shown)
        left = len(shown)
        shown += _one_line(text[mark_start:mark_end], shown)
        moved.append((left, len(shown)))
        position = mark_end
    shown = (shown + _one_line(text[position:end], shown)).rstrip()
    return Snippet(shown + " …" if text[end:].strip() else shown, tuple(moved))


def _one_line(piece: str, before: str) -> str:
    piece = _GAP.sub(" ", piece)
    return piece.removeprefix(" ") if not before or before.endswith(" ") else piece
