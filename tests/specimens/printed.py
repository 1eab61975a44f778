"""Sheets as scanning staff get them: printed by the command ``akten sheets`` for volumes it knows."""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from pathlib import Path

from pdf2image import convert_from_path
from PIL import Image

from tests.specimens.sheets import A4, DPI


class PrintedSheets:
    """A ``SheetMaker`` that asks the installed command; the inventory has to be imported before.

    ``akten`` is the command's path, ``data`` its data folder.
    """

    def __init__(self, akten: Path, data: Path) -> None:
        self._akten, self._data = akten, data
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
            command = [self._akten, "--data", self._data, "sheets", *which, "-o", pdf]
            subprocess.run(command, check=True, capture_output=True)
            (page,) = convert_from_path(pdf, dpi=DPI, grayscale=True, size=A4)
        return page
