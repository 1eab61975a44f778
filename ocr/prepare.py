"""What happens to a page's pixels before recognition: grey, scale, skew, turning."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ocr.geometry import Affine
from ocr.records import Grey, Pixels

MAX_SKEW = 10.5
"""Degrees; what lies more askew is not taken for skew."""

MAX_SIDE = 32_000
"""Pixels; Tesseract and OpenCV refuse images of 32,767 and more."""

Axis = npt.NDArray[np.float64]

_WHITE = 255
_MAX_ENLARGEMENT = 2.5
_ENLARGED_PIXELS = 16_000_000  # enlarge up to A2 at 200 dpi: a resolution told too low must not fill memory
_MAX_PIXELS = 80_000_000  # A0 at 200 dpi is 62 million

_PAPER = 245.0
_NORMALISE_MIN_SIDE = 64

_SKEW_PIXELS = 1_000_000
_SKEW_POINTS = 60_000
_LETTER_HEIGHT = (2, 60)
_SKEW_MIN_POINTS = 200
_SKEW_MIN_SIDE = 40
_SKEW_EVIDENCE = 3.0  # text has 8 to 40, one word on a page 2.5, noise and pictures 1 to 4


def to_grey(pixels: Pixels) -> Grey:
    """Reduce any image to grey (height, width) uint8; an image without pixels becomes one white pixel.

    Callers convert 16 bit and alpha properly; here they are cut down so that nothing breaks.
    """
    if pixels.size == 0:
        return np.full((1, 1), _WHITE, np.uint8)
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8) * _WHITE
    elif pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 2:  # noqa: PLR2004 - a plane
        return np.ascontiguousarray(pixels)
    if pixels.shape[2] < 3:  # noqa: PLR2004 - grey, grey and alpha
        return np.ascontiguousarray(pixels[:, :, 0])
    return _grey(cv2.cvtColor(np.ascontiguousarray(pixels[:, :, :3]), cv2.COLOR_RGB2GRAY))


def scale(grey: Grey, factor: float) -> Grey:
    """Scale by ``factor``: pixels are averaged on the way down, interpolated (cubic) on the way up."""
    height, width = grey.shape
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    if size == (width, height):
        return grey
    return _grey(cv2.resize(grey, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC))


def recognition_factor(width: int, height: int, *, dpi: float, target: float) -> float:
    """Return the factor that brings a page of ``dpi`` to ``target`` dpi, within what an engine can take."""
    return bounded_factor(width, height, target / dpi if math.isfinite(dpi) and dpi > 0 else 1.0)


def bounded_factor(width: int, height: int, wanted: float) -> float:
    """Return ``wanted``, or the nearest that brings no more than the scan holds and an engine can take."""
    pixels = width * height
    if wanted > 1:
        wanted = max(1.0, min(wanted, _MAX_ENLARGEMENT, math.sqrt(_ENLARGED_PIXELS / pixels)))
    return min(wanted, math.sqrt(_MAX_PIXELS / pixels), MAX_SIDE / max(width, height))


def normalise(grey: Grey) -> Grey:
    """Even out the paper: divide by its brightness, so that shading and yellowing go and ink stays.

    The paper is what remains of an eighth-size image when letters are dilated away.
    """
    height, width = grey.shape
    if min(height, width) < _NORMALISE_MIN_SIDE:
        return grey
    paper = cv2.dilate(scale(grey, 1 / 8), np.ones((5, 5), np.uint8))
    paper = cv2.resize(cv2.medianBlur(paper, 15), (width, height), interpolation=cv2.INTER_LINEAR)
    return _grey(cv2.divide(grey, np.maximum(paper, 1), scale=_PAPER))


def turn(grey: Grey, rotation: int) -> Grey:
    """Turn clockwise by ``rotation``, a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(grey, -rotation // 90))


def deskew(grey: Grey, matrix: Affine) -> Grey:
    """Draw ``grey`` through ``matrix`` (pixel centres) in the same size; what comes in is paper-coloured."""
    height, width = grey.shape
    paper = float(np.percentile(grey[::8, ::8], 80))
    return _grey(
        cv2.warpAffine(
            grey,
            matrix,
            (width, height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=paper,
        )
    )


def ink_mask(grey: Grey) -> Grey:
    """Return 1 where a pixel is clearly darker than its surroundings, else 0."""
    return _grey(cv2.adaptiveThreshold(grey, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 15))


def estimate_skew(grey: Grey) -> float:
    """Return the counter-clockwise turn, in degrees, that makes the text lines horizontal.

    The sign is that of ``Recognition.skew``: positive where lines fall to the right. 0.0 without clear
    evidence, or beyond ``MAX_SKEW``. Accuracy is a few hundredths of a degree on a page of text.

    Ink of the size of letters is projected along each angle; where lines are met, the profile is steepest
    (W. Postl, "Detection of linear oblique structures and skew scan in digitized documents", 1986; the
    differential square sum of Leptonica's skew.c). Coarse to fine, then the vertex of a parabola.
    """
    if min(grey.shape) < _SKEW_MIN_SIDE:
        return 0.0
    x, y = _letter_ink(scale(grey, min(1.0, math.sqrt(_SKEW_PIXELS / grey.size))))
    if len(x) < _SKEW_MIN_POINTS:
        return 0.0
    coarse = np.arange(-MAX_SKEW - 1, MAX_SKEW + 1.01, 0.5)
    scores = _steepness(x, y, coarse)
    if scores.max() < _SKEW_EVIDENCE * float(np.median(scores)):
        return 0.0
    best = float(coarse[scores.argmax()])
    angles = best + np.arange(-0.6, 0.61, 0.1)
    best = float(angles[_steepness(x, y, angles).argmax()])
    angles = best + np.arange(-0.25, 0.26, 0.05)
    best = _vertex(angles, _steepness(x, y, angles))
    return round(best, 3) if abs(best) <= MAX_SKEW else 0.0


def _letter_ink(small: Grey) -> tuple[Axis, Axis]:
    """Return x and y of dark pixels, centred, without blobs too large or too small for letters."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink_mask(small), connectivity=8)
    height = stats[:, cv2.CC_STAT_HEIGHT]
    keep = (height >= _LETTER_HEIGHT[0]) & (height <= _LETTER_HEIGHT[1])
    keep[0] = False
    y, x = np.nonzero(keep[labels])
    stride = max(1, len(x) // _SKEW_POINTS)
    x, y = x[::stride], y[::stride]
    # Whole pixels would favour the angle 0, where rows fall onto rows: spread them over their area.
    spread = np.random.default_rng(0).random((2, len(x))) - 0.5
    return x - small.shape[1] / 2 + spread[0], y - small.shape[0] / 2 + spread[1]


def _steepness(x: Axis, y: Axis, angles: Axis) -> Axis:
    """Return, for each of ``angles`` (degrees), how sharply the profile along it changes."""
    reach = math.ceil(np.hypot(np.abs(x).max(), np.abs(y).max())) + 1
    scores = []
    for angle in np.radians(angles):
        rows = (y * math.cos(angle) - x * math.sin(angle) + reach).astype(np.intp)
        profile = np.convolve(np.bincount(rows, minlength=2 * reach), (0.25, 0.5, 0.25))
        scores.append(np.square(np.diff(profile)).sum())
    return np.array(scores)


def _vertex(angles: Axis, scores: Axis) -> float:
    """Return the angle of the top of the parabola through ``scores``; of the highest if there is none."""
    highest = float(angles[scores.argmax()])
    bend, slope, _ = np.polyfit(angles - highest, scores / scores.max(), 2)
    if bend >= 0:
        return highest
    return float(np.clip(highest - slope / (2 * bend), angles[0], angles[-1]))


def _grey(image: npt.NDArray[Any]) -> Grey:
    return np.asarray(image, dtype=np.uint8)
