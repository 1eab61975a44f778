"""The index's folder on disk: which version made it, which generation of it is served, who may write.

    akten-index-version     the version, and the folder of the generation that is served
    3f9ac2…/                one generation, complete; others are being made, or were left by who was killed
    akten-writer.lock       held by who writes to the generation that is served, or puts another in its place
    akten-rebuild.lock      held by who makes a new generation

Locks are the kernel's (flock), so they end with their process, whatever ends that.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import errors
from errors import N_

#: Counts the changes of fields and of normalisation; an index of another version has to be made anew.
VERSION = 7

_RECORD = "akten-index-version"
_WRITER, _REBUILD = "akten-writer.lock", "akten-rebuild.lock"


class Lock:
    """A lock by file, taken at most once by this object."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self, *, wait: bool = False) -> None:
        """Hold it; unless told to wait, raise ``errors.IndexBusy`` at once when another does."""
        if self._handle is not None:
            return
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise errors.IndexBusy from error
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle

    def give_back(self) -> None:
        """Let the next one have it; nothing happens when it is not held."""
        if self._handle is None:
            return
        # Unlocked by name: closing alone would leave it locked while a forked child lives.
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        os.close(self._handle)
        self._handle = None

    @contextmanager
    def held(self, *, wait: bool = False) -> Iterator[None]:
        """Hold it inside; raises as :meth:`take`."""
        self.take(wait=wait)
        try:
            yield
        finally:
            self.give_back()


class IndexFiles:
    """The folder with all generations of an index."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.writing = Lock(folder / _WRITER)
        self._rebuilding = Lock(folder / _REBUILD)

    def served(self) -> Path | None:
        """The generation to search in; None when there is none.

        Raises ``errors.IndexOutdated`` for one of another version.
        """
        try:
            said = (self._folder / _RECORD).read_text(encoding="utf-8", errors="replace").split()
        except FileNotFoundError:
            return None
        version, *generation = said or [""]
        if version != str(VERSION) or len(generation) != 1:
            raise errors.IndexOutdated(detail=N_("it was made by another version of Aktenwerk"))
        return self._folder / Path(generation[0]).name

    def begin(self) -> Path:
        """An empty folder for a new generation."""
        folder = self._folder / secrets.token_hex(8)
        folder.mkdir(parents=True)
        return folder

    def serve(self, generation: Path) -> None:
        """Have ``generation`` searched from now on; ``writing`` must be held. At once, or not at all."""
        fresh = self._folder / f"{_RECORD}.new"
        fresh.write_text(f"{VERSION} {generation.name}\n", encoding="ascii")
        fresh.replace(self._folder / _RECORD)

    @contextmanager
    def renewing(self) -> Iterator[Path]:
        """A new generation to be filled inside, and served or not; whatever is not served goes afterwards.

        Raises ``errors.IndexBusy`` while another process makes one.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._rebuilding.held():
            try:
                yield self.begin()
            finally:
                with self.writing.held(wait=True):
                    self._sweep()

    def discard(self) -> None:
        """Remove the index, of whatever version; raises ``errors.IndexBusy`` while it is written or made."""
        if not self._folder.exists():
            return
        with self._rebuilding.held(), self.writing.held():
            (self._folder / _RECORD).unlink(missing_ok=True)
            self._sweep()

    def _sweep(self) -> None:
        """Remove all but the generation that is served; what a reader has open it can read to the end."""
        with suppress(errors.IndexOutdated):
            served = self.served()
            kept = {_RECORD, _WRITER, _REBUILD, served.name if served else ""}
            for path in self._folder.iterdir():
                if path.name in kept:
                    continue
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
