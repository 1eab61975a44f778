"""Objects as files on this machine, for programs that want a path."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from storage.objects import ObjectStore, check_key
from storage.streams import disk_errors

#: Seconds after its last use in which a file is not evicted: a program may be about to open its path.
GRACE = 600.0
_LOCKS = ".locks"


class _File(NamedTuple):
    used: float
    size: int
    path: Path


class LocalCache:
    """Files of stored objects: the store's own where it has them, else copies in ``folder``.

    Any number of processes may share ``folder``. The copies take at most ``limit`` bytes together,
    not counting those used within ``GRACE`` seconds; the ones unused for longest go first. The files
    are for reading only; one that is open outlives its eviction.
    """

    def __init__(self, store: ObjectStore, folder: Path, limit: int) -> None:
        self._store = store
        self._folder = folder
        self._limit = limit

    def path(self, key: str, sha256: str) -> Path:
        """A local file with the bytes of the object ``key``, whose hash is ``sha256``.

        A copy is verified once, as it comes; a folder store's own file is handed out as it is. Raises
        ``errors.ObjectMissing``, ``errors.ObjectDamaged``, and what every method of a store raises.
        """
        own = self._store.local_path(key)
        if own is not None:
            return own
        copy = self._folder / check_key(sha256)
        with disk_errors(), self._lock(copy):
            if _touch(copy):
                return copy
            self._store.fetch(key, copy, sha256)
        self._evict()
        return copy

    def _evict(self) -> None:
        """Remove what killed downloads left, then the copies unused for longest until the rest fits."""
        with disk_errors():
            files = sorted(self._files())
            total = sum(file.size for file in files)
            for file in files:
                unfinished = file.path.name.startswith(".")
                if not unfinished and total <= self._limit:
                    continue
                if file.used < time.time() - GRACE and self._removed(file):
                    total -= file.size

    def _removed(self, file: _File) -> bool:
        with suppress(BlockingIOError, FileNotFoundError), self._lock(file.path, fcntl.LOCK_NB):
            if file.path.stat().st_mtime == file.used:  # nobody has used it since it was looked at
                file.path.unlink()
                return True
        return False

    def _files(self) -> Iterator[_File]:
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    if entry.is_file(follow_symlinks=False):
                        status = entry.stat(follow_symlinks=False)
                        yield _File(status.st_mtime, status.st_size, Path(entry.path))

    @contextmanager
    def _lock(self, copy: Path, flags: int = 0) -> Iterator[None]:
        """Exclude other processes from this copy; 256 locks serve all, so that they need no tidying."""
        locks = self._folder / _LOCKS
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        locks.mkdir(mode=0o700, exist_ok=True)
        with (locks / copy.name.lstrip(".")[:2]).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | flags)
            yield


def _touch(copy: Path) -> bool:
    """Note that ``copy`` is used now; False if there is none."""
    with suppress(FileNotFoundError):
        os.utime(copy)
        return True
    return False
