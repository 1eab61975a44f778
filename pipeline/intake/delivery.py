"""Finding the files of a delivery: folders are walked in natural order, manifests are read on the way."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from errors import NothingToDo, Param, UnreadableList
from pipeline.intake.manifest import FILE_NAME, Entry, read_manifest

#: What office systems leave in folders: no scan, so not even worth quarantine.
_JUNK = {"thumbs.db", "desktop.ini", ".ds_store", FILE_NAME}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file: where it lies, its name from the delivery's root on, and what a manifest says of it."""

    path: Path
    name: PurePosixPath
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something met on the walk that a person has to look at: an alarm's code, its subject and details."""

    code: str
    subject: str
    params: Mapping[str, Param]


@dataclass(slots=True)
class Findings:
    """What lies at the paths: files to take in, in order, and oddities."""

    deliveries: list[Delivery] = field(default_factory=list)
    oddities: list[Oddity] = field(default_factory=list)

    def odd(self, code: str, name: PurePosixPath, **params: Param) -> None:
        """Note an oddity about a file."""
        self.oddities.append(Oddity(code, str(name), {"name": str(name), **params}))


def find(paths: Sequence[Path]) -> Findings:
    """All files at ``paths``, folders with everything below them; links are not followed.

    Raises ``NothingToDo`` when a path does not exist, or when there is no file at all.
    """
    found = Findings()
    for path in paths:
        if path.is_dir():
            _walk(path, PurePosixPath(printable(path.resolve().name)), {}, found)
        elif path.is_file():
            found.deliveries.append(Delivery(path, PurePosixPath(printable(path.name)), None))
        else:
            raise NothingToDo(name=str(path))
    if not found.deliveries and not found.oddities:
        raise NothingToDo(name=", ".join(str(path) for path in paths))
    return found


def natural(text: str) -> list[tuple[int, int, str]]:
    """A sort key that puts page 2 before page 10."""
    pieces = re.split(r"([0-9]+)", text.casefold())
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces]


def printable(name: str) -> str:
    """A file name as text that can be stored and shown, whatever bytes it was made of."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _walk(folder: Path, shown: PurePosixPath, entries: Mapping[Path, Entry], found: Findings) -> None:
    """Take in one folder; ``entries`` is what manifests further up say, by path."""
    manifest = folder / FILE_NAME
    if manifest.is_file() and not manifest.is_symlink():
        entries = _entries(manifest, shown / FILE_NAME, found)
    try:
        content = sorted(os.scandir(folder), key=lambda item: natural(item.name))
    except OSError as error:
        found.odd("unreadable", shown, detail=error.strerror or str(error))
        return
    for item in content:
        path, name = Path(item.path), shown / printable(item.name)
        if item.is_symlink():
            found.odd("link_skipped", name)
        elif item.is_dir():
            _walk(path, name, entries, found)
        elif item.is_file() and item.name.casefold() not in _JUNK:
            if entries and path not in entries:
                found.odd("not_in_manifest", name)
            found.deliveries.append(Delivery(path, name, entries.get(path)))


def _entries(manifest: Path, shown: PurePosixPath, found: Findings) -> dict[Path, Entry]:
    """A manifest's entries by path; what it names and is not there is odd."""
    try:
        content = read_manifest(manifest)
    except UnreadableList as error:
        found.odd("bad_manifest", shown, **{key: error.params[key] for key in error.params if key != "name"})
        return {}
    for fault in content.faults:
        params = {"name": str(shown), "line": fault.line, "detail": fault.message, **fault.params}
        found.oddities.append(Oddity("bad_manifest_row", f"{shown}:{fault.line}", params))
    for entry in content.entries.values():
        if not (manifest.parent / entry.path).is_file():
            found.odd("missing_file", shown.parent / printable(str(entry.path)), line=entry.line)
    return {manifest.parent / path: entry for path, entry in content.entries.items()}
