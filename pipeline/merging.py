"""Words of two origins on one page, put in one reading order; and which way up words lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby, pairwise

from ocr.geometry import around
from ocr.records import Box, Word
from pipeline.scans.wording import is_leftward

#: Share of the steps from word to word that must go one way for a page to be turned that way up.
_MOST = 0.8
_ENOUGH_STEPS = 10
#: Clockwise turn that makes text level whose words follow each other in that direction.
_TURNS = {"right": 0, "down": 270, "left": 180, "up": 90}


def merged(own: tuple[Word, ...], read: tuple[Word, ...]) -> tuple[Word, ...]:
    """One reading order of a page's own words and of those read beside them; own ones win where both stand.

    A line that was read follows the last own line that stands above it in the same column. Boxes are in the
    same pixels; lines are counted anew.
    """
    boxes = [word.box for word in own]
    rest = [word for word in read if not any(_is_within(word.box, box) for box in boxes)]
    lines = _lines(own)
    frames = [_around(line) for line in lines]
    placed = [(index, 0, line) for index, line in enumerate(lines)]
    placed += [(_place(_around(line), frames), 1, line) for line in _lines(rest)]
    placed.sort(key=lambda entry: entry[:2])
    return tuple(replace(word, line=number) for number, (_, _, line) in enumerate(placed) for word in line)


def _place(box: Box, own: list[Box]) -> int:
    """After which of the own lines a line belongs: -1 is before all of them."""
    beside = [index for index, other in enumerate(own) if _overlap(box, other)]
    above = [index for index in beside if own[index].top + own[index].height / 2 <= box.top + box.height / 2]
    if above:
        return max(above)
    return min(beside) - 1 if beside else len(own) - 1


def _overlap(one: Box, other: Box) -> bool:
    return one.left < other.left + other.width and other.left < one.left + one.width


def _is_within(box: Box, other: Box) -> bool:
    """Whether the centre of ``box`` lies in ``other``."""
    x, y = box.left + box.width / 2, box.top + box.height / 2
    return other.left <= x <= other.left + other.width and other.top <= y <= other.top + other.height


def _lines(words: Iterable[Word]) -> list[list[Word]]:
    return [list(line) for _, line in groupby(words, key=lambda word: word.line)]


def _around(line: list[Word]) -> Box:
    return around([word.box for word in line])


def direction(words: tuple[Word, ...]) -> int:
    """The clockwise turn, 0, 90, 180 or 270, after which most of the words follow each other rightwards.

    Words written from right to left do not tell.
    """
    steps = Counter(
        _step(one.box, other.box)
        for one, other in pairwise(words)
        if one.line == other.line and not is_leftward(one.text) and not is_leftward(other.text)
    )
    if steps.total() < _ENOUGH_STEPS:
        return 0
    (way, count), *_ = steps.most_common(1)
    return _TURNS[way] if count >= _MOST * steps.total() else 0


def _step(one: Box, other: Box) -> str:
    across = (other.left + other.width / 2) - (one.left + one.width / 2)
    down = (other.top + other.height / 2) - (one.top + one.height / 2)
    if abs(across) >= abs(down):
        return "right" if across >= 0 else "left"
    return "down" if down > 0 else "up"
