"""The referee: what must never be the case, at any moment and at the end. It only looks and never helps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from bench.chaos.ledger import Outcome, Sample
from bench.chaos.specimens import Specimens

STAGES = {"waiting", "working", "recognised", "stored", "blank", "separator", "quarantined"}


def breaches(now: Sample, before: Sample | None) -> Iterator[str]:
    """What is wrong with the ledger at a moment, and against an earlier one."""
    yield from _unaccounted(now)
    yield from _misbound(now)
    if before is not None:
        known = {(page.source, page.number) for page in now.pages}
        for page in before.pages:
            if (page.source, page.number) not in known:
                yield f"page {page.source}-{page.number} was there and has vanished"
        for source in before.promised.keys() - now.promised.keys():
            yield f"that file {source} was opened has vanished from the events"


def _unaccounted(now: Sample) -> Iterator[str]:
    """Conservation of pages: all that files were opened with are there, once each, in a stage there is."""
    numbers: dict[str, list[int]] = {source: [] for source in now.promised}
    for page in now.pages:
        numbers.setdefault(page.source, []).append(page.number)
        if page.stage not in STAGES:
            yield f"page {page.source}-{page.number} is in no stage there is: {page.stage}"
    for source, found in numbers.items():
        promised = list(range(1, now.promised.get(source, 0) + 1))
        if sorted(found) != promised:
            yield f"file {source} was opened with {len(promised)} pages, recorded are {sorted(found)}"


def _misbound(now: Sample) -> Iterator[str]:
    """Documents: every stored page has a place, and every place of a document as stored has one page."""
    places: dict[str, list[int]] = {name: [] for name in now.documents}
    for page in now.pages:
        if page.stage != "stored":
            continue
        if page.document not in places or page.place is None:
            yield f"page {page.source}-{page.number} is stored, but in no document"
        else:
            places[page.document].append(page.place)
    for name, document in now.documents.items():
        if document.current and sorted(places[name]) != list(range(1, document.page_count + 1)):
            yield f"document {name} has {document.page_count} pages, at the places {sorted(places[name])}"


def differences(expected: Outcome, found: Outcome) -> Iterator[str]:
    """In what a disturbed run came to something else than the undisturbed one."""
    for what in ("stages", "sources"):
        if dict(getattr(expected, what)) != dict(getattr(found, what)):
            yield f"{what}: {dict(getattr(expected, what))} undisturbed, {dict(getattr(found, what))} here"
    for what in ("products", "quarantine", "alarms"):
        missing, more = (
            sorted(map(str, one))
            for one in (
                getattr(expected, what) - getattr(found, what),
                getattr(found, what) - getattr(expected, what),
            )
        )
        yield from (f"{what}: missing {one}" for one in missing)
        yield from (f"{what}: too much {one}" for one in more)


def against_the_paper(specimens: Specimens, found: Outcome, in_products: Counter[str]) -> Iterator[str]:
    """Whether an outcome is what the paper that was scanned demands, page by page."""
    if Counter(found.stages) != specimens.stages:
        yield f"stages: {dict(specimens.stages)} were scanned, {dict(found.stages)} are recorded"
    reasons = {f"{name}:{page}": reason for name, page, reason in found.quarantine}
    if reasons != specimens.spoiled or len(found.quarantine) != len(reasons):
        yield f"quarantine: {specimens.spoiled} expected, {sorted(map(str, found.quarantine))} found"
    lost, doubled = specimens.stored - in_products, in_products - specimens.stored
    if lost:
        yield f"products: {lost.total()} scanned pages are in none"
    if doubled:
        yield f"products: {doubled.total()} pages too many"


def indiscretions(log: Iterable[str], private: Iterable[str]) -> Iterator[str]:
    """Names, file numbers and words of pages that a log tells."""
    text = "\n".join(log).casefold()
    yield from (f"a log tells {word!r}" for word in sorted(private) if word.casefold() in text)


def damaged(promised: Mapping[str, str], stored: Mapping[str, str]) -> Iterator[str]:
    """Objects, by key, whose hash in the store is not the one that the ledger vouches for."""
    for key, sha256 in promised.items():
        if stored.get(key) != sha256:
            yield f"object {key} is {'not the one recorded' if key in stored else 'not there'}"
