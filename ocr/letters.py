"""What a page's letters tell of it: how many, how large, how askew. Told from connected components."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from ocr.records import Grey

MAX_SKEW = 10.5
"""Degrees; what lies more askew is not taken for skew."""

_PIXELS = 2_600_000  # A4 at 150 dpi is 2.2 million
_HEIGHT = (4, 60)  # pixels of the reduced image; smaller is noise, larger no running text
_SLIMNESS = (3, 4)  # at most so much wider than tall, taller than wide
_FILLED = 0.15  # of its box; less is a frame or a line
# Letters without ascenders are the smaller half; specks may be many: each counts by its size, squared.
_SMALL_LETTERS = 0.25
_FEWEST = 30
_ONE_LINE = 15
_SPECK, _SPECKS = 2, 2
_UNKNOWN_X_HEIGHT = 12.0
_EVIDENCE = 4.0

_Axis = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Letters:
    """What looks like letters: rows of left, top, width, height in the page reduced by ``reduction``.

    ``marks`` are all connected dark parts of any size that are clear of the page's edges.
    """

    boxes: npt.NDArray[np.int32]
    marks: npt.NDArray[np.int32]
    shape: tuple[int, int]
    reduction: float

    @property
    def count(self) -> int:
        """How many there are; a page of text has 500 to 4,000, of dust and noise some dozen."""
        return len(self.boxes)

    @cached_property
    def x_height(self) -> float | None:
        """The height of small letters such as x in pixels of the page; None without enough letters.

        It comes out about a pixel of 150 dpi too large, as letters are blurred.
        """
        if self.count < _FEWEST:
            return None
        heights = np.sort(self.boxes[:, 3].astype(np.float64))
        weight = np.cumsum(heights**2)
        return float(heights[np.searchsorted(weight, _SMALL_LETTERS * weight[-1])]) * self.reduction

    @property
    def is_speckled(self) -> bool:
        """Whether specks of a pixel or two outnumber letters: 3 and more for one, else 0 to 1.3."""
        specks = int(np.count_nonzero(self.marks[:, 2:].max(axis=1) <= _SPECK))
        return self.count >= _FEWEST and specks > _SPECKS * self.count

    @cached_property
    def skew(self) -> float:
        """The counter-clockwise turn, in degrees, that makes the text lines horizontal.

        The sign is that of ``Recognition.skew``: positive where lines fall to the right. 0.0 without clear
        evidence, or beyond ``MAX_SKEW``. Accuracy is a few hundredths of a degree on a page of text.

        Feet and heads of letters are projected along each angle; where lines are met, the profile is
        steepest (W. Postl, "Detection of linear oblique structures and skew scan in digitized documents",
        1986; the differential square sum of Leptonica's skew.c). Coarse to fine, then the parabola's vertex.
        """
        if not self.has_lines:
            return 0.0
        angles, scores = self._coarse
        best = float(angles[scores.argmax()])
        angles = best + np.arange(-0.3, 0.31, 0.05)
        best = float(angles[self._steepness(angles).argmax()])
        angles = best + np.arange(-0.15, 0.16, 0.03)
        best = _vertex(angles, self._steepness(angles))
        return round(best, 3) if abs(best) <= MAX_SKEW else 0.0

    @cached_property
    def has_lines(self) -> bool:
        """Whether letters stand in lines, level or askew: there is text."""
        if self.count < _FEWEST:
            return False
        _, scores = self._coarse
        return bool(scores.max() >= _EVIDENCE * float(np.median(scores)))

    @property
    def has_writing(self) -> bool:
        """Whether there are lines, or a line's letters: too few to tell lines from noise."""
        return self.has_lines or _ONE_LINE <= self.count < _FEWEST

    @cached_property
    def _coarse(self) -> tuple[_Axis, _Axis]:
        angles = np.arange(-MAX_SKEW - 1, MAX_SKEW + 1.01, 0.25)
        return angles, self._steepness(angles)

    def leave_when_turned(self, degrees: float) -> bool:
        """Whether writing leaves the page that is turned about its middle by ``degrees``.

        Specks may, and the slivers of shadow along the edges of a scan; and a little of a letter.
        """
        letter = self.x_height / self.reduction if self.x_height else _UNKNOWN_X_HEIGHT
        sides = self.marks[:, 2:]
        writing = (sides.max(axis=1) > letter / 2) & (sides.min(axis=1) > letter / 4)
        left, top, width, height = self.marks[writing].T
        x = np.concatenate([left, left + width, left, left + width]) - self.shape[1] / 2
        y = np.concatenate([top, top, top + height, top + height]) - self.shape[0] / 2
        sin, cos = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        beside = np.abs(x * cos + y * sin) > self.shape[1] / 2 + letter / 4
        above = np.abs(y * cos - x * sin) > self.shape[0] / 2 + letter / 4
        return bool(np.any(beside | above))

    def _steepness(self, angles: _Axis) -> _Axis:
        """Return, for each of ``angles`` (degrees), how sharply the profiles along it change."""
        x, feet, heads = self._points
        reach = math.ceil(math.hypot(*self.shape) / 2) + 2
        scores = []
        for angle in np.radians(angles):
            cos, across = math.cos(angle), reach - x * math.sin(angle)
            score = 0
            for y in (feet, heads):
                rows = (y * cos + across).astype(np.intp)
                profile = np.convolve(np.bincount(rows, minlength=2 * reach), (0.25, 0.5, 0.25))
                score += np.square(np.diff(profile)).sum()
            scores.append(score)
        return np.array(scores, dtype=np.float64)

    @cached_property
    def _points(self) -> tuple[_Axis, _Axis, _Axis]:
        """The middle, foot and head of each letter, from the middle of the page."""
        left, top, width, height = self.boxes.T
        # Whole pixels would favour the angle 0, where rows fall onto rows: spread them over their area.
        x, y = np.random.default_rng(0).random((2, self.count)) - 0.5
        x += left + width / 2 - self.shape[1] / 2
        y += top - self.shape[0] / 2
        return x, y + height, y


def find(grey: Grey) -> Letters:
    """Find what looks like letters on a page of any resolution."""
    small = halved(grey, pixels=_PIXELS)
    _, _, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        ink_mask(small), 8, cv2.CV_32S, cv2.CCL_BBDT
    )
    # The first is the paper.
    left, top, width, height, area = stats[1:].T
    letters = (height >= _HEIGHT[0]) & (height <= _HEIGHT[1]) & (area > _FILLED * width * height)
    letters &= (width <= _SLIMNESS[0] * height) & (height <= _SLIMNESS[1] * width)
    rows, columns = small.shape
    clear = (left > 1) & (top > 1) & (left + width < columns - 1) & (top + height < rows - 1)
    boxes = stats[1:, : cv2.CC_STAT_AREA].astype(np.int32)
    return Letters(boxes[letters], boxes[clear], (rows, columns), float(grey.shape[0] // rows))


def ink_mask(grey: Grey) -> Grey:
    """Return 1 where a pixel is clearly darker than its surroundings, else 0."""
    ink = cv2.adaptiveThreshold(grey, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 15)
    return np.asarray(ink, dtype=np.uint8)


def halved(grey: Grey, *, pixels: int) -> Grey:
    """Halve until no more than ``pixels`` are left: by far the cheapest way. An odd row is left out."""
    while grey.size > pixels and min(grey.shape) > 1:
        height, width = (side // 2 for side in grey.shape)
        even = grey[: 2 * height, : 2 * width]
        grey = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return grey


def _vertex(angles: _Axis, scores: _Axis) -> float:
    """Return the angle of the top of the parabola through ``scores``; of the highest if there is none."""
    highest = float(angles[scores.argmax()])
    bend, slope, _ = np.polyfit(angles - highest, scores / scores.max(), 2)
    if bend >= 0:
        return highest
    return float(np.clip(highest - slope / (2 * bend), angles[0], angles[-1]))
