"""What a reader sees of a product: pages drawn by PDFium, read again, and compared with the original."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pypdfium2

from bench.product.likeness import Pixels
from bench.programs import ONE_THREAD, environment
from config import wiring
from config.settings import Settings
from ocr.recognise import recognise

READ_DPI, SEEN_DPI = 300, 150
_POINTS = 72

Reader = Callable[[Pixels], str]


def drawn(pdf: Path, index: int, dpi: float) -> Pixels:
    """Page ``index`` (from 0), RGB (height, width, 3)."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        bitmap = document[index].render(scale=dpi / _POINTS, rev_byteorder=True)
        return np.array(bitmap.to_numpy()[..., :3], dtype=np.uint8)
    finally:
        document.close()


def drawn_like(pdf: Path, index: int, dpi: float, like: Pixels) -> Pixels:
    """The same in the size of ``like``: by the pixel if it is off by a pixel or two, else scaled to it.

    Programs round a page's size differently, and recode_pdf gives all pages of a file one resolution.
    """
    pixels = drawn(pdf, index, dpi)
    height, width = like.shape[:2]
    if max(abs(pixels.shape[0] - height), abs(pixels.shape[1] - width)) > 2:  # noqa: PLR2004
        pixels = drawn(pdf, index, dpi * width / pixels.shape[1])
    below, beside = max(height - pixels.shape[0], 0), max(width - pixels.shape[1], 0)
    padded = cv2.copyMakeBorder(pixels, 0, below, 0, beside, cv2.BORDER_REPLICATE)
    return np.asarray(padded[:height, :width], dtype=np.uint8)


def by_program(language: str, scratch: Path) -> Reader:
    """Reads as the Tesseract program does."""

    def read(pixels: Pixels) -> str:
        path = scratch / "page.png"
        cv2.imwrite(str(path), pixels[..., ::-1])
        command = ["tesseract", str(path), "-", "-l", language, "--dpi", str(READ_DPI)]
        done = subprocess.run(command, env=environment(ONE_THREAD), capture_output=True, check=True)
        return done.stdout.decode()

    return read


def by_us(language: str, settings: Settings) -> Reader:
    """Reads as our main job does."""
    options = replace(settings.ocr, language=language)
    engine = wiring.engine(settings)

    def read(pixels: Pixels) -> str:
        return recognise(pixels, dpi=READ_DPI, engine=engine, options=options).text

    return read


def image_bytes(pdf: Path) -> int:
    """Bytes of all images in a PDF, as they lie there; the rest is text, fonts, outline, structure."""
    with pikepdf.open(pdf) as opened:
        return sum(
            len(one.read_raw_bytes())
            for one in opened.objects
            if isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image"
        )
