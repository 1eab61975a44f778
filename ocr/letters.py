"""How large a page's letters are, told from its connected components: cheap, and right to about a tenth."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.records import Grey

_LETTER_PIXELS = 2_600_000  # A4 at 150 dpi is 2.2 million
_HEIGHT = (4, 60)  # pixels of the reduced image; smaller is noise, larger no running text
_SLIMNESS = (3, 4)  # at most so much wider than tall, taller than wide
_FILLED = 0.15  # of its box; less is a frame or a line
_FEWEST = 30
# Letters without ascenders are the smaller half of all, dots and specks sorted out.
_SMALL_LETTERS = 35


def halved(grey: Grey, *, pixels: int) -> Grey:
    """Halve until no more than ``pixels`` are left: by far the cheapest way to reduce."""
    while grey.size > pixels and min(grey.shape) > 1:
        height, width = grey.shape
        grey = np.asarray(
            cv2.resize(grey, (width // 2, height // 2), interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
    return grey


def x_height(grey: Grey) -> float | None:
    """Estimate the height of small letters such as x in pixels of ``grey``; None without enough letters.

    It comes out about a pixel of 150 dpi too large, as letters are blurred.
    """
    small = halved(grey, pixels=_LETTER_PIXELS)
    ink = cv2.adaptiveThreshold(small, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 15)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height, area = stats[1:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_AREA + 1].T
    letters = (height >= _HEIGHT[0]) & (height <= _HEIGHT[1]) & (area > _FILLED * width * height)
    letters &= (width <= _SLIMNESS[0] * height) & (height <= _SLIMNESS[1] * width)
    if np.count_nonzero(letters) < _FEWEST:
        return None
    reduced = float(grey.shape[0] / small.shape[0])
    return float(np.percentile(height[letters], _SMALL_LETTERS)) * reduced
