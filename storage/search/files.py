"""The index's folder on disk: which version made it, and who may write it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import errors
from errors import N_

#: Counts the changes of fields and of normalisation; an index of another version has to be made anew.
VERSION = 4

_VERSION_FILE = "akten-index-version"
_LOCK_FILE = "akten-writer.lock"
_TANTIVYS_RECORD = "meta.json"


class IndexFiles:
    """The folder, and the writer's lock on it as far as this object holds it.

    The lock is the kernel's (flock), so it ends with its process, whatever ends that.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock: int | None = None

    @contextmanager
    def founding(self) -> Iterator[None]:
        """Open an index inside: one process alone makes it if there is none, so that none is made twice.

        Raises ``errors.IndexOutdated`` if there is one of another version.
        """
        if self._is_ours() and self._is_made():
            yield
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self.lock(wait=True)
        try:
            if not self._is_ours():
                self._mark_as_ours()
            yield
        finally:
            self.unlock()

    def lock(self, *, wait: bool = False) -> None:
        """Become the writer; unless told to wait, raise ``errors.IndexBusy`` at once when there is one."""
        if self._lock is not None:
            return
        handle = os.open(self._folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise errors.IndexBusy from error
        except BaseException:
            os.close(handle)
            raise
        self._lock = handle

    def unlock(self) -> None:
        """Let the next writer in; nothing happens when this is none."""
        if self._lock is None:
            return
        # Unlocked by name: closing alone would leave it locked while a forked child lives.
        fcntl.flock(self._lock, fcntl.LOCK_UN)
        os.close(self._lock)
        self._lock = None

    def discard(self) -> None:
        """Remove the index, of whatever version; raises ``errors.IndexBusy`` while it is written.

        The version goes last: killed half-way, what is left is no index of ours with pages missing.
        """
        if not self._folder.exists():
            return
        self.lock()
        try:
            order = {_TANTIVYS_RECORD: 0, _VERSION_FILE: 2}
            for path in sorted(self._folder.iterdir(), key=lambda path: order.get(path.name, 1)):
                if path.is_dir():
                    shutil.rmtree(path)
                elif path.name != _LOCK_FILE:
                    path.unlink(missing_ok=True)
        finally:
            self.unlock()

    def _is_made(self) -> bool:
        return (self._folder / _TANTIVYS_RECORD).exists()

    def _mark_as_ours(self) -> None:
        if self._is_made():
            raise errors.IndexOutdated(detail=N_("it does not say which version made it"))
        fresh = self._folder / f"{_VERSION_FILE}.new"
        fresh.write_text(f"{VERSION}\n", encoding="ascii")
        fresh.replace(self._folder / _VERSION_FILE)

    def _is_ours(self) -> bool:
        try:
            version = (self._folder / _VERSION_FILE).read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return False
        if version != str(VERSION):
            raise errors.IndexOutdated(detail=N_("it was made by another version of Aktenwerk"))
        return True
