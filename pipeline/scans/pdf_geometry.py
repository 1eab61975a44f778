"""Where things lie on a PDF page as displayed, in points, and how many pixels that makes."""

from __future__ import annotations

import math

import numpy as np
from pikepdf import Matrix

from ocr.records import Pixels
from pipeline.scans.pdf_form import Sheet
from pipeline.scans.source import MM_PER_INCH, POINTS_PER_INCH

#: A rendering is for recognition and for the eye: more helps neither (A0 comes out at about 250 dpi).
RENDER_PIXELS = 100_000_000


def extent(total: Matrix) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of the unit square after ``total``, in points."""
    xs, ys = (total.e, total.e + total.a + total.c), (total.f, total.f + total.b + total.d)
    return min(xs), min(ys), max(xs), max(ys)


def coverage(total: Matrix, sheet: Sheet) -> float:
    """Share, 0 … 1, of the sheet that the upright box of the unit square covers after ``total``."""
    left, bottom, right, top = extent(total)
    width = min(right, sheet.width) - max(left, 0.0)
    height = min(top, sheet.height) - max(bottom, 0.0)
    return max(width, 0.0) * max(height, 0.0) / (sheet.width * sheet.height)


def quarter_turns(total: Matrix) -> int:
    """How often the image must be turned counter-clockwise by 90° to lie as the page shows it."""
    return round(math.degrees(math.atan2(total.b, total.a)) / 90) % 4


def dpi_of(width: int, height: int, total: Matrix) -> float:
    """Resolution of an image of that many pixels laid on the unit square after ``total``."""
    return max(width / math.hypot(total.a, total.b), height / math.hypot(total.c, total.d)) * POINTS_PER_INCH


def raster(sheet: Sheet, dpi: float) -> tuple[float, tuple[int, int]]:
    """Resolution and size in pixels of a rendering, bounded however large the sheet."""
    inches = sheet.width * sheet.height / POINTS_PER_INCH**2
    dpi = min(dpi, math.sqrt(RENDER_PIXELS / inches))
    width, height = (max(round(side * dpi / POINTS_PER_INCH), 1) for side in (sheet.width, sheet.height))
    return dpi, (width, height)


def paper_mm(sheet: Sheet) -> tuple[float, float]:
    """Width and height of the sheet in millimetres."""
    return sheet.width / POINTS_PER_INCH * MM_PER_INCH, sheet.height / POINTS_PER_INCH * MM_PER_INCH


def on_paper(pixels: Pixels, corner: tuple[float, float], sheet: Sheet, dpi: float) -> Pixels:
    """Cut and pad ``pixels``, whose upper left corner lies at ``corner`` in points, to the sheet."""
    scale = dpi / POINTS_PER_INCH
    width, height = round(sheet.width * scale), round(sheet.height * scale)
    left, top = round(corner[0] * scale), round(corner[1] * scale)
    if (left, top, height, width) == (0, 0, *pixels.shape[:2]):
        return np.ascontiguousarray(pixels)
    paper = np.full((height, width, *pixels.shape[2:]), 255, np.uint8)
    cut = pixels[max(-top, 0) : max(height - top, 0), max(-left, 0) : max(width - left, 0)]
    paper[max(top, 0) :, max(left, 0) :][: cut.shape[0], : cut.shape[1]] = cut
    return paper
