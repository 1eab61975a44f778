"""The crew: worker processes that are started, kept up and stopped together."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

from errors import WorkersFailing

#: Workers run one thread each, one worker a core: more threads make Tesseract many times slower.
ONE_THREAD = {"OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
BROKER_VARIABLE = "AKTEN_WORKER_BROKER"
#: The process a worker ends with, however that ends: an orphaned worker would work on unseen.
PARENT_VARIABLE = "AKTEN_WORKER_PARENT"
_RESPAWN_SECONDS = 2.0
#: Workers that end this soon after their start, more often than this in a row, will never work.
_SOON_SECONDS = 5.0
_PATIENCE = 4
#: What failed starts may leave behind before it is begun anew.
_LOG_BYTES = 1_000_000
_log = logging.getLogger("aktenwerk")


class Crew:
    """``count`` workers; each is loaded once and forks for every task.

    What goes wrong before a worker has opened its own log goes to the file ``log``, not across a progress
    bar; without one, to standard error.
    """

    def __init__(self, count: int, broker_url: str, log: Path | None) -> None:
        self._count, self._log = count, log
        mine = {BROKER_VARIABLE: broker_url, PARENT_VARIABLE: str(os.getpid())}
        self._environment = {**os.environ, **ONE_THREAD, **mine}
        self._workers: list[subprocess.Popen[bytes]] = []
        self._next_start = self._started = 0.0
        self._soon_ended = 0

    def keep_up(self) -> None:
        """Start workers that are missing: all at first, later those that died.

        Raises ``WorkersFailing`` when they end again and again as soon as they are started.
        """
        ended = [worker for worker in self._workers if worker.poll() is not None]
        self._workers = [worker for worker in self._workers if worker not in ended]
        for worker in ended:
            _log.warning("worker.ended", extra={"signal": max(-worker.returncode, 0)})
        if any(worker.returncode >= 0 for worker in ended):  # by themselves: nobody killed them
            soon = time.monotonic() - self._started < _SOON_SECONDS
            self._soon_ended = self._soon_ended + 1 if soon else 0
            if self._soon_ended > _PATIENCE:
                raise WorkersFailing(log=str(self._log or "stderr"))
        if len(self._workers) == self._count or time.monotonic() < self._next_start:
            return
        self._started = time.monotonic()
        self._next_start = self._started + _RESPAWN_SECONDS
        while len(self._workers) < self._count:
            self._workers.append(self._start())

    def _start(self) -> subprocess.Popen[bytes]:
        # A session of their own keeps the terminal's Ctrl-C away from Tesseract in the middle of a page.
        with self._opened_log() as log:
            return subprocess.Popen(
                [sys.executable, "-m", "pipeline.jobs"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _opened_log(self) -> BinaryIO:
        if self._log is None:
            return os.fdopen(os.dup(sys.stderr.fileno()), "wb")
        if self._log.exists() and self._log.stat().st_size > _LOG_BYTES:
            os.truncate(self._log, 0)
        return self._log.open("ab")

    def stop(self, seconds: float = 30.0) -> None:
        """Let every worker finish the task at hand; end it by force after ``seconds``."""
        for worker in self._workers:
            worker.terminate()
        deadline = time.monotonic() + seconds
        for worker in self._workers:
            try:
                worker.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        self._workers = []
