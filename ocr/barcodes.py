"""QR codes on a page: cover and separator sheets carry one."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
import zxingcpp

from ocr import prepare
from ocr.records import Grey, Pixels

# About 150 dpi of an A4 page. A code of 15 mm still has four pixels a module there, and the noise of
# scanners and the screens of printers are averaged away.
_REDUCED_PIXELS = 2_200_000
_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def read_qr(pixels: Pixels) -> tuple[str, ...]:
    """Read all QR codes of a page, however it lies; their texts from top to bottom, each once.

    Reducing cures noise, full resolution finds small codes, smoothing fills broken prints: each finds
    codes the others miss. All three together take some 25 ms of a 300 dpi A4 page, so none is spared.
    """
    found: dict[str, float] = {}
    for image in _views(prepare.to_grey(pixels)):
        codes = zxingcpp.read_barcodes(image, formats=_FORMATS, try_invert=False)
        for code in codes:
            found.setdefault(code.text, code.position.top_left.y / image.shape[0])
    return tuple(sorted(found, key=found.__getitem__))


def _views(grey: Grey) -> Iterator[Grey]:
    # By a whole number, which is several times faster.
    reduced = prepare.scale(grey, 1 / max(1, round(math.sqrt(grey.size / _REDUCED_PIXELS))))
    yield reduced
    yield np.asarray(cv2.medianBlur(reduced, 3), dtype=np.uint8)
    if reduced is not grey:
        yield grey
