"""What happens to a page's pixels before recognition: grey, scale, even paper, turning."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ocr.geometry import Affine
from ocr.letters import halved
from ocr.records import Grey, Pixels

MAX_SIDE = 32_000
"""Pixels; Tesseract and OpenCV refuse images of 32,767 and more."""

_WHITE = 255
_MAX_ENLARGEMENT = 2.5
_ENLARGED_PIXELS = 16_000_000  # enlarge up to A2 at 200 dpi: a resolution told too low must not fill memory
_MAX_PIXELS = 80_000_000  # A0 at 200 dpi is 62 million

_PAPER = 245.0
_PAPER_RANK = 0.8
_NORMALISE_MIN_SIDE = 64

_GRAIN_ROWS, _GRAIN_STEP = 64, 3
_NOISE, _LEAST_INK = 5, 4
_SIGMA_OF_MEDIAN = 1.4826 / math.sqrt(2)


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


def grain_of(grey: Grey) -> float:
    """The standard deviation of the paper's noise, by the median difference of pixels three apart.

    Most of a page is paper, so letters do not count. Real scans have 0 to 7; a copier's or a phone's in bad
    light 15 and more.
    """
    rows = grey[::_GRAIN_ROWS].astype(np.int16)
    if rows.shape[1] <= _GRAIN_STEP:
        return 0.0
    differences = np.abs(rows[:, _GRAIN_STEP:] - rows[:, :-_GRAIN_STEP])
    return float(np.median(differences)) * _SIGMA_OF_MEDIAN


def smooth(grey: Grey, sigma: float) -> Grey:
    """Blur by a Gaussian of ``sigma`` pixels."""
    return _grey(cv2.GaussianBlur(grey, (0, 0), sigma))


def normalise(grey: Grey) -> Grey:
    """Even out the paper: divide by its brightness, so that shading and yellowing go and ink stays.

    The paper is what remains of an eighth-size image when letters are dilated away.
    """
    height, width = grey.shape
    if min(height, width) < _NORMALISE_MIN_SIDE:
        return grey
    paper = cv2.dilate(halved(grey, pixels=grey.size // 50), np.ones((5, 5), np.uint8))
    paper = np.maximum(cv2.medianBlur(paper, 15), 1)
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return _grey(cv2.divide(grey, paper, scale=_PAPER))


def brightness(grey: Grey) -> int:
    """The paper's: what four fifths of the pixels are at most as bright as. Counted, which is no sorting."""
    counted = np.cumsum(np.bincount(grey.ravel(), minlength=_WHITE + 1))
    return int(np.searchsorted(counted, _PAPER_RANK * counted[-1]))


def darkest_of(grey: Grey, step: int) -> Grey:
    """Reduce by a whole number, at most the shorter side, to the darkest pixel of each square: thin strokes
    stay dark.
    """
    height = grey.shape[0] // step * step
    rows = np.minimum.reduce([grey[offset:height:step] for offset in range(step)])
    columns = cv2.erode(rows, np.ones((1, step), np.uint8))
    return np.ascontiguousarray(columns[:, step // 2 :: step], dtype=np.uint8)


def whitened(grey: Grey) -> Grey:
    """Make white what is no darker than the paper's noise is: an engine that finds no ink divides the noise.

    Only for pages that hardly have text: ink within five deviations of the noise goes too.
    """
    darkest = float(np.median(grey[::8, ::8])) - _NOISE * grain_of(grey) - _LEAST_INK
    return np.where(grey > darkest, np.uint8(_WHITE), grey)


def turn(grey: Grey, rotation: int) -> Grey:
    """Turn clockwise by ``rotation``, a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(grey, -rotation // 90))


def deskew(grey: Grey, matrix: Affine) -> Grey:
    """Draw ``grey`` through ``matrix`` (pixel centres) in the same size; what comes in is paper-coloured."""
    height, width = grey.shape
    paper = brightness(grey[::8, ::8])
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


def _grey(image: npt.NDArray[Any]) -> Grey:
    return np.asarray(image, dtype=np.uint8)
