"""Whether a page drawn from its layers still says all that the original says."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.prepare import to_grey
from ocr.records import Grey, Pixels
from pipeline.product.layers import Layers, compose, reduced
from pipeline.scans.source import MM_PER_INCH

_DPI = 150.0
#: Darker than the paper around by this share of it is ink, within so many pixels (5 mm).
_INK, _AROUND = 0.11, 31
#: A mark that has lost, or a place that has gained, this share of the contrast is drawn wrong. Bars of worn
#: types lose about half where print loses nothing.
_CHANGED = 0.45
#: Smaller places, in pixels, are edges that moved by less than a pixel; a full stop has 8 to 16.
_SMALLEST = 4
#: What may be wrong on a page, mm²: some dozen bars of letters.
TOLERATED_MM2 = 4.0


def misdrawn(page: Pixels, layers: Layers, dpi: float) -> float:
    """How much ink of ``page``, in mm², is missing where ``layers`` are drawn, or stands where there is none.

    Both are looked at in 150 dpi, a little blurred, so that edges may move by half a pixel.
    """
    shrink = min(1.0, _DPI / dpi)
    size = (max(1, int(layers.width * shrink)), max(1, int(layers.height * shrink)))
    seen = _softened(reduced(to_grey(page), size))
    drawn = _softened(compose(layers, size))
    quarter = reduced(seen, (max(1, size[0] // 4), max(1, size[1] // 4)))
    around = cv2.dilate(quarter, np.ones((_AROUND // 4, _AROUND // 4), np.uint8))
    paper = np.asarray(cv2.resize(around, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    wrong = _area(_beyond(paper, seen, drawn)) + _area(_beyond(paper, drawn, seen))
    return wrong * (MM_PER_INCH / (dpi * shrink)) ** 2


def _softened(page: Pixels) -> Grey:
    return np.asarray(cv2.GaussianBlur(to_grey(page), (0, 0), 1.0), np.uint8)


def _beyond(paper: Grey, darker: Grey, lighter: Grey) -> Grey:
    """255 where ``darker`` has ink of which ``lighter`` lacks most of the contrast."""
    contrast = cv2.subtract(paper, darker)
    is_ink = cv2.compare(contrast, cv2.convertScaleAbs(paper, alpha=_INK), cv2.CMP_GT)
    lacks = cv2.compare(
        cv2.subtract(lighter, darker), cv2.convertScaleAbs(contrast, alpha=_CHANGED), cv2.CMP_GT
    )
    return np.asarray(cv2.bitwise_and(is_ink, lacks), np.uint8)


def _area(wrong: Grey) -> int:
    """Pixels of all connected places that are large enough to be seen."""
    if not wrong.any():
        return 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(wrong, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return int(areas[areas >= _SMALLEST].sum())
