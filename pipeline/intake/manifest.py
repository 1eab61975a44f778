"""A contractor's manifest: which file belongs to which volume, with how many pages and which hash."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from errors import N_, UnreadableList
from pipeline.intake.lists import Fault, Row, read_table, whole_number
from storage.file_numbers import file_key, is_file_number

FILE_NAME = "manifest.csv"
COLUMNS = {
    "path": ("Datei", "Dateiname", "Pfad", "file", "file name"),
    "file_number": ("Aktenzeichen", "Az", "Aktennummer", "Akten-Nr"),
    "volume": ("Band", "Bd", "Bandnummer", "Band-Nr"),
    "pages": ("Seiten", "Seitenzahl", "Anzahl Seiten"),
    "sha256": ("SHA-256", "Hash", "Prüfsumme"),
}
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest says of one file; None or "" where it says nothing."""

    line: int
    path: PurePosixPath
    file_number: str
    volume: int
    pages: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The entries by path relative to the manifest's folder, and rows that could not be used."""

    entries: Mapping[PurePosixPath, Entry]
    faults: tuple[Fault, ...]


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; raises ``UnreadableList`` when the columns ``path`` and ``file_number`` are absent.

    A path that leaves the manifest's folder, or is absolute, is a fault: nothing outside is ever read.
    A file named twice for two volumes keeps its entry without a volume: nobody knows which one is right.
    """
    entries: dict[PurePosixPath, Entry] = {}
    faults: list[Fault] = []
    for row in read_table(path, COLUMNS, required=("path", "file_number")):
        entry = row if isinstance(row, Fault) else _parse(row)
        if isinstance(entry, Fault):
            faults.append(entry)
        elif entry.path in entries:
            first = entries[entry.path]
            faults.append(Fault(entry.line, N_("stands already in line {first}"), {"first": first.line}))
            if _volume_of(first) != _volume_of(entry):
                entries[entry.path] = replace(first, file_number="")
        else:
            entries[entry.path] = entry
    if not entries and not faults:
        raise UnreadableList(name=path.name, detail=N_("it has no rows"))
    return Manifest(entries, tuple(faults))


def _volume_of(entry: Entry) -> tuple[str, int]:
    return file_key(entry.file_number), entry.volume


def _parse(row: Row) -> Entry | Fault:
    values = row.values
    path = PurePosixPath(values["path"].replace("\\", "/"))
    if not values["path"] or path.is_absolute() or ".." in path.parts or ":" in values["path"]:
        return Fault(
            row.line, N_("'{value}' is no path below the manifest's folder"), {"value": values["path"]}
        )
    number = values["file_number"]
    if file_key(number) and not is_file_number(number):
        return Fault(row.line, N_("the file number is too long or has unprintable characters"), {})
    digest = values["sha256"].lower()
    if digest and not _SHA256.fullmatch(digest):
        return Fault(row.line, N_("'{value}' is no SHA-256"), {"value": values["sha256"][:80]})
    try:
        volume = whole_number(values["volume"] or "1", lowest=1, highest=999)
    except ValueError:
        return Fault(row.line, N_("'{value}' is no volume number"), {"value": values["volume"]})
    try:
        pages = whole_number(values["pages"], lowest=0, highest=100_000) if values["pages"] else None
    except ValueError:
        return Fault(row.line, N_("'{value}' is no number of pages"), {"value": values["pages"]})
    return Entry(row.line, path, number, volume, pages, digest or None)
