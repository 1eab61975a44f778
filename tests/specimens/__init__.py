"""Fictional case files with exact ground truth: ``python -m tests.specimens OUT`` (see README.md)."""

from tests.specimens.batch import build_batch, write_inventory
from tests.specimens.sheets import PlainSheets, SheetMaker
from tests.specimens.truth import PageTruth, SourceTruth, Truth, VolumeTruth

__all__ = [
    "PageTruth",
    "PlainSheets",
    "SheetMaker",
    "SourceTruth",
    "Truth",
    "VolumeTruth",
    "build_batch",
    "write_inventory",
]
