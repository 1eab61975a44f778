"""Affiliation: which volume the circumstances give a file, before anybody looks into it.

A manifest names it; else a file or folder name that equals a file number, separators aside, with an
optional volume: ``33.2-2019_004711``, ``33.2-2019_004711_Bd2.tif``.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from pipeline.intake.delivery import Delivery
from pipeline.sheets.codes import new_sheet_id
from storage.file_numbers import file_key
from storage.ledger import Transaction, alarms, inventory

_WITH_VOLUME = re.compile(
    r"(?P<number>.+?)[\s_.-]+(?:Bd|Band|Vol|Volume)[\s_.-]*(?P<volume>[0-9]{1,3})", re.I
)


@dataclass(frozen=True, slots=True)
class Hint:
    """The volume something points to, and what points: "manifest" or "name"."""

    volume_id: str
    by: str


class Affiliation:
    """Finds volumes by manifest and name.

    ``number_pattern`` is a regular expression that a file number's key matches as a whole; a name that
    matches is a file number even if no inventory knows it. Empty: only known numbers count.
    """

    def __init__(self, number_pattern: str = "") -> None:
        self._pattern = re.compile(number_pattern) if number_pattern else None

    def of(self, tx: Transaction, delivery: Delivery) -> Hint | None:
        """The volume a file belongs to by its circumstances; one nobody announced is added, with an alarm."""
        entry = delivery.entry
        if entry is not None and file_key(entry.file_number):
            return Hint(volume_for(tx, entry.file_number, entry.volume), "manifest")
        names = [delivery.name.stem, *(part for part in reversed(delivery.name.parts[:-1]))]
        for name in names:
            number, volume = _split(name)
            key = file_key(number)
            spelling = inventory.spelling(tx, key) if key else None
            if spelling is not None:
                return Hint(volume_for(tx, spelling, volume), "name")
            if key and self._pattern and self._pattern.fullmatch(key):
                return Hint(volume_for(tx, number, volume), "name")
        return None


def volume_for(tx: Transaction, file_number: str, number: int) -> str:
    """The id of a volume; one that no inventory knows is added outside the inventory, with an alarm."""
    key = file_key(file_number)
    known = inventory.find(tx, key, number)
    if known is not None:
        return known.id
    volume_id = new_sheet_id()
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


def _split(name: str) -> tuple[str, int]:
    """A name's file number and volume; volume 1 when none is named."""
    match = _WITH_VOLUME.fullmatch(name)
    return (match["number"], int(match["volume"])) if match else (name, 1)
