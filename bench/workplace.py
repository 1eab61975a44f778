"""Folders to work in that do not outlive the work, also where it is ended by a signal."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from bench.programs import ROOT

HOME = ROOT / ".bench"


@contextmanager
def workplace(home: Path = HOME) -> Iterator[Path]:
    """A new folder ``work-*`` below ``home``, gone afterwards; SIGTERM ends the process in an orderly way."""
    home.mkdir(parents=True, exist_ok=True)
    before = signal.signal(signal.SIGTERM, _leave)
    folder = Path(tempfile.mkdtemp(prefix="work-", dir=home))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, before)


@contextmanager
def emptied(folder: Path) -> Iterator[Path]:
    """``folder``, new and empty; gone afterwards."""
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _leave(number: int, frame: FrameType | None) -> None:
    del frame
    sys.exit(128 + number)
