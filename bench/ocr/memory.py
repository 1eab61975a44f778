"""How much memory a worker of ours takes at most, on a huge page and on a file of very many pages."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from bench.drawn import KINDS, draw_page, write_slips
from bench.machine import source
from bench.ocr.figures import Memory
from bench.programs import AKTEN, environment
from bench.sets import bind

_PAUSE = 0.05  # seconds between two looks
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Trial:
    """A file to be digitised, made by ``write``."""

    about: str
    pages: int
    write: Callable[[Path], None]


def large_page(path: Path) -> None:
    """A PDF of one full A4 page, 600 dpi, in colour."""
    kind = KINDS["dense"]
    scan = draw_page("large", replace(kind, wear=replace(kind.wear, dpi=600)), 0, path.parent)
    bind([scan], path)


TRIALS: Mapping[str, Trial] = {
    "600dpi": Trial("A4 page, 600 dpi, colour", 1, large_page),
    "2000pages": Trial("PDF of 2,000 small pages", 2000, lambda path: write_slips(path, 2000)),
}


def measure(name: str, folder: Path) -> Memory:
    """Digitise the file of a trial with one worker, and look at all processes all the time.

    A worker is what ``akten run`` starts, with everything that starts in turn. Proportional set size:
    pages several processes share are divided among them. Raises ``RuntimeError`` if akten fails.
    """
    trial, own = TRIALS[name], folder / name
    own.mkdir()
    trial.write(own / "scan.pdf")
    settings = environment({"AKTEN_DATA": str(own / "data"), "AKTEN_LANGUAGE": "en"})
    command = [str(AKTEN), "run", "--json", "--workers", "1", str(own / "scan.pdf")]
    with (own / "log").open("wb") as log:
        running = subprocess.Popen(command, env=settings, cwd=own, stdout=log, stderr=log)
    worker = parent = 0.0
    while running.poll() is None:
        workers, itself = _held(running.pid)
        worker, parent = max(worker, workers), max(parent, itself)
        time.sleep(_PAUSE)
    if running.returncode not in (0, 1):
        raise RuntimeError(f"akten ended with {running.returncode}:\n{(own / 'log').read_text()[-2000:]}")
    shutil.rmtree(own)
    return Memory(trial.about, trial.pages, worker, parent, source())


def _held(pid: int) -> tuple[float, float]:
    """What the largest child of ``pid`` holds with its descendants, and what ``pid`` holds, in megabytes."""
    try:
        process = psutil.Process(pid)
        children = [[child, *child.children(recursive=True)] for child in process.children()]
    except psutil.NoSuchProcess:
        return 0.0, 0.0
    held = [sum(_proportional(one.pid) for one in family) for family in children]
    return max(held, default=0.0), _proportional(pid)


def _proportional(pid: int) -> float:
    try:
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except (OSError, ProcessLookupError):
        return 0.0
    return int(found[1]) * 1024 / 1e6 if found else 0.0
