"""Everything a Redis server was ever told, by its append-only file: also what is no longer there."""

from __future__ import annotations

import binascii
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

_LENGTH = re.compile(rb"\$(\d+)\r\n")


def told(folder: Path) -> bytes:
    """All arguments of all commands, a line each; what rq has compressed is there in the clear too."""
    logs = [path.read_bytes() for path in sorted((folder / "appendonlydir").glob("*.incr.aof"))]
    assert logs
    return b"\n".join(argument for log in logs for argument in _arguments(log))


def _arguments(log: bytes) -> Iterator[bytes]:
    at = 0
    while mark := _LENGTH.search(log, at):
        at = mark.end() + int(mark[1])
        value = log[mark.end() : at]
        yield value
        yield _opened(value)


def _opened(value: bytes) -> bytes:
    for decode in (bytes, b64decode):
        try:
            return zlib.decompress(decode(value))
        except (zlib.error, binascii.Error):
            continue
    return b""
