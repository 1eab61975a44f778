"""What lies in a hot folder, and whether it is complete: looked at, never opened for more than a moment."""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import stat
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import watchfiles

from pipeline.intake.delivery import is_junk, natural
from pipeline.intake.manifest import FILE_NAME

#: How programs call a file they have not finished yet: browsers, SFTP clients, office programs.
_PARTS = (".part", ".tmp", ".crdownload", ".filepart")
_BEGINNINGS = (".", "~$")
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: Not in Python's fcntl: the signal that tells of a broken lease.
_F_SETSIG = 10


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at a delivery saw.

    ``mark`` changes whenever a name, a size or a time of anything in it does. ``files`` are to be taken
    in, ``others`` cannot be (links, devices); ``unfinished`` is one whose name says it is still written.
    """

    mark: bytes
    inode: int
    files: tuple[Path, ...]
    others: tuple[Path, ...]
    unfinished: Path | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing yet that could be taken in: a folder about to be filled."""
        return not self.files and not self.others


def is_temporary(path: Path) -> bool:
    """Whether the name says that somebody is still writing it, or that it is hidden from people."""
    name = path.name.casefold()
    return name.endswith(_PARTS) or name.startswith(_BEGINNINGS)


def look(delivery: Path) -> Sight:
    """Look at a file, or a folder with everything below it; links are not followed.

    Raises ``OSError`` when it, or a folder in it, is gone or may not be read.
    """
    marked = hashlib.sha256()
    files: list[Path] = []
    others: list[Path] = []
    unfinished: Path | None = None
    root = delivery.lstat()
    for path, facts in _below(delivery, root):
        kind, inner = stat.S_IFMT(facts.st_mode), path != delivery
        if inner and kind == stat.S_IFREG and is_junk(path):
            continue
        times = "" if kind == stat.S_IFDIR else f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns}"
        marked.update(b"%s\0%d %s\0" % (os.fsencode(path), kind, times.encode()))
        if inner and is_temporary(path):
            unfinished = unfinished or path
        elif kind == stat.S_IFREG:
            if not inner or path.name.casefold() != FILE_NAME:
                files.append(path)
        elif kind != stat.S_IFDIR:
            others.append(path)
    return Sight(marked.digest(), root.st_ino, tuple(files), tuple(others), unfinished)


def _below(path: Path, facts: os.stat_result) -> Iterator[tuple[Path, os.stat_result]]:
    """A path and all below it, always in the same order."""
    waiting = [(path, facts)]
    while waiting:
        path, facts = waiting.pop()
        yield path, facts
        if stat.S_ISDIR(facts.st_mode):
            with os.scandir(path) as entries:
                inner = [(Path(entry.path), entry.stat(follow_symlinks=False)) for entry in entries]
            waiting += sorted(inner, key=lambda one: natural(one[0].name), reverse=True)


def changes(root: Path, stop: threading.Event, seconds: float) -> Iterator[set[str]]:
    """Every few ``seconds`` the names of entries that changed, as far as the system tells; until ``stop``.

    Of changes deeper down, and on network drives, it tells nothing: looking finds those.
    """
    tick = int(seconds * 1000)
    try:
        for changes in watchfiles.watch(
            root,
            watch_filter=None,
            debounce=tick,
            rust_timeout=tick,
            yield_on_timeout=True,
            stop_event=stop,
            recursive=False,
        ):
            yield {Path(path).name for _, path in changes if Path(path).parent == root}
    except (OSError, RuntimeError):  # none to be had, as where too many folders are watched: looking will do
        pass
    while not stop.wait(seconds):
        yield set()


def written(files: Iterable[Path]) -> Path | None:
    """The first file that somebody is seen writing to; see ``is_being_written``."""
    return next((path for path in files if is_being_written(path)), None)


def is_being_written(path: Path) -> bool:
    """Whether a process of this machine has the file open for writing, as far as the kernel tells us.

    It tells who owns the file, or may take leases on any (CAP_LEASE); to others, and on file systems
    without leases, nobody seems to write. A lease of a moment is asked for, which is refused while a
    writer is there; a writer that comes in that moment waits it out. Raises ``OSError`` when the file is
    gone or may not be read.
    """
    handle = os.open(path, _READ)
    try:
        # The signal to whoever holds a lease when a writer comes; this one is passed over, SIGIO would kill.
        fcntl.fcntl(handle, _F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:  # not ours, or a file system without leases: only its stillness tells
        return False
    finally:
        os.close(handle)
    return False
