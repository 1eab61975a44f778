"""Cover and separator sheets: the seam to the product's own, and plain ones for these tests alone."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw

from tests.specimens import fonts

DPI = 300
A4 = (2480, 3508)
"""Width and height in pixels at ``DPI``."""


class SheetMaker(Protocol):
    """Draws the sheets a batch is sorted by: A4 at 300 dpi, mode L, one per call."""

    def cover(self, file_number: str, volume: int, expected_pages: int) -> Image.Image:
        """The cover sheet of a volume; ``expected_pages`` as in the inventory, without any sheets."""

    def separator(self, document_type: str) -> Image.Image:
        """The sheet put before a document of this type."""


class PlainSheets:
    """Sheets whose QR code says in plain text what it means, e.g. ``TEST:33.2-2019/004711:1``.

    The product's own carry opaque ids from the ledger; pass a maker that looks those up instead.
    """

    def cover(self, file_number: str, volume: int, expected_pages: int) -> Image.Image:
        """QR code, file number in large print, volume and expected pages."""
        lines = (file_number, f"Band {volume}", f"Seiten laut Bestand: {expected_pages}")
        return _sheet("DECKBLATT", lines, f"TEST:{file_number}:{volume}")

    def separator(self, document_type: str) -> Image.Image:
        """QR code and the document type."""
        return _sheet("TRENNBLATT", (document_type,), f"TEST:type:{document_type}")


def _sheet(title: str, lines: tuple[str, ...], payload: str) -> Image.Image:
    image = Image.new("L", A4, 255)
    draw = ImageDraw.Draw(image)
    draw.text((300, 500), title, fill=0, font=fonts.at_pixels("sans", True, 150), anchor="ls")
    for row, line in enumerate(lines):
        font = fonts.at_pixels("sans", row == 0, 130 if row == 0 else 80)
        draw.text((300, 800 + 170 * row), line, fill=0, font=font, anchor="ls")
    code = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCode, ec_level="H")
    image.paste(Image.fromarray(np.asarray(code.to_image(scale=24))), (300, 1500))
    return image
