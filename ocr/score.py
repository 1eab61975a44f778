"""How well a page was read, told from the reading itself."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ocr.records import Word

_FEW_CHARACTERS = 20.0  # sure ones, below which nothing is certain about a page
_SURE = 60.0
_MOSTLY_DOUBTFUL = 0.25
_JUNK = 30.0

# In heights of the page's words, whose boxes reach from ascender to descender.
_LETTER_HEIGHT = (0.5, 2.5)
_AROUND = 0.15
_GRID = 8
_FEWEST_LOST = 5


def confidence_of(words: Iterable[Word]) -> float:
    """Return the mean confidence, each word weighing as much as it has characters; 0.0 without words."""
    weights = [(len(word.text), word.confidence) for word in words]
    total = sum(length for length, _ in weights)
    return sum(length * confidence for length, confidence in weights) / total if total else 0.0


def sure_characters(words: Iterable[Word]) -> float:
    """Letters and digits of words that are certainly upright, each counted by its word's confidence.

    A single character is no evidence: marks lying on their side are often read as l, i or o. Nor is a
    word in a tall box: Tesseract reads lines that run down the page as well as level ones.
    """
    return sum(
        sum(map(str.isalnum, word.text)) * word.confidence / 100 for word in words if _is_upright(word)
    )


def _is_upright(word: Word) -> bool:
    return word.confidence >= _SURE and len(word.text) > 1 and word.box.width > word.box.height


def evidence_of(words: Iterable[Word]) -> float:
    """How much speaks for it that words lie rightly: their letters, by how far beyond doubt they are.

    A short word upside down may be sure to 70 or 80 %, one that lies rightly is to 95 %.
    """
    return sum(
        sum(map(str.isalnum, word.text)) * (word.confidence - _SURE) / (100 - _SURE)
        for word in words
        if _is_upright(word)
    )


def may_lie_wrongly(words: tuple[Word, ...]) -> bool:
    """Whether a page may lie the wrong way up: little on it is certainly upright, or only a small part.

    Of the letters and digits of poor pages lying rightly, more than 0.4 are sure; of good ones lying wrongly,
    0.18 at most.
    """
    sure = sure_characters(words)
    every = sum(sum(map(str.isalnum, word.text)) for word in words)
    return sure < _FEW_CHARACTERS or sure < _MOSTLY_DOUBTFUL * every


def legible(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Return ``words``, or only the sure ones of a page read so badly that the others mean nothing.

    The grain of paper read as letters comes to a mean confidence of 16 to 23; a hard receipt to 45 and more.
    Such words would fill the index with pages that have nothing of what was searched for.
    """
    if confidence_of(words) >= _JUNK:
        return words
    return tuple(word for word in words if word.confidence >= _SURE and len(word.text) > 1)


def lost_ink(marks: npt.NDArray[np.float64], words: tuple[Word, ...]) -> float:
    """Return the share of marks of the size of the page's letters that lie in no word's box, 0 to 1.

    Text that layout analysis took for a picture or left out is told by nothing else: the words that were
    found may be sure. ``marks`` are rows of x, y and height, boxes in the same pixels; a mark counts by its
    size, squared; a few do not count. 0.0 without words: nothing tells a letter's size then.
    """
    if not words:
        return 0.0
    tall = float(np.median([word.box.height for word in words]))
    step = max(1.0, tall / _GRID)
    right = max(word.box.left + word.box.width for word in words)
    bottom = max(word.box.top + word.box.height for word in words)
    covered = np.zeros((int(bottom / step) + 2, int(right / step) + 2), np.bool_)
    for word in words:
        box, margin = word.box, _AROUND * word.box.height
        rows = slice(int(max(0.0, box.top - margin) / step), int((box.top + box.height + margin) / step) + 1)
        covered[rows, int(box.left / step) : int((box.left + box.width) / step) + 1] = True
    x, y, height = marks.T
    like = (height >= _LETTER_HEIGHT[0] * tall) & (height <= _LETTER_HEIGHT[1] * tall)
    column = np.clip((x[like] / step).astype(np.intp), 0, covered.shape[1] - 1)
    row = np.clip((y[like] / step).astype(np.intp), 0, covered.shape[0] - 1)
    # The last row and column stand for all beyond: nothing lies there but what margins reach.
    covered[-1], covered[:, -1] = False, False
    weight, lost = height[like] ** 2, ~covered[row, column]
    return float(weight[lost].sum() / weight.sum()) if np.count_nonzero(lost) >= _FEWEST_LOST else 0.0
