"""What people decide: try again what failed or was read badly, and say by hand where a file belongs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from errors import N_, NotFound, RecognitionFailed, WrongUse
from pipeline.alarms import LANGUAGE_MISSING, UNREAD
from pipeline.intake.affiliation import volume_for
from pipeline.sheets.codes import CoverCode, parse_typed_id
from storage.file_numbers import is_file_number
from storage.ledger import Ledger, Transaction, alarms, counts, documents, inventory, pages, sources


def retry(ledger: Ledger, failure_ids: Sequence[str]) -> int:
    """Let sources, pages or documents wait again as if new; their stacks are filed anew after that.

    Of what is not in quarantine, pages kept as image and those whose language model was missing are read
    again; until they are, the old product stays.

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


def retry_for(ledger: Ledger, reason: str) -> int:
    """Try again all that an open alarm or a failure of this code is about; returns how many.

    Of alarms those of ``UNREAD`` and ``LANGUAGE_MISSING`` can be mended so.
    """
    with ledger.write() as tx:
        failed = [failure.id for failure in counts.failures(tx) if failure.reason == reason]
        for failure_id in failed:
            _retry(tx, failure_id)
        subjects = [alarm.subject for alarm in alarms.open_alarms(tx) if alarm.code == reason]
        found: dict[str, pages.Page] = {}
        for subject in subjects:
            found |= {page.id: page for page in _pages_of_alarm(tx, reason, subject)}
        return len(failed) + _read_again(tx, found.values())


def _pages_of_alarm(tx: Transaction, code: str, subject: str) -> list[pages.Page]:
    if code == UNREAD:
        page = pages.get(tx, subject)
        return [page] if page else []
    if code == LANGUAGE_MISSING:
        return pages.of_document(tx, subject.partition("/")[0])
    return []


def _retry(tx: Transaction, failure_id: str) -> None:
    source, page = sources.get(tx, failure_id), pages.get(tx, failure_id)
    if source is not None:
        if source.state == "quarantined":
            sources.retry(tx, source.id)
        _read_again(tx, (one for one in pages.of_stack(tx, source.stack_id) if one.source_id == source.id))
        sources.set_stack_state(tx, source.stack_id, "open")
    elif page is not None:
        document = documents.get(tx, page.document_id) if page.document_id else None
        if document is not None and document.state == "failed":
            documents.retry(tx, document.id)
        elif page.stage == "quarantined":
            pages.retry(tx, page.id)
        _read_again(tx, [page])
        sources.set_stack_state(tx, pages.stack_of(tx, page.id), "open")
    elif documents.get(tx, failure_id) is not None:
        documents.retry(tx, failure_id)
        _read_again(tx, pages.of_document(tx, failure_id))
    else:
        raise NotFound(name=failure_id)


def _read_again(tx: Transaction, among: Iterable[pages.Page]) -> int:
    """Let those wait again that another reading may help; returns how many.

    Their documents change with that, and are bound anew once all of them are read.
    """
    poor = [page for page in among if _may_read_better(page)]
    for page in poor:
        pages.retry(tx, page.id)
        sources.set_stack_state(tx, pages.stack_of(tx, page.id), "open")
    for document_id in {page.document_id for page in poor if page.document_id}:
        document = documents.get(tx, document_id)
        if document is not None and document.state == "failed":
            documents.retry(tx, document_id)
        documents.touch(tx, document_id)
    return len(poor)


def _may_read_better(page: pages.Page) -> bool:
    """Whether a page was kept as image, or needs a model that was not installed."""
    missing = (page.result or {}).get("languages_missing")
    was_read = page.stage in ("recognised", "stored")
    return was_read and (page.reason == RecognitionFailed.code or bool(missing))


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
