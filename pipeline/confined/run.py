"""The worker's side: fork a child for one piece of work, serve it, await it, tell whose fault its end was."""

from __future__ import annotations

import logging
import os
import select
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar, cast

from errors import N_, SENT_BY_OTHERS, BadInput, ReaderBroke, ReaderKilled
from pipeline.confined.answer import Answer, answer_of, read, write
from pipeline.confined.lockup import Bounds, Walls, allow_time, lock_up
from pipeline.scans.source import Limits
from storage.streams import disk_errors

Result = TypeVar("Result")
Record = TypeVar("Record")

#: CPU seconds that every record adds to what is left after the last: the whole is written then.
_SECONDS_A_RECORD = 2
#: Bytes that have to fit on a disk that is not full.
_ROOM = 1 << 20
_log = logging.getLogger("aktenwerk")


@dataclass(frozen=True, slots=True)
class _Inside(Generic[Record]):
    """What the work has in the child: records as it asks for them, and the walls around it."""

    records: Iterator[Record]
    walls: Walls


def confined(work: Callable[[], Result], bounds: Bounds, folder: Path) -> Result:
    """Do ``work`` in a child that may write into ``folder`` only; returns its result, raises its error.

    Raises ``ReaderBroke`` when it crashes or exceeds ``bounds``, ``ReaderKilled`` when somebody else ends it,
    ``DiskFull``, and ``RuntimeError`` for what was not foreseen.
    """
    return _run(lambda _: work(), iter(()), bounds, folder)


def confined_over(
    records: Iterable[Record], work: Callable[[Iterator[Record]], Result], bounds: Bounds, folder: Path
) -> Result:
    """Like ``confined``, for work that takes records one by one: they are made here and used there.

    What making a record raises comes out as it is.
    """
    return _run(lambda inside: work(inside.records), iter(records), bounds, folder)


def walls(folder: Path) -> Walls:
    """Which walls the kernel of this machine puts up around a child that may write into ``folder``."""
    return _run(lambda inside: inside.walls, iter(()), Bounds.of(Limits(), seconds=30), folder)


def _run(
    work: Callable[[_Inside[Record]], Result], records: Iterator[Record], bounds: Bounds, folder: Path
) -> Result:
    parent, answer = os.getpid(), os.memfd_create("answer")
    ours, theirs = Pipe()
    try:
        pid = os.fork()
        if not pid:
            _live(
                lambda: lock_up(bounds, folder, parent=parent, keep_open=(theirs.fileno(), answer)),
                lambda raised: work(_Inside(_asked(theirs, bounds), raised)),
                answer,
            )
        theirs.close()
        _check_end(*_finish(pid, ours, records, bounds.seconds), bounds)
        return cast(Result, _judged(read(answer), bounds))
    except BadInput:
        # Some programs crash on a full disk (qpdf aborts), some say nothing: then the file is not to blame.
        with disk_errors():
            _require_room(folder)
        raise
    finally:
        ours.close()
        theirs.close()
        os.close(answer)


def _require_room(folder: Path) -> None:
    """Raise ``OSError`` when nothing more can be written into ``folder``."""
    with tempfile.TemporaryFile(dir=folder) as probe:
        os.posix_fallocate(probe.fileno(), 0, _ROOM)


# --- in the worker -------------------------------------------------------------------------------------


def _finish(pid: int, requests: Connection, records: Iterator[Any], seconds: float) -> tuple[int, bool]:
    """Serve a child until it ends; returns its exit code or negative signal, and whether it was overdue.

    Whatever happens meanwhile, neither it nor anything it started is left behind.
    """
    try:
        with os.fdopen(os.pidfd_open(pid), "rb", buffering=0) as handle:
            in_time = _serve(handle.fileno(), requests, records, seconds)
    finally:
        code = _end(pid)
    return code, not in_time


def _serve(handle: int, requests: Connection, records: Iterator[Any], seconds: float) -> bool:
    """Hand out records as they are asked for. True when the child ends, False when it is silent too long."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(requests.fileno(), select.POLLIN)
    while ready := [fd for fd, _ in poll.poll(seconds * 1000)]:
        if handle in ready:
            return True
        try:
            requests.recv_bytes(1)
        except (EOFError, OSError):  # it is about to end
            poll.unregister(requests.fileno())
            continue
        following = list(islice(records, 1))
        with suppress(OSError):  # its end will tell
            requests.send(following)
    return False


def _end(pid: int) -> int:
    """End a child with all that it started. Until the last line its number cannot be another's."""
    if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _check_end(code: int, overdue: bool, bounds: Bounds) -> None:
    """Raise unless a child ended in peace: was it the input's doing, or somebody else's?"""
    if overdue:
        raise ReaderBroke(detail=N_("it takes longer than {limit} s"), limit=round(bounds.seconds))
    if code == -signal.SIGXCPU:
        raise ReaderBroke(detail=N_("it takes longer than {limit} s"), limit=bounds.cpu_seconds)
    if code == -signal.SIGXFSZ:
        raise ReaderBroke(detail=N_("it writes more than {limit} MB"), limit=bounds.file_mb)
    if -code in SENT_BY_OTHERS:
        raise ReaderKilled
    if code < 0:
        raise ReaderBroke(detail=N_("the program crashed, {signal}"), signal=signal.Signals(-code).name)
    if code:
        raise RuntimeError("a confined child gave no answer")


def _judged(answer: Answer, bounds: Bounds) -> object:
    if answer.kind == "error":
        raise answer.value
    if answer.kind == "memory":
        raise ReaderBroke(detail=N_("it needs more than {limit} MB of memory"), limit=bounds.memory_mb)
    if answer.kind == "unforeseen":
        _log.warning("reader.unforeseen", extra={"code": answer.value})
        raise RuntimeError(answer.value)
    return answer.value


# --- in the child --------------------------------------------------------------------------------------


def _live(lock: Callable[[], Walls], work: Callable[[Walls], object], answer: int) -> NoReturn:
    """Lock up, work, answer, and end without a trace of the worker's own affairs."""
    try:
        raised = lock()
        write(answer, answer_of(lambda: work(raised)))
        os._exit(0)
    finally:
        os._exit(1)


def _asked(requests: Connection, bounds: Bounds) -> Iterator[Any]:
    """Records from the worker, one at a time."""
    count = 0
    while True:
        requests.send_bytes(b"?")
        following = requests.recv()
        if not following:
            break
        count += 1
        allow_time(bounds.cpu_seconds)
        yield following[0]
    allow_time(bounds.cpu_seconds + _SECONDS_A_RECORD * count)
