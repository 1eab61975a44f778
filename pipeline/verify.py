"""Verification: every stored object is read again and hashed, and the pages are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

from errors import N_, ObjectDamaged, ObjectMissing
from storage.ledger import Ledger, counts
from storage.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as recorded: a template as in ``errors``, with its fields."""

    message: str
    params: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Verification:
    """Objects read again, and pages received against pages accounted for."""

    checked: int
    damaged: int
    missing: int
    received: int
    accounted: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether all is as recorded."""
        return not self.problems


def verify(
    ledger: Ledger, objects: ObjectStore, on_object: Callable[[int], None] = lambda _checked: None
) -> Verification:
    """Read every object the ledger vouches for and compare its hash; check the conservation of pages.

    ``on_object`` is told how many objects have been read. The store being away raises
    ``StoreUnavailable``.
    """
    problems: list[Problem] = []
    checked = damaged = missing = 0
    for key, sha256 in _recorded(ledger):
        checked += 1
        try:
            if objects.digest(key).sha256 != sha256:
                raise ObjectDamaged(key=key)
        except ObjectMissing as error:
            missing += 1
            problems.append(Problem(error.message, {"key": key}))
        except ObjectDamaged as error:
            damaged += 1
            problems.append(Problem(error.message, {"key": key}))
        on_object(checked)
    received, accounted, uncounted = _count_pages(ledger)
    return Verification(checked, damaged, missing, received, accounted, (*problems, *uncounted))


def objects_to_check(ledger: Ledger) -> int:
    """How many objects a verification reads, for its progress bar."""
    return sum(1 for _ in _recorded(ledger))


def _recorded(ledger: Ledger) -> Iterator[tuple[str, str]]:
    with ledger.read() as tx:
        yield from counts.originals(tx)
        yield from counts.intake_records(tx)
        yield from counts.products(tx)
        yield from counts.word_files(tx)


def _count_pages(ledger: Ledger) -> tuple[int, int, list[Problem]]:
    """What the events say came in against what is there now, as a whole, by source and by document."""
    problems = []
    with ledger.read() as tx:
        found = counts.page_counts(tx)
        promised = counts.pages_promised(tx)
        for source_id, expected, actual in counts.sources_that_differ(tx):
            message = N_("File {id} came in with {expected} pages, {actual} are recorded.")
            problems.append(Problem(message, {"id": source_id, "expected": expected, "actual": actual}))
        for document_id, expected, actual in counts.documents_that_differ(tx):
            message = N_("Document {id} was stored with {expected} pages, {actual} are recorded in it.")
            problems.append(Problem(message, {"id": document_id, "expected": expected, "actual": actual}))
    accounted = sum(getattr(found, one.name) for one in fields(found) if one.name != "received")
    if promised != accounted:
        message = N_("{promised} pages were received, {accounted} are accounted for.")
        problems.insert(0, Problem(message, {"promised": promised, "accounted": accounted}))
    return promised, accounted, problems
