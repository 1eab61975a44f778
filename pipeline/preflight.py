"""Preflight: whether all that reading pages needs is here, asked before the first page is touched.

A page must not pay for a missing program: without this, every page would be tried, and fail, and end in
quarantine. What is asked again while the work goes on costs next to nothing.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from errors import DiskFull
from ocr import tesseract
from pipeline.queue import redis_server
from pipeline.queue.broker import Broker
from pipeline.scans import poppler

#: With less the ledger itself may be unable to record anything, not even that work has to wait for room.
_LEAST_ROOM = 256 * 1024


def require_room(folder: Path) -> None:
    """Raise ``DiskFull`` unless a little can be written to ``folder``'s disk.

    It is tried, not asked for: what the system calls free need not be free for us.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, _LEAST_ROOM)
    except OSError as problem:
        # What else may be wrong with the folder, whoever needs it says in words that fit.
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from problem


def require_tools(language: str) -> None:
    """Raise ``ToolMissing`` or ``LanguageMissing`` unless pages can be drawn and read in ``language``."""
    tesseract.version()
    tesseract.require(language)
    poppler.require()


def require_queue(url: str, name: str) -> None:
    """Raise ``BrokerUnavailable`` unless the queue server at ``url`` answers; "": the program is there."""
    if not url:
        redis_server.version()
        return
    broker = Broker(url, name)
    try:
        broker.ping()
    finally:
        broker.close()
