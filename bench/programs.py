"""Programs that are measured: where they lie, how they are run, what poppler reads in what they made."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.meter import Spent, metered

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".bench" / "peers" / "bin"
AKTEN = ROOT / ".venv" / "bin" / "akten"
ONE_THREAD = {"OMP_THREAD_LIMIT": "1"}
JOBS = 2
#: OCRmyPDF's second code: the PDF is sound, but not the archive's kind. Of akten: something is in quarantine.
OCRMYPDF_DONE, AKTEN_DONE = (0, 10), (0, 1)


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """The machine's environment without settings of ours or limits of threads, and ``more``."""
    mine = ("AKTEN_", "OMP_", "OPENBLAS_")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(mine)}, **more}


def run(
    name: str,
    command: list[str],
    settings: Mapping[str, str],
    folder: Path,
    done: tuple[int, ...] = (0,),
) -> Spent:
    """Run ``command`` in ``folder`` to its end, metered.

    Raises ``RuntimeError`` with the end of its output where its code is none of ``done``.
    """
    log = folder / "log"
    spent = metered(command, settings, folder, log=log)
    if spent.code not in done:
        raise RuntimeError(f"{name} ended with {spent.code}:\n{log.read_text(errors='replace')[-2000:]}")
    return spent


def pdf_texts(pdf: Path, pages: int, *options: str) -> list[str]:
    """What poppler reads out of each page; "" for those that are missing."""
    command = ["pdftotext", "-enc", "UTF-8", *options, str(pdf), "-"]
    found = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\f")
    return [found[place] if place < len(found) else "" for place in range(pages)]
