"""One piece of work in a forked child: what breaks, hangs or eats memory there leaves its parent whole.

The child inherits what the parent holds, a page's pixels and a loaded model among it, without a copy.
"""

from __future__ import annotations

import faulthandler
import gc
import math
import mmap
import os
import resource
import select
import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NoReturn

#: A core file would hold a page. A limit of 1 also forbids handing it to a program, as 0 does not (core(5)).
_NO_CORE = 1
_MEGABYTE = 1_000_000
_RAISED, _NO_MEMORY = 3, 4


class Cause(Enum):
    """Why a child gave no result."""

    OVERDUE = "overdue"
    MEMORY = "memory"
    CRASHED = "crashed"
    RAISED = "raised"


@dataclass(frozen=True, slots=True)
class Failure:
    """A child's end without a result: which signal ended it (0: none), or the text of what it raised."""

    cause: Cause
    signal: int = 0
    said: str = ""


def in_child(work: Callable[[], bytes], *, seconds: float, memory_mb: int) -> bytes | Failure:
    """Do ``work`` in a child and return what it returns, or why there is nothing.

    It may take ``seconds`` by the clock and fill ``memory_mb`` megabytes beyond what this process holds.
    """
    answer = os.memfd_create("answer")
    try:
        pid = os.fork()
        if not pid:
            _live(work, answer, seconds, memory_mb)
        ended, in_time = _await(pid, seconds)
        said = os.pread(answer, os.fstat(answer).st_size, 0)
    finally:
        os.close(answer)
    if not in_time or ended == -signal.SIGXCPU:
        return Failure(Cause.OVERDUE)
    if ended == _NO_MEMORY:
        return Failure(Cause.MEMORY)
    if ended == _RAISED:
        return Failure(Cause.RAISED, said=said.decode(errors="replace"))
    return Failure(Cause.CRASHED, max(-ended, 0)) if ended else said


def _await(pid: int, seconds: float) -> tuple[int, bool]:
    """Wait for a child; returns its exit code or negative signal, and whether it ended by itself in time.

    Whatever happens meanwhile, it is not left behind.
    """
    in_time = False
    try:
        with os.fdopen(os.pidfd_open(pid), "rb", buffering=0) as handle:
            poll = select.poll()
            poll.register(handle.fileno(), select.POLLIN)
            in_time = bool(poll.poll(seconds * 1000))
    finally:
        if not in_time:
            os.kill(pid, signal.SIGKILL)  # not waited for yet, so its number is still its own
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code, in_time


def _live(work: Callable[[], bytes], answer: int, seconds: float, memory_mb: int) -> NoReturn:
    """Work within limits, answer, and end without a trace of the parent's own affairs."""
    code = 1
    try:
        gc.freeze()  # nothing of the parent's is tidied up here, which might write into its connections
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(name, signal.SIG_DFL)
        faulthandler.disable()
        _silence()
        _limit(seconds, memory_mb)
        code = _done(work, answer)
    finally:
        os._exit(code)


def _done(work: Callable[[], bytes], answer: int) -> int:
    """Write what the work returns, or what it raises; returns the exit code that says which."""
    try:
        result = work()
    except MemoryError:
        return _NO_MEMORY
    except Exception as error:
        _write(answer, str(error).encode())
        return _RAISED
    _write(answer, result)
    return 0


def _write(fd: int, data: bytes) -> None:
    with os.fdopen(fd, "wb", closefd=False) as file:
        file.write(data)


def _silence() -> None:
    """What libraries print may quote a page."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for standard in (1, 2):
        os.dup2(nowhere, standard)


def _limit(seconds: float, memory_mb: int) -> None:
    """Bound memory, and processor time too: should the parent die, the child does not go on for ever."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
    for kind, most in (
        (resource.RLIMIT_DATA, held_bytes() + memory_mb * _MEGABYTE),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_CORE, _NO_CORE),
    ):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)  # noqa: PLW2901
        resource.setrlimit(kind, (most, hard))


def held_bytes() -> int:
    """What this process has of the memory that ``RLIMIT_DATA`` counts."""
    return int(Path("/proc/self/statm").read_text().split()[5]) * mmap.PAGESIZE
