"""The command as a process: its standard streams, signals, and what the system refuses."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from errors import DiskFull, Interrupted, PlaceUnusable

_STANDARD_ERROR = 2
_SOON_SECONDS = 0.05


def prepare() -> None:
    """Make streams and signals safe, before anything else is opened or printed."""
    _fill_closed_streams()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # what nohup ignores stays ignored
            signal.signal(number, _interrupt)
    signal.signal(signal.SIGALRM, _interrupt)
    sys.unraisablehook = _interrupt_again


def _fill_closed_streams() -> None:
    """Closed standard streams lead nowhere; letters that a terminal lacks are printed as ``?``."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass  # a closed stream's place, which otherwise the ledger might take: it stays open
    os.close(handle)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for good
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Interrupted


def _interrupt_again(lost: sys.UnraisableHookArgs) -> None:
    """Interrupt once more, soon, where an interrupt fell into a finaliser: nothing is raised out of one."""
    if isinstance(lost.exc_value, Interrupted):
        signal.setitimer(signal.ITIMER_REAL, _SOON_SECONDS)
    else:
        sys.__unraisablehook__(lost)


def reader_left() -> None:
    """End as other programs do when nobody reads on, as with ``| head``: by SIGPIPE, without a word."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn what the system refuses into ``DiskFull`` or ``PlaceUnusable``."""
    try:
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from problem
        where = problem.filename if isinstance(problem.filename, str) else "-"
        raise PlaceUnusable(path=where, detail=problem.strerror or type(problem).__name__) from problem
