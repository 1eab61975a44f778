"""What recognition yields: frozen records, all lengths in pixels of the upright, deskewed page image."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

#: Grey image, shape (height, width), uint8, 0 black … 255 white.
Grey = npt.NDArray[np.uint8]
#: Grey (height, width) or RGB (height, width, 3), uint8.
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels: it covers columns ``left`` … ``left + width - 1``, rows likewise.

    As lengths, its edges are ``left`` and ``left + width`` from the image's left edge, ``top`` and
    ``top + height`` from its top edge.
    """

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word.

    ``confidence`` is 0 … 100; ``line`` counts the page's text lines from 0 in reading order, so words
    of equal ``line`` stand on one line and the sequence of words is the reading order.
    """

    text: str
    box: Box
    confidence: float
    line: int


class Outcome(StrEnum):
    """How an attempt ended; the values are kept and shown, and stay."""

    READ = "read"
    FAILED = "failed"
    """The engine broke, or needed too much memory."""
    OUT_OF_TIME = "out_of_time"
    """The page's time was up before it began or ended; after it nothing more is tried."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One reading of a page, or of a sample of it; kept for the record.

    ``changed`` says what was different from the best reading so far, e.g. ``rotation 180``, ``language fra``,
    ``layout block``, or ``first``. ``language`` names the models, ``layout`` what the image was taken for,
    ``rotation`` by how many degrees clockwise it was turned. ``confidence`` is the mean of its words,
    ``score`` that less the share of ink that looks like letters and lies in no word, both 0 … 100. ``kept``:
    it became the best so far, so that the last one kept is what the page's words come from; of one that did
    not, single words may have been taken where they were surer.
    """

    changed: str
    language: str
    layout: str
    rotation: int
    confidence: float = 0.0
    score: float = 0.0
    kept: bool = False
    outcome: Outcome = Outcome.READ


@dataclass(frozen=True, slots=True)
class Recognition:
    """A page's words, and how the page was turned to read them.

    The geometry, in this order: the page's pixels are turned clockwise by ``rotation`` (0, 90, 180 or
    270 degrees) and then about the centre by ``skew`` degrees counter-clockwise, which makes the text lines
    horizontal: a positive ``skew`` means that they fell to the right. What is seen of that is the upright
    frame of ``width`` × ``height`` pixels about the same centre, in which every ``Word.box`` lies. It has the
    size of the turned page, or where writing would be cut off at its edges, the size that shows all of the
    page: ``grown`` is what it is wider and taller, half of it on each side. ``ocr.geometry.upright_matrix``
    maps original pixels to this frame.

    ``confidence`` is the mean of the words', weighted by their length, 0 without words; ``language`` is that
    of the text as far as it could be told, else the one it was read in; ``engine`` is the name and version of
    what read the page, and ``attempts`` its readings in order, of most pages one. ``missing`` are
    languages this page seems to need whose models are not installed.
    """

    words: tuple[Word, ...]
    width: int
    height: int
    rotation: int
    skew: float
    confidence: float
    language: str
    engine: str
    attempts: tuple[Attempt, ...] = ()
    grown: tuple[int, int] = (0, 0)
    missing: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The words in reading order: spaces between words, line breaks between lines."""
        return text_of(self.words)


def text_of(words: tuple[Word, ...]) -> str:
    """Join words in reading order: spaces within a line, line breaks between lines."""
    pieces: list[str] = []
    previous: int | None = None
    for word in words:
        if previous is not None:
            pieces.append(" " if word.line == previous else "\n")
        pieces.append(word.text)
        previous = word.line
    return "".join(pieces)


def words_to_json(words: tuple[Word, ...]) -> list[dict[str, Any]]:
    """The stable JSON form: ``text``, ``box`` as [left, top, width, height], ``confidence``, ``line``."""
    return [
        {
            "text": word.text,
            "box": [word.box.left, word.box.top, word.box.width, word.box.height],
            "confidence": round(word.confidence, 1),
            "line": word.line,
        }
        for word in words
    ]


def words_from_json(rows: list[dict[str, Any]]) -> tuple[Word, ...]:
    """The inverse of :func:`words_to_json`."""
    return tuple(Word(row["text"], Box(*row["box"]), row["confidence"], row["line"]) for row in rows)
