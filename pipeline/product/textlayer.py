"""The invisible text of a page, placed so that readers find it in our order.

One text object a page in reading order. Every word stands on its line's baseline, which is level whatever
the paper does, for poppler tears lines apart that are not. It is stretched to its box by the text matrix, not
by ``Tz``, which poppler leaves out of some of its measures (OCRmyPDF issue 1632). Spaces are written too, so
that narrow gaps are not overlooked: with the word before them and stretched like it, for where they end
matters to no reader.

Readers rebuild lines and columns from font size and baseline: poppler keeps lines in one block only if
their sizes agree within 5 %, and its limits for gaps and line spacing are multiples of the size. So sizes
are those of the type on paper, and lines of nearly the body's size get exactly it. Rows of forms and tables,
told by their wide gaps, get sizes a little apart, or else their cells would be read column by column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

from ocr.records import Word
from pipeline.product.glyphless import ADVANCE, ASCENT, BRIDGE, UNITS, GlyphlessFont
from pipeline.scans.wording import is_leftward, mirrored

FONT_NAME = "/Akten"
_EM_WIDTH = ADVANCE / UNITS
_CAPITALS = ASCENT / UNITS
_SMALL_LETTERS = 0.5
_DESCENDERS = 0.2
_BODY = 0.2  # lines within 20 % of the page's median size are body text
_WIDE_GAP = 0.7  # of an em: poppler's limit for words of one block
_SMALLEST_GAP = 0.05
_TOLERANCE = 0.02  # of an em: what a word's right edge may be off
_BELOW = frozenset("gjpqyçşţµß§,;()[]{}|/@Q")
_ONLY_SMALL = frozenset("acemnorsuvwxzgpqy.,:-–—_…·")


@dataclass(frozen=True, slots=True)
class _Line:
    """Words on one baseline; ``em`` is the size of their type. All in pixels."""

    words: tuple[Word, ...]
    baseline: float
    em: float


def text_layer(
    words: Sequence[Word], font: GlyphlessFont, scale: tuple[float, float], sheet_height: float
) -> bytes:
    """Content stream operators for ``words``, in reading order.

    ``scale`` is points per pixel across and down; ``sheet_height`` in points turns the y axis upwards.
    """
    said = [word for word in words if word.text.strip()]
    if not said:
        return b""
    lines = [_measure(tuple(line)) for _, line in groupby(said, key=lambda word: word.line)]
    shown = b"\n".join(op for line, em in _sizes(lines) for op in _show(line, em, font))
    # In pixels all numbers are whole ones, which makes the layer a third smaller.
    pixels = b"%s 0 0 %s 0 %s cm" % tuple(_number(one, 6) for one in (scale[0], scale[1], sheet_height))
    return b"q " + pixels + b" BT 3 Tr\n" + shown + b"\nET Q"


def _measure(words: tuple[Word, ...]) -> _Line:
    """Baseline and type size of a line, from the letters its words have."""
    level = [_bottom(word) for word in words if not _BELOW & set(word.text)]
    if level:
        baseline = median(level)
    else:
        baseline = median(_bottom(word) - _DESCENDERS * word.box.height for word in words)
    tall = [baseline - word.box.top for word in words if not _ONLY_SMALL.issuperset(word.text)]
    if tall:
        return _Line(words, baseline, max(median(tall) / _CAPITALS, 1.0))
    return _Line(words, baseline, max(median(baseline - w.box.top for w in words) / _SMALL_LETTERS, 1.0))


def _bottom(word: Word) -> int:
    return word.box.top + word.box.height


def _right(word: Word) -> int:
    return word.box.left + max(word.box.width, 1)


def _sizes(lines: list[_Line]) -> Iterator[tuple[_Line, float]]:
    """Each line with the type size to write it in, pixels."""
    body = median(line.em for line in lines)
    for line in lines:
        yield line, body if abs(line.em / body - 1) <= _BODY else line.em


def _show(line: _Line, em: float, font: GlyphlessFont) -> Iterator[bytes]:
    yield b"%s %s Tf" % (FONT_NAME.encode(), _number(em, 1))
    for text, left, right in _runs(line.words, em):
        said = text if text in (" ", BRIDGE) else text.rstrip(" ")
        natural = (1 if text == BRIDGE else len(said)) * _EM_WIDTH * em
        stretch = _shortest((right - left) / natural, _TOLERANCE * em / natural)
        place = b"%s 0 0 1 %s %s Tm" % (stretch, _number(left, 1), _number(-line.baseline, 1))
        # Readers expect right-to-left words in the order in which they stand on paper.
        yield place + b" " + font.encode(mirrored(text)) + b" Tj"


def _runs(words: tuple[Word, ...], em: float) -> Iterator[tuple[str, float, float]]:
    """Words and the spaces between them, each with its left and right edge in pixels.

    A space behind a word is part of its text, but not of its width. Where a line runs from right to left,
    the next word is on the left, and the space between is a text of its own.
    """
    for word, after in pairwise([*words, None]):
        assert word is not None  # noqa: S101 - only the last is
        left, right = word.box.left, _right(word)
        if after is None:
            yield word.text, left, right
            return
        thin = _SMALLEST_GAP * em
        rightward = after.box.left >= left
        joined = rightward and not is_leftward(word.text)
        start, end = (right, after.box.left) if rightward else (_right(after), left)
        wide = end - start > _WIDE_GAP * em
        yield word.text + " " * joined, left, right
        if not joined:
            yield " ", start, start + thin if wide else max(end, start + thin)
        if wide:
            yield BRIDGE, start + thin, end - thin
            yield " ", end - thin, end


def _shortest(value: float, tolerance: float) -> bytes:
    """A number of as few decimals as the tolerance allows, at most 3."""
    return next(
        (_number(value, places) for places in (1, 2) if abs(round(value, places) - value) <= tolerance),
        _number(value, 3),
    )


def _number(value: float, decimals: int) -> bytes:
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".").encode()


def without_printed(
    words: Iterable[Word], printed: Iterable[tuple[float, float, float, float]]
) -> list[Word]:
    """Leave out words whose centre lies in one of the ``printed`` boxes (left, top, right, bottom)."""
    boxes = list(printed)
    return [
        word
        for word in words
        if not any(
            left <= word.box.left + word.box.width / 2 <= right
            and top <= word.box.top + word.box.height / 2 <= bottom
            for left, top, right, bottom in boxes
        )
    ]
