"""Where a page's words stand, small enough to be kept in the index with the page.

A hit can then be drawn on the page's image without asking the object store. A word takes about five bytes:
all starts lie together, then all lengths, and so on, as differences, which deflate well since words stand in
lines.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

#: start, length, left, top, width, height; of these start, left and top are kept as differences.
_COLUMNS, _RUNNING = 6, (0, 2, 3)
_LARGEST = 0xFFFF


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word of a page: characters ``start`` to ``end`` of its text, its box in pixels of the upright page.

    ``confidence`` is the recognition's, 0 … 1; ``is_known``: a dictionary has the word; ``parts`` are known
    words it is compounded of.
    """

    start: int
    end: int
    left: int
    top: int
    width: int
    height: int
    confidence: float
    is_known: bool = False
    parts: tuple[str, ...] = ()


class Box(NamedTuple):
    """A rectangle on a page, in pixels of its upright frame."""

    left: int
    top: int
    width: int
    height: int


def pack(words: Sequence[PlacedWord]) -> bytes:
    """Ranges and boxes of a page's words, in order; numbers above 65535 (pixels, characters) become that."""
    if not words:
        return b""
    rows = [(one.start, one.end - one.start, one.left, one.top, one.width, one.height) for one in words]
    table = np.clip(np.array(rows, dtype=np.int64), 0, _LARGEST).T
    for column in _RUNNING:
        table[column, 1:] = np.diff(table[column])
    return zlib.compress(table.astype("<u2").tobytes())


def boxes_in(packed: bytes, ranges: Iterable[tuple[int, int]]) -> list[list[Box]]:
    """For each range of characters of the page's text, the boxes of the words it touches.

    A word broken at a line end touches two.
    """
    if not packed:
        return [[] for _ in ranges]
    table = np.frombuffer(zlib.decompress(packed), dtype="<u2").reshape(_COLUMNS, -1).copy()
    for column in _RUNNING:
        table[column] = np.cumsum(table[column], dtype="<u2")
    starts = table[0].astype(np.int64)
    ends = starts + table[1]
    found = []
    for start, end in ranges:
        (touched,) = np.nonzero((starts < end) & (ends > start))
        found.append([Box(*map(int, table[2:, place])) for place in touched])
    return found
