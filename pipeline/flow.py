"""The way of a page, top to bottom. Read this first.

    take_in ─ split_source ─ recognise_page ─ file_stack ─ assemble_document ─ index_documents ─ counted
    (intake)  one a file     one a page       one a stack  one a volume        one writer        (ledger)

Every step takes the context and an id, claims the work in the ledger, does it, records the outcome and
returns the tasks that can be done next. A step may run twice, come late or be killed at any instruction:
what is done is not done again, what was begun is begun anew. Losing a returned task loses nothing, since
the ledger alone knows what is left (``storage.ledger.work``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from errors import (
    AktenError,
    BadInput,
    GaveUp,
    ObjectMissing,
    PartMissing,
    ReaderKilled,
)
from pipeline import damage, indexing, reading
from pipeline.alarms import (
    UNREAD,
    ask_for_a_look,
    compare_languages,
    compare_pages,
    compare_with_manifest,
)
from pipeline.context import MAX_ATTEMPTS, MAX_BEGUN, Context
from pipeline.filing import DOUBTS, Filing, Gap, Sheet
from pipeline.filing import file_stack as decide
from pipeline.index_home import require_index_here
from pipeline.intake.record import own_stack
from pipeline.production import Spoiled, make_product
from pipeline.scans.pages import inspect, open_page
from pipeline.scans.sniff import sniff
from pipeline.scans.source import MediaType, SourceFacts
from pipeline.sheets.codes import parse_code
from storage.ledger import Transaction, alarms, documents, inventory, pages, recorded, sources
from storage.ledger.leases import Setback
from storage.ledger.work import Task
from storage.search.index import SearchIndex


def split_source(ctx: Context, source_id: str) -> list[Task]:
    """Find out what a delivered file is and how many pages it has; each page becomes a task."""
    with ctx.ledger.write() as tx:
        source = sources.claim(tx, source_id, ctx.claim("split"))
    if source is None:
        return []
    try:
        _check_attempts(source)
        path = ctx.cache.path(source.object_key, source.sha256)
        facts = ctx.apart("split", lambda: inspect(path, sniff(path, source.name), ctx.limits))
    except (BadInput, ObjectMissing) as error:
        with ctx.ledger.write() as tx:
            sources.quarantine(tx, source.id, error.code, error.params)
            return _file_if_settled(tx, source.stack_id)
    with ctx.ledger.write() as tx:
        page_ids = _record_pages(tx, source, facts)
        urgent = sources.is_urgent(tx, source.stack_id)
    return [Task("recognise", page_id, urgent) for page_id in page_ids]


def recognise_page(ctx: Context, page_id: str) -> list[Task]:
    """Read one page: sheet code, blank, or words with boxes and a document type."""
    with ctx.ledger.write() as tx:
        page = pages.claim(tx, page_id, ctx.claim("recognise"))
    if page is None:
        return []
    try:
        _check_attempts(page)
        path = ctx.cache.path(page.object_key, page.sha256)
        kind, number = MediaType(page.media_type), page.number
        image = ctx.apart("recognise", lambda: open_page(path, kind, number, ctx.limits))
        outcome = reading.read(ctx, image, datetime.fromisoformat(page.received_at).date())
    except (BadInput, ObjectMissing) as error:
        with ctx.ledger.write() as tx:
            pages.quarantine(tx, page.id, error.code, error.params)
            alarms.clear(tx, UNREAD, page.id)
            return _file_if_settled(tx, page.stack_id)
    with ctx.ledger.write() as tx:
        if pages.finish(tx, page.id, outcome):
            ask_for_a_look(tx, page, outcome)
        return _file_if_settled(tx, page.stack_id)


def file_stack(ctx: Context, stack_id: str) -> list[Task]:
    """Once all of a stack is read: decide which volume each page belongs to; each volume becomes a task."""
    with ctx.ledger.write() as tx:
        if not sources.is_unfiled(tx, stack_id) or not sources.is_settled(tx, stack_id):
            return []
        filing = decide(_sheets(tx, stack_id), lambda sheet_id: _known_volume(tx, sheet_id))
        touched = _place(tx, stack_id, filing)
        sources.set_stack_state(tx, stack_id, "filed")
        batch_id, urgent = sources.batch_of(tx, stack_id), sources.is_urgent(tx, stack_id)
        if urgent:
            documents.hurry(tx, sorted(touched))
        # A volume that comes in many files is assembled once, after the last of them; of the urgent ones
        # if this is one: what is scanned on demand does not wait for the rest of the batch.
        ready = [one for one in touched if not sources.others_expected(tx, batch_id, one, urgent=urgent)]
    return [Task("assemble", document_id, urgent) for document_id in ready]


def assemble_document(ctx: Context, document_id: str) -> list[Task]:
    """Make a volume's searchable PDF from all its pages, and its note; written, read back, then recorded."""
    with ctx.ledger.write() as tx:
        document = documents.claim(tx, document_id, ctx.claim("assemble"))
        content = _readable(tx, document_id) if document else []
    if document is None:
        return []
    if not content:
        with ctx.ledger.write() as tx:
            documents.leave_empty(tx, document)
            _look_over(tx, document)
        return []
    try:
        _check_attempts(document)
        stored = make_product(ctx, document, content)
    except (BadInput, ObjectMissing) as error:
        with ctx.ledger.write() as tx:
            documents.quarantine(tx, document, error.code, error.params)
        return []
    if isinstance(stored, Spoiled):
        with ctx.ledger.write() as tx:
            reason = stored.reason
            pages.quarantine(tx, stored.page_id, reason.code, reason.params, was_read=True)
            documents.touch(tx, document_id)
        return [Task("assemble", document_id, document.urgent)]
    with ctx.ledger.write() as tx:
        current = documents.store(tx, document, stored, [page.id for page in content])
        _look_over(tx, document)
    return [] if current else [Task("assemble", document_id, document.urgent)]


def index_documents(ctx: Context, index: SearchIndex, limit: int = indexing.AT_ONCE) -> int:
    """Make stored documents findable; returns how many. There is one writer: whoever holds the index.

    Raises ``IndexElsewhere`` when it has been moved to another data folder.
    """
    with ctx.ledger.read() as tx:
        require_index_here(tx, ctx.home)
        due = documents.to_index(tx, limit)
    if due:
        lost = indexing.put(ctx, index, due)
        with ctx.ledger.write() as tx:
            require_index_here(tx, ctx.home)
            for document in due:
                documents.mark_indexed(tx, document)
                indexing.say_whether_indexed(tx, document, lost.get(document.id))
    return len(due)


# --- the steps' small print --------------------------------------------------------------------------


def give_back(ctx: Context, task: Task, error: Exception) -> None:
    """A step ended in an error that is not the input's fault: let it wait, or give up after some attempts."""
    setback = _setback(error)
    with ctx.ledger.write() as tx:
        if task.step == "split":
            sources.put_back(tx, task.id, ctx.owner, setback)
        elif task.step == "recognise":
            pages.put_back(tx, task.id, ctx.owner, setback)
        elif task.step == "assemble":
            documents.put_back(tx, task.id, ctx.owner, setback)
        elif sources.delay_filing(tx, task.id, setback) >= MAX_ATTEMPTS:
            params = {"attempts": MAX_ATTEMPTS, "last": setback.reason}
            sources.give_up_filing(tx, task.id, GaveUp.code, params)


def _setback(error: Exception) -> Setback:
    if not isinstance(error, AktenError):
        return Setback("failed", type(error).__name__)
    if isinstance(error, ReaderKilled):
        return Setback("cut_off", error.code)
    passing = error.retryable or isinstance(error, PartMissing)
    return Setback("deferred" if passing else "failed", error.code)


def _check_attempts(task: sources.Source | pages.PageToRead | documents.Document) -> None:
    """Raise ``GaveUp`` when it has been tried often enough; this beginning is counted already."""
    if task.attempts >= MAX_ATTEMPTS or task.begun > MAX_BEGUN:
        tried = max(task.attempts, task.begun - 1)
        raise GaveUp(attempts=tried, last=task.deferred_by or "-")


def _file_if_settled(tx: Transaction, stack_id: str) -> list[Task]:
    """The next step of a stack, if nothing of it is still to be split or read."""
    if not sources.is_settled(tx, stack_id):
        return []
    return [Task("file", stack_id, sources.is_urgent(tx, stack_id))]


def _look_over(tx: Transaction, document: documents.Document) -> None:
    """A product was made: what did not add up before may do so now, or no longer."""
    compare_pages(tx, document)
    compare_languages(tx, document)
    damage.clear(tx, document.id)
    damage.clear(tx, recorded.note_owner(document.id))


def _record_pages(tx: Transaction, source: sources.Source, facts: SourceFacts) -> list[str]:
    stack_id = source.stack_id
    if facts.pages > 1 and stack_id != own_stack(source.sha256):
        # A TIFF among single images turned out to hold several pages: nothing is read on across it.
        stack_id = own_stack(source.sha256)
        urgent = sources.is_urgent(tx, source.stack_id)
        sources.add_stack(tx, stack_id, source.batch_id, source.name, urgent=urgent)
    compare_with_manifest(tx, replace(source, page_count=facts.pages))
    for code, is_so in (("repaired", facts.repaired), ("xfa_form", facts.is_xfa)):
        if is_so:
            where = {"batch_id": source.batch_id, "volume_id": source.hint_volume_id}
            alarms.sound(tx, code, source.id, params={"name": source.name}, **where)
    return sources.split(tx, source, facts.media_type.value, facts.pages, stack_id)


def _sheets(tx: Transaction, stack_id: str) -> Iterator[Sheet | Gap]:
    """A stack's pages in scanning order, with a gap for every file that is not there or cannot be opened."""
    by_source: dict[str, list[pages.Page]] = {}
    for page in pages.of_stack(tx, stack_id):
        by_source.setdefault(page.source_id, []).append(page)
    expected: int | None = None
    for source in sources.of_stack(tx, stack_id):
        if expected not in (None, source.position):
            # A file of another stack lay in between, one that could not be taken in, or one known before.
            yield Gap(f"{stack_id}/{source.position}")
        expected = source.position + 1
        if source.state == "quarantined":
            yield Gap(source.id)
        for page in by_source.get(source.id, []):
            yield _sheet(page, source)


def _sheet(page: pages.Page, source: sources.Source) -> Sheet:
    return Sheet(
        page_id=page.id,
        source_id=source.id,
        code=parse_code(page.code) if page.code else None,
        type=page.type or "",
        blank=page.stage == "blank",
        # What was read and could not be bound later is no riddle.
        readable=page.stage != "quarantined" or page.result is not None,
        hint=source.hint_volume_id,
        hint_by=source.hint_by,
    )


def _known_volume(tx: Transaction, sheet_id: str) -> str | None:
    volume = inventory.by_id(tx, sheet_id)
    return volume.id if volume else None


def _place(tx: Transaction, stack_id: str, filing: Filing) -> set[str]:
    """Write down where a stack's pages go; returns the documents that have to be made anew."""
    volumes = {filed.volume_id for filed in filing.filed}
    for volume_id in volumes:
        documents.ensure(
            tx, volume_id or stack_id, volume_id=volume_id, stack_id=None if volume_id else stack_id
        )
    touched = pages.place(
        tx,
        (
            pages.Place(filed.page_id, filed.volume_id or stack_id, filed.type, filed.opens_section)
            for filed in filing.filed
        ),
    )
    for document_id in touched:
        documents.touch(tx, document_id)
    _sound_doubts(tx, stack_id, filing)
    return touched


def _sound_doubts(tx: Transaction, stack_id: str, filing: Filing) -> None:
    """Raise what is doubtful now; what was so when the stack was filed before and is no longer ends."""
    batch_id = sources.batch_of(tx, stack_id)
    own = {filed.page_id for filed in filing.filed} | {one.id for one in sources.of_stack(tx, stack_id)}
    for code in DOUBTS:
        still = {doubt.subject for doubt in filing.doubts if doubt.code == code}
        for subject in alarms.subjects(tx, batch_id, code) - still:
            if subject in own or subject.startswith(f"{stack_id}/"):
                alarms.clear(tx, code, subject)
    for doubt in filing.doubts:
        if doubt.is_new:
            where = {"batch_id": batch_id, "volume_id": doubt.volume_id}
            alarms.sound(tx, doubt.code, doubt.subject, params=_named(tx, doubt.subject), **where)


def _named(tx: Transaction, subject: str) -> dict[str, str | int]:
    """The file, and page if it is one, that a doubt is about, as a clerk knows them."""
    page = pages.get(tx, subject)
    source = sources.get(tx, page.source_id if page else subject)
    name = source.name if source else subject.partition("/")[2] or subject
    return {"name": name, "page": page.number if page else "-"}


def _readable(tx: Transaction, document_id: str) -> list[pages.Page]:
    """The pages that belong into a document's product, in order."""
    return [page for page in pages.of_document(tx, document_id) if page.stage in ("recognised", "stored")]
