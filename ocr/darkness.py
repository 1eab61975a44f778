"""Whether white may be written on black: asked before every reading, so that only such pages pay for it."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.letters import halved
from ocr.prepare import brightness
from ocr.records import Grey

_PIXELS = 200_000  # A4 at 37 dpi is 0.14 million
_DARK = 0.45  # of the paper's brightness
_BLACK_PAGE = 100
_THICK = 1.6  # x-heights: the least a bar with a line of writing in it is tall


def has_dark_areas(grey: Grey, x_height: float | None) -> bool:
    """Whether an area of the page is dark, and thick enough to hold a line of its text.

    Dark edges of the scan do not count; one without text to measure, or all dark, does, as pictures do.
    """
    small = halved(grey, pixels=_PIXELS)
    paper = brightness(small)
    if x_height is None or paper < _BLACK_PAGE:
        return True
    dark = np.asarray(small < _DARK * paper, dtype=np.uint8)
    side = max(3, round(_THICK * x_height * small.shape[0] / grey.shape[0]))
    thick = cv2.erode(dark, np.ones((side, side), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    if not thick.any():
        return False
    _, parts = cv2.connectedComponents(dark, connectivity=4)
    rim = np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])
    return bool(np.setdiff1d(parts[thick > 0], rim).size)
