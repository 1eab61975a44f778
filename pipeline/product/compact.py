"""The compact profile: a scanned page stands upright, and is kept as small as it stays legible."""

from __future__ import annotations

import cv2
import numpy as np
from pikepdf import Matrix, Pdf

from ocr.geometry import turned_size, upright_matrix
from ocr.prepare import turn
from ocr.records import Pixels, Recognition
from pipeline.product.keeping import Keeping, Kept, Profile
from pipeline.product.layers import COLOUR
from pipeline.product.legibility import TOLERATED_MM2, misdrawn
from pipeline.product.material import Drawn, Scanned
from pipeline.product.mixed import draw_jpeg, draw_mixed
from pipeline.product.separation import separate

#: A page that would not become smaller than this share of its image keeps the image.
_WORTH = 0.9
_GLANCE = 8

_Outcome = tuple[Drawn | None, Kept]


def compact(pdf: Pdf, scanned: Scanned, recognition: Recognition) -> _Outcome:
    """Bring a scanned page into ``pdf`` as mixed raster content, upright as ``recognition`` found it.

    Letters are turned before they become black or not: a mask that a viewer has to turn comes out ragged.
    What is drawn is None where the image is to be kept as it was delivered.
    """
    page = upright(scanned.pixels, recognition)
    if page is None:
        return _as_delivered("other_frame")
    layers = separate(page, scanned.dpi)
    wrong = round(misdrawn(page, layers, scanned.dpi), 2)
    if wrong <= TOLERATED_MM2:
        drawn, size = draw_mixed(pdf, layers)
        kept = Kept(Profile.COMPACT, Keeping.MIXED, size, wrong)
    elif not scanned.is_jpeg:
        drawn, size = draw_jpeg(pdf, page)
        kept = Kept(Profile.COMPACT, Keeping.JPEG, size, wrong, "illegible")
    else:
        return _as_delivered("illegible", wrong)
    if size > _WORTH * scanned.size:
        return _as_delivered(kept.because or "larger", wrong)
    return Drawn(drawn, Matrix(), is_upright=True), kept


def _as_delivered(because: str, misdrawn: float | None = None) -> _Outcome:
    return None, Kept(Profile.COMPACT, Keeping.ORIGINAL, misdrawn=misdrawn, because=because)


def upright(pixels: Pixels, recognition: Recognition) -> Pixels | None:
    """The page in the upright frame of ``recognition``; None if that was made of other pixels."""
    height, width = pixels.shape[:2]
    if not recognition.width:
        return pixels
    turned = turned_size(width, height, recognition.rotation)
    frame = (turned[0] + recognition.grown[0], turned[1] + recognition.grown[1])
    if frame != (recognition.width, recognition.height):
        return None
    if not recognition.skew and turned == frame:
        return turn(pixels, recognition.rotation)
    matrix = upright_matrix(width, height, recognition.rotation, recognition.skew, recognition.grown)
    glance = pixels[::_GLANCE, ::_GLANCE]
    paper = np.median(glance.reshape(-1, *glance.shape[2:]), axis=0)
    beyond = [float(level) for level in np.atleast_1d(paper)] if pixels.ndim == COLOUR else float(paper)
    # OpenCV moves four bytes at a time much faster than three.
    aligned = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA) if pixels.ndim == COLOUR else pixels
    straight = cv2.warpAffine(
        aligned, matrix, frame, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=beyond
    )
    if pixels.ndim == COLOUR:
        straight = cv2.cvtColor(straight, cv2.COLOR_RGBA2RGB)
    return np.asarray(straight, np.uint8)
