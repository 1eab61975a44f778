"""A page that reads poorly is read again in other ways; the better reading is kept, word by word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ocr.engine import Layout
from ocr.reader import Reader, Reading, Way
from ocr.records import Word
from ocr.scan import View

GOOD = 88.0
"""Score from which a page is good enough; what another reading still mends is not worth its time."""

_BAD = 78.0
_FINE = View(x_height=21.0)
_WORD_HEIGHT = (0.8, 2.2)  # in heights of small letters: 1.2 to 1.5 where these were measured rightly
_BLOCK = 256
_SAME_PLACE = (0.8, 0.5)  # of the wider word across, of the lower one down


@dataclass(frozen=True, slots=True)
class Step:
    """Another way to read: what it is called, when it is worth trying, how much better it has to be.

    No score tells that lines have come in another order, so order and lines change only where another
    reading wins clearly. Its surer words are taken anyway.
    """

    changed: str
    when: Callable[[Reading], bool]
    way: Callable[[Way], Way]
    margin: float


STEPS = (
    Step(
        "finer",
        lambda best: best.score < GOOD,
        lambda way: replace(way, view=replace(_FINE, measured=way.view.measured)),
        margin=3.0,
    ),
    Step(
        "layout block",
        lambda best: best.score < _BAD,
        lambda way: replace(way, layout=Layout.BLOCK),
        margin=3.0,
    ),
)
"""In order of what they bring for their time (docs/recognition.md)."""


def is_poor(reading: Reading) -> bool:
    """Whether another reading may be worth its time."""
    return reading.score < GOOD


def sized(reader: Reader, first: Reading) -> Reading:
    """Return ``first``, or the page read at the size its resolution says, if its letters were mistaken.

    They were if no words were found, or words of another size. Noise and pale print do that.
    """
    x_height = reader.scan.x_height
    if x_height is None:
        return first
    sizes = [min(word.box.width, word.box.height) for word in first.words if len(word.text) > 1]
    if sizes and _WORD_HEIGHT[0] <= np.median(sizes) / x_height <= _WORD_HEIGHT[1]:
        return first
    other = reader.attempt("size", replace(first.way, view=replace(first.way.view, measured=False)))
    if other is None or other.score <= first.score:
        return first
    reader.keep()
    return other


def improved(reader: Reader, first: Reading) -> Reading:
    """Return ``first``, or the best of it and of further readings, within the page's time."""
    best = first
    for step in STEPS:
        if not step.when(best):
            continue
        other = reader.attempt(step.changed, step.way(best.way))
        if other is None:
            continue
        if other.score > best.score + step.margin:
            reader.keep()
            best, other = other, best
        best = replace(best, words=fused(best.words, other.words))
    return best


def fused(words: tuple[Word, ...], others: tuple[Word, ...]) -> tuple[Word, ...]:
    """Put in place of each word that which another reading found in the same place, if it is surer.

    Order and lines stay those of ``words``.
    """
    if not words or not others:
        return words
    sureness, best = _surest(words, others)
    return tuple(
        replace(word, text=others[at].text, confidence=others[at].confidence)
        if sure > word.confidence
        else word
        for word, sure, at in zip(words, sureness.tolist(), best.tolist(), strict=True)
    )


def _surest(
    words: tuple[Word, ...], others: tuple[Word, ...]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """For each word the confidence, -1 if there is none, and the place of the surest other in its place.

    Block by block: all by all would fill a gigabyte for a newspaper's page.
    """
    mine, theirs = _edges(words), _edges(others)
    confidence = np.array([word.confidence for word in others])
    sureness = np.full(len(words), -1.0)
    best = np.zeros(len(words), np.intp)
    for start in range(0, len(words), _BLOCK):
        block = slice(start, start + _BLOCK)
        candidates = np.where(_same_place(mine[block], theirs), confidence[None], -1.0)
        best[block] = candidates.argmax(axis=1)
        sureness[block] = candidates.max(axis=1)
    return sureness, best


def _same_place(mine: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which boxes of ``mine`` (rows) lie where which of ``theirs`` (columns) do."""
    across = _common(mine[:, None, 0], mine[:, None, 2], theirs[None, :, 0], theirs[None, :, 2])
    down = _common(mine[:, None, 1], mine[:, None, 3], theirs[None, :, 1], theirs[None, :, 3])
    wider = np.maximum((mine[:, 2] - mine[:, 0])[:, None], (theirs[:, 2] - theirs[:, 0])[None])
    lower = np.minimum((mine[:, 3] - mine[:, 1])[:, None], (theirs[:, 3] - theirs[:, 1])[None])
    return np.asarray((across >= _SAME_PLACE[0] * wider) & (down >= _SAME_PLACE[1] * lower))


def _edges(words: tuple[Word, ...]) -> npt.NDArray[np.float64]:
    """Left, top, right, bottom of each word, shape (words, 4)."""
    boxes = (word.box for word in words)
    return np.array(
        [(box.left, box.top, box.left + box.width, box.top + box.height) for box in boxes], dtype=np.float64
    )


def _common(
    start: npt.NDArray[np.float64],
    end: npt.NDArray[np.float64],
    other_start: npt.NDArray[np.float64],
    other_end: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """How much two stretches have in common, below 0 if nothing."""
    return np.minimum(end, other_end) - np.maximum(start, other_start)
