"""Which way up a page lies: tried on a sample of it, and only when it reads poorly as it lies.

Tesseract's own detection takes about a second of a page, and needs more text than many have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np

from ocr import letters, prepare
from ocr.reader import Reader, Reading
from ocr.records import Box, Grey, Word
from ocr.score import evidence_of, may_lie_wrongly

_SAMPLE_SIDE = 900
_SAMPLE_STEP = 8
_CLEARLY_MORE = 1.5
_LEAST = 5.0  # evidence: one word of six letters
_LYING = (180, 90, 270)
_STANDING = (90, 270, 180)


def upright(reader: Reader, first: Reading) -> Reading:
    """Return ``first``, or the page read another way up if a sample and then the whole read clearly better.

    How the sample reads as the page lies is known from ``first`` and costs nothing.
    """
    rotation = _best_rotation(reader, first)
    if not rotation:
        return first
    turned = reader.attempt(f"rotation {rotation}", replace(first.way, rotation=rotation))
    if turned is None or evidence_of(turned.words) <= evidence_of(first.words):
        return first
    reader.keep()
    return turned


def _best_rotation(reader: Reader, first: Reading) -> int:
    """Return the first rotation in which the sample reads well; else the clearly best, or 0."""
    small = reader.scan.prepared(first.way.view).image
    box = _densest(small)
    sample = small[box.top : box.top + box.height, box.left : box.left + box.width]
    known = _within(first.words, box, first.frame.width / small.shape[1])
    best, most = 0, max(_CLEARLY_MORE * evidence_of(known), _LEAST)
    for rotation in _STANDING if stand(first.words) else _LYING:
        way = replace(first.way, rotation=rotation)
        tried = reader.attempt(f"rotation {rotation}, sample", way, prepare.turn(sample, rotation))
        evidence = evidence_of(tried.words) if tried else 0.0
        if tried and evidence > most:
            best, most = rotation, _CLEARLY_MORE * evidence
            if not may_lie_wrongly(tried.words):
                break
    return best


def stand(words: Iterable[Word]) -> bool:
    """Whether the words, wrong as they may be, mostly run down the page."""
    tall = wide = 0
    for word in words:
        if len(word.text) > 1 and word.box.height > word.box.width:
            tall += len(word.text)
        else:
            wide += len(word.text)
    return tall > wide


def _within(words: Iterable[Word], box: Box, scale: float) -> list[Word]:
    """The words whose middle lies in ``box``, which is smaller than their pixels by ``scale``."""
    found = []
    for word in words:
        x = (word.box.left + word.box.width / 2) / scale - box.left
        y = (word.box.top + word.box.height / 2) / scale - box.top
        if 0 <= x < box.width and 0 <= y < box.height:
            found.append(word)
    return found


def _densest(small: Grey) -> Box:
    """Return the square with the most ink, or all of a page that is not much larger than one."""
    height, width = small.shape
    if small.size <= 1.5 * _SAMPLE_SIDE**2:
        return Box(0, 0, width, height)
    ink = prepare.scale(letters.ink_mask(small) * 255, 1 / _SAMPLE_STEP)
    window = (_SAMPLE_SIDE // _SAMPLE_STEP,) * 2
    density = cv2.boxFilter(ink, cv2.CV_32F, window, borderType=cv2.BORDER_CONSTANT)
    y, x = (int(index) * _SAMPLE_STEP for index in np.unravel_index(density.argmax(), density.shape))
    top = max(0, min(y - _SAMPLE_SIDE // 2, height - _SAMPLE_SIDE))
    left = max(0, min(x - _SAMPLE_SIDE // 2, width - _SAMPLE_SIDE))
    return Box(left, top, min(_SAMPLE_SIDE, width), min(_SAMPLE_SIDE, height))
