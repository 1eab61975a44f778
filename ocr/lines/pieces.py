"""Lines cut into the pieces the network reads, and each made an image as the network knows them.

A piece is a run of words of like height without wide gaps: a table's columns are read apart, each with a
contrast of its own. The rules are Tesseract's (pageres.cpp, linerec.cpp, networkio.cpp), since the models
were trained on lines cut so; where it looks at the shapes of letters, we go by the line's own edges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

import cv2
import numpy as np
import numpy.typing as npt

from ocr.lines.edges import Edges
from ocr.lines.layout import TextLine
from ocr.lines.network import STEP, LineImage
from ocr.records import Grey

_MOST_HEIGHT = 1.25  # of a word, in line heights, to be read together with others
_MOST_GAP = 2.0  # between words, in line heights
_MARGIN = 5  # pixels around a piece
#: Of small letters the ascenders are half the height, and the descenders: so much of both lies below.
_BELOW = 1 / 3
_FEW_WORDS = 3  # below, a line may be all small letters or all dashes
_LOW = (0.6, 0.8)  # of the height usual on the page: small letters only
_DEEPEST = 0.6  # of what is above the baseline; deeper than descenders reach

UPWARDS = 3
"""Quarter turns counter-clockwise that make a line level which runs up the page."""
UPRIGHT = (1, UPWARDS)
"""Those for a line that runs down, and up."""

_DARK, _BRIGHT = 25, 75  # percentiles of what is darkest and brightest along the middle


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of line number ``line``: ``edges`` in the image after so many quarter turns counter-clockwise."""

    line: int
    edges: Edges
    turns: int

    def pixels(self, image: Grey) -> Grey:
        """The piece of ``image``, level."""
        turned = np.rot90(image, self.turns)
        return np.ascontiguousarray(
            turned[self.edges.top : self.edges.bottom, self.edges.left : self.edges.right]
        )

    def restored(self, edges: Edges, width: int, height: int) -> Edges:
        """``edges``, which are in pixels of the piece, in those of the image, which has this size."""
        lying = (height, width) if self.turns % 2 else (width, height)
        return edges.moved(self.edges.left, self.edges.top).turned(-self.turns % 4, *lying)


def cut(lines: Sequence[TextLine], width: int, height: int) -> Iterator[Piece]:
    """The pieces of the lines of an image of this size, in reading order.

    A line that runs up or down is cut once for each, since layout analysis does not tell which.
    """
    levels = [_level(line) if not line.upright else None for line in lines]
    usual = median([level.above for level in levels if level] or [0.0])
    for number, (line, level) in enumerate(zip(lines, levels, strict=True)):
        if level:
            yield from _pieces(number, level.corrected(usual), usual, 0, (width, height))
        else:
            for turns in UPRIGHT:
                standing = _standing(line, turns, (width, height))
                yield from _pieces(number, standing, standing.above, turns, (height, width))


def _pieces(number: int, level: _Level, usual: float, turns: int, size: tuple[int, int]) -> Iterator[Piece]:
    above = usual if level.is_low(usual) else level.above
    for run in _runs(level.words, above * (1 + _BELOW)):
        edges = _with_room(run, level.base(run), above)
        yield Piece(number, edges.grown(_MARGIN, *size), turns)


def drawn(part: Grey, height: int) -> LineImage:
    """A piece's pixels as the network reads them: ``height`` rows, contrast stretched to -1 … 1.

    Black and white are told from the valleys and peaks along the middle row, as Tesseract does.
    """
    factor = height / part.shape[0]
    width = max(STEP, round(part.shape[1] * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    scaled = np.asarray(cv2.resize(part, (width, height), interpolation=method), dtype=np.uint8)
    black, white = _contrast(scaled[height // 2].astype(np.int16))
    half = (white - black) / 2 if white > black else 1.0
    stretched = (scaled.astype(np.float32) - np.float32(black)) / np.float32(half) - 1
    return np.asarray(np.clip(stretched, -1, 1), dtype=np.float32)


def _contrast(row: npt.NDArray[np.int16]) -> tuple[float, float]:
    """What counts as black and as white in a row of pixels."""
    before, here, after = row[:-2], row[1:-1], row[2:]
    valleys = here[((here < before) & (here <= after)) | ((here <= before) & (here < after))]
    peaks = here[((here > before) & (here >= after)) | ((here >= before) & (here > after))]
    black = float(np.percentile(valleys, _DARK)) if valleys.size else 0.0
    white = float(np.percentile(peaks, _BRIGHT)) if peaks.size else 255.0
    return black, white


@dataclass(frozen=True, slots=True)
class _Level:
    """A level line: its words, how high letters are ``above`` its baseline, and that: height at 0, slope."""

    words: tuple[Edges, ...]
    above: float
    height: float
    slope: float = 0.0

    def is_low(self, usual: float) -> bool:
        """Whether the line has no tall letters, where they are ``usual`` pixels high on this page."""
        return len(self.words) < _FEW_WORDS and _LOW[0] * usual <= self.above <= _LOW[1] * usual

    def corrected(self, usual: float) -> _Level:
        """The same, or with the baseline below digits that it went through, led astray by dashes, say."""
        if len(self.words) >= _FEW_WORDS:
            return self
        top, bottom = min(word.top for word in self.words), max(word.bottom for word in self.words)
        below = max(word.bottom - self.base(word) for word in self.words)
        if below <= _DEEPEST * self.above or bottom - top > _MOST_HEIGHT * usual:
            return self
        return _Level(self.words, bottom - top, bottom)

    def base(self, edges: Edges) -> float:
        """The baseline's height in the middle of ``edges``."""
        return self.height + self.slope * (edges.left + edges.right) / 2


def _level(line: TextLine) -> _Level:
    words = tuple(sorted(line.words, key=lambda word: word.left))
    (left, first), (right, last) = line.baseline
    slope = (last - first) / (right - left) if right > left else 0.0
    level = _Level(words, 0.0, first - slope * left, slope)
    return replace(level, above=max(level.base(word) - word.top for word in words))


def _standing(line: TextLine, turns: int, size: tuple[int, int]) -> _Level:
    """A line up or down an image of ``size``, after the turns that make it level."""
    words = tuple(sorted((word.turned(turns, *size) for word in line.words), key=lambda word: word.left))
    top, bottom = min(word.top for word in words), max(word.bottom for word in words)
    above = (bottom - top) / (1 + _BELOW)
    return _Level(words, above, top + above)


def _runs(words: Sequence[Edges], tall: float) -> Iterator[Edges]:
    """The edges around words that are read together, in a line whose letters reach over ``tall`` pixels."""
    run = words[0]
    for word in words[1:]:
        joint = run.around(word)
        if word.left - run.right > _MOST_GAP * tall or joint.height > _MOST_HEIGHT * tall:
            yield run
            joint = word
        run = joint
    yield run


def _with_room(run: Edges, base: float, above: float) -> Edges:
    """``run`` with room for the tallest and the deepest letters, though it may have none."""
    top, bottom = round(base - above), round(base + above * _BELOW)
    return Edges(run.left, min(run.top, top), run.right, max(run.bottom, bottom))
