"""The chain of seals, checked: seals against the ledger's rows and each other, events against their leaves.

Whoever changes the history has to change every seal since, in ledger and store. Whoever does all of that is
found by the one hash that somebody noted outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from errors import N_, BadKey, ObjectMissing
from pipeline.problem import Problem
from storage.ledger import Ledger, Transaction, seals
from storage.ledger.seals import LEAF, Event, Row, Seal
from storage.objects import ObjectStore, leaves_key

#: How an event differs from what was sealed.
_ALTERED = N_("was altered")
_MISSING = N_("is missing")
_INSERTED = N_("was inserted")


@dataclass(frozen=True, slots=True)
class Chain:
    """What became of the seals: how many, the numbers of those broken, the newest one.

    ``events`` were compared with their leaves, ``unsealed`` are covered by no seal yet. ``disowned`` seals
    lie in the store and, as a person said, rightly not in the ledger.
    """

    rows: tuple[Row, ...]
    broken: tuple[int, ...]
    events: int
    unsealed: int
    disowned: int
    problems: tuple[Problem, ...]

    def find(self, name: str) -> Row | None:
        """The seal whose hash, or its beginning, somebody noted."""
        return next((row for row in self.rows if row.sha256.startswith(name)), None)


def check(
    ledger: Ledger,
    objects: ObjectStore,
    chosen: Callable[[str], bool] = lambda _key: True,
    on_seal: Callable[[int, int], None] = lambda _done, _total: None,
) -> Chain:
    """Check every seal, and the events of those whose leaf list is ``chosen`` by its key, and of the newest.

    ``on_seal`` is told how many seals of how many are done. Names the first event of a seal that differs.
    Raises ``StoreUnavailable``.
    """
    with ledger.read() as tx:
        rows = seals.all_seals(tx)
    checker = _Checker(ledger, objects)
    for done, row in enumerate(rows, 1):
        checker.check(row, events_too=done == len(rows) or chosen(row.leaves_key))
        on_seal(done, len(rows))
    checker.look_for_others({row.sha256 for row in rows})
    with ledger.read() as tx:
        unsealed = seals.count_unsealed(tx, checker.sealed_up_to)
    return Chain(
        rows=tuple(rows),
        broken=tuple(checker.broken),
        events=checker.events,
        unsealed=unsealed,
        disowned=checker.disowned,
        problems=tuple(checker.problems),
    )


class _Checker:
    """Goes from seal to seal, and keeps what the next one has to follow."""

    def __init__(self, ledger: Ledger, objects: ObjectStore) -> None:
        self._ledger, self._objects = ledger, objects
        self._before: Seal | None = None
        self.problems: list[Problem] = []
        self.broken: list[int] = []
        self.events = self.disowned = 0

    @property
    def sealed_up_to(self) -> int | None:
        """The last event the seals cover."""
        return self._before.last_event if self._before else None

    def check(self, row: Row, *, events_too: bool) -> None:
        """Compare a seal's row, its object, the seal before it and, if asked, its events."""
        known = len(self.problems)
        stored = self._stored(row.object_key)
        if stored is None:
            self._say(N_("Seal {number} is missing in the store, or damaged there: {key}"), row)
        if row.seal.sha256 != row.sha256 or (stored is not None and stored.sha256 != row.sha256):
            self._say(N_("Seal {number} was altered in the ledger: it is not what was sealed."), row)
        seal = stored or row.seal
        expected = (self._before.number + 1, self._before.sha256) if self._before else (1, None)
        if (seal.number, seal.previous) != expected:
            self._say(
                N_("Seal {number} does not follow the one before it; one was removed or exchanged."), row
            )
        if events_too:
            self._check_events(row, seal)
        if len(self.problems) > known:
            self.broken.append(row.seal.number)
        self._before = seal

    def look_for_others(self, known: set[str]) -> None:
        """Seals in the store that the ledger does not have bear witness against it, unless they agree.

        One of two who sealed at once leaves such a seal behind; its events are then the ledger's.
        """
        for key in self._objects.keys("seals/"):
            sha256 = key.rpartition("/")[2]
            if sha256 in known:
                continue
            with self._ledger.read() as tx:
                is_disowned = seals.is_disowned(tx, sha256)
            seal = self._stored(key)
            if is_disowned:
                self.disowned += 1
            elif seal is None:
                self._say_of(N_("An object among the seals is none: {key}"), key=key)
            else:
                self._hear(seal)

    def _hear(self, witness: Seal) -> None:
        leaves = self._leaves(leaves_key(witness.leaves))
        difference = self._compare(witness, witness.first_event - 1, leaves)
        about: dict[str, str | int] = {"number": witness.number, "at": witness.sealed_at}
        about["sha256"] = witness.sha256
        if difference is not None:
            message = N_(
                "The store has a seal {number} of {at} that the ledger does not know, and the ledger does "
                "not have what it sealed: newest events and seals were cut off or exchanged ({sha256}). "
                "{detail} After a restore from backup: 'akten seal --disown {sha256} --note why'."
            )
            about["detail"] = difference.message
            self.problems.append(Problem(message, {**difference.params, **about}))
        elif self._before is None or witness.number > self._before.number:
            message = N_(
                "The store has a seal {number} of {at} that the ledger does not know ({sha256}). What it "
                "sealed is all there: sealing was cut off, or its row was removed; 'akten seal' mends it."
            )
            self.problems.append(Problem(message, about))

    def _check_events(self, row: Row, seal: Seal) -> None:
        leaves = self._leaves(row.leaves_key)
        if leaves is None or row.leaves_key != leaves_key(seal.leaves):
            leaves = self._leaves(leaves_key(seal.leaves))
            self._say(N_("The leaf list of seal {number} is missing, damaged or exchanged: {leaves}"), row)
        if leaves is not None and (seals.root_of(leaves), len(leaves)) != (
            seal.root,
            seal.events * LEAF.size,
        ):
            self._say(N_("The leaf list of seal {number} is not the one that was sealed: {leaves}"), row)
        difference = self._compare(seal, self.sealed_up_to, leaves)
        if difference is not None:
            self.problems.append(difference)

    def _compare(self, seal: Seal, after: int | None, leaves: bytes | None) -> Problem | None:
        """The first event that is not as sealed; without leaves, whether there is one."""
        with self._ledger.read() as tx:
            found = seals.history(tx, after=after, last=seal.last_event)
            if leaves is None:
                now = b"".join(seals.leaf(event) for event in found)
                self.events += len(now) // LEAF.size
                return None if seals.root_of(now) == seal.root else _unnamed(seal)
            self.events += seal.events
            return _first_difference(seal, _differences(tx, found, leaves))

    def _stored(self, key: str) -> Seal | None:
        data = self._read(key)
        return seals.parse(data) if data is not None else None

    def _leaves(self, key: str) -> bytes | None:
        data = self._read(key)
        return data if data is not None and len(data) % LEAF.size == 0 else None

    def _read(self, key: str) -> bytes | None:
        """An object named by its hash; None when it is not there or has another."""
        with suppress(ObjectMissing, BadKey):
            if self._objects.digest(key).sha256 == key.rpartition("/")[2]:
                return self._objects.get_bytes(key)
        return None

    def _say(self, message: str, row: Row) -> None:
        self._say_of(message, number=row.seal.number, key=row.object_key, leaves=row.leaves_key)

    def _say_of(self, message: str, **params: str | int) -> None:
        self.problems.append(Problem(message, params))


# --- events against leaves ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Difference:
    """An event that is not as sealed. Of a missing one only its id is known, and what came before it."""

    id: int
    how: str
    event: Event | None


def _differences(tx: Transaction, found: Iterator[Event], leaves: bytes) -> Iterator[_Difference]:
    """Go through both in the order of ids, side by side."""
    sealed = LEAF.iter_unpack(leaves)
    want = next(sealed, None)
    before: Event | None = None
    for event in found:
        while want is not None and want[0] < event.id:
            yield _Difference(want[0], _MISSING, before)
            want = next(sealed, None)
        if want is None or want[0] > event.id:
            yield _Difference(event.id, _INSERTED, event)
        else:
            if seals.leaf(event) != LEAF.pack(*want):
                yield _Difference(event.id, _ALTERED, event)
            want = next(sealed, None)
        before = event
    while want is not None:
        yield _Difference(want[0], _MISSING, before)
        want = next(sealed, None)


def _first_difference(seal: Seal, differences: Iterator[_Difference]) -> Problem | None:
    first = next(differences, None)
    if first is None:
        return None
    more = sum(1 for _ in differences)
    params: dict[str, str | int] = {"id": first.id, "seal": seal.number, "reason": first.how, "more": more}
    if first.event is not None:
        params |= {"kind": first.event.kind, "at": first.event.at}
    if first.how == _ALTERED:
        message = N_(
            "Event {id} {reason}, says seal {seal}; it is now {kind}, {at}; "
            "further events that differ: {more}."
        )
    elif first.how == _INSERTED:
        message = N_(
            "Event {id} ({kind}, {at}) {reason}, says seal {seal}; further events that differ: {more}."
        )
    elif first.event is not None:
        message = N_(
            "Event {id} {reason}, says seal {seal}; the event before it is {kind}, {at}; "
            "further events that differ: {more}."
        )
    else:
        message = N_("Event {id} {reason}, says seal {seal}; further events that differ: {more}.")
    return Problem(message, params)


def _unnamed(seal: Seal) -> Problem:
    message = N_("Between event {first} and event {last} something differs from what seal {seal} says.")
    return Problem(message, {"first": seal.first_event, "last": seal.last_event, "seal": seal.number})
