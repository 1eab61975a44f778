"""What the Linux kernel offers to lock a process in: Landlock, a filter of system calls, namespaces.

Sources: landlock(7), seccomp(2), unshare(2), capset(2), prctl(2), and the kernel's uapi headers for the
numbers. Nothing here needs root; what a kernel refuses is left out, and the caller is told.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import signal
import struct
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_PDEATHSIG, _PR_SET_NAME, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 15, 22, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_CAPABILITIES_VERSION = 0x20080522

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION, _LANDLOCK_BENEATH = 1, 1
_WRITE, _REMOVE, _MAKE_DIR, _MAKE_FILE = 1 << 1, 1 << 4 | 1 << 5, 1 << 7, 1 << 8
_MAKE_SPECIAL = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1 << 0, 1 << 1
#: Versions of Landlock that brought renaming between folders, truncation, and scopes.
_ABI_REFER, _ABI_TRUNCATE, _ABI_SCOPES = 2, 3, 6

#: By machine: its name in audits, and its numbers of socket, ptrace, process_vm_readv, process_vm_writev.
_FILTERED = {
    "x86_64": (0xC000003E, (41, 101, 310, 311)),
    "aarch64": (0xC00000B7, (198, 117, 270, 271)),
}
#: io_uring_setup can open sockets too, pidfd_getfd takes another process's; the same numbers everywhere.
_FILTERED_EVERYWHERE = (425, 438)
#: Numbers from here on are x86_64's second set (x32).
_X32 = 0x40000000
_LOAD, _JUMP_EQUAL, _JUMP_NOT_BELOW, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _MACHINE_AT = 0, 4
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
_SECCOMP_MODE_FILTER = 2


def _prctl(option: int, *values: object) -> bool:
    arguments = [value if not isinstance(value, int) else ctypes.c_ulong(value) for value in values]
    arguments += [ctypes.c_ulong(0)] * (4 - len(arguments))
    return bool(_libc.prctl(option, *arguments) == 0)


def die_with_parent(parent: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Let this process get the signal as soon as ``parent`` ends, or at once if it has ended meanwhile."""
    _prctl(_PR_SET_PDEATHSIG, int(by))
    if os.getppid() != parent:
        os.kill(os.getpid(), by)


def call_itself(name: str) -> None:
    """Be called so in lists of processes; 15 letters at most."""
    _prctl(_PR_SET_NAME, ctypes.c_char_p(name.encode("ascii")))


def forbid_new_privileges() -> None:
    """No program this process starts can gain rights by being started."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Give up what root may do beyond any other user, such as looking into other processes."""
    _libc.capset(struct.pack("Ii", _CAPABILITIES_VERSION, 0), bytes(24))


def wipe_environment(keep: dict[str, str]) -> None:
    """Leave only ``keep``, also in the memory that ``/proc/self/environ`` shows."""
    start, end = (int(word) for word in Path("/proc/self/stat").read_text().rpartition(")")[2].split()[47:49])
    os.environ.clear()
    _libc.clearenv()
    ctypes.memset(start, 0, end - start)
    os.environ.update(keep)


def cut_network() -> bool:
    """Make sockets of any kind impossible, or at least unconnected; whether that was done."""
    if _filter_calls():
        return True
    as_user = _CLONE_NEWUSER if os.geteuid() else 0
    return bool(_libc.unshare(_CLONE_NEWNET | as_user) == 0)


def _filter_calls() -> bool:
    """Refuse the calls that open sockets or look into other processes (seccomp with classic BPF)."""
    machine, numbers = _FILTERED.get(platform.machine(), (0, ()))
    if not machine:
        return False
    refused = (*numbers, *_FILTERED_EVERYWHERE)
    # The line before the last, which refuses; a jump counts from the line after its own.
    end = len(refused) + 4
    program = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_JUMP_EQUAL, 0, end - 1, machine),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_NOT_BELOW, end - 3, 0, _X32),
        *((_JUMP_EQUAL, end - line, 0, number) for line, number in enumerate(refused, start=4)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    return _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.create_string_buffer(header))


def write_only_below(folder: Path) -> bool:
    """Let this process and its children write, make and remove files below ``folder`` only (Landlock).

    It also may no longer signal, or look into, processes outside. False, and nothing changed, where the
    kernel has no Landlock, or one that cannot rename between folders (before Linux 5.19).
    """
    version = _libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)
    if version < _ABI_REFER:
        return False
    files = _WRITE | (_TRUNCATE if version >= _ABI_TRUNCATE else 0)
    allowed = files | _REMOVE | _MAKE_DIR | _MAKE_FILE | _REFER
    rules = struct.pack("Q", allowed | _MAKE_SPECIAL)
    if version >= _ABI_SCOPES:
        rules += struct.pack("QQ", 0, _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS)
    ruleset = _libc.syscall(_LANDLOCK_CREATE, rules, len(rules), 0)
    if ruleset < 0:
        return False
    done = _may(ruleset, folder, allowed) and _may(ruleset, Path(os.devnull), files)
    done = done and _libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return done


def _may(ruleset: int, path: Path, access: int) -> bool:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    rule = struct.pack("=Qi", access, place)
    added = _libc.syscall(_LANDLOCK_ADD, ruleset, _LANDLOCK_BENEATH, rule, 0)
    os.close(place)
    return bool(added == 0)
