"""Importing the inventory (Bestand): which case files and volumes there are, the goal's denominator."""

from __future__ import annotations

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

COLUMNS = {
    "file_number": ("Aktenzeichen", "Az", "Aktennummer", "Akten-Nr", "Geschäftszeichen"),
    "volume": ("Band", "Bd", "Bandnummer", "Band-Nr"),
    "holder": ("Name", "Inhaber", "holder name", "Person"),
    "box": ("Karton", "Kartonnummer", "Karton-Nr", "Kiste"),
    "remark": ("Bemerkung", "Bemerkungen", "Hinweis"),
    "pages": ("Seiten", "Seitenzahl", "Anzahl Seiten", "Blatt"),
}
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
    details: dict[str, str | None] = field(default_factory=dict)


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
    seen: dict[tuple[str, int], int] = {}
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


def _take(tx: Transaction, row: Row, seen: dict[tuple[str, int], int]) -> str:
    entry = _parse(row)
    first = seen.setdefault((entry.key, entry.volume), row.line)
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
        **entry.details,
    )
    if outcome == "updated":
        _compare_again(tx, entry)
    return outcome


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
    return _Entry(number, key, volume, expected, details)
