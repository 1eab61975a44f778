"""What a confined child gives up before it begins: the worker's files and secrets, plenty, most rights."""

from __future__ import annotations

import gc
import logging
import mmap
import os
import resource
import signal
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pipeline.confined import kernel
from pipeline.scans.source import Limits

#: All that parsers and poppler need to know of the surroundings.
_KEPT = ("PATH", "HOME", "TZ", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH")
_KEPT_BEGINNINGS = ("OMP_", "OPENBLAS_", "FONTCONFIG_")
_MEGABYTE = 1_000_000
_OPEN_FILES = 1024
_STANDARD_FILES = (0, 1, 2)
#: A core file would hold a page. A limit of 1 also forbids handing it to a program, as 0 does not (core(5)).
_NO_CORE = 1


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one piece of work may use.

    Megabytes of memory beyond what the worker holds, seconds of CPU time, megabytes of one file, and seconds
    by the clock. Both times begin anew with every record that the work takes.
    """

    memory_mb: int
    cpu_seconds: int
    file_mb: int
    seconds: float

    @classmethod
    def of(cls, limits: Limits, seconds: float) -> Bounds:
        """The bounds of the settings, and ``seconds`` by the clock."""
        return cls(limits.reader_memory_mb, limits.reader_seconds, limits.reader_file_mb, seconds)


@dataclass(frozen=True, slots=True)
class Walls:
    """Which of the kernel's walls stand: no network; no file written outside the folder."""

    network: bool
    folder: bool


def lock_up(bounds: Bounds, folder: Path, *, parent: int, keep_open: Iterable[int]) -> Walls:
    """Make this process, just forked by ``parent``, a confined one; says which walls the kernel put up."""
    os.setsid()
    kernel.die_with_parent(parent)
    for name in (signal.SIGTERM, signal.SIGALRM, signal.SIGXFSZ):
        signal.signal(name, signal.SIG_DFL)
    logging.disable()  # the log's file is closed here, its number soon another file's
    gc.freeze()  # nothing of the worker's is tidied up here, which might write into its connections
    _close_files(keep_open)
    _forget_environment(folder)
    tempfile.tempdir = str(folder)
    _limit(bounds)
    kernel.forbid_new_privileges()
    raised = Walls(folder=kernel.write_only_below(folder), network=kernel.cut_network())
    kernel.drop_capabilities()
    return raised


def allow_time(seconds: int) -> None:
    """Allow so many CPU seconds from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft, hard = int(used.ru_utime + used.ru_stime) + seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (_at_most(soft, hard), hard))


def _close_files(keep_open: Iterable[int]) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in _STANDARD_FILES:
        os.dup2(nowhere, standard)
    kept = sorted({*_STANDARD_FILES, *keep_open, os.sysconf("SC_OPEN_MAX")})
    for below, above in pairwise(kept):
        os.closerange(below + 1, above)


def _forget_environment(folder: Path) -> None:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_BEGINNINGS)
    }
    kernel.wipe_environment({**kept, "TMPDIR": str(folder)})


def _limit(bounds: Bounds) -> None:
    """Bound memory by what is written to; mapped files may take address space beyond that."""
    held = [int(value) * mmap.PAGESIZE for value in Path("/proc/self/statm").read_text().split()]
    memory, file = bounds.memory_mb * _MEGABYTE, bounds.file_mb * _MEGABYTE
    for kind, most in (
        (resource.RLIMIT_DATA, held[5] + memory),
        (resource.RLIMIT_AS, held[0] + memory + file),
        (resource.RLIMIT_FSIZE, file),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, _NO_CORE),
    ):
        most = _at_most(most, resource.getrlimit(kind)[1])  # noqa: PLW2901
        resource.setrlimit(kind, (most, most))
    allow_time(bounds.cpu_seconds)


def _at_most(wanted: int, hard: int) -> int:
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
