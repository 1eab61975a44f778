"""A page image in, its words out: grey, scaled, straightened, read; turned if it lies wrongly."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from errors import RecognitionFailed
from ocr import prepare
from ocr.engine import Manner, OcrEngine
from ocr.geometry import upright_matrix
from ocr.options import OcrOptions
from ocr.records import Box, Grey, Pixels, Recognition, Word

MIN_SKEW = 0.1
"""Degrees; below this a page is left as it is."""

_DOUBTFUL = 70.0  # mean confidence; pages lying the right way up are seldom below, others always
_FEW_CHARACTERS = 20.0
_ROTATIONS = (0, 180, 90, 270)
_SAMPLE_SIDE = 900
_SAMPLE_STEP = 8
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
    manner = Manner(options.language, options.dpi, seconds=options.time_limit)
    return _Reading(engine.read(image, manner), image, rotation, skew)


def _is_poor(words: tuple[Word, ...]) -> bool:
    """Whether the page may lie the wrong way up: little that reads like text, or doubtful words."""
    return confidence_of(words) < _DOUBTFUL or _sure_characters(words) < _FEW_CHARACTERS


def _sure_characters(words: Iterable[Word]) -> float:
    """Letters and digits of words that are certainly upright, each counted by its word's confidence.

    A single character is no evidence: marks lying on their side are often read as l, i or o. Nor is a
    word in a tall box: Tesseract reads lines that run down the page as well as level ones.
    """
    return sum(
        sum(map(str.isalnum, word.text)) * word.confidence / 100
        for word in words
        if word.confidence >= _SURE and len(word.text) > 1 and word.box.width > word.box.height
    )


def _best_rotation(small: Grey, engine: OcrEngine, options: OcrOptions, *, deadline: float) -> int:
    """Read a sample of the page the four ways up until one reads well; else the clearly best, or 0.

    Tesseract's own orientation detection is dearer than a sample (1 s), and needs more text.
    """
    sample = _sample(small)
    best, most = 0, 0.0
    for rotation in _ROTATIONS:
        if time.monotonic() > deadline:
            break
        words = _tried(sample, rotation, engine, options)
        if not _is_poor(words):
            return rotation
        characters = _sure_characters(words)
        if characters > max(_CLEARLY_MORE * most, _FEW_CHARACTERS / 2):
            best, most = rotation, characters
    return best


def _tried(sample: Grey, rotation: int, engine: OcrEngine, options: OcrOptions) -> tuple[Word, ...]:
    try:
        return _read(sample, rotation, engine, options).words
    except RecognitionFailed:
        return ()


def _sample(small: Grey) -> Grey:
    """Cut out the square with the most ink, if the page is much larger than one."""
    height, width = small.shape
    if small.size <= 1.5 * _SAMPLE_SIDE**2:
        return small
    ink = prepare.scale(prepare.ink_mask(small) * 255, 1 / _SAMPLE_STEP)
    window = (_SAMPLE_SIDE // _SAMPLE_STEP,) * 2
    density = cv2.boxFilter(ink, cv2.CV_32F, window, borderType=cv2.BORDER_CONSTANT)
    y, x = (int(index) * _SAMPLE_STEP for index in np.unravel_index(density.argmax(), density.shape))
    top = max(0, min(y - _SAMPLE_SIDE // 2, height - _SAMPLE_SIDE))
    left = max(0, min(x - _SAMPLE_SIDE // 2, width - _SAMPLE_SIDE))
    return np.ascontiguousarray(small[top : top + _SAMPLE_SIDE, left : left + _SAMPLE_SIDE])


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
