"""Where a page's words come from: its own text, recognition, or both; decided and recorded for each page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np

from errors import RecognitionFailed
from ocr.engine import OcrEngine
from ocr.geometry import Affine, moved, turned_size, upright_matrix
from ocr.options import OcrOptions
from ocr.recognise import recognise
from ocr.records import Recognition, Word
from ocr.score import confidence_of
from pipeline.merging import direction, merged
from pipeline.scans.source import PageImage, Why
from pipeline.scans.wording import agreement, garbage, letters, wordlike

#: Mean confidence below which a new reading may be worse than an earlier one, or than a doubtful text.
_POOR = 60.0
#: By how much more of an earlier reading must be shaped like words for it to be kept.
_CLEARLY = 0.2
_MOST_GARBAGE = 0.02
#: Share of a doubtful text that recognition must find on the page for the text to be believed.
_AGREED = 0.3
#: What is read in pictures beside text is often no writing at all.
_SURE = 40.0
#: What was read, and what kept the engine from it.
_Read = tuple[Recognition, RecognitionFailed | None]


class TextFrom(StrEnum):
    """Where a page's words come from; the values are kept and shown, and stay."""

    PAGE = "page"
    RECOGNITION = "recognition"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class PageText:
    """A page's words, where they come from and why, and what went wrong; ``source`` is ``None`` if unread."""

    found: Recognition
    source: TextFrom | None
    why: Why
    flag: RecognitionFailed | None = None


def text_of_page(image: PageImage, engine: OcrEngine, options: OcrOptions) -> PageText:
    """The words of a page. Own words have confidence 100; those of a kept old layer that of the new reading.

    What breaks the engine leaves a page with its own words, or none, and the reason as ``flag``.
    """
    if image.words is None:
        return _recognised(image, _read(image, engine, options))
    if image.own.why is Why.BORN_DIGITAL and not image.own.needs_comparison:
        return PageText(_own(image, image.words), TextFrom.PAGE, Why.BORN_DIGITAL)
    return _compared(image, image.words, _read(image, engine, options))


def as_it_lies(image: PageImage, engine: str, words: tuple[Word, ...] = ()) -> Recognition:
    """A page not turned, with ``words`` in its pixels."""
    height, width = image.pixels.shape[:2]
    return Recognition(words, width, height, 0, 0.0, confidence_of(words), "", engine)


def _recognised(image: PageImage, read: _Read) -> PageText:
    """A page that is read, unless the words of an earlier reading are clearly better."""
    (found, flag), layer = read, image.own.layer
    if not layer or not _is_better(layer, found):
        return PageText(found, TextFrom.RECOGNITION, image.own.why, flag)
    upright = upright_matrix(*_edges(image), found.rotation, found.skew, found.grown)
    words = tuple(
        replace(word, confidence=found.confidence)
        for word in _moved(layer, upright, found.width, found.height)
    )
    return PageText(replace(found, words=words), TextFrom.PAGE, Why.OLD_LAYER_KEPT, flag)


def _is_better(layer: tuple[Word, ...], found: Recognition) -> bool:
    """Whether an earlier reading is clearly better than a poor one: more of it looks like words.

    Either may be nonsense, so the engine's own doubt is asked for first.
    """
    if found.confidence >= _POOR or garbage(layer) > _MOST_GARBAGE:
        return False
    return letters(layer) >= letters(found.words) / 2 and wordlike(layer) >= wordlike(found.words) + _CLEARLY


def _compared(image: PageImage, words: tuple[Word, ...], reading: _Read) -> PageText:
    """A page that keeps its own text, if recognition does not belie it, and what else was read on it."""
    (read, flag), own = reading, image.own
    if own.layer and _is_better(own.layer, read):
        old = tuple(replace(word, confidence=read.confidence) for word in own.layer)
        found = _told_of(read, _own(image, merged(words, old)))
        return PageText(found, TextFrom.PAGE, Why.OLD_LAYER_KEPT, flag)
    if flag is not None:
        return PageText(_own(image, words), TextFrom.PAGE, own.why, flag)
    if own.needs_comparison and read.confidence >= _POOR and agreement(words, read.words) < _AGREED:
        return PageText(read, TextFrom.RECOGNITION, Why.OWN_TEXT_ILLEGIBLE)
    if own.why is Why.BORN_DIGITAL:
        return PageText(_own(image, words), TextFrom.PAGE, own.why)
    rest = tuple(word for word in _as_displayed(image, read) if word.confidence >= _SURE)
    return PageText(_told_of(read, _own(image, merged(words, rest))), TextFrom.BOTH, own.why)


def _told_of(read: Recognition, found: Recognition) -> Recognition:
    """What was found on a page, with the record of how it was read."""
    return replace(
        found, language=read.language, engine=read.engine, attempts=read.attempts, missing=read.missing
    )


def _read(image: PageImage, engine: OcrEngine, options: OcrOptions) -> _Read:
    try:
        return recognise(image.pixels, dpi=image.dpi, engine=engine, options=options), None
    except RecognitionFailed as error:
        return as_it_lies(image, engine.name), error


def _own(image: PageImage, words: tuple[Word, ...]) -> Recognition:
    """The page with its own words, turned so that most of them are level."""
    lying = as_it_lies(image, "pdf", words)
    rotation = direction(words)
    if not rotation:
        return lying
    width, height = turned_size(lying.width, lying.height, rotation)
    upright = upright_matrix(*_edges(image), rotation, 0.0)
    turned = _moved(words, upright, width, height)
    return replace(lying, words=turned, width=width, height=height, rotation=rotation)


def _as_displayed(image: PageImage, read: Recognition) -> tuple[Word, ...]:
    """The words read, with boxes in the page's pixels as they are displayed."""
    upright = upright_matrix(*_edges(image), read.rotation, read.skew, read.grown)
    back = np.asarray(cv2.invertAffineTransform(upright), np.float64)
    height, width = image.pixels.shape[:2]
    return _moved(read.words, back, width, height)


def _moved(words: tuple[Word, ...], matrix: Affine, width: int, height: int) -> tuple[Word, ...]:
    """The words where ``matrix`` takes them, on a page of ``width`` × ``height``."""
    return tuple(replace(word, box=moved(word.box, matrix, width, height)) for word in words)


def _edges(image: PageImage) -> tuple[int, int]:
    """Width and height for matrices of edges, see ``upright_matrix``."""
    height, width = image.pixels.shape[:2]
    return width + 1, height + 1
