"""How a page is laid on its sheet: upright and straight, by a matrix, without touching its pixels.

All matrices are PDF's (ISO 32000-1, 8.3.3): row vectors, the y axis upwards; ``a @ b`` is a, then b.
"""

from __future__ import annotations

import math

from pikepdf import Matrix

from ocr.records import Recognition
from pipeline.scans.source import MM_PER_INCH, POINTS_PER_INCH

#: The unit square turned clockwise within itself.
_TURNED = {
    0: Matrix(),
    90: Matrix(0, -1, 1, 0, 0, 1),
    180: Matrix(-1, 0, 0, -1, 1, 1),
    270: Matrix(0, 1, -1, 0, 1, 0),
}
#: From the unit square of the stored image to that of the image as seen, by EXIF orientation (CIPA DC-008).
EXIF_ORIENTATIONS = {
    1: Matrix(),
    2: Matrix(-1, 0, 0, 1, 1, 0),
    3: Matrix(-1, 0, 0, -1, 1, 1),
    4: Matrix(1, 0, 0, -1, 0, 1),
    5: Matrix(0, -1, -1, 0, 1, 1),
    6: Matrix(0, -1, 1, 0, 0, 1),
    7: Matrix(0, 1, 1, 0, 0, 0),
    8: Matrix(0, 1, -1, 0, 1, 0),
}


def sheet_size(width_mm: float, height_mm: float, recognition: Recognition) -> tuple[float, float]:
    """Width and height in points of the upright sheet: the turned paper, grown as its frame is."""
    width, height = (side / MM_PER_INCH * POINTS_PER_INCH for side in (width_mm, height_mm))
    if recognition.rotation in (90, 270):
        width, height = height, width
    wide, tall = _turned_size(recognition, width, height)
    frame = image_size(recognition, width, height)
    return width * frame[0] / wide, height * frame[1] / tall


def upright_matrix(recognition: Recognition, width: float, height: float) -> Matrix:
    """From the unit square of the page as displayed to the upright sheet of ``width`` × ``height`` points.

    The geometry of :class:`ocr.records.Recognition`: clockwise by ``rotation``, then counter-clockwise by
    ``skew`` in square pixels about the centre, which is the centre of the frame.
    """
    wide, tall = _turned_size(recognition, width, height)
    frame_wide, frame_tall = image_size(recognition, width, height)
    skew = math.radians(recognition.skew)
    cos, sin = math.cos(skew), math.sin(skew)
    return (
        _TURNED[recognition.rotation % 360]
        @ Matrix(wide, 0, 0, tall, -wide / 2, -tall / 2)
        @ Matrix(cos, sin, -sin, cos, frame_wide / 2, frame_tall / 2)
        @ Matrix(width / frame_wide, 0, 0, height / frame_tall, 0, 0)
    )


def _turned_size(recognition: Recognition, width: float, height: float) -> tuple[float, float]:
    """Pixels of the turned page, without what its frame has grown."""
    frame_wide, frame_tall = image_size(recognition, width, height)
    return frame_wide - recognition.grown[0], frame_tall - recognition.grown[1]


def image_size(recognition: Recognition, width: float, height: float) -> tuple[float, float]:
    """Pixels the words' boxes refer to; for a page that was never seen as pixels, points."""
    if recognition.width > 0 and recognition.height > 0:
        return float(recognition.width), float(recognition.height)
    return width, height
