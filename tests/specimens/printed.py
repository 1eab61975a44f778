"""Sheets as scanning staff get them: printed by the command ``akten sheets`` for volumes it knows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from pdf2image import convert_from_path
from PIL import Image

from tests.specimens.sheets import A4, DPI


class PrintedSheets:
    """A ``SheetMaker`` that calls the command ``akten`` with arguments; it has to know the inventory."""

    def __init__(self, akten: Callable[..., object]) -> None:
        self._akten = akten
        self._printed = cache(self._print)

    def cover(self, file_number: str, volume: int, expected_pages: int) -> Image.Image:
        """The volume's cover sheet; its expected pages come from the inventory."""
        return self._printed("--file-number", file_number, "--volume", str(volume))

    def separator(self, document_type: str) -> Image.Image:
        """The document type's separator sheet."""
        return self._printed("--type", document_type)

    def _print(self, *which: str) -> Image.Image:
        with tempfile.TemporaryDirectory() as folder:
            pdf = Path(folder) / "sheet.pdf"
            self._akten("sheets", *which, "-o", pdf)
            (page,) = convert_from_path(pdf, dpi=DPI, grayscale=True, size=A4)
        return page
