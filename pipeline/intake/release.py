"""Before a delivery leaves the hot folder: is every byte of it kept, and what of it cannot be used?"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from errors import N_, Damaged, Param
from pipeline.intake.arrivals import Sight
from pipeline.intake.delivery import printable
from storage.ledger.fates import Fate
from storage.objects import ObjectStore, original_key, sha256_of


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file of a delivery, or one page of it, is not stored: a code of an error or alarm.

    ``id`` is what ``akten failures`` calls it, "" when it was not taken in.
    """

    id: str
    name: str
    page: int | None
    code: str
    params: Mapping[str, Param]


def is_same(path: Path, sha256: str) -> bool:
    """Whether a file still has the bytes that were taken in, read once more."""
    return sha256_of(path)[0] == sha256


def ensure_stored(objects: ObjectStore, path: Path, sha256: str) -> bool:
    """Let the store read the original again; False when it was damaged there, and is now stored again.

    ``path`` has these bytes. Raises ``OSError`` when it has not after all.
    """
    key = original_key(sha256)
    with suppress(Damaged):
        if objects.digest(key).sha256 == sha256:
            return True
    if objects.put(key, path).sha256 != sha256:
        raise OSError(errno.EBUSY, N_("it changed while it was read"))
    return False


def problems_of(
    root: Path, seen: Sight, content: Mapping[Path, str], known: Mapping[str, Fate]
) -> Iterator[Problem]:
    """Why not all of a delivery is stored, file by file."""
    for path in (*seen.files, *seen.others):
        name = printable(str(path.relative_to(root)))
        if path in content:
            for reason in known[content[path]].reasons:
                yield Problem(reason.id, name, reason.page, reason.code, reason.params)
        elif path.is_symlink():
            yield Problem("", name, None, "link_skipped", {"name": name})
        elif path in seen.others:
            yield Problem("", name, None, "no_regular_file", {"name": name})
        else:
            yield Problem("", name, None, "unreadable", {"name": name, "detail": N_("it was not taken in")})
