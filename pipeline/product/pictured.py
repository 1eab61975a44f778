"""Which parts of a page stay pictures: photographs, and marks in colour such as stamps and signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ocr.prepare import brightness, to_grey
from ocr.records import Box, Grey, Pixels
from ocr.tone import hue_of
from pipeline.scans.source import MM_PER_INCH

#: Left, top, right and bottom of a part, in shares of the page, 0 … 1.
Share = tuple[float, float, float, float]
_Edges = tuple[int, int, int, int]

#: The resolution at which a page is looked over.
LOOK_DPI = 75.0
_WHITE = 255

#: So far off, in levels of 255, is no ink on paper. A photograph is where that is so of a dense share of what
#: is around (millimetres), over the least area; it reaches as far as there is a thin share.
_MISFIT, _DENSE, _THIN, _AROUND_MM, _PHOTO_MM2 = 26, 0.3, 0.1, 5.0, 80.0

#: Hue of ink, in 255ths of the paper; a dark blue has about 60.
_COLOURED = 36
#: The least mark is 5 mm of a ballpoint's line. What lies closer together is one mark.
_MARK_MM2, _GAP_MM = 2.0, 3.0
#: More colour than this share of a page is no mark on it but what it is written in.
_MOST_OF_PAGE = 0.3
#: Pixels darker than this share of the paper cover it; strokes leave more of it free than this share.
_COVERED, _FILLED = 0.85, 0.45


def photographs(seen: Grey, drawn: Grey) -> list[Share]:
    """Where a page does not look like ink on paper.

    ``seen`` is the page at ``LOOK_DPI``, ``drawn`` what its layers without any picture look like.
    """
    off = (cv2.absdiff(seen, drawn) > _MISFIT).astype(np.uint8) * _WHITE
    window = max(3, round(_AROUND_MM / MM_PER_INCH * LOOK_DPI))
    around = cv2.blur(off, (window, window))
    dense = around > _DENSE * _WHITE
    boxes = []
    for (left, top, right, bottom), _ in _parts((around > _THIN * _WHITE).astype(np.uint8)):
        if np.count_nonzero(dense[top:bottom, left:right]) * _mm2() >= _PHOTO_MM2:
            boxes.append((left, top, right, bottom))
    return [_shares(_grown(box, window // 2), off.shape) for box in _merged(boxes)]


def coloured_marks(colours: Pixels) -> tuple[list[Share], list[Share]]:
    """Where marks in colour are: those of strokes, and those that fill what they cover, as photographs do.

    ``colours`` is the page at ``LOOK_DPI``, RGB. There are none if most of the page is in colour.
    """
    hued = colour_of(colours)
    gap = max(3, round(_GAP_MM / MM_PER_INCH * LOOK_DPI))
    joined = np.asarray(cv2.dilate(hued, np.ones((gap, gap), np.uint8)), np.uint8)
    marks = _merged(
        [box for box, _ in _parts(joined) if np.count_nonzero(_cut(hued, box)) * _mm2() >= _MARK_MM2]
    )
    if sum(_cut(hued, box).size for box in marks) > _MOST_OF_PAGE * hued.size:
        return [], []
    grey = to_grey(colours)
    covered = (grey < _COVERED * brightness(grey)) | (hued > 0)
    filled = [box for box in marks if np.mean(_cut(covered, box)) > _FILLED]
    strokes = [box for box in marks if box not in filled]
    return [_shares(box, hued.shape) for box in strokes], [_shares(box, hued.shape) for box in filled]


def _cut(pixels: npt.NDArray[Any], box: _Edges) -> npt.NDArray[Any]:
    left, top, right, bottom = box
    return pixels[top:bottom, left:right]


def colour_of(colours: Pixels) -> Grey:
    """255 where an RGB image has a hue that its paper has not."""
    return (hue_of(colours) > _COLOURED).astype(np.uint8) * _WHITE


def _parts(shape: npt.NDArray[np.uint8]) -> list[tuple[_Edges, int]]:
    """Connected parts: left, top, right, bottom in pixels, and their area."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(shape, connectivity=8)
    return [((int(x), int(y), int(x + w), int(y + h)), int(area)) for x, y, w, h, area in stats[1:]]


def _merged(boxes: list[_Edges]) -> list[_Edges]:
    """Boxes that overlap become one, from top to bottom."""
    merged: list[_Edges] = []
    for box in sorted(boxes):
        whole = box
        while other := next((one for one in merged if _overlap(one, whole)), None):
            merged.remove(other)
            left, top, right, bottom = (
                *(min(pair) for pair in zip(other[:2], whole[:2], strict=True)),
                *(max(pair) for pair in zip(other[2:], whole[2:], strict=True)),
            )
            whole = (left, top, right, bottom)
        merged.append(whole)
    return sorted(merged, key=lambda one: (one[1], one[0]))


def apart(boxes: Sequence[Box]) -> list[Box]:
    """The same with those that overlap made one."""
    edges = _merged([(box.left, box.top, box.left + box.width, box.top + box.height) for box in boxes])
    return [Box(left, top, right - left, bottom - top) for left, top, right, bottom in edges]


def _overlap(one: _Edges, other: _Edges) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _grown(box: _Edges, by: int) -> _Edges:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _shares(box: _Edges, shape: tuple[int, ...]) -> Share:
    height, width = shape[:2]
    left, top, right, bottom = box
    return max(left / width, 0.0), max(top / height, 0.0), min(right / width, 1.0), min(bottom / height, 1.0)


def _mm2() -> float:
    return (MM_PER_INCH / LOOK_DPI) ** 2
