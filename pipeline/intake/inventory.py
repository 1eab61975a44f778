"""Importing the inventory (Bestand): which case files and volumes there are, the goal's denominator."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from errors import N_
from pipeline.alarms import compare_pages
from pipeline.intake.lists import Fault, Row, read_table, whole_number
from pipeline.sheets.codes import new_sheet_id
from storage.file_numbers import file_key, is_file_number
from storage.ledger import Ledger, Transaction, documents, inventory
from storage.search.access import MOST_CONFIDENTIAL

COLUMNS = {
    "file_number": ("Aktenzeichen", "Az", "Aktennummer", "Akten-Nr", "Geschäftszeichen"),
    "volume": ("Band", "Bd", "Bandnummer", "Band-Nr"),
    "holder": ("Name", "Inhaber", "holder name", "Person"),
    "box": ("Karton", "Kartonnummer", "Karton-Nr", "Kiste"),
    "remark": ("Bemerkung", "Bemerkungen", "Hinweis"),
    "pages": ("Seiten", "Seitenzahl", "Anzahl Seiten", "Blatt"),
    "groups": ("Gruppen", "Gruppe", "Lesegruppen", "Leserechte", "reader groups"),
    "confidentiality": ("Vertraulichkeit", "Vertraulichkeitsstufe", "Schutzstufe", "Geheimhaltung"),
}
#: Instead of groups: the case file is for everybody.
_EVERYBODY = "*"
_GROUP_ENDS = re.compile(r"[,;|\n]")
_LONGEST_GROUP = 80
_HIGHEST_VOLUME = 999
_MOST_PAGES = 100_000
_ROWS_A_TRANSACTION = 500


@dataclass(frozen=True, slots=True)
class Import:
    """What came of an import: volumes added, updated, unchanged, and the rows with faults."""

    added: int
    updated: int
    unchanged: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    file_number: str
    key: str
    volume: int
    pages: int | None
    readers: inventory.Readers
    details: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a list has said so far, with the lines: which volumes it named, and whom case files are for."""

    volumes: dict[tuple[str, int], int] = field(default_factory=dict)
    readers: dict[tuple[str, str], tuple[object, int]] = field(default_factory=dict)


class _FaultyRowError(Exception):
    def __init__(self, message: str, **params: str | int) -> None:
        super().__init__(message)
        self.message = message
        self.params = params


def import_inventory(ledger: Ledger, path: Path) -> Import:
    """Take an inventory list into the ledger; a second import updates what changed.

    Rows with faults are reported with their line, the others are taken. Raises ``UnreadableList`` when
    the file is no list with a column ``file_number`` (Aktenzeichen).
    """
    rows = read_table(path, COLUMNS, required=("file_number",))
    outcomes: Counter[str] = Counter()
    faults: list[Fault] = []
    seen = _Seen()
    while chunk := list(islice(rows, _ROWS_A_TRANSACTION)):
        with ledger.write() as tx:
            for row in chunk:
                if isinstance(row, Fault):
                    faults.append(row)
                    continue
                try:
                    outcomes[_take(tx, row, seen)] += 1
                except _FaultyRowError as fault:
                    faults.append(Fault(row.line, fault.message, fault.params))
    return Import(outcomes["added"], outcomes["updated"], outcomes["unchanged"], tuple(faults))


def _take(tx: Transaction, row: Row, seen: _Seen) -> str:
    entry = _parse(row)
    _agree(entry, row.line, seen)
    first = seen.volumes.setdefault((entry.key, entry.volume), row.line)
    if first != row.line:
        raise _FaultyRowError(N_("stands already in line {first}"), first=first)
    spelling = inventory.spelling(tx, entry.key, in_inventory=True)
    if spelling is not None and spelling.casefold() != entry.file_number.casefold():
        # Folder and file names tell the two apart no more: better say so than file into the wrong one.
        raise _FaultyRowError(
            N_("'{given}' differs from '{known}' in separators only"), given=entry.file_number, known=spelling
        )
    outcome = inventory.put(
        tx,
        file_number=entry.file_number,
        file_key=entry.key,
        number=entry.volume,
        new_ids=(secrets.token_hex(8), new_sheet_id()),
        in_inventory=True,
        expected_pages=entry.pages,
        readers=entry.readers,
        **entry.details,
    )
    if outcome == "updated":
        _compare_again(tx, entry)
    return outcome


def _agree(entry: _Entry, line: int, seen: _Seen) -> None:
    """Refuse a row that says of its case file's readers something else than a row before it."""
    for name, value in entry.readers.columns().items():
        if value is not None:
            said, first = seen.readers.setdefault((entry.key, name), (value, line))
            if said != value:
                raise _FaultyRowError(N_("line {first} says that the file is for others"), first=first)


def _compare_again(tx: Transaction, entry: _Entry) -> None:
    """Hold the inventory's new number of pages against what is already stored."""
    volume = inventory.find(tx, entry.key, entry.volume)
    document = documents.get(tx, volume.id) if volume else None
    if document is not None and document.state in ("stored", "empty"):
        compare_pages(tx, document)


def _parse(row: Row) -> _Entry:
    number = row.values["file_number"]
    key = file_key(number)
    if not key:
        raise _FaultyRowError(N_("the file number is missing"))
    if not is_file_number(number):
        raise _FaultyRowError(N_("the file number is too long or has unprintable characters"))
    try:
        volume = whole_number(row.values["volume"] or "1", lowest=1, highest=_HIGHEST_VOLUME)
    except ValueError:
        raise _FaultyRowError(N_("'{value}' is no volume number"), value=row.values["volume"]) from None
    try:
        pages = row.values["pages"]
        expected = whole_number(pages, lowest=0, highest=_MOST_PAGES) if pages else None
    except ValueError:
        raise _FaultyRowError(N_("'{value}' is no number of pages"), value=row.values["pages"]) from None
    details = {name: row.values[name] or None for name in ("holder", "box", "remark")}
    return _Entry(number, key, volume, expected, _readers(row), details)


def _readers(row: Row) -> inventory.Readers:
    groups, level = row.values["groups"], row.values["confidentiality"]
    try:
        confidentiality = whole_number(level, lowest=0, highest=MOST_CONFIDENTIAL) if level else None
    except ValueError:
        raise _FaultyRowError(
            N_("'{value}' is no confidentiality from 0 to {highest}"), value=level, highest=MOST_CONFIDENTIAL
        ) from None
    names = [name.strip() for name in _GROUP_ENDS.split(groups) if name.strip()]
    if any(len(name) > _LONGEST_GROUP or not name.isprintable() for name in names):
        raise _FaultyRowError(N_("a group's name is too long or has unprintable characters"))
    if _EVERYBODY in names and len(names) > 1:
        raise _FaultyRowError(N_("'*' means everybody and stands alone"))
    if groups and not names:
        raise _FaultyRowError(N_("'{value}' names no group"), value=groups)
    return inventory.Readers(
        tuple(name for name in names if name != _EVERYBODY) if names else None, confidentiality
    )
