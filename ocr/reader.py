"""A page on the desk: its image made as a way of reading asks for, read, and the words brought back to it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from errors import RecognitionFailed
from ocr import prepare
from ocr.engine import Layout, Manner, OcrEngine
from ocr.geometry import turned_size, upright_matrix
from ocr.options import OcrOptions
from ocr.records import Attempt, Box, Grey, Word
from ocr.score import confidence_of

MIN_SKEW = 0.1
"""Degrees; below this a page is left as it is."""
_LEAST_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Way:
    """A way to read a page: in which language, how many dots an inch, which side up, in which layout."""

    language: str
    dpi: int
    rotation: int = 0
    layout: Layout = Layout.PAGE


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one way.

    Of a page, boxes are in its own resolution, in the upright frame of ``Recognition``; of a sample, in the
    pixels of its image.
    """

    words: tuple[Word, ...]
    way: Way
    skew: float


@dataclass(slots=True)
class Reader:
    """Reads one page, again in other ways if need be, within the page's time.

    ``grey`` is the page as scanned, of ``dpi``; ``deadline`` is a time of the monotonic clock. Each reading
    after the first is noted in ``attempts``.
    """

    grey: Grey
    dpi: float
    engine: OcrEngine
    options: OcrOptions
    deadline: float
    attempts: list[Attempt] = field(default_factory=list)
    _scaled: dict[int, Grey] = field(default_factory=dict)

    def scaled(self, dpi: int) -> Grey:
        """The page as it lies, of even paper, in a resolution."""
        if dpi not in self._scaled:
            height, width = self.grey.shape
            factor = prepare.recognition_factor(width, height, dpi=self.dpi, target=dpi)
            self._scaled = {dpi: prepare.normalise(prepare.scale(self.grey, factor))}
        return self._scaled[dpi]

    def read(self, way: Way) -> Reading:
        """Read the whole page. Raises ``RecognitionFailed`` when the engine breaks or exceeds its time."""
        image, skew = self._straight(prepare.turn(self.scaled(way.dpi), way.rotation))
        width, height = turned_size(self.grey.shape[1], self.grey.shape[0], way.rotation)
        rows, columns = image.shape
        words = tuple(
            replace(word, box=_scaled(word.box, width / columns, height / rows, width, height))
            for word in self.engine.read(image, self._manner(way))
        )
        return Reading(words, way, skew)

    def read_sample(self, sample: Grey, way: Way) -> Reading:
        """Read part of a page, turned as ``way`` says already; else as :meth:`read`."""
        image, skew = self._straight(sample)
        return Reading(self.engine.read(image, self._manner(way)), way, skew)

    def attempt(self, changed: str, way: Way, sample: Grey | None = None) -> Reading | None:
        """Read again, the page or a sample, and note it; None when time is up or the engine breaks.

        What has been read so far is good enough then. Whether this is kept is said by :meth:`keep`.
        """
        if time.monotonic() >= self.deadline:
            return None
        try:
            reading = self.read(way) if sample is None else self.read_sample(sample, way)
        except RecognitionFailed:
            self.attempts.append(Attempt(changed, 0.0, kept=False))
            return None
        self.attempts.append(Attempt(changed, round(confidence_of(reading.words), 1), kept=False))
        return reading

    def keep(self) -> None:
        """Note that the outcome of the latest attempt was taken."""
        self.attempts[-1] = replace(self.attempts[-1], kept=True)

    def _straight(self, image: Grey) -> tuple[Grey, float]:
        """The image with its lines level, and by how many degrees it was turned for that."""
        skew = prepare.estimate_skew(image) if self.options.deskew else 0.0
        if abs(skew) < MIN_SKEW:
            return image, 0.0
        rows, columns = image.shape
        return prepare.deskew(image, upright_matrix(columns, rows, 0, skew)), skew

    def _manner(self, way: Way) -> Manner:
        left = self.deadline - time.monotonic()
        return Manner(way.language, way.dpi, way.layout, seconds=max(left, _LEAST_SECONDS))


def _scaled(box: Box, across: float, down: float, width: int, height: int) -> Box:
    """Scale ``box``, keeping it within the page and at least one pixel large."""
    left = min(max(round(box.left * across), 0), width - 1)
    top = min(max(round(box.top * down), 0), height - 1)
    right = min(max(round((box.left + box.width) * across), left + 1), width)
    bottom = min(max(round((box.top + box.height) * down), top + 1), height)
    return Box(left, top, right - left, bottom - top)
