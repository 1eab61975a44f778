"""A page image in, its words out: grey, scaled, straightened, read; turned if it lies wrongly."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from errors import RecognitionFailed
from ocr import prepare
from ocr.geometry import upright_matrix
from ocr.options import OcrOptions
from ocr.records import Box, Grey, OcrEngine, Pixels, Recognition, Word

MIN_SKEW = 0.1
"""Degrees; below this a page is left as it is."""

_DOUBTFUL = 70.0
_FEW_CHARACTERS = 20.0
_TURNS = (180, 90, 270)
_SAMPLE_PIXELS = 900_000
_CLEARLY_MORE = 1.5
_SURE = 60.0


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the engine found on a page lying one way; boxes in the pixels of the recognition image."""

    words: tuple[Word, ...]
    image: Grey
    rotation: int
    skew: float


def recognise(pixels: Pixels, *, dpi: float, engine: OcrEngine, options: OcrOptions) -> Recognition:
    """Recognise a page image of ``dpi``; see ``Recognition`` for the geometry of what comes back.

    The page is read as it lies. Only when that reads poorly, a sample of it is tried the other ways up,
    and the page is read again if one of them is clearly better.

    Raises ``RecognitionFailed`` when the engine breaks or exceeds its time; an image is never too odd.
    """
    begun = time.monotonic()
    grey = prepare.to_grey(pixels)
    height, width = grey.shape
    factor = prepare.recognition_factor(width, height, dpi=dpi, target=options.dpi)
    small = prepare.normalise(prepare.scale(grey, factor))
    reading = _read(small, 0, engine, options)
    if _is_poor(reading.words):
        rotation = _best_rotation(small, engine, options, deadline=begun + options.time_limit)
        if rotation:
            reading = _read(small, rotation, engine, options)
    return _recognition(reading, width, height, engine, options)


def confidence_of(words: Iterable[Word]) -> float:
    """Return the mean confidence, each word weighing as much as it has characters; 0.0 without words."""
    weights = [(len(word.text), word.confidence) for word in words]
    total = sum(length for length, _ in weights)
    return sum(length * confidence for length, confidence in weights) / total if total else 0.0


def _read(small: Grey, rotation: int, engine: OcrEngine, options: OcrOptions) -> _Reading:
    """Turn, straighten and read the recognition image."""
    image = prepare.turn(small, rotation)
    skew = prepare.estimate_skew(image) if options.deskew else 0.0
    if abs(skew) < MIN_SKEW:
        skew = 0.0
    else:
        height, width = image.shape
        image = prepare.deskew(image, upright_matrix(width, height, 0, skew))
    return _Reading(engine.read(image, dpi=options.dpi, language=options.language), image, rotation, skew)


def _is_poor(words: tuple[Word, ...]) -> bool:
    """Whether the page may lie the wrong way up: little that reads like text, or doubtful words."""
    return confidence_of(words) < _DOUBTFUL or _sure_characters(words) < _FEW_CHARACTERS


def _sure_characters(words: Iterable[Word]) -> float:
    """Letters and digits in words of some confidence, each counted by it: what tells text from guesses.

    A single character is no word: marks lying on their side are often read as l, i or o.
    """
    return sum(
        sum(map(str.isalnum, word.text)) * word.confidence / 100
        for word in words
        if word.confidence >= _SURE and len(word.text) > 1
    )


def _best_rotation(small: Grey, engine: OcrEngine, options: OcrOptions, *, deadline: float) -> int:
    """Read a sample of the page all four ways up; return the clearly best one, else 0.

    Tesseract's own orientation detection costs more than these samples and errs more often.
    """
    sample = _sample(small)
    best, most = 0, _CLEARLY_MORE * max(_tried(sample, 0, engine, options), _FEW_CHARACTERS / 2)
    for rotation in _TURNS:
        if time.monotonic() > deadline:
            break
        characters = _tried(sample, rotation, engine, options)
        if characters > most:
            best, most = rotation, characters
    return best


def _tried(sample: Grey, rotation: int, engine: OcrEngine, options: OcrOptions) -> float:
    try:
        return _sure_characters(_read(sample, rotation, engine, options).words)
    except RecognitionFailed:
        return 0.0


def _sample(small: Grey) -> Grey:
    """Cut out the square with the most ink, if the page is larger than one."""
    side = int(_SAMPLE_PIXELS**0.5)
    height, width = small.shape
    if height * width <= _SAMPLE_PIXELS * 1.5:
        return small
    ink = prepare.ink_mask(small)
    sums = np.pad(ink.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    tall, wide = min(side, height), min(side, width)
    within = sums[tall:, wide:] - sums[:-tall, wide:] - sums[tall:, :-wide] + sums[:-tall, :-wide]
    top, left = np.unravel_index(int(within.argmax()), within.shape)
    return np.ascontiguousarray(small[top : top + tall, left : left + wide])


def _recognition(
    reading: _Reading, width: int, height: int, engine: OcrEngine, options: OcrOptions
) -> Recognition:
    """Bring the boxes back to the resolution of the original."""
    if reading.rotation % 180:
        width, height = height, width
    rows, columns = reading.image.shape
    words = tuple(
        replace(word, box=_scaled(word.box, width / columns, height / rows, width, height))
        for word in reading.words
    )
    return Recognition(
        words=words,
        width=width,
        height=height,
        rotation=reading.rotation,
        skew=reading.skew,
        confidence=confidence_of(words),
        language=options.language,
        engine=engine.name,
    )


def _scaled(box: Box, across: float, down: float, width: int, height: int) -> Box:
    """Scale ``box``, keeping it within the page and at least one pixel large."""
    left = min(max(round(box.left * across), 0), width - 1)
    top = min(max(round(box.top * down), 0), height - 1)
    right = min(max(round((box.left + box.width) * across), left + 1), width)
    bottom = min(max(round((box.top + box.height) * down), top + 1), height)
    return Box(left, top, right - left, bottom - top)
