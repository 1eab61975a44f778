"""The crew: worker processes that are started, kept up and stopped together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time

#: Workers run one thread each, one worker a core: more threads make Tesseract many times slower.
ONE_THREAD = {"OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
BROKER_VARIABLE = "AKTEN_WORKER_BROKER"
_PR_SET_PDEATHSIG = 1
_RESPAWN_SECONDS = 2.0
_libc = ctypes.CDLL(None, use_errno=True)


def _in_child() -> None:
    """Stop with the parent, however it ends: an orphaned worker would work on unseen."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Crew:
    """``count`` workers; each is loaded once and forks for every task."""

    def __init__(self, count: int, broker_url: str) -> None:
        self._count = count
        self._environment = {**os.environ, **ONE_THREAD, BROKER_VARIABLE: broker_url}
        self._workers: list[subprocess.Popen[bytes]] = []
        self._next_start = 0.0

    def keep_up(self) -> None:
        """Start workers that are missing: all at first, later those that died."""
        self._workers = [worker for worker in self._workers if worker.poll() is None]
        if len(self._workers) == self._count or time.monotonic() < self._next_start:
            return
        self._next_start = time.monotonic() + _RESPAWN_SECONDS
        while len(self._workers) < self._count:
            self._workers.append(self._start())

    def _start(self) -> subprocess.Popen[bytes]:
        # A session of their own keeps the terminal's Ctrl-C away from Tesseract in the middle of a page.
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.jobs"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_in_child,  # noqa: PLW1509 - only sets a flag of the kernel's
        )

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
