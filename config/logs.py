"""The log: one JSON line an event, with ids only. Never a name, a file number or a text.

That is held here, not left to whoever writes a line: of our own records only the event's name and the
fields in ``FIELDS`` are written, of an error only its class and place, of what a library has to say only that
it said something and where. A message may quote a document; none is ever written.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import TextIO

from config.settings import Settings
from errors import AktenError
from pipeline.context import this_process

#: What a line of ours may carry besides time, level, event and process: ids, codes and numbers.
FIELDS = ("step", "id", "batch", "outcome", "code", "seconds", "attempt", "count", "signal")
OURS = "aktenwerk"
_MAX_BYTES = 10_000_000
_KEPT = 9

logging.getLogger(OURS).addHandler(logging.NullHandler())


def start(settings: Settings, process: str, stream: TextIO | None = None) -> None:
    """Send this process's log, and that of what it forks, where the settings say.

    ``process`` says what it is ("command", "worker"); ``stream`` stands in for standard error.
    """
    handler: logging.Handler
    if settings.log_file is None:
        handler = logging.StreamHandler(stream or sys.stderr)
    else:
        handler = BoundedFile(settings.log_file)
    handler.setFormatter(JsonLines(process))
    handler.addFilter(lambda record: _is_ours(record) or record.levelno >= logging.WARNING)
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one.formatter, JsonLines)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    logging.getLogger(OURS).setLevel(settings.log.level.upper())
    logging.raiseExceptions = False  # a full disk is told by the work itself, not by its log


class JsonLines(logging.Formatter):
    """A record as one line of JSON, with nothing in it that could quote a document."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """The line; see the module for what is left out, and why."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": record.msg if _is_ours(record) else "library",
            "process": self._process,
            "owner": _owner(os.getpid()),
        }
        if _is_ours(record):
            given = record.__dict__
            line |= {name: given[name] for name in FIELDS if given.get(name) is not None}
        else:
            line |= {"logger": record.name, "place": f"{record.funcName}:{record.lineno}"}
        if record.exc_info and record.exc_info[1] is not None:
            line |= _outline(record.exc_info[1])
        return json.dumps(line)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == OURS


def _outline(error: BaseException) -> dict[str, str]:
    """An error without its text: our code, or its class and the place it came from."""
    if isinstance(error, AktenError):
        return {"code": error.code}
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).stem}.{frames[-1].name}:{frames[-1].lineno}" if frames else "-"
    return {"error": type(error).__name__, "place": place}


@cache
def _owner(_pid: int) -> str:
    """The name this process holds leases under; a forked one has its own."""
    return this_process()


class BoundedFile(WatchedFileHandler):
    """A file many processes append to, which is set aside when full: ``.1`` is the newest of those kept.

    Each line is one write to a file opened for appending, so lines never mix. Who finds the file full renames
    it under a lock; the others notice by its inode, as with logrotate. Nobody has to stay alive for that.
    """

    def __init__(self, path: Path, max_bytes: int = _MAX_BYTES, kept: int = _KEPT) -> None:
        super().__init__(path, encoding="utf-8", delay=True)
        self._path, self._max_bytes, self._kept = path, max_bytes, kept

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; a full file is set aside before. A line that cannot be written is lost."""
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            if self._is_full():
                self._set_aside()
            super().emit(record)

    def _is_full(self) -> bool:
        try:
            return self._path.stat().st_size >= self._max_bytes
        except FileNotFoundError:
            return False

    def _set_aside(self) -> None:
        lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._is_full():  # nobody else was faster
                for number in range(self._kept, 0, -1):
                    older = Path(f"{self._path}.{number}")
                    newer = Path(f"{self._path}.{number - 1}") if number > 1 else self._path
                    with suppress(FileNotFoundError):
                        newer.replace(older)
        finally:
            os.close(lock)
