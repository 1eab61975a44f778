"""Affiliation: which volume the circumstances give a file, before anybody looks into it.

A manifest names it; else a file or folder name that equals a file number, separators aside, with an
optional volume: ``33.2-2019_004711``, ``33.2-2019_004711_Bd2.tif``.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from pipeline.intake.delivery import Delivery
from pipeline.sheets.codes import new_sheet_id
from storage.file_numbers import file_key
from storage.ledger import Transaction, alarms, inventory

_WITH_VOLUME = re.compile(
    r"(?P<number>.+?)[\s_.-]+(?:Bd|Band|Vol|Volume)[\s_.-]*(?P<volume>0*[1-9][0-9]{0,2})", re.I
)
#: Endings of scans, and nothing else: the end of ``33.2-2019_004711`` is none.
_ENDING = re.compile(r"\.(?:pdf|tiff?|jpe?g|jpe|png)", re.I)


@dataclass(frozen=True, slots=True)
class Hint:
    """The volume something points to, and what points (``by``): "manifest" or "name".

    ``volume_id`` is its id in the ledger, or the one it gets there if nobody has announced it.
    """

    file_number: str
    volume: int
    volume_id: str
    by: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Names that point to different case files: nobody but a person can tell which one is right."""


@dataclass(frozen=True, slots=True)
class _Named:
    file_number: str
    volume: int | None


@dataclass(frozen=True, slots=True)
class Affiliation:
    """How volumes are found by manifest and name.

    ``number_pattern`` is a regular expression that a file number's key matches as a whole; a name that
    matches is a file number even if no inventory knows it. Empty: only known numbers count.
    """

    number_pattern: str = ""

    def within(self, tx: Transaction) -> Finder:
        """A finder for all files of a delivery; it remembers what it has asked the ledger."""
        return Finder(tx, re.compile(self.number_pattern) if self.number_pattern else None)


class Finder:
    """Finds the volumes of files in one transaction, which it only reads."""

    def __init__(self, tx: Transaction, pattern: re.Pattern[str] | None) -> None:
        self._pattern = pattern
        self._spelling = cache(lambda key: inventory.spelling(tx, key))
        self._volume_id = cache(lambda key, number: _volume_id(tx, key, number))

    def of(self, delivery: Delivery) -> Hint | Contradiction | None:
        """The volume a file belongs to by its circumstances, whether or not somebody has announced it.

        The manifest is explicit, so it is believed before any name. Names have to agree on the case file;
        the one nearest to the file that names a volume says which.
        """
        entry = delivery.entry
        if entry is not None and file_key(entry.file_number):
            return self._hint(entry.file_number, entry.volume, "manifest")
        named = list(self._named(delivery.name))
        if not named:
            return None
        if len({file_key(one.file_number) for one in named}) > 1:
            return Contradiction()
        volume = next((one.volume for one in named if one.volume is not None), 1)
        return self._hint(named[0].file_number, volume, "name")

    def _hint(self, file_number: str, volume: int, by: str) -> Hint:
        return Hint(file_number, volume, self._volume_id(file_key(file_number), volume), by)

    def _named(self, name: PurePosixPath) -> Iterator[_Named]:
        """The file numbers in a file's name and its folders' names, the nearest first."""
        ending = _ENDING.fullmatch(name.suffix)
        for part in (name.stem if ending else name.name, *reversed(name.parts[:-1])):
            number, volume = _split(part)
            key = file_key(number)
            spelling = self._spelling(key) if key else None
            if spelling is not None:
                yield _Named(spelling, volume)
            elif key and self._pattern and self._pattern.fullmatch(key):
                yield _Named(number, volume)


def _volume_id(tx: Transaction, key: str, number: int) -> str:
    known = inventory.find(tx, key, number)
    return known.id if known else new_sheet_id()


def volume_for(tx: Transaction, file_number: str, number: int, new_id: str | None = None) -> str:
    """The id of a volume; one that no inventory knows is added outside the inventory, with an alarm.

    It then gets ``new_id``, if that is free: sheets may have been printed with it.
    """
    key = file_key(file_number)
    known = inventory.find(tx, key, number)
    if known is not None:
        return known.id
    is_free = new_id is not None and inventory.by_id(tx, new_id) is None
    volume_id = new_id if new_id and is_free else new_sheet_id()
    inventory.put(
        tx,
        file_number=file_number,
        file_key=key,
        number=number,
        new_ids=(secrets.token_hex(8), volume_id),
        in_inventory=False,
    )
    params = {"file_number": file_number, "volume": number}
    alarms.sound(tx, "not_in_inventory", volume_id, volume_id=volume_id, params=params)
    return volume_id


def _split(name: str) -> tuple[str, int | None]:
    """A name's file number and volume; None when it names none."""
    match = _WITH_VOLUME.fullmatch(name)
    return (match["number"], int(match["volume"])) if match else (name, None)
