"""What people decide: try again what is in quarantine, and say by hand where a file belongs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from errors import N_, NotFound, RecognitionFailed, WrongUse
from pipeline.alarms import LANGUAGE_MISSING
from pipeline.intake.affiliation import volume_for
from pipeline.sheets.codes import CoverCode, parse_typed_id
from storage.file_numbers import is_file_number
from storage.ledger import Ledger, Transaction, alarms, counts, documents, inventory, pages, sources


def retry(ledger: Ledger, failure_ids: Sequence[str]) -> int:
    """Let sources, pages or documents wait again as if new; their stacks are filed anew after that.

    Of what was read, those pages are read again that are kept as image only, or lack a language.

    Returns how many. Raises ``NotFound`` for an unknown id; then nothing is changed.
    """
    with ledger.write() as tx:
        for failure_id in failure_ids:
            _retry(tx, failure_id)
    return len(failure_ids)


def retry_all(ledger: Ledger) -> int:
    """Try everything in quarantine again; returns how many."""
    with ledger.write() as tx:
        failures = counts.failures(tx)
        for failure in failures:
            _retry(tx, failure.id)
    return len(failures)


def _retry(tx: Transaction, failure_id: str) -> None:
    source, page = sources.get(tx, failure_id), pages.get(tx, failure_id)
    if source is not None:
        if source.state == "quarantined":
            sources.retry(tx, source.id)
        _read_again(tx, [one for one in pages.of_stack(tx, source.stack_id) if one.source_id == source.id])
        sources.set_stack_state(tx, source.stack_id, "open")
        alarms.clear(tx, LANGUAGE_MISSING, source.id)
    elif page is not None:
        document = documents.get(tx, page.document_id) if page.document_id else None
        if document is not None and document.state == "failed":
            documents.retry(tx, document.id)
        elif page.stage == "quarantined":
            pages.retry(tx, page.id)
        _read_again(tx, [page])
        sources.set_stack_state(tx, pages.stack_of(tx, page.id), "open")
    elif documents.get(tx, failure_id) is not None:
        if not _read_again(tx, pages.of_document(tx, failure_id)):
            documents.retry(tx, failure_id)
    else:
        raise NotFound(name=failure_id)


def _read_again(tx: Transaction, candidates: Iterable[pages.Page]) -> bool:
    """Let those wait again that are kept as image only, or lack a language; returns whether any does."""
    poor = [page for page in candidates if page.stage in ("recognised", "stored") and _was_read_in_part(page)]
    for page in poor:
        pages.read_again(tx, page.id)
        sources.set_stack_state(tx, pages.stack_of(tx, page.id), "open")
    return bool(poor)


def _was_read_in_part(page: pages.Page) -> bool:
    return page.reason == RecognitionFailed.code or bool((page.result or {}).get("languages_missing"))


def assign(ledger: Ledger, name: str, file_number: str, volume: int) -> int:
    """Say which volume a source, or all sources in an unassigned document, belong to; returns how many.

    ``file_number`` may be the id on a cover sheet as well, typed by hand. A source named by its own id
    goes there with all its pages; of an unassigned document's sources, pages that follow a cover sheet of
    the same source stay where it put them. Raises ``NotFound``, and ``WrongUse`` for what can be no file
    number.
    """
    if not is_file_number(file_number):
        raise WrongUse(detail=N_("This can be no file number."))
    with ledger.write() as tx:
        sheet = parse_typed_id(file_number)
        printed = inventory.by_id(tx, sheet.sheet_id) if isinstance(sheet, CoverCode) else None
        source, document = sources.get(tx, name), documents.get(tx, name)
        if source is not None:
            chosen = [source]
        elif document is not None and document.stack_id is not None:
            unassigned = {page.source_id for page in pages.of_document(tx, document.id)}
            chosen = [one for one in sources.of_stack(tx, document.stack_id) if one.id in unassigned]
        else:
            raise NotFound(name=name)
        volume_id = printed.id if printed else volume_for(tx, file_number, volume)
        for one in chosen:
            sources.assign(tx, one.id, volume_id, "person" if source else "hand")
            sources.set_stack_state(tx, one.stack_id, "open")
            alarms.clear(tx, "ambiguous_name", one.id)
    return len(chosen)
