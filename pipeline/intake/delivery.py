"""Finding the files of a delivery: folders are walked in natural order, manifests are read on the way."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path, PurePosixPath

from errors import N_, NothingToDo, OwnFolder, Param, UnreadableList
from pipeline.intake.manifest import FILE_NAME, Entry, read_manifest

#: What office systems leave in folders: no scan, so not even worth quarantine.
_JUNK = {"thumbs.db", "desktop.ini", ".ds_store"}
#: What macOS packs beside a file ``x`` as ``._x`` (AppleSingle/AppleDouble, RFC 1740).
_APPLE_DOUBLE = b"\0\5\x16\7"

#: The names that lie in a folder, by the form in which two spellings are equal.
_Listing = Callable[[Path], Mapping[str, list[str]]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file: where it lies, its name from the delivery's root on, and what a manifest says of it.

    ``place`` counts what was met on the walk: files whose places differ by one lay side by side.
    """

    path: Path
    name: PurePosixPath
    entry: Entry | None
    place: int


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something met on the walk that a person has to look at: an alarm's code, its subject and details.

    ``delivery`` is the file that is missing by it: the volume it belongs to must not count as whole.
    """

    code: str
    subject: str
    params: Mapping[str, Param]
    delivery: Delivery | None = None


@dataclass(slots=True)
class Findings:
    """What lies at the paths: files to take in, in order, and oddities; ``own`` folders are passed over."""

    own: frozenset[Path] = frozenset()
    deliveries: list[Delivery] = field(default_factory=list)
    oddities: list[Oddity] = field(default_factory=list)
    places: int = 0

    def add(self, path: Path, name: PurePosixPath, entry: Entry | None = None) -> None:
        """Note a file to take in."""
        self.deliveries.append(Delivery(path, name, entry, self.places))
        self.places += 1

    def odd(self, code: str, name: PurePosixPath, params: Mapping[str, Param] | None = None) -> None:
        """Note an oddity about a file."""
        self.oddities.append(Oddity(code, str(name), {"name": str(name), **(params or {})}))

    def missing(self, code: str, delivery: Delivery, params: Mapping[str, Param]) -> None:
        """Note a file that ought to be there and cannot be taken in."""
        name = str(delivery.name)
        self.oddities.append(Oddity(code, name, {"name": name, **params}, delivery))

    def leave_out(self, code: str, name: PurePosixPath, params: Mapping[str, Param] | None = None) -> None:
        """Note what is not taken in: the files before and after it do not lie side by side."""
        self.odd(code, name, params)
        self.places += 1


def find(paths: Sequence[Path], own: Iterable[Path] = ()) -> Findings:
    """All files at ``paths``, folders with everything below them; links are not followed.

    Every file is found once, however often ``paths`` lead to it. ``own`` folders, where Aktenwerk keeps
    its files, are passed over. Raises ``OwnFolder`` for a path in one of them, ``NothingToDo`` when a path
    does not exist, or when there is no file at all.
    """
    found = Findings(frozenset(folder.resolve() for folder in own))
    for path in _in_order(_outermost(paths)):
        real = Path(os.path.realpath(path))  # Path.resolve raises for a link to itself
        if not found.own.isdisjoint((real, *real.parents)):
            raise OwnFolder(name=str(path))
        if path.is_dir():
            _walk(path, PurePosixPath(printable(path.resolve().name)), {}, found)
        elif path.is_file():
            found.add(path, PurePosixPath(printable(path.name)))
        else:
            raise NothingToDo(name=str(path))
    if not found.deliveries and not found.oddities:
        raise NothingToDo(name=", ".join(str(path) for path in paths))
    return found


def natural(text: str) -> tuple[list[tuple[int, int, str]], str]:
    """A sort key that puts page 2 before page 10."""
    pieces = re.split(r"([0-9]+)", text.casefold())
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces], text


def printable(name: str) -> str:
    """A file name as text that can be stored, shown and compared, whatever bytes it was made of."""
    text = unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _outermost(paths: Sequence[Path]) -> list[Path]:
    """Paths that do not lie in a folder that is given too, each once."""
    real: dict[Path, Path] = {}
    for path in paths:
        real.setdefault(Path(os.path.realpath(path)), path)
    return [
        path for place, path in real.items() if real.keys().isdisjoint(place.parents) or not path.exists()
    ]


def _in_order(paths: Iterable[Path]) -> Iterator[Path]:
    """Files of one folder in natural order, as in a walk: a shell's ``*.jpg`` puts 10 before 2."""
    for (_, is_file), group in groupby(paths, key=lambda path: (path.parent, path.is_file())):
        alike = list(group)
        yield from sorted(alike, key=lambda path: natural(path.name)) if is_file else alike


def _walk(folder: Path, shown: PurePosixPath, entries: Mapping[Path, Entry], found: Findings) -> None:
    """Take in one folder; ``entries`` is what manifests further up say, by path."""
    try:
        content = sorted(os.scandir(folder), key=lambda item: natural(item.name))
    except OSError as error:
        found.leave_out("unreadable", shown, {"detail": error.strerror or str(error)})
        return
    manifests = [item for item in content if item.name.casefold() == FILE_NAME and _is_plain(item)]
    for item in manifests[:1]:
        entries = {**entries, **_entries(Path(item.path), shown / printable(item.name), found)}
    for item in manifests[1:]:
        found.odd("bad_manifest", shown / printable(item.name), {"detail": N_("the folder has another one")})
    for item in content:
        path, name = Path(item.path), shown / printable(item.name)
        if item.is_symlink():
            found.leave_out("link_skipped", name)
        elif item.is_dir():
            if path.resolve() in found.own:
                continue
            _walk(path, name, entries, found)
        elif not item.is_file():
            found.leave_out("no_regular_file", name)
        elif item not in manifests and not is_junk(path):
            if entries and path not in entries:
                found.odd("not_in_manifest", name)
            found.add(path, name, entries.get(path))


def _is_plain(item: os.DirEntry[str]) -> bool:
    return item.is_file(follow_symlinks=False)


def is_junk(path: Path) -> bool:
    """Whether a file is what office systems leave in folders, and no scan."""
    if not path.name.startswith("._"):
        return path.name.casefold() in _JUNK
    try:
        with path.open("rb") as file:
            return file.read(len(_APPLE_DOUBLE)) == _APPLE_DOUBLE
    except OSError:
        return False  # reading it will tell


def _entries(manifest: Path, shown: PurePosixPath, found: Findings) -> dict[Path, Entry]:
    """A manifest's entries by path; what it names and is not there is odd."""
    try:
        content = read_manifest(manifest)
    except UnreadableList as error:
        found.odd("bad_manifest", shown, {key: error.params[key] for key in error.params if key != "name"})
        return {}
    for fault in content.faults:
        params = {"name": str(shown), "line": fault.line, "detail": fault.message, **fault.params}
        found.oddities.append(Oddity("bad_manifest_row", f"{shown}:{fault.line}", params))
    located = _located(manifest.parent, content.entries.values())
    for entry in content.entries.values():
        if entry not in located.values():
            name = shown.parent / printable(str(entry.path))
            found.missing("missing_file", Delivery(manifest, name, entry, 0), {"line": entry.line})
    return located


def _located(folder: Path, entries: Iterable[Entry]) -> dict[Path, Entry]:
    """Which file each entry means: exactly so called first, else the only one whose name reads the same.

    Windows does not tell capitals, and what macOS packs has its umlauts taken apart.
    """
    listing = cache(_listing)
    candidates = [(_locate(folder, entry.path, listing), entry) for entry in entries]
    located = {path: entry for path, entry in candidates if path == folder / entry.path}
    for path, entry in candidates:
        if path is not None:
            located.setdefault(path, entry)
    return located


def _locate(folder: Path, path: PurePosixPath, listing: _Listing) -> Path | None:
    for part in path.parts:
        alike = listing(folder).get(_folded(part), [])
        if part not in alike and len(alike) != 1:
            return None
        folder /= part if part in alike else alike[0]
    return folder if folder.is_file() else None


def _listing(folder: Path) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    try:
        for item in os.scandir(folder):
            if not item.is_symlink():
                names.setdefault(_folded(item.name), []).append(item.name)
    except OSError:  # no folder, or one that the walk will complain about
        return {}
    return names


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
