"""Real page sets: folders of scans with their text beside them, where somebody has them.

Nothing of them belongs to the project. A folder holds one folder a set, and in it pages as
``NAME.jpg`` or ``NAME.tif`` with ``NAME.gt.txt``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bench.sets import PageSet, Scan

#: Names the folder of real scans.
DATA_VARIABLE = "AKTEN_BENCH_DATA"
_A4_INCHES = 8.27
_LEAST_DPI = 90  # what says less is a camera's or a program's habit, not a scanner's
_COARSE_DPI = 150
_SUFFIXES = (".jpg", ".tif")


@dataclass(frozen=True, slots=True)
class Known:
    """A set: its folder, its language, and whether only its coarse or only its fine pages are meant."""

    folder: str
    about: str
    language: str
    coarse: bool | None = None


SETS: Mapping[str, Known] = {
    "ehri-de-300": Known("ehri-typewriter-de", "German typewriter, about 300 dpi", "deu", coarse=False),
    "ehri-de-96": Known("ehri-typewriter-de", "German typewriter, about 96 dpi", "deu", coarse=True),
    "ehri-mixed": Known(
        "ehri-typewriter-en-cs-da-sk", "typewriter in four languages, all told it is English", "eng"
    ),
    "unlv-en": Known("unlv-business-letters-en", "English business letters, black and white", "eng"),
    "tapus-fr": Known("tapus-typewriter-fr", "French typewriter and cards", "fra"),
    "receipts-de": Known("softmatic-receipts-de", "German till receipts", "deu"),
}


def load(name: str, root: Path) -> PageSet:
    """The set ``name`` below ``root``; without pages where it is absent."""
    known = SETS[name]
    folder = root / known.folder
    files = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES) if folder.is_dir() else []
    scans = [scan for scan in map(_scan, files) if scan is not None]
    chosen = tuple(scan for scan in scans if known.coarse in (None, scan.dpi < _COARSE_DPI))
    return PageSet(name, known.about, known.language, chosen, drawn=False)


def _scan(path: Path) -> Scan | None:
    truth = path.with_name(f"{path.stem}.gt.txt")
    if not truth.exists():
        return None
    text = unicodedata.normalize("NFC", truth.read_text(encoding="utf-8"))
    return Scan(path.stem, path, _resolution(path), text)


def _resolution(path: Path) -> float:
    """What the file says, if a scanner may have said it; else as if the paper were as wide as A4."""
    with Image.open(path) as image:
        told = float(image.info.get("dpi", (0, 0))[0])
        return told if told >= _LEAST_DPI else image.width / _A4_INCHES
