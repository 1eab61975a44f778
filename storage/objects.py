"""The object store's seam: what every store can do, the records it speaks in, and how objects are named."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import errors

#: Longest key in characters: S3 allows 1024 bytes, of which a store's own prefix may take half.
LONGEST_KEY = 512
# A part never begins with a dot, so a store may keep its own things in dot folders beside the objects.
_PART = r"[a-z0-9_-][a-z0-9._-]{0,199}"
_KEY = re.compile(rf"{_PART}(?:/{_PART})*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as read from the store: ``size`` in bytes, ``sha256`` of those bytes as lower-case hex."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class S3Options:
    """How to reach a bucket.

    ``endpoint`` is ``host`` or ``host:port`` without a scheme. Every key is stored below ``prefix``, so
    that several installations can share a bucket. ``timeout`` is the number of seconds without an
    answer after which one attempt counts as failed.
    """

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    secure: bool = True
    prefix: str = ""
    timeout: float = 15.0


class ObjectStore(Protocol):
    """Named, immutable byte strings. An object is there completely or not at all, whoever is killed when.

    Every method raises ``errors.BadKey`` for a name that :func:`check_key` refuses,
    ``errors.StoreUnavailable`` when the store does not answer and ``errors.DiskFull`` when it has no
    room; trying again makes sense after both. No key may be the folder of another one (``a`` and
    ``a/b``): a folder cannot hold both.
    """

    def put(self, key: str, source: Path) -> StoredObject:
        """Store the file ``source``, read it back from the store and compare the hashes.

        Nothing is written when the store already holds these bytes, which is found by reading them;
        other bytes under ``key`` are replaced atomically. Raises ``errors.ObjectDamaged`` when the
        bytes read back are not the source's, and ``errors.NothingToDo`` when there is no ``source``.
        """

    def put_bytes(self, key: str, data: bytes) -> StoredObject:
        """Store ``data``; as careful as :meth:`put`."""

    def get_bytes(self, key: str) -> bytes:
        """The object's bytes, unverified. Raises ``errors.ObjectMissing``."""

    def fetch(self, key: str, target: Path, sha256: str | None = None) -> Path:
        """Copy the object into the file ``target``, which appears complete or not at all; returns it.

        Raises ``errors.ObjectMissing``, and ``errors.ObjectDamaged`` when ``sha256`` is given and the
        object's differs; ``target`` is then left as it was.
        """

    def exists(self, key: str) -> bool:
        """Whether there is an object ``key``; says nothing of its bytes."""

    def digest(self, key: str) -> StoredObject:
        """Read the stored bytes and hash them. Raises ``errors.ObjectMissing``."""

    def keys(self, prefix: str = "") -> Iterator[str]:
        """All keys that begin with ``prefix``, sorted by code point, read as they are asked for."""

    def delete(self, key: str) -> None:
        """Remove the object; no error if there is none."""

    def local_path(self, key: str) -> Path | None:
        """The file on this machine that is the object, to be read only; None if there is no such file."""


def original_key(sha256: str) -> str:
    """Where a source file lies as it came in; ``sha256`` is that of its bytes."""
    return _addressed("originals", sha256)


def product_key(sha256: str) -> str:
    """Where a finished PDF lies; ``sha256`` is that of its bytes."""
    return _addressed("products", sha256)


def note_key(sha256: str) -> str:
    """Where a product's transfer note lies; ``sha256`` is that of its JSON."""
    return _addressed("notes", sha256)


def words_key(sha256: str) -> str:
    """Where a page's words lie; ``sha256`` is that of their JSON."""
    return _addressed("words", sha256)


def intake_key(sha256: str) -> str:
    """Where the record of an intake lies; ``sha256`` is that of its JSON."""
    return _addressed("intakes", sha256)


def seal_key(sha256: str) -> str:
    """Where a seal lies; ``sha256`` is that of its JSON."""
    return _addressed("seals", sha256)


def leaves_key(sha256: str) -> str:
    """Where the list of a seal's leaves lies; ``sha256`` is that of its bytes."""
    return _addressed("leaves", sha256)


def mark_key(name: str) -> str:
    """Where the mark of a store lies; ``name`` is random, 32 digits of 0-9 and a-f."""
    return check_key(f"store/{name}")


def _addressed(kind: str, sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise errors.BadKey(key=sha256)
    return f"{kind}/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def is_key(text: str) -> bool:
    """Whether ``text`` can name an object.

    Parts joined by ``/``, each of a-z, 0-9, ``.``, ``_`` and ``-`` and not beginning with a dot;
    nowhere ``..``; at most ``LONGEST_KEY`` characters. So a key cannot leave its folder, means the
    same on every file system, and has no room for a person's name as it is written.
    """
    return len(text) <= LONGEST_KEY and ".." not in text and _KEY.fullmatch(text) is not None


def check_key(key: str) -> str:
    """Return ``key`` if :func:`is_key`, raise ``errors.BadKey`` otherwise."""
    if not is_key(key):
        raise errors.BadKey(key=key)
    return key


def check_prefix(prefix: str) -> str:
    """Return ``prefix`` if some key can begin with it, raise ``errors.BadKey`` otherwise."""
    if prefix and not is_key(prefix.removesuffix("/")):
        raise errors.BadKey(key=prefix)
    return prefix


def keys_in_order(listed: Callable[[str], Iterable[str]], prefix: str) -> Iterator[str]:
    """All keys that begin with ``prefix``, sorted, one folder at a time.

    ``listed`` gives what lies directly in a folder, itself given as ``""`` or with ``/`` at its end:
    keys, and inner folders with ``/`` at their end, in any order. Servers differ in theirs (``a-b``
    comes before ``a/b`` in Amazon's, after it in SeaweedFS's), so none is relied on.
    """
    for key in sorted(listed(prefix[: prefix.rfind("/") + 1])):
        if not key.startswith(prefix) or not is_key(key.removesuffix("/")):
            continue
        if key.endswith("/"):
            yield from keys_in_order(listed, key)
        else:
            yield key


def sha256_of(path: Path) -> tuple[str, int]:
    """A file's SHA-256 as lower-case hex and its size in bytes, read once, in bounded memory.

    Raises ``errors.NothingToDo`` when there is no such file.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell()
    except FileNotFoundError as missing:
        raise errors.NothingToDo(name=str(path)) from missing
