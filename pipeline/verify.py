"""Verification: stored objects are read again, pages counted, tables and seals compared with the events.

Objects are read in an order that can be interrupted: how far it came is kept in the ledger every few
seconds, with what was found.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from errors import (
    N_,
    BadKey,
    ObjectDamaged,
    ObjectMissing,
    ProductMakesNoClaim,
    ProductNotConforming,
    ProductNotJudged,
    WrongUse,
    describe,
)
from pipeline import chain, damage, pdfa, store_mark, verapdf, witness
from pipeline.alarms import SEALS_BROKEN
from pipeline.problem import Problem
from storage.ledger import Ledger, Transaction, alarms, recorded, verifications
from storage.ledger.recorded import Recorded
from storage.ledger.verifications import Finding, Run
from storage.objects import ObjectStore

ALL = 100.0
#: Told what is being done (a template), and how much of how much.
OnProgress = Callable[[str, int, int], None]
_SAVE_SECONDS = 5.0
#: Findings kept in memory until they are saved, and at most named at the end.
_FINDINGS_AT_ONCE, _MOST_NAMED = 500, witness.MOST_NAMED
#: Under which of a run's numbers a finding counts.
_COUNTED = {
    ObjectDamaged.code: "damaged",
    ObjectMissing.code: "missing",
    ProductNotConforming.code: "nonconforming",
    ProductNotJudged.code: "nonconforming",
    ProductMakesNoClaim.code: "without_claim",
}


@dataclass(frozen=True, slots=True)
class Verification:
    """Objects read again of ``objects``, pages received against pages accounted for, and the chain of seals.

    ``found`` is the number of problems, of which the first are named in ``problems``; likewise of products
    that make no claim to be PDF/A, which is none, in ``without_claim``: ids of documents.
    """

    run: Run
    objects: int
    received: int
    accounted: int
    chain: chain.Chain
    problems: tuple[Problem, ...]
    found: int
    without_claim: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all is as recorded."""
        return not self.found

    @property
    def differences(self) -> int:
        """How many problems are not an object's: of seals and tables."""
        return self.found - _of_objects(self.run)


def begin(ledger: Ledger, share: float = ALL, seed: str | None = None, *, pdfa: bool = False) -> Run:
    """Begin a verification of all objects, or of ``share`` percent of them.

    Which ones is decided by the hash of ``seed`` and key: the same seed chooses the same objects. It is
    drawn at random if None. With ``pdfa`` the products among them are validated as well; raises
    ``ValidatorMissing``.
    """
    if pdfa:
        verapdf.require()
    with ledger.write() as tx:
        return verifications.begin(tx, share, seed or secrets.token_hex(8), pdfa=pdfa)


def resume(ledger: Ledger) -> Run:
    """The last verification, to be gone on with; raises ``WrongUse`` if it was not interrupted.

    Raises ``ValidatorMissing`` if it had products validated and cannot any more.
    """
    with ledger.read() as tx:
        run = verifications.unfinished(tx)
    if run is None:
        raise WrongUse(detail=N_("No verification was interrupted: 'akten verify' begins one."))
    if run.pdfa:
        verapdf.require()
    return run


def verify(
    ledger: Ledger,
    objects: ObjectStore,
    run: Run | None = None,
    on_progress: OnProgress = lambda _what, _done, _total: None,
) -> Verification:
    """Read every object the ledger vouches for, or the run's share, and compare its hash; then compare
    pages, tables and seals with the events.

    An object that is damaged or missing holds its volume up by an alarm, which ends when it is found well;
    those alarmed are looked at by every verification. Interrupted, or with the store away
    (``StoreUnavailable``), the run is gone on with by :func:`resume`.
    """
    run = _read_objects(ledger, objects, begin(ledger) if run is None else run, on_progress)
    with ledger.read() as tx:
        total = recorded.count(tx)
        tables = witness.compare(tx)
    links = chain.check(
        ledger,
        objects,
        partial(_is_chosen, run),
        lambda done, total: on_progress(N_("Checking seals"), done, total),
    )
    found = _of_objects(run) + tables.found + len(links.problems)
    named = [*islice(_objects_found(ledger, run), _MOST_NAMED), *links.problems, *tables.problems]
    if found > len(named):
        named.append(Problem(N_("… and {count} more"), {"count": found - len(named)}))
    with ledger.write() as tx:
        _tell_of_seals(tx, run, links)
        run = verifications.finish(tx, run, found)
    claimless = tuple(islice(_without_claim(ledger, run), _MOST_NAMED))
    return Verification(run, total, tables.received, tables.accounted, links, tuple(named), found, claimless)


# --- objects -----------------------------------------------------------------------------------------


def _read_objects(ledger: Ledger, objects: ObjectStore, run: Run, on_progress: OnProgress) -> Run:
    with ledger.read() as tx:
        total = round(recorded.count(tx) * run.share / ALL)
    reader = _Reader(ledger, run)
    try:
        for item, is_alarmed in _items(ledger, run.position):
            if is_alarmed or _is_chosen(run, item.key):
                finding = _finding(objects, item, run)
                if finding is not None:  # a disk that has gone meanwhile has lost nothing
                    store_mark.require(ledger, objects)
                reader.note(item, finding, is_alarmed)
                on_progress(N_("Verifying"), reader.run.checked, total)
            else:
                reader.pass_over(item)
        if not reader.run.checked:  # no verification is well without a look at anything
            for item, is_alarmed in islice(_items(ledger, None), 1):
                reader.note(item, _finding(objects, item, run), is_alarmed)
    finally:  # also when interrupted, or when the store is away
        reader.save()
    return reader.run


def _items(ledger: Ledger, position: str | None) -> Iterator[tuple[Recorded, bool]]:
    """Every object behind a position, and whether an alarm about it is open."""
    for some in recorded.after(ledger, position):
        with ledger.read() as tx:
            alarmed = damage.alarmed(tx, [item.owner for item in some])
        for item in some:
            yield item, item.owner in alarmed


def _is_chosen(run: Run, key: str) -> bool:
    """Whether a run's share includes an object: its hash with the seed is evenly spread."""
    if run.share >= ALL:
        return True
    drawn = hashlib.sha256(f"{run.seed}:{key}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") < run.share / ALL * 2**64


def _finding(objects: ObjectStore, item: Recorded, run: Run) -> Finding | None:
    """What is to be said of an object; None if it is as recorded, and as it claims."""
    try:
        if objects.digest(item.key).sha256 != item.sha256:
            return Finding(item.key, ObjectDamaged.code, {})
        return pdfa.judge(objects, item) if _is_validated(run, item) else None
    except (ObjectMissing, BadKey):  # a key somebody changed by hand names nothing
        return Finding(item.key, ObjectMissing.code, {})


def _is_validated(run: Run, item: Recorded) -> bool:
    return run.pdfa and item.kind == "product"


def _counted(run: Run, item: Recorded, finding: Finding | None) -> Run:
    """The run with an object more."""
    further = replace(run, position=item.position, checked=run.checked + 1)
    if finding is not None:
        name = _COUNTED[finding.code]
    elif _is_validated(run, item):
        name = "conforming"
    else:
        return further
    return replace(further, **{name: getattr(run, name) + 1})


class _Reader:
    """How far a run has come, and what it found since that was saved; all in one assignment, so that an
    interruption at any instruction leaves both as they belong together.
    """

    def __init__(self, ledger: Ledger, run: Run) -> None:
        self._ledger = ledger
        self._state: tuple[Run, tuple[tuple[Recorded, Finding | None], ...]] = (run, ())
        self._next_save = time.monotonic() + _SAVE_SECONDS

    @property
    def run(self) -> Run:
        return self._state[0]

    def note(self, item: Recorded, finding: Finding | None, is_alarmed: bool) -> None:
        run, findings = self._state
        tell = finding is not None or is_alarmed
        self._state = _counted(run, item, finding), ((*findings, (item, finding)) if tell else findings)
        self._save_if_due()

    def pass_over(self, item: Recorded) -> None:
        run, findings = self._state
        self._state = replace(run, position=item.position), findings
        self._save_if_due()

    def _save_if_due(self) -> None:
        if time.monotonic() >= self._next_save or len(self._state[1]) >= _FINDINGS_AT_ONCE:
            self.save()

    def save(self) -> None:
        """Write down position and findings, with their alarms, in one transaction."""
        run, findings = self._state
        with self._ledger.write() as tx:
            verifications.save(tx, run)
            for item, finding in findings:
                if finding is not None and finding.code in damage.CODES:
                    damage.sound(tx, item, finding.code)
                else:  # what a validator says of a product's structure takes none of its bytes away
                    damage.clear(tx, item.owner)
                if finding is not None:
                    verifications.found(tx, run, finding)
        self._state = run, ()
        self._next_save = time.monotonic() + _SAVE_SECONDS


def _objects_found(ledger: Ledger, run: Run) -> Iterator[Problem]:
    """What a run found wrong with objects, also before it was interrupted."""
    with ledger.read() as tx:
        for key, code, params in verifications.findings(tx, run):
            if code != ProductMakesNoClaim.code:
                yield Problem(describe(code).message, {**params, "key": key})


def _without_claim(ledger: Ledger, run: Run) -> Iterator[str]:
    """The documents whose product makes no claim to be PDF/A."""
    if run.pdfa:
        with ledger.read() as tx:
            for _, code, params in verifications.findings(tx, run):
                if code == ProductMakesNoClaim.code:
                    yield str(params["document"])


def _of_objects(run: Run) -> int:
    """How many of a run's problems are an object's."""
    return run.damaged + run.missing + (run.nonconforming or 0)


# --- tables and seals --------------------------------------------------------------------------------


def _tell_of_seals(tx: Transaction, run: Run, links: chain.Chain) -> None:
    """Sound the alarm about broken seals, and end it once all of them were found well."""
    if links.problems:
        params = {"broken": ", ".join(str(number) for number in links.broken) or "-"}
        alarms.sound(tx, SEALS_BROKEN, "seals", params=params)
    elif run.share >= ALL:
        alarms.clear(tx, SEALS_BROKEN, "seals")
