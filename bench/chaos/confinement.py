"""A world of its own for a trial: its network can fail, its disk can be small, no process of it gets away.

What the kernel does not allow is left out, and said: as root all of it works, as somebody else where user
namespaces are allowed.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_MS_REC, _MS_PRIVATE = 0x4000, 1 << 18
_MNT_DETACH = 2
_PR_SET_CHILD_SUBREAPER = 36
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_libc = ctypes.CDLL(None, use_errno=True)


class Confinement:
    """What this process and all it starts are confined to; made before any thread is."""

    def __init__(self) -> None:
        _call(_libc.prctl, _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.refusal = ""
        try:
            _own_namespaces()
        except OSError as refused:
            self.refusal = f"own network and small disks: {refused.strerror}"
        else:
            self.network(up=True)

    @property
    def complete(self) -> bool:
        """Whether the network can be cut and small disks can be mounted."""
        return not self.refusal

    def network(self, *, up: bool) -> None:
        """Switch loopback, the only network there is, on or off."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            name = b"lo".ljust(16, b"\0")
            answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, name + bytes(24))
            (flags,) = struct.unpack_from("H", answer, 16)
            flags = flags | _IFF_UP if up else flags & ~_IFF_UP
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, name + struct.pack("H", flags) + bytes(22))

    @contextmanager
    def small_disk(self, folder: Path, megabytes: int) -> Iterator[None]:
        """A file system of this size at ``folder``; where mounting is refused, the folder as it is."""
        folder.mkdir(mode=0o700)
        if not self.complete:
            yield
            return
        _mount(b"tmpfs", folder, b"tmpfs", 0, f"size={megabytes}m,mode=700".encode())
        try:
            yield
        finally:
            _call(_libc.umount2, os.fsencode(folder), _MNT_DETACH)


def _own_namespaces() -> None:
    try:
        _call(_libc.unshare, _CLONE_NEWNS | _CLONE_NEWNET)
    except PermissionError:
        user, group = os.getuid(), os.getgid()
        _call(_libc.unshare, _CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWNET)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _mount(b"none", Path("/"), None, _MS_REC | _MS_PRIVATE, None)


def _mount(source: bytes, target: Path, kind: bytes | None, flags: int, options: bytes | None) -> None:
    _call(_libc.mount, source, os.fsencode(target), kind, flags, options)


def _call(function: ctypes._NamedFuncPointer, *arguments: int | bytes | None) -> None:
    if function(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Ballast:
    """A file that takes all the room there is in a folder's file system."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast"

    def fill(self) -> None:
        """Take what room is left; again, what others have freed meanwhile."""
        with self._path.open("ab") as file:
            size = 1 << 24
            while size >= os.sysconf("SC_PAGE_SIZE"):
                try:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
                except OSError:
                    size //= 2

    def drop(self) -> None:
        """Give all of it back."""
        with suppress(FileNotFoundError):
            self._path.unlink()
