"""A page on the desk: its image made as a way of reading asks for, read, and the words brought back to it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from errors import RecognitionFailed
from ocr import letters, prepare
from ocr.engine import Layout, Manner, OcrEngine
from ocr.geometry import Frame, upright_matrix
from ocr.options import OcrOptions
from ocr.records import Attempt, Grey, Outcome, Word
from ocr.scan import Scan, View, skew_of
from ocr.score import confidence_of, lost_ink

_LEAST_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Way:
    """A way to read a page: in which language, how finely drawn, which side up, in which layout."""

    language: str
    view: View = field(default_factory=View)
    rotation: int = 0
    layout: Layout = Layout.PAGE


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one way.

    Boxes lie in ``frame``: of a page, in its own resolution; of a sample, in the pixels of its image.
    ``lost`` is the share of ink that looks like letters and lies in no word.
    """

    words: tuple[Word, ...]
    way: Way
    frame: Frame
    lost: float = 0.0

    @property
    def score(self) -> float:
        """How well it reads, 0 … 100: the words' mean confidence, less the share of ink that is in none."""
        return confidence_of(self.words) * (1 - self.lost)


@dataclass(slots=True)
class Reader:
    """Reads one page, again in other ways if need be, within the page's time.

    ``deadline`` is a time of the monotonic clock. Each reading is noted in ``attempts``.
    """

    scan: Scan
    engine: OcrEngine
    options: OcrOptions
    deadline: float
    attempts: list[Attempt] = field(default_factory=list)

    def first(self, way: Way) -> Reading:
        """Read the whole page for the first time; raises as :meth:`read`."""
        reading = self.read(way)
        self._note("first", reading)
        self.keep()
        return reading

    def read(self, way: Way) -> Reading:
        """Read the whole page. Raises ``RecognitionFailed`` when the engine breaks or exceeds its time."""
        prepared = self.scan.prepared(way.view, way.rotation)
        found = self.engine.read(prepared.image, self._manner(way, prepared.dpi, inverted=prepared.inverted))
        words = tuple(replace(word, box=prepared.restored(word.box)) for word in found)
        return Reading(words, way, prepared.frame, lost_ink(self.scan.marks(way.rotation), words))

    def read_sample(self, sample: Grey, way: Way) -> Reading:
        """Read part of a page, turned as ``way`` says already; else as :meth:`read`."""
        image, skew = self._straight(sample)
        height, width = image.shape
        words = self.engine.read(image, self._manner(way, self.options.dpi, inverted=True))
        return Reading(words, way, Frame(width, height, way.rotation, skew))

    def attempt(self, changed: str, way: Way, sample: Grey | None = None) -> Reading | None:
        """Read again, the page or a sample, and note it; None when time is up or the engine breaks.

        What has been read so far is good enough then. Whether this is kept is said by :meth:`keep`.
        """
        if self._is_over():
            self._note_loss(changed, way)
            return None
        try:
            reading = self.read(way) if sample is None else self.read_sample(sample, way)
        except RecognitionFailed:
            self._note_loss(changed, way)
            return None
        self._note(changed, reading)
        return reading

    def keep(self) -> None:
        """Note that the outcome of the latest attempt was taken."""
        self.attempts[-1] = replace(self.attempts[-1], kept=True)

    def _is_over(self) -> bool:
        return time.monotonic() >= self.deadline

    def _note(self, changed: str, reading: Reading) -> None:
        way, confidence = reading.way, round(confidence_of(reading.words), 1)
        score = round(reading.score, 1)
        self.attempts.append(
            Attempt(changed, way.language, way.layout.value, way.rotation, confidence, score)
        )

    def _note_loss(self, changed: str, way: Way) -> None:
        """Note an attempt that came to nothing; that time is up is said once."""
        outcome = Outcome.OUT_OF_TIME if self._is_over() else Outcome.FAILED
        if not any(attempt.outcome is Outcome.OUT_OF_TIME for attempt in self.attempts):
            self.attempts.append(
                Attempt(changed, way.language, way.layout.value, way.rotation, outcome=outcome)
            )

    def _straight(self, image: Grey) -> tuple[Grey, float]:
        """The image with its lines level, and by how many degrees it was turned for that."""
        skew = skew_of(letters.find(image), self.options)
        if not skew:
            return image, 0.0
        rows, columns = image.shape
        return prepare.deskew(image, upright_matrix(columns, rows, 0, skew)), skew

    def _manner(self, way: Way, dpi: int, *, inverted: bool) -> Manner:
        left = self.deadline - time.monotonic()
        return Manner(way.language, dpi, way.layout, inverted, max(left, _LEAST_SECONDS))
