"""The crew: worker processes that are forked, kept up and stopped together by their foreman."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.context import ForkProcess

from errors import WorkersFailing
from pipeline.confined.kernel import call_itself, die_with_parent
from pipeline.queue.foreman import ENDING

BROKER_VARIABLE = "AKTEN_WORKER_BROKER"
_RESPAWN_SECONDS = 2.0
#: Workers that end this soon after their start, more often than this in a row, will never work.
_SOON_SECONDS = 5.0
_PATIENCE = 4
_fork = multiprocessing.get_context("fork")
_log = logging.getLogger("aktenwerk")


class Crew:
    """``count`` workers that do ``work``; each forks for every task."""

    def __init__(self, count: int, work: Callable[[], None]) -> None:
        self._count, self._work = count, work
        self._workers: list[ForkProcess] = []
        self._next_start = self._started = 0.0
        self._failed, self._soon_ended = False, 0

    def keep_up(self) -> None:
        """Start workers that are missing, all at first, later those that died, until told to end.

        Raises ``WorkersFailing`` when they end again and again as soon as they are started.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, (*ENDING, signal.SIGCHLD))
        told = None
        try:
            while told is None or told.si_signo == signal.SIGCHLD:
                self._look()
                told = signal.sigtimedwait((*ENDING, signal.SIGCHLD), _RESPAWN_SECONDS)
        finally:
            self._stop()

    def _look(self) -> None:
        ended = [worker for worker in self._workers if worker.exitcode is not None]
        self._workers = [worker for worker in self._workers if worker not in ended]
        codes = [worker.exitcode or 0 for worker in ended]
        for code in codes:
            _log.warning("worker.ended", extra={"signal": max(-code, 0)})
        if any(code >= 0 for code in codes):  # by themselves: nobody killed them
            self._failed = time.monotonic() - self._started < _SOON_SECONDS
            self._soon_ended = self._soon_ended if self._failed else 0
        if len(self._workers) == self._count or time.monotonic() < self._next_start:
            return
        self._soon_ended += self._failed
        if self._soon_ended > _PATIENCE:
            raise WorkersFailing
        self._failed = False
        self._started = time.monotonic()
        self._next_start = self._started + _RESPAWN_SECONDS
        while len(self._workers) < self._count:
            worker = _fork.Process(target=self._become, args=(os.getpid(),))
            worker.start()
            self._workers.append(worker)

    def _become(self, foreman: int) -> None:
        """In the forked process: a worker, which ends with its foreman: orphaned, it would work on unseen."""
        # A session of its own: rq ends the processes of a group together.
        os.setsid()
        call_itself("akten-worker")
        for number in ENDING:
            signal.signal(number, signal.SIG_DFL)
        die_with_parent(foreman, signal.SIGTERM)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*ENDING, signal.SIGCHLD))
        self._work()

    def _stop(self, seconds: float = 30.0) -> None:
        """Let every worker finish the task at hand; end it by force after ``seconds``."""
        for worker in self._workers:
            worker.terminate()
        deadline = time.monotonic() + seconds
        for worker in self._workers:
            worker.join(max(0.0, deadline - time.monotonic()))
            if worker.exitcode is None:
                worker.kill()
                worker.join()
