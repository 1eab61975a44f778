"""Bytes on their way: read in pieces, hashed as they pass, written so that a file is there wholly or not."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import errors
from errors import N_
from storage.objects import StoredObject

#: Bytes held at a time.
CHUNK = 1 << 20


def chunks_of(stream: BinaryIO) -> Iterator[bytes]:
    """The rest of ``stream`` in pieces of at most ``CHUNK`` bytes."""
    return iter(lambda: stream.read(CHUNK), b"")


def hash_chunks(
    key: str, chunks: Iterable[bytes], write: Callable[[bytes], object] = lambda _: None
) -> StoredObject:
    """Hash and count ``chunks``, passing each on to ``write``; the record is named ``key``."""
    sha256, size = hashlib.sha256(), 0
    for chunk in chunks:
        sha256.update(chunk)
        size += len(chunk)
        write(chunk)
    return StoredObject(key, size, sha256.hexdigest())


def check_target(target: Path) -> None:
    """Raise ``errors.BadOutput`` unless a file can be written at ``target``, new or in place of a file."""
    _check_replaceable(target)
    detail = None
    if not target.parent.is_dir():
        detail = N_("its folder does not exist")
    elif not os.access(target.parent, os.W_OK | os.X_OK):
        detail = N_("its folder may not be written")
    if detail is not None:
        raise errors.BadOutput(path=str(target), detail=detail)


def _check_replaceable(target: Path) -> None:
    """Refuse whatever is no regular file: a device would be replaced as if it were one."""
    if target.exists() and not target.is_file():
        detail = N_("it is a folder") if target.is_dir() else N_("it is no ordinary file")
        raise errors.BadOutput(path=str(target), detail=detail)


def write_file(key: str, chunks: Iterable[bytes], target: Path, sha256: str | None) -> Path:
    """Write ``chunks`` of the object ``key`` into ``target``, which changes only if all went well.

    Raises ``errors.ObjectDamaged`` when ``sha256`` is given and is not that of the bytes, and
    ``errors.BadOutput`` when ``target`` is there and no regular file.
    """
    _check_replaceable(target)
    with disk_errors():
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                written = hash_chunks(key, chunks, file.write)
                file.flush()
                os.fsync(file.fileno())
            if sha256 is not None and written.sha256 != sha256:
                raise errors.ObjectDamaged(key=key)
            temporary.replace(target)
        except BaseException:
            with suppress(FileNotFoundError):
                temporary.unlink()
            raise
    return target


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn an ``OSError`` into ``errors.DiskFull`` or ``errors.StoreUnavailable``.

    The detail is the system's sentence without the path, which may hold what no log should.
    """
    try:
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise errors.DiskFull from problem
        raise errors.StoreUnavailable(detail=problem.strerror or type(problem).__name__) from problem
