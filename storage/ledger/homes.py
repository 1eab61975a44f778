"""Homes: which data folder keeps a thing there is only one of, however many machines share the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from storage.ledger.core import Transaction
from storage.ledger.tables import homes

INDEX = "index"
#: The object store: its ``folder_id`` is the mark that lies in it (pipeline/store_mark.py).
OBJECTS = "objects"


@dataclass(frozen=True, slots=True)
class Home:
    """A data folder: ``folder_id`` is random and lies in it, ``place`` is for people: host and path."""

    folder_id: str
    place: str


def keeper(tx: Transaction, name: str) -> Home | None:
    """The home of a thing; None while it has none."""
    row = tx.one(select(homes.c.folder_id, homes.c.place).where(homes.c.name == name))
    return Home(**row) if row else None


def settle(tx: Transaction, name: str, home: Home) -> bool:
    """Make a folder the home of a thing that has none; whether it is its home now."""
    found = keeper(tx, name)
    if found is not None and found.folder_id != home.folder_id:
        return False
    move(tx, name, home)  # also when the machine has got another name
    return True


def move(tx: Transaction, name: str, home: Home) -> None:
    """Make a folder the home of a thing, whichever was before."""
    if keeper(tx, name) == home:
        return
    values = {"folder_id": home.folder_id, "place": home.place, "since": tx.at}
    if not tx.run(homes.update().where(homes.c.name == name).values(values)):
        tx.run(homes.insert().values(name=name, **values))
    tx.record("home.moved", name, folder=home.folder_id)
