"""From the pixels as scanned to the upright, deskewed page of ``ocr.records``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ocr.records import Box

#: An affine map, shape (2, 3): (x', y') = matrix @ (x, y, 1).
Affine = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """An upright page: how it was turned, and the size it has then, as in ``ocr.records.Recognition``."""

    width: int
    height: int
    rotation: int = 0
    skew: float = 0.0
    grown: tuple[int, int] = (0, 0)


_QUARTER = 90
_QUARTERS = 4


def turned_size(width: int, height: int, rotation: int) -> tuple[int, int]:
    """Width and height of a ``width`` × ``height`` image once turned clockwise by ``rotation`` degrees."""
    return (height, width) if _quarters(rotation) % 2 else (width, height)


def growth(width: int, height: int, skew: float) -> tuple[int, int]:
    """By how much a ``width`` × ``height`` image must grow to show all of itself once turned by ``skew``."""
    sin, cos = abs(math.sin(math.radians(skew))), math.cos(math.radians(skew))
    return math.ceil(width * cos + height * sin) - width, math.ceil(height * cos + width * sin) - height


def upright_matrix(
    width: int, height: int, rotation: int, skew: float, grown: tuple[int, int] = (0, 0)
) -> Affine:
    """Map original pixel coordinates to the upright, deskewed frame of ``Recognition``.

    ``width`` and ``height`` are those of the original image, before turning; ``rotation`` is clockwise,
    0, 90, 180 or 270; ``skew`` is counter-clockwise, in degrees; ``grown`` is what the frame is wider and
    taller than the turned image, half of it on each side. Lengths stay as they are.

    Coordinates are those of pixel centres, as in ``cv2.warpAffine``: (0, 0) is the middle of the first
    pixel, y points down. Where coordinates mean edges, as in ``Box`` and in a PDF, so that the image covers
    0 … width, use ``upright_matrix(width + 1, height + 1, rotation, skew)``: the same turn about the centre.
    """
    cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[_quarters(rotation)]
    centre = np.array([width - 1, height - 1]) / 2
    middle = (np.array(turned_size(width, height, rotation)) + grown - 1) / 2
    # With y downwards this form of the matrix turns clockwise for a positive sine.
    turn = np.array([[cos, -sin], [sin, cos]], dtype=np.float64)
    angle = math.radians(skew)
    straighten = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    linear = straighten @ turn
    return np.column_stack([linear, middle - linear @ centre])


def moved(box: Box, matrix: Affine, width: int, height: int) -> Box:
    """The upright box around ``box`` after ``matrix``, one for edges; cut to ``width`` × ``height``."""
    xs = np.array([box.left, box.left + box.width, box.left, box.left + box.width])
    ys = np.array([box.top, box.top, box.top + box.height, box.top + box.height])
    x, y = matrix @ np.stack([xs, ys, np.ones(4)])
    left, top = (min(max(round(float(low.min())), 0), most - 1) for low, most in ((x, width), (y, height)))
    right, bottom = min(round(float(x.max())), width), min(round(float(y.max())), height)
    return Box(left, top, max(right - left, 1), max(bottom - top, 1))


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds all of ``boxes``, of which there is one at least."""
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    right = max(box.left + box.width for box in boxes)
    bottom = max(box.top + box.height for box in boxes)
    return Box(left, top, right - left, bottom - top)


def _quarters(rotation: int) -> int:
    """Quarter turns clockwise, 0 … 3."""
    quarters, rest = divmod(rotation, _QUARTER)
    if rest:
        raise ValueError(f"not a multiple of 90 degrees: {rotation}")
    return quarters % _QUARTERS
