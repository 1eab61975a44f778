"""Objects as files in a folder, written so that neither a kill nor a power cut leaves half an object.

The way of a write: a new file in ``.parts`` on the same file system, synced to the disk, read back
from there and compared, moved to its place in one step, and the folders that name it synced too.
Every path is walked part by part from the root without following symbolic links, so a link planted
in the store leads nowhere.
"""

from __future__ import annotations

import fcntl
import io
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import BinaryIO

import errors
from errors import N_
from storage.objects import StoredObject, check_key, check_prefix, keys_in_order, sha256_of
from storage.streams import chunks_of, disk_errors, hash_chunks, write_file

#: Where files lie while they are written; a key cannot begin with a dot.
PARTS = ".parts"
#: Seconds after which an unfinished file is looked at: its writer has long taken its lock.
PART_AGE = 3600.0
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class FolderStore:
    """An ``ObjectStore`` in the folder ``root``; files are for their owner only (0600, folders 0700).

    Unless ``make``, a root that is not there is a store that is not there: a disk may not be mounted.
    """

    root: Path
    make: InitVar[bool] = True

    def __post_init__(self, make: bool) -> None:
        try:
            with disk_errors():
                if make:
                    self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except errors.StoreUnavailable as problem:
            if isinstance(problem.__cause__, (FileExistsError, NotADirectoryError)):
                detail = N_("a folder is expected, and there is a file")
                raise errors.PlaceUnusable(path=str(self.root), detail=detail) from problem
            raise

    def put(self, key: str, source: Path) -> StoredObject:
        """See ``ObjectStore.put``; the source is read twice, first of all for its hash."""
        check_key(key)
        with disk_errors():
            sha256, size = sha256_of(source)
            with source.open("rb") as stream:
                return self._put(StoredObject(key, size, sha256), stream)

    def put_bytes(self, key: str, data: bytes) -> StoredObject:
        """See ``ObjectStore.put_bytes``."""
        check_key(key)
        with disk_errors():
            return self._put(hash_chunks(key, [data]), io.BytesIO(data))

    def get_bytes(self, key: str) -> bytes:
        """See ``ObjectStore.get_bytes``."""
        with disk_errors(), self._open(key) as file:
            return file.read()

    def fetch(self, key: str, target: Path, sha256: str | None = None) -> Path:
        """See ``ObjectStore.fetch``."""
        with disk_errors(), self._open(key) as file:
            return write_file(key, chunks_of(file), target, sha256)

    def exists(self, key: str) -> bool:
        """See ``ObjectStore.exists``."""
        return self.local_path(key) is not None

    def digest(self, key: str) -> StoredObject:
        """See ``ObjectStore.digest``."""
        with disk_errors(), self._open(key) as file:
            return _read_from_disk(key, file)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """See ``ObjectStore.keys``; holds one folder's names at a time on each level."""
        return keys_in_order(self._listed, check_prefix(prefix))

    def delete(self, key: str) -> None:
        """See ``ObjectStore.delete``."""
        *folders, name = check_key(key).split("/")
        nothing = suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError)
        with disk_errors(), nothing, self._folder(folders) as folder:
            os.unlink(name, dir_fd=folder)
            os.fsync(folder)

    def local_path(self, key: str) -> Path | None:
        """See ``ObjectStore.local_path``."""
        with disk_errors(), suppress(errors.ObjectMissing), self._open(key):
            return self.root / key
        return None

    def _put(self, wanted: StoredObject, stream: BinaryIO) -> StoredObject:
        *folders, name = wanted.key.split("/")
        try:
            with self._folder(folders, create=True) as folder:
                if not self._holds(wanted):
                    self._write(wanted, stream, folder, name)
                os.fsync(folder)  # also where another process has put it: it may not have come to this yet
        except (NotADirectoryError, IsADirectoryError) as clash:
            raise errors.BadKey(key=wanted.key) from clash
        return wanted

    def _holds(self, wanted: StoredObject) -> bool:
        with suppress(errors.ObjectMissing), self._open(wanted.key) as file:
            return os.fstat(file.fileno()).st_size == wanted.size and wanted == _read_from_disk(
                wanted.key, file
            )
        return False

    def _write(self, wanted: StoredObject, stream: BinaryIO, folder: int, name: str) -> None:
        with self._folder([PARTS], create=True) as parts:
            _clean(parts)
            part = f"{secrets.token_hex(16)}.part"
            try:
                with os.fdopen(os.open(part, _CREATE, 0o600, dir_fd=parts), "wb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX)  # held as long as the writer lives: see _clean
                    hash_chunks(wanted.key, chunks_of(stream), file.write)
                    file.flush()
                    os.fsync(file.fileno())
                    with _opened(part, parts) as written:
                        if _read_from_disk(wanted.key, written) != wanted:
                            raise errors.ObjectDamaged(key=wanted.key)
                    os.replace(part, name, src_dir_fd=parts, dst_dir_fd=folder)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(part, dir_fd=parts)
                raise

    @contextmanager
    def _open(self, key: str) -> Iterator[BinaryIO]:
        """The object's file; whatever is not a regular file below real folders is no object."""
        *folders, name = check_key(key).split("/")
        try:
            with self._folder(folders) as folder:
                if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                    raise errors.ObjectMissing(key=key)
                file = _opened(name, folder)
        except (FileNotFoundError, NotADirectoryError) as missing:
            raise errors.ObjectMissing(key=key) from missing
        with file:
            yield file

    @contextmanager
    def _folder(self, parts: list[str], *, create: bool = False) -> Iterator[int]:
        """A descriptor of the folder ``parts`` below the root; ``create`` makes it and syncs its name."""
        with disk_errors():  # a root that is gone is a store that is gone, not a missing object
            try:
                folder = os.open(self.root, _DIRECTORY & ~os.O_NOFOLLOW)
            except FileNotFoundError as gone:
                detail = N_("there is no folder {path}; is the disk mounted?")
                raise errors.StoreUnavailable(detail=detail, path=str(self.root)) from gone
        try:
            for part in parts:
                if create:
                    with suppress(FileExistsError):
                        os.mkdir(part, 0o700, dir_fd=folder)
                    os.fsync(
                        folder
                    )  # also where another process has made it: it may not have come to this yet
                inner = os.open(part, _DIRECTORY, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)

    def _listed(self, folder: str) -> Iterator[str]:
        """What lies directly in ``folder``: see ``keys_in_order``."""
        gone = suppress(FileNotFoundError, NotADirectoryError)
        with disk_errors(), gone, self._folder(folder.split("/")[:-1]) as inner, os.scandir(inner) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    yield folder + entry.name
                elif entry.is_dir(follow_symlinks=False):
                    yield f"{folder}{entry.name}/"


def _read_from_disk(key: str, file: BinaryIO) -> StoredObject:
    """Hash a file's bytes as the disk gives them, not as the kernel remembers having written them."""
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return hash_chunks(key, chunks_of(file))


def _clean(parts: int) -> None:
    """Remove what killed writers left: old files whose lock, which dies with its writer, is free."""
    oldest = time.time() - PART_AGE
    for name in os.listdir(parts):
        with suppress(FileNotFoundError, BlockingIOError), _opened(name, parts) as file:
            if os.fstat(file.fileno()).st_mtime < oldest:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(name, dir_fd=parts)


def _opened(name: str, folder: int) -> BinaryIO:
    return os.fdopen(os.open(name, _READ, dir_fd=folder), "rb")
