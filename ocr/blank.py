"""Whether a page is blank. In doubt it is not: a blank page is dropped from the product."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ocr import prepare
from ocr.records import Box, Grey

_DPI = 100
_MM = _DPI / 25.4

# All in millimetres of paper.
_EDGE = 3.0
_BORDER = 12.0
_SPECK = 1.2
_WRITTEN = 2.0
_LINE_THICKNESS = 1.5
_LINE_LENGTH = 40.0
_HOLE = (4.5, 9.0)
_HOLE_MARGIN = 18.0
_HOLE_MIDDLE = 0.2  # of its diameter

_MAX_LINES = 6
_FAINTEST = 6.0  # of 255: a pencil's stroke answers with 8 and more, print shining through with less
_NOISIEST = 14.0
_DARK = 0.6  # of the paper's brightness
_BLACK = 100
_NEARLY = 0.05
_ROUND = 0.75  # 4π area / outline²; 1 for a circle


def is_blank(grey: Grey, dpi: float) -> bool:
    """Whether nothing was written, printed, stamped or drawn on this page of ``dpi``.

    Looked for are strokes: sharp, darker than their surroundings, larger than dust. Print that shines
    through is blurred by the paper and falls below; the edges of the sheet, up to six long thin lines
    (folds, edges of what lay beneath) and punched holes near the margin do not count. A page smaller than
    2.5 cm, or all dark, is doubtful and so not blank.
    """
    height, width = grey.shape
    small = _reduced(grey, prepare.recognition_factor(width, height, dpi=dpi, target=_DPI))
    paper = prepare.brightness(small)
    if min(small.shape) <= 2 * _BORDER * _MM or paper < _BLACK:
        return False
    strokes = _strokes(small)
    strokes[_sheet_edges(small, paper)] = 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    lines, written = 0, 0.0
    for label in range(1, len(stats)):
        left, top, width, height, _area = (int(value) for value in stats[label])
        if max(width, height) < _SPECK * _MM:
            continue
        part = np.asarray(labels[top : top + height, left : left + width] == label, dtype=np.uint8)
        if _is_line(part):
            lines += 1
        elif not (_is_near_margin(Box(left, top, width, height), small) and _is_hole(part)):
            written += max(width, height) / _MM
        if written >= _WRITTEN or lines > _MAX_LINES:
            return False
    return True


def _reduced(grey: Grey, factor: float) -> Grey:
    """Scale down; by a whole number where that is nearly right, which is several times faster."""
    whole = round(1 / factor)
    if whole < 2 or abs(whole * factor - 1) > _NEARLY or min(grey.shape) < whole:  # noqa: PLR2004
        return prepare.scale(grey, factor)
    height, width = (side // whole * whole for side in grey.shape)
    return prepare.scale(grey[:height, :width], 1 / whole)


def _strokes(small: Grey) -> Grey:
    """Return 1 where a sharp dark stroke is, by the difference of two Gaussians; else 0."""
    image = small.astype(np.float32)
    response = cv2.GaussianBlur(image, (0, 0), 2.5) - cv2.GaussianBlur(image, (0, 0), 0.7)
    noise = 1.4826 * float(np.median(np.abs(response[::2, ::2])))
    threshold = min(max(_FAINTEST, 5 * noise), _NOISIEST)
    strokes = (response > threshold).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), dtype=np.uint8)


def _sheet_edges(small: Grey, paper: int) -> npt.NDArray[np.bool_]:
    """Return a mask of the outermost millimetres and of dark borders a scanner left there."""
    edge, inner = round(_EDGE * _MM), round(_BORDER * _MM)
    dark = (small < _DARK * paper).astype(np.uint8)
    count, labels = cv2.connectedComponents(dark, connectivity=4)
    outside = np.zeros(count, np.uint8)
    for rim in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        outside[rim] = 1
    outside[labels[inner:-inner, inner:-inner]] = 0
    outside[0] = 0
    borders = outside[labels]
    mask = cv2.dilate(borders, np.ones((9, 9), np.uint8)).astype(np.bool_)
    mask[:edge] = mask[-edge:] = True
    mask[:, :edge] = mask[:, -edge:] = True
    return mask


def _is_line(part: Grey) -> bool:
    """Whether ``part`` is long, thin and straight."""
    _, sides, _ = cv2.minAreaRect(cv2.findNonZero(part))
    return bool(min(sides) <= _LINE_THICKNESS * _MM and max(sides) >= _LINE_LENGTH * _MM)


def _is_near_margin(box: Box, small: Grey) -> bool:
    rows, columns = small.shape
    distances = (box.left, box.top, columns - box.left - box.width, rows - box.top - box.height)
    return bool(min(distances) < _HOLE_MARGIN * _MM)


def _is_hole(part: Grey) -> bool:
    """Whether ``part`` is the rim of a punched hole: round, of that size, with nothing written in it."""
    height, width = part.shape
    smallest, largest = (side * _MM for side in _HOLE)
    if min(height, width) < smallest or max(height, width) > largest:
        return False
    contours, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=cv2.contourArea)
    roundness = 4 * np.pi * cv2.contourArea(outline) / cv2.arcLength(outline, True) ** 2
    y, x = np.ogrid[:height, :width]
    middle = np.hypot((x + 0.5) / width - 0.5, (y + 0.5) / height - 0.5) < _HOLE_MIDDLE
    return bool(roundness > _ROUND) and not bool(part[middle].any())
