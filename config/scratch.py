"""Folders for temporary files: one a process, gone at its end; what killed processes left is swept up.

A process holds a lock on its folder, which the kernel drops however it ends. Process numbers would not do:
two containers on one data folder number theirs alike.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """A folder for this process's temporary files, also those of libraries; gone at its end."""
    parent.mkdir(mode=0o700, exist_ok=True)
    folder, handle = _made(parent)
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def sweep(parent: Path) -> None:
    """Remove the folders that nobody holds."""
    for folder in parent.iterdir() if parent.is_dir() else ():
        with suppress(BlockingIOError, FileNotFoundError, NotADirectoryError), _opened(folder) as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def _made(parent: Path) -> tuple[Path, int]:
    """A new folder and the handle that holds it; made again if it was swept up before it was held."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=parent))
        with suppress(FileNotFoundError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if folder.exists():
                return folder, handle
            os.close(handle)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield handle
    finally:
        os.close(handle)
