"""Seals: what was recorded until then, fixed by a Merkle root that names the seal before it.

A seal is a small JSON text; its SHA-256 names it. Beside it lies the list of its leaves: every event's
id (8 bytes, signed, big endian) and leaf hash (32 bytes), in the order of ids. Both are kept in the
object store, the ledger keeps a row of each seal.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, Text, cast, func, select

from storage import merkle
from storage.ledger.core import Transaction
from storage.ledger.tables import events, seals
from storage.objects import leaves_key, seal_key

FORMAT = "aktenwerk-seal-1"
#: An event's id and leaf hash, as the leaf list has them.
LEAF = struct.Struct(">q32s")
_DISOWNED = "seal.disowned"


@dataclass(frozen=True, slots=True)
class Seal:
    """What a seal says. ``root`` is over ``events`` events, ``leaves`` names their list, both as hex.

    It covers every event after the seal named by ``previous`` up to ``last_event``.
    """

    number: int
    sealed_at: str
    first_event: int
    last_event: int
    events: int
    root: str
    leaves: str
    previous: str | None

    def to_bytes(self) -> bytes:
        """The seal as it is kept: JSON, keys sorted, no blanks, ASCII."""
        return _json({"format": FORMAT, **asdict(self)})

    @property
    def sha256(self) -> str:
        """The seal's name, lower-case hex."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


class Row(NamedTuple):
    """A seal as the ledger has it; if nobody touched the row, ``sha256`` is the seal's own."""

    seal: Seal
    sha256: str
    object_key: str
    leaves_key: str


class Event(NamedTuple):
    """A row of the history; ``data`` is its JSON as text, as it stands in the database."""

    id: int
    at: str
    kind: str
    subject: str
    data: str


def parse(data: bytes) -> Seal | None:
    """The seal that these bytes are; None if they are none."""
    try:
        fields = json.loads(data)
        seal = Seal(**{name: fields[name] for name in Seal.__slots__})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return seal if seal.to_bytes() == data else None


def canonical(event: Event) -> bytes:
    """The bytes of an event that are hashed: ``[id, at, kind, subject, data]`` as JSON like a seal's.

    Data that is no JSON, or names a key twice, was never written by us and is taken as it stands.
    """
    try:
        data = json.loads(event.data, object_pairs_hook=_once)
    except (ValueError, TypeError, RecursionError):
        return b"unreadable " + repr(tuple(event)).encode("utf-8", "surrogatepass")
    return _json([event.id, event.at, event.kind, event.subject, data])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError
    return fields


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=repr).encode("ascii")


def leaf(event: Event) -> bytes:
    """An event's entry in the list of leaves."""
    return LEAF.pack(event.id, merkle.leaf_hash(canonical(event)))


def root_of(leaves: bytes | bytearray) -> str:
    """The Merkle root over a list of leaves, lower-case hex."""
    return merkle.root(hashed for _id, hashed in LEAF.iter_unpack(leaves)).hex()


# --- the ledger's rows -------------------------------------------------------------------------------


def history(
    tx: Transaction, *, after: int | None, last: int | None = None, limit: int | None = None
) -> Iterator[Event]:
    """The events with an id above ``after`` (None: all from the first), up to ``last``, by id."""
    data = cast(events.c.data, Text).label("data")
    query = select(events.c.id, events.c.at, events.c.kind, events.c.subject, data).order_by(events.c.id)
    if after is not None:
        query = query.where(events.c.id > after)
    if last is not None:
        query = query.where(events.c.id <= last)
    return map(Event._make, tx.stream(query.limit(limit)))


def last_event(tx: Transaction) -> int | None:
    """The id of the newest event; None while there is none."""
    newest_id: int | None = tx.value(select(func.max(events.c.id)))
    return newest_id


def count_unsealed(tx: Transaction, after: int | None) -> int:
    """How many events no seal covers: those after the newest seal's last one."""
    query = select(func.count()).select_from(events)
    return int(tx.value(query if after is None else query.where(events.c.id > after)))


def first_unsealed(tx: Transaction) -> Event | None:
    """The oldest event that no seal covers."""
    sealed = newest(tx)
    return next(history(tx, after=sealed.seal.last_event if sealed else None, limit=1), None)


def newest(tx: Transaction) -> Row | None:
    """The last seal made."""
    row = tx.one(select(seals).order_by(seals.c.number.desc()).limit(1))
    return _row(row) if row else None


def all_seals(tx: Transaction) -> Sequence[Row]:
    """Every seal, the oldest first; there is about one a day."""
    return [_row(row) for row in tx.rows(select(seals).order_by(seals.c.number))]


def add(tx: Transaction, seal: Seal) -> None:
    """Record a seal whose objects are safely stored."""
    values = {name: getattr(seal, name) for name in Seal.__slots__ if name != "leaves"}
    keys = {"object_key": seal_key(seal.sha256), "leaves_key": leaves_key(seal.leaves)}
    tx.run(seals.insert().values(sha256=seal.sha256, **keys, **values))


def disown(tx: Transaction, sha256: str, note: str) -> None:
    """Record why a seal in the store is rightly not in the ledger."""
    tx.record(_DISOWNED, sha256, note=note)


def is_disowned(tx: Transaction, sha256: str) -> bool:
    """Whether a person said that a seal is rightly not in the ledger."""
    query = select(events.c.id).where(events.c.subject == sha256, events.c.kind == _DISOWNED)
    return tx.value(query.limit(1)) is not None


def _row(row: RowMapping) -> Row:
    fields = {name: row[name] for name in Seal.__slots__ if name != "leaves"}
    seal = Seal(leaves=row["leaves_key"].rpartition("/")[2], **fields)
    return Row(seal, row["sha256"], row["object_key"], row["leaves_key"])
