"""Runs a command and tells the processor time of every process it started, however deep and detached.

    meter.py RESULT GRACE COMMAND…

It becomes the reaper of whatever its descendants leave behind (Linux, prctl(2)), waits until all have
ended (GRACE seconds after the command; what runs on is killed), and only then reads what they used: also
a server that made itself a daemon is counted.
Standard library only, and no import of ours: nothing of the meter is in the figure.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

_PR_SET_CHILD_SUBREAPER = 36
_GRACE = 30.0  # seconds for what the command leaves running; then it is an error


@dataclass(frozen=True, slots=True)
class Spent:
    """What a command and its descendants took: processor and clock seconds; its exit code."""

    cpu: float
    seconds: float
    code: int


def metered(
    command: Sequence[str | Path], environment: Mapping[str, str], folder: Path, *, log: Path
) -> Spent:
    """Run ``command`` in ``folder``, its output into ``log``.

    Raises ``RuntimeError`` if it leaves processes behind.
    """
    result = folder / "spent.json"
    with log.open("wb") as output:
        meter = subprocess.Popen(
            [sys.executable, __file__, result, str(_GRACE), *command],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        meter.wait()
    except BaseException:  # whoever ends the measurement ends what is measured
        meter.terminate()
        meter.wait()
        raise
    found = json.loads(result.read_text())
    if found["left"]:
        raise RuntimeError(f"{command[0]} left {found['left']} process(es) running, see {log}")
    return Spent(found["cpu"], found["seconds"], found["code"])


def _run(command: list[str], grace: float) -> dict[str, float]:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    signal.signal(signal.SIGTERM, _end_all)
    begun = time.monotonic()
    child = os.posix_spawnp(command[0], command, os.environ)
    code, ended, left = -1, 0.0, 0
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG if ended else 0)
        except ChildProcessError:
            break
        if pid == child:
            code, ended = os.waitstatus_to_exitcode(status), time.monotonic()
        elif pid == 0 and time.monotonic() > ended + grace:
            left = _end_children()
            break
        elif pid == 0:
            time.sleep(0.02)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu": used.ru_utime + used.ru_stime, "seconds": ended - begun, "code": code, "left": left}


def _end_children() -> int:
    """End what did not end by itself; returns how many."""
    pids = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    for pid in pids:
        os.kill(int(pid), signal.SIGKILL)
    return len(pids)


def _end_all(number: int, frame: FrameType | None) -> NoReturn:
    """End every descendant: those of one that ended become children, and are ended next."""
    del frame
    while _end_children():
        os.wait()
    os._exit(128 + number)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(_run(sys.argv[3:], float(sys.argv[2]))))
