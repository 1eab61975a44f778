"""Moving a delivery within a hot folder: in one step, never over another, with the words it needs."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_RENAME_NOREPLACE = 1
#: Ending of the words beside what has failed.
_TEXT = ".txt"
#: Bytes a file's name may have, and those kept free for a number and the ending of the text beside it.
_LONGEST_NAME, _ROOM = 255, 20
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def opened(folder: Path, inner: str = "") -> Iterator[int]:
    """A descriptor of a folder, or of one in it, which is made if it is not there; links are refused."""
    outer = os.open(folder, _FOLDER)
    try:
        if not inner:
            yield outer
            return
        with suppress(FileExistsError):
            os.mkdir(inner, dir_fd=outer)
        handle = os.open(inner, _FOLDER, dir_fd=outer)
        try:
            yield handle
        finally:
            os.close(handle)
    finally:
        os.close(outer)


def move(folder: Path, name: str, target: str, text: str | None = None) -> str:
    """Move ``folder/name`` into ``folder/target``; returns its name there, numbered if there is one already.

    ``text`` is written beside it first, as ``NAME.txt``: nothing lies in ``target`` without its words. One
    that was written and whose move was cut off is used again. Raises ``OSError``.
    """
    with opened(folder) as here, opened(folder, target) as there:
        is_folder = stat.S_ISDIR(os.stat(name, dir_fd=here, follow_symlinks=False).st_mode)
        for chosen in _names(name, is_folder):
            beside = chosen + _TEXT
            if _is_there(there, chosen) or (text is not None and not _put_text(there, beside, text)):
                continue
            try:
                rename(here, name, there, chosen)
            except FileExistsError:  # came in this moment
                if text is not None:
                    os.unlink(beside, dir_fd=there)
                continue
            os.fsync(there)
            os.fsync(here)
            return chosen
    raise AssertionError("numbers do not end")


def rename(here: int, name: str, there: int, chosen: str) -> None:
    """Rename between two open folders; raises ``FileExistsError`` rather than replace anything."""
    done = _libc.renameat2(here, os.fsencode(name), there, os.fsencode(chosen), _RENAME_NOREPLACE)
    if not done:
        return
    problem = ctypes.get_errno()
    if problem not in (errno.EINVAL, errno.ENOSYS):
        raise OSError(problem, os.strerror(problem))
    # Some network file systems cannot promise it; nobody else moves anything here, so looking is enough.
    if _is_there(there, chosen):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    os.rename(name, chosen, src_dir_fd=here, dst_dir_fd=there)


def _is_there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _names(name: str, is_folder: bool) -> Iterator[str]:
    """The name, then with numbers as desktops write them: ``brief.pdf``, ``brief (2).pdf``."""
    if len(os.fsencode(name)) <= _LONGEST_NAME - len(_TEXT):
        yield name
    ending = None if is_folder else _ENDING.search(name)
    stem, tail = (name[: ending.start()], ending[0]) if ending else (name, "")
    stem = os.fsdecode(os.fsencode(stem)[: _LONGEST_NAME - _ROOM - len(os.fsencode(tail))])
    for number in count(2):
        yield f"{stem} ({number}){tail}"


def _put_text(folder: int, name: str, text: str) -> bool:
    """Write a text file, wholly or not at all; False when another lies there already."""
    content = text.encode("utf-8", "replace")
    part = f".{secrets.token_hex(8)}.part"
    try:
        with os.fdopen(os.open(part, _CREATE, 0o666, dir_fd=folder), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        rename(folder, part, folder, name)
    except FileExistsError:
        os.unlink(part, dir_fd=folder)
        return _reads(folder, name, content)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(part, dir_fd=folder)
        raise
    return True


def _reads(folder: int, name: str, content: bytes) -> bool:
    try:
        with os.fdopen(os.open(name, _READ, dir_fd=folder), "rb") as file:
            return os.fstat(file.fileno()).st_size == len(content) and file.read() == content
    except OSError:  # a folder, a link, not ours to read: another one in any case
        return False
