"""Takes a page apart: what is ink, which colour it has, what the paper looks like, and what is a picture.

The level between ink and paper lies between the darkest and the lightest around (J. Bernsen, Dynamic
thresholding of grey-level images, ICPR 1986), so that pale ink counts as well as black. Before, the blur of
lens and paper is undone a little (unsharp masking): fine bars and gaps of letters would be lost to it.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from ocr.prepare import darkest_of, grain_of, to_grey
from ocr.records import Box, Grey, Pixels
from pipeline.product.layers import COLOUR, Colour, Layers, Picture, compose, reduced
from pipeline.product.pictured import LOOK_DPI, Share, apart, colour_of, coloured_marks, photographs
from pipeline.scans.source import MM_PER_INCH

#: Resolutions of cells in which the level of ink is measured, of colours, of the paper and of pictures.
_CELL_DPI, _COLOUR_DPI, _PAPER_DPI, _PICTURE_DPI = 37.5, 150.0, 100.0, 200.0
#: Below this, letters are too coarse for a mask without shades: it gets twice the resolution.
_COARSE_DPI = 190.0
#: Ink is at least so much darker than paper, in shares of the paper's brightness and deviations of its noise.
_LEAST_CONTRAST, _NOISE = 0.14, 6.0
#: Where the level lies: this share of the contrast below the paper.
_LEVEL = 0.45
#: Pixels. Less noise, then as much of a wider blur taken off.
_SMOOTH, _BLURRED, _SHARPEN = 0.7, 2.0, 0.8
#: What lies between two letters takes its level from the darkest within so many cells, 3 mm.
_AROUND = 5
#: Of a cell and those around it, so much must be ink to tell its colour.
_LEAST_INK = 0.04
_INK_CELL = 5  # of the pixels colours are taken from: 30 dpi
#: Inks that differ less are one, in levels of 255.
_SAME_INK = 45
#: Detail of the paper, in levels of 255 or in means of all that differs; so many mm² of it call for a higher
#: resolution.
_DETAIL, _NOISE_DETAIL, _DETAIL_MM2, _FINE_DETAIL_MM2 = 3, 2.5, 4.0, 12.0
#: Of what becomes one pixel, so much must be paper to tell its colour.
_LEAST_PAPER, _LEAST_PICTURE = 0.5, 0.3
_WHITE = 255


def separate(page: Pixels, dpi: float) -> Layers:
    """Take apart ``page``, grey (H, W) or RGB (H, W, 3), upright, of ``dpi``."""
    grey = to_grey(page)
    level = _level(grey, dpi)
    mask = _mask(grey, level, finer=1)
    colours = _reduced_to(page, dpi, _COLOUR_DPI)
    seen = _reduced_to(colours, dpi * colours.shape[1] / page.shape[1], LOOK_DPI)
    look = (seen.shape[1], seen.shape[0])
    strokes, filled = coloured_marks(seen) if page.ndim == COLOUR else ([], [])
    marks = [_box(share, grey) for share in strokes]
    for box in marks:
        _part(mask, box)[colour_of(_part(page, box)) > 0] = 0
    photos = [_box(share, grey) for share in filled]
    _clear(mask, photos)
    layers = _layers(page, colours, mask, dpi, apart(marks + photos))
    missed = photographs(to_grey(seen), to_grey(compose(layers, look)))
    if missed:
        photos += [_box(share, grey) for share in missed]
        _clear(mask, photos)
        layers = _layers(page, colours, mask, dpi, apart(marks + photos))
    return layers if dpi >= _COARSE_DPI else replace(layers, mask=_finer(grey, level, mask))


def _layers(page: Pixels, colours: Pixels, mask: Grey, dpi: float, boxes: list[Box]) -> Layers:
    """The layers whose mask this is; ``colours`` are ``page`` reduced, ``boxes`` are pictures."""
    height, width = mask.shape
    inked = reduced(mask, (colours.shape[1], colours.shape[0]))
    pictures = tuple(_picture(page, mask, box, dpi) for box in boxes)
    is_picture = np.zeros_like(inked)
    for box in boxes:
        _part(is_picture, _smaller(box, width / colours.shape[1]))[:] = _WHITE
    paper = _paper(colours, inked | is_picture, dpi * colours.shape[1] / width)
    return Layers(width, height, mask, _ink(colours, inked, is_picture, paper), paper, pictures)


def _reduced_to(page: Pixels, dpi: float, wanted: float) -> Pixels:
    """The page in about the resolution that is wanted, by a whole number where that is possible."""
    step = max(1, round(dpi / wanted))
    return (
        page if step == 1 else reduced(page, (max(1, page.shape[1] // step), max(1, page.shape[0] // step)))
    )


# --- ink and paper ---------------------------------------------------------------------------------


def _level(grey: Grey, dpi: float) -> Grey:
    """By cells: the brightness between ink and paper; 0 where there is no ink."""
    step = max(2, round(dpi / _CELL_DPI))
    height, width = grey.shape
    size = (max(1, width // step), max(1, height // step))
    paper = cv2.medianBlur(cv2.dilate(reduced(grey, size), np.ones((7, 7), np.uint8)), 15)
    soft = _plane(cv2.blur(grey, (2, 2)))  # a single dark pixel is noise
    darkest = darkest_of(soft, step) if min(grey.shape) >= step else soft
    dark = cv2.resize(darkest, size, interpolation=cv2.INTER_NEAREST)
    dark = cv2.min(cv2.erode(dark, np.ones((_AROUND, _AROUND), np.uint8)), paper)
    smooth = cv2.blur(dark, (_AROUND, _AROUND))
    level = _plane(cv2.addWeighted(paper, 1 - _LEVEL, smooth, _LEVEL, 0))
    least = np.maximum(_LEAST_CONTRAST * paper.astype(np.float32), _NOISE * grain_of(grey))
    level[cv2.subtract(paper, smooth) < least] = 0
    return level


def _mask(grey: Grey, level: Grey, *, finer: int) -> Grey:
    """255 where a pixel is darker than the level around it; ``finer`` multiplies the resolution."""
    height, width = grey.shape
    size = (width * finer, height * finer)
    around = cv2.resize(level, size, interpolation=cv2.INTER_LINEAR)
    if finer > 1:
        grey = _plane(cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC))
    smooth, blurred = (cv2.GaussianBlur(grey, (0, 0), sigma * finer) for sigma in (_SMOOTH, _BLURRED))
    sharp = cv2.addWeighted(smooth, 1 + _SHARPEN, blurred, -_SHARPEN, 0)
    return _plane(cv2.compare(sharp, around, cv2.CMP_LT))


def _finer(grey: Grey, level: Grey, mask: Grey) -> Grey:
    """The mask in twice its resolution, nothing in it where ``mask`` has been cleared."""
    fine = _mask(grey, level, finer=2)
    near = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    size = (fine.shape[1], fine.shape[0])
    return _plane(cv2.bitwise_and(fine, cv2.resize(near, size, interpolation=cv2.INTER_NEAREST)))


def _ink(colours: Pixels, inked: Grey, is_picture: Grey, paper: Pixels) -> Colour | Pixels:
    """The colour of ink: one if it is the same everywhere, else by cells.

    As dark as makes what is covered (``inked``, 0 … 255) as dark on the whole as it is in ``colours``: a line
    thinner than a pixel gets what its pixel has, however wide the mask draws it. Pictures tell nothing.
    """
    height, width = inked.shape
    cells = (_scaled(width, 1 / _INK_CELL), _scaled(height, 1 / _INK_CELL))
    bare = np.asarray(cv2.resize(paper, cells, interpolation=cv2.INTER_AREA), np.float32)
    covered = cv2.resize(inked.astype(np.float32) / _WHITE, cells, interpolation=cv2.INTER_AREA)
    seen = reduced(colours, cells).astype(np.float32)
    share = np.asarray(cv2.blur(covered, (3, 3)), np.float32)
    darker = np.asarray(cv2.blur(bare - seen, (3, 3)), np.float32)
    known = np.maximum(share, _LEAST_INK)
    ink = (
        (bare - darker / (known[..., None] if colours.ndim == COLOUR else known))
        .clip(0, _WHITE)
        .astype(np.uint8)
    )
    share[(share < _LEAST_INK) | (covered == 0) | (reduced(is_picture, cells) > 0)] = 0
    if not share.any():
        return (0,) * (COLOUR if colours.ndim == COLOUR else 1)
    said = ink[share > 0]
    low, high = np.percentile(said, (1, 99), axis=0)
    if np.max(high - low) < _SAME_INK:
        return tuple(int(value) for value in np.atleast_1d(np.median(said, axis=0).round()))
    return _filled(ink, share)


def _paper(colours: Pixels, inked: Grey, dpi: float) -> Pixels:
    """The page without its ink, in the lowest resolution that shows all that is on it."""
    bare = cv2.dilate(inked, np.ones((3, 3), np.uint8)) == 0
    height, width = inked.shape
    shrink = min(1.0, _PAPER_DPI / dpi)
    size = (_scaled(width, shrink), _scaled(height, shrink))
    paper = _filled(*_means(colours, bare, size, _LEAST_PAPER))
    plain = reduced(paper, (_scaled(size[0], 0.5), _scaled(size[1], 0.5)))
    if _detail(paper, plain, dpi * shrink) < _DETAIL_MM2:
        return plain
    fine = _filled(*_means(colours, bare, (width, height), _LEAST_PAPER))
    return paper if _detail(fine, paper, dpi) < _FINE_DETAIL_MM2 else fine


def _detail(fine: Pixels, coarse: Pixels, dpi: float) -> float:
    """On how many mm² the coarse one lacks what the fine one, of ``dpi``, shows, noise of the paper aside."""
    again = cv2.resize(coarse, (fine.shape[1], fine.shape[0]), interpolation=cv2.INTER_LINEAR)
    lacking = to_grey(np.asarray(cv2.absdiff(fine, again), np.uint8))
    around = cv2.blur(lacking, (5, 5), borderType=cv2.BORDER_REPLICATE)
    noise = float(np.mean(lacking[::4, ::4]))
    return np.count_nonzero(around > max(_DETAIL, _NOISE_DETAIL * noise)) * (MM_PER_INCH / dpi) ** 2


def _picture(page: Pixels, mask: Grey, box: Box, dpi: float) -> Picture:
    """A part of the page as it looks, without the ink that ``mask`` has of it."""
    part, ink = np.ascontiguousarray(_part(page, box)), np.ascontiguousarray(_part(mask, box))
    shrink = min(1.0, _PICTURE_DPI / dpi)
    size = (_scaled(box.width, shrink), _scaled(box.height, shrink))
    if not ink.any():
        return Picture(box, reduced(part, size))
    bare = cv2.dilate(ink, np.ones((3, 3), np.uint8)) == 0
    return Picture(box, _filled(*_means(part, bare, size, _LEAST_PICTURE)))


# --- means of some pixels, and what lies between them ------------------------------------------------


def _means(
    colours: Pixels, chosen: npt.NDArray[np.bool_], size: tuple[int, int], least: float
) -> tuple[Pixels, npt.NDArray[np.float32]]:
    """In ``size`` (width, height): the mean of the ``chosen`` pixels, and which share of all they are, 0 … 1.

    Where that is less than ``least`` it is 0, and the mean means nothing.
    """
    weights = chosen.astype(np.float32)
    if size == (weights.shape[1], weights.shape[0]):
        return colours, weights
    kept = cv2.bitwise_and(colours, colours, mask=chosen.astype(np.uint8)).astype(np.float32)
    total = np.asarray(cv2.resize(kept, size, interpolation=cv2.INTER_AREA), np.float32)
    share = np.asarray(cv2.resize(weights, size, interpolation=cv2.INTER_AREA), np.float32)
    known = np.maximum(share, 1e-3)
    means = total / (known[..., None] if total.ndim == COLOUR else known)
    share[share < least] = 0
    return means.astype(np.uint8), share


def _filled(cells: Pixels, share: npt.NDArray[np.float32]) -> Pixels:
    """``cells`` where any ``share`` is known, and where not, what is around them, by ever coarser means."""
    height, width = share.shape
    if share.all() or max(height, width) == 1:
        return cells
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse = _filled(*_means(cells, share > 0, half, 1e-3))
    filled = np.array(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    cv2.copyTo(cells, (share > 0).astype(np.uint8), filled)
    return filled


# --- boxes -----------------------------------------------------------------------------------------


def _box(share: Share, grey: Grey) -> Box:
    height, width = grey.shape
    left, top = int(share[0] * width), int(share[1] * height)
    return Box(left, top, max(1, round(share[2] * width) - left), max(1, round(share[3] * height) - top))


def _smaller(box: Box, step: float) -> Box:
    """The box in pixels ``step`` times as large, not less than it was."""
    right, bottom = math.ceil((box.left + box.width) / step), math.ceil((box.top + box.height) / step)
    left, top = int(box.left / step), int(box.top / step)
    return Box(left, top, right - left, bottom - top)


def _clear(mask: Grey, boxes: list[Box]) -> None:
    for box in boxes:
        _part(mask, box)[:] = 0


def _part(pixels: Pixels, box: Box) -> Pixels:
    return pixels[box.top : box.top + box.height, box.left : box.left + box.width]


def _scaled(side: int, factor: float) -> int:
    return max(1, round(side * factor))


def _plane(image: npt.ArrayLike) -> Grey:
    """What OpenCV returns is typed too widely; nothing is copied."""
    return np.ascontiguousarray(image, dtype=np.uint8)
