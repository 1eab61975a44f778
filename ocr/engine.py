"""The seam to a recognition engine: one grey image in, words out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ocr.records import Grey, Word


class Layout(StrEnum):
    """What an image is taken for when its lines are looked for."""

    PAGE = "page"
    """Columns, tables, pictures: all is possible."""
    BLOCK = "block"
    """One even block of text."""
    SPARSE = "sparse"
    """Words here and there, in no order."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How an image is to be read.

    ``language`` names the models, ``deu`` or ``deu+eng``; ``dpi`` is the image's resolution, ``seconds`` how
    long it may take. ``inverted``: lines that read poorly are tried with black and white changed places.
    """

    language: str
    dpi: int
    layout: Layout = Layout.PAGE
    inverted: bool = True
    seconds: float = 120.0


class OcrEngine(Protocol):
    """What reads: any engine that has these can take Tesseract's place."""

    @property
    def name(self) -> str:
        """Engine and version, for the record, e.g. ``tesseract 5.3.0``."""

    def languages(self) -> frozenset[str]:
        """The names of all installed models, e.g. ``{"deu", "osd", "script/Latin"}``."""

    def warm_up(self, language: str) -> None:
        """Load what every page needs, once a worker, before it forks for pages."""

    def read(self, image: Grey, manner: Manner) -> tuple[Word, ...]:
        """Recognise ``image`` as it lies; boxes in its pixels, words in reading order.

        Raises ``LanguageMissing`` for a model that is not installed, and ``RecognitionFailed`` when the
        engine breaks or exceeds its time or memory.
        """
