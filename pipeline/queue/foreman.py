"""The foreman: a process that loads once what pages are read with, and forks all workers from itself.

It is forked from the command, which has loaded most of that already, before the command opens anything: an
SQLite database or a thread must not be carried across a fork. So it waits for its order.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from errors import WorkersFailing

#: Workers run one thread each, one worker a core: more threads make Tesseract many times slower.
ONE_THREAD = {"OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
#: What ends a command or a foreman; a foreman keeps it blocked, and looks for it.
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
#: Longer than workers may take for the task at hand.
_STOP_SECONDS = 35.0
_RESPAWN_SECONDS = 2.0
_log = logging.getLogger("aktenwerk")


@dataclass(frozen=True, slots=True)
class Order:
    """``count`` workers on the queues at ``broker``, for as long as the process ``parent`` lives.

    What goes wrong before they have opened their own log goes to the file ``log``, not across a progress bar;
    with "" to standard error.
    """

    count: int
    broker: str
    log: str
    parent: int

    @classmethod
    def received(cls) -> Order | None:
        """The order on standard input; None: the command ended without giving one."""
        with open(0, "rb", closefd=False) as line:
            text = line.read()
        return cls(**json.loads(text)) if text else None


class Foreman:
    """A command's hold on its foreman; ``main`` is what that process does with its order."""

    def __init__(self, main: Callable[[Order], int]) -> None:
        self._order: Order | None = None
        self._next_start = 0.0
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        given, self._line = os.pipe()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        try:
            self._pid = os.fork()
            if not self._pid:
                os.close(self._line)
                _become(main, given)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(given)

    def keep_up(self, count: int, broker: str, log: Path | None) -> None:
        """Have ``count`` workers from now on, and a new foreman should this one be killed.

        Raises ``WorkersFailing`` when it has given up.
        """
        if self._pid:
            ended, status = os.waitpid(self._pid, os.WNOHANG)
            if ended:
                self._ended(os.waitstatus_to_exitcode(status), log)
        if not self._pid and time.monotonic() >= self._next_start:
            self._start()
        if self._pid and self._order is None:
            self._order = Order(count, broker, str(log or ""), os.getpid())
            with suppress(BrokenPipeError):  # it is gone already, which is seen the next time
                os.write(self._line, json.dumps(asdict(self._order)).encode())
            os.close(self._line)

    def _ended(self, code: int, log: Path | None) -> None:
        if self._order is None:
            os.close(self._line)
        self._pid, self._order = 0, None
        _log.warning("foreman.ended", extra={"signal": max(-code, 0)})
        if code > 0:
            raise WorkersFailing(log=str(log or "stderr"))

    def _start(self) -> None:
        """A new one loads everything itself: what the command has open by now cannot be carried along."""
        self._next_start = time.monotonic() + _RESPAWN_SECONDS
        given, self._line = os.pipe()
        command = [sys.executable, "-m", "pipeline.jobs"]
        as_input = [(os.POSIX_SPAWN_DUP2, given, 0)]
        self._pid = os.posix_spawn(
            sys.executable, command, {**os.environ, **ONE_THREAD}, file_actions=as_input, setsid=True
        )
        os.close(given)

    def close(self) -> None:
        """Let every worker finish the task at hand; end the foreman by force should it not end."""
        if not self._pid:
            return
        pid, self._pid = self._pid, 0
        if self._order is None:
            os.close(self._line)
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while not os.waitpid(pid, os.WNOHANG)[0]:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                deadline = float("inf")
            time.sleep(0.02)


def _become(main: Callable[[Order], int], given: int) -> NoReturn:
    """In the forked process: nothing of the command's is left, its signals and its terminal least of all."""
    code = 1
    try:
        os.setsid()
        for number in (*ENDING, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        sys.unraisablehook = sys.__unraisablehook__
        os.dup2(given, 0)
        os.close(given)
        order = Order.received()
        code = main(order) if order else 0
    finally:
        os._exit(code)
