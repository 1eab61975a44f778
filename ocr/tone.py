"""Whether a page is black on white, grey or in colour: what it needs to be kept without losing anything."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import cv2
import numpy as np

from ocr.prepare import brightness, darkest_of
from ocr.records import Grey, Pixels

_MARK_MM2 = 2.0  # the least that counts: 5 mm of a ballpoint's line
_MM_PER_INCH = 25.4

# In shares of the paper's brightness.
_COLOURED = 0.1
_NOT_NEUTRAL = 0.03
_INK = (0.5, 0.85)  # fainter is paper, darker is black; between lie pencil, pale print and photographs
_SHADE = (0.35, 0.75)  # of areas; darker is a black one

_DPI = 75
_WHITE = 255


class Tone(StrEnum):
    """What is on a page; the paper's own tint is not."""

    BITONAL = "bitonal"
    """Black on paper of any tint: nothing that says anything would be lost in black and white."""
    GREY = "grey"
    """Also pencil, pale print, shades or photographs, but nothing in colour."""
    COLOUR = "colour"
    """Something coloured, if only a stamp, a signature or a stroke of a red pen."""


def tone_of(grey: Grey, colours: Pixels | None, dpi: float) -> Tone:
    """Tell the tone of a page whose ``grey`` image, shape (height, width), has ``dpi``.

    ``colours`` is the same page, RGB (height, width, 3), lying any way, in any lower resolution: at 35 dpi
    a line of 0.3 mm is seen. None if the scan knows no colours. In doubt it is the tone that keeps more.
    """
    if colours is not None:
        reduced = math.sqrt(colours.shape[0] * colours.shape[1] / grey.size)
        if _is_coloured(colours, dpi * reduced):
            return Tone.COLOUR
    return Tone.GREY if _has_shades(grey, dpi) else Tone.BITONAL


def _is_coloured(colours: Pixels, dpi: float) -> bool:
    """Whether a mark differs in hue from the paper, and from grey, as the scanner's lid may be beside it.

    Black ink on tinted paper has the paper's hue: every channel is as many times darker.
    """
    channels, papers = _by_channel(colours)
    from_paper = _spread(channels, papers)
    from_grey = _spread(channels, [max(papers)] * 3)
    coloured = (from_paper > _COLOURED * _WHITE) & (from_grey > _NOT_NEUTRAL * _WHITE)
    _, _, stats, _ = cv2.connectedComponentsWithStats(coloured.astype(np.uint8), connectivity=8)
    largest = int(stats[1:, cv2.CC_STAT_AREA].max(initial=0))
    return largest * _mm2(dpi) >= _MARK_MM2


def hue_of(colours: Pixels) -> Grey:
    """How far each pixel of an RGB image is from its paper's hue and from black, in 255ths of the paper."""
    return _spread(*_by_channel(colours))


def _by_channel(colours: Pixels) -> tuple[Sequence[Any], list[int]]:
    """The channels of an RGB image, and the paper's brightness in each."""
    channels = cv2.split(colours)
    return channels, [brightness(np.asarray(channel, dtype=np.uint8)) for channel in channels]


def _spread(channels: Sequence[Any], papers: Sequence[int]) -> Grey:
    """How far apart the channels are, in 255ths of paper of this brightness."""
    red, green, blue = (
        cv2.convertScaleAbs(channel, alpha=_WHITE / max(paper, 1))
        for channel, paper in zip(channels, papers, strict=True)
    )
    most = cv2.max(cv2.max(red, green), blue)
    return np.asarray(cv2.subtract(most, cv2.min(cv2.min(red, green), blue)), dtype=np.uint8)


def _has_shades(grey: Grey, dpi: float) -> bool:
    """Whether there is ink that is nowhere black, or an area between black and white.

    Print has a dark core, however its edges blur: within half a millimetre something is black.
    """
    step = min(max(1, round(dpi / _DPI)), *grey.shape)
    small = darkest_of(grey, step)
    dpi /= step
    local = np.asarray(cv2.dilate(small, np.ones((9, 9), np.uint8)), dtype=np.uint8)
    paper = max(brightness(local), 1)
    darkest = cv2.erode(small, np.ones((5, 5), np.uint8)) / np.maximum(local, 1, dtype=np.float32)
    light = local > _SHADE[0] * paper
    pale = (light & (darkest > _INK[0]) & (darkest < _INK[1])).astype(np.uint8)
    ink = cv2.erode(pale, np.ones((5, 5), np.uint8))
    shade = light & (local < _SHADE[1] * paper)
    return bool(max(np.count_nonzero(ink), np.count_nonzero(shade)) * _mm2(dpi) >= _MARK_MM2)


def _mm2(dpi: float) -> float:
    """How large a pixel is."""
    return (_MM_PER_INCH / dpi) ** 2
