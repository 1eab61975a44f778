"""Inventory: case files and volumes, the goal's denominator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select

from storage.ledger import alarms
from storage.ledger.core import Transaction
from storage.ledger.tables import case_files, documents, volumes


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume (Band) of a case file (Akte); ``id`` is the opaque id on its cover sheet.

    ``expected_pages`` counts the pages of paper without cover and separator sheets, None if unknown.
    ``in_inventory`` is False for a volume that was scanned though no inventory names it.
    """

    id: str
    file_number: str
    file_key: str
    number: int
    box: str
    remark: str
    expected_pages: int | None
    in_inventory: bool


@dataclass(frozen=True, slots=True)
class Readers:
    """Whom a case file is for: members of ``groups`` (none: everybody) who are cleared for as much.

    What is None is not said, and keeps what was said before; at first, no groups and 0.
    """

    groups: tuple[str, ...] | None = None
    confidentiality: int | None = None

    def columns(self) -> dict[str, str | int | None]:
        """As the ledger keeps it."""
        groups = None if self.groups is None else "\n".join(sorted(set(self.groups)))
        return {"reader_groups": groups, "confidentiality": self.confidentiality}


_COLUMNS = (
    volumes.c.id,
    case_files.c.file_number,
    case_files.c.file_key,
    volumes.c.number,
    func.coalesce(volumes.c.box, "").label("box"),
    func.coalesce(volumes.c.remark, "").label("remark"),
    volumes.c.expected_pages,
    volumes.c.in_inventory,
)
_JOINED = volumes.join(case_files)
_READERS = ("reader_groups", "confidentiality")
#: What the search index knows of a case file: whether it is in the inventory says who may read it.
_INDEXED = {"file_number", "in_inventory", *_READERS}


def find(tx: Transaction, file_key: str, number: int) -> Volume | None:
    """The volume of a case file by the file number's key and the volume's number."""
    query = select(*_COLUMNS).select_from(_JOINED)
    row = tx.one(query.where(case_files.c.file_key == file_key, volumes.c.number == number))
    return Volume(**row) if row else None


def by_id(tx: Transaction, volume_id: str) -> Volume | None:
    """The volume with the opaque id of a cover sheet."""
    row = tx.one(select(*_COLUMNS).select_from(_JOINED).where(volumes.c.id == volume_id))
    return Volume(**row) if row else None


def of_case_file(tx: Transaction, file_key: str) -> list[Volume]:
    """All volumes of a case file, by number."""
    query = select(*_COLUMNS).select_from(_JOINED).where(case_files.c.file_key == file_key)
    return [Volume(**row) for row in tx.rows(query.order_by(volumes.c.number))]


def all_volumes(tx: Transaction, *, missing_only: bool = False) -> Iterator[Volume]:
    """The inventory's volumes by file number; ``missing_only``: those without a stored document."""
    query = select(*_COLUMNS).select_from(_JOINED.outerjoin(documents)).where(volumes.c.in_inventory)
    if missing_only:
        query = query.where(or_(documents.c.state.is_(None), documents.c.state != "stored"))
    for row in tx.stream(query.order_by(case_files.c.file_key, volumes.c.number)):
        yield Volume(**row._mapping)


def put(
    tx: Transaction,
    *,
    file_number: str,
    file_key: str,
    number: int,
    new_ids: tuple[str, str],
    in_inventory: bool,
    holder: str | None = None,
    box: str | None = None,
    remark: str | None = None,
    expected_pages: int | None = None,
    readers: Readers = Readers(),
) -> str:
    """Add a volume or update what is known of it; returns "added", "updated" or "unchanged".

    ``new_ids`` are taken for the case file and the volume where these are new. A field given as None
    keeps its old value. Once in the inventory, a volume stays in it, and its file number's spelling holds.
    """
    case = {"file_number": file_number, "holder": holder, "in_inventory": in_inventory} | readers.columns()
    case_id, case_changed = _put_case_file(tx, file_key, new_ids[0], case)
    old = tx.one(select(volumes).where(volumes.c.case_file_id == case_id, volumes.c.number == number))
    given = {"box": box, "remark": remark, "expected_pages": expected_pages}
    wanted = {name: value for name, value in given.items() if value is not None}
    if in_inventory:
        wanted["in_inventory"] = True
    if old is None:
        defaults = {"in_inventory": in_inventory, "number": number, "case_file_id": case_id}
        tx.run(volumes.insert().values(id=new_ids[1], **(defaults | wanted)))
        tx.record("volume.added", new_ids[1], **(defaults | wanted))
        return "added"
    changed = {name: value for name, value in wanted.items() if old[name] != value}
    if changed:
        tx.run(volumes.update().where(volumes.c.id == old["id"]).values(**changed))
        tx.record("volume.changed", old["id"], **changed)
    if "in_inventory" in changed:
        alarms.clear(tx, "not_in_inventory", old["id"])
    return "updated" if changed or case_changed else "unchanged"


def _put_case_file(
    tx: Transaction, file_key: str, new_id: str, values: Mapping[str, Any]
) -> tuple[str, bool]:
    in_inventory = values["in_inventory"]
    old = tx.one(select(case_files).where(case_files.c.file_key == file_key))
    if old is None:
        tx.run(case_files.insert().values(id=new_id, file_key=file_key, **values))
        # Names are personal data and may have to be forgotten; events never are. So no name in an event.
        tx.record("case_file.added", new_id, file_key=file_key, **_without_name(values))
        return new_id, True
    changed: dict[str, object] = {}
    if in_inventory and not old["in_inventory"]:
        changed["in_inventory"] = True
        if values["file_number"] != old["file_number"]:
            # So far it was known from a folder's name, where no "/" can stand.
            changed["file_number"] = values["file_number"]
    for name in ("holder", *_READERS):
        if values[name] is not None and values[name] != old[name]:
            changed[name] = values[name]
    if changed.keys() & _INDEXED:
        _index_again(tx, old["id"])
    if changed:
        tx.run(case_files.update().where(case_files.c.id == old["id"]).values(**changed))
        tx.record("case_file.changed", old["id"], fields=sorted(changed), **_without_name(changed))
    return old["id"], bool(changed)


def _without_name(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "holder"}


def _index_again(tx: Transaction, case_file_id: str) -> None:
    """What the search index knows of this case file, all its documents' pages have changed."""
    own = select(volumes.c.id).where(volumes.c.case_file_id == case_file_id)
    tx.run(documents.update().where(documents.c.volume_id.in_(own)).values(indexed_revision=None))


def spelling(tx: Transaction, file_key: str, *, in_inventory: bool = False) -> str | None:
    """The file number recorded under this key, or None; ``in_inventory``: only if the inventory names it."""
    query = select(case_files.c.file_number).where(case_files.c.file_key == file_key)
    if in_inventory:
        query = query.where(case_files.c.in_inventory)
    found: str | None = tx.value(query)
    return found
