"""Gathers a product's transfer note from what the ledger has recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline import damage
from pipeline.alarms import LANGUAGE_MISSING, PAGES_DIFFER
from pipeline.classification.document_types import UNKNOWN
from pipeline.context import Context
from pipeline.product.note import LEFT_OUT, Creator, NotedPage, Times, TransferNote, counted
from storage.ledger import Transaction, alarms, documents, history, inventory, pages, sources

#: Said of single pages by their flags; compared anew only after the product is stored; or about how products
#: are kept, which a note that is made anew must not tell.
_NOT_TOLD = {"unread", "code_on_page", LANGUAGE_MISSING, PAGES_DIFFER, "not_indexed", *damage.CODES}


def note_of(ctx: Context, document: documents.Document, content: Sequence[pages.Page]) -> TransferNote:
    """The note of the product that is made of ``content``, its pages in order."""
    with ctx.ledger.read() as tx:
        files = {source_id: _source(tx, source_id) for source_id in {page.source_id for page in content}}
        volume = inventory.by_id(tx, document.volume_id) if document.volume_id else None
        expected = volume.expected_pages if volume else None
        stages = [page.stage for page in pages.of_document(tx, document.id)]
        page_ids = [page.id for page in content]
        times = Times(
            received=max(sources.received_at(tx, one.batch_id) for one in files.values()),
            recognised=history.newest(tx, ("page.recognised",), page_ids),
        )
        told = [*page_ids, *files, document.id]
        held = alarms.codes_about(tx, document.volume_id, told)
    blank = stages.count("blank")
    odd = [code for code in held if code not in _NOT_TOLD]
    if expected not in (None, len(content), len(content) + blank):
        odd.append(PAGES_DIFFER)
    return TransferNote(
        document=document.id,
        creator=Creator(ctx.product.responsible, ctx.authority),
        program=f"Aktenwerk {ctx.version}",
        procedure=ctx.product.procedure,
        statement=ctx.product.statement,
        times=times,
        expected_pages=expected,
        left_out={stage: stages.count(stage) for stage in LEFT_OUT},
        alarms=counted(odd),
        pages=[_noted(page, number, files[page.source_id]) for number, page in enumerate(content, 1)],
    )


def _source(tx: Transaction, source_id: str) -> sources.Source:
    source = sources.get(tx, source_id)
    if source is None:
        raise LookupError(source_id)
    return source


def _noted(page: pages.Page, number: int, source: sources.Source) -> NotedPage:
    result: dict[str, Any] = dict(page.result or {})
    attempts = result.get("attempts", ())
    flags = [page.reason] if page.reason else []
    flags += [LANGUAGE_MISSING] if result.get("languages_missing") else []
    kept = [attempt["language"] for attempt in attempts if attempt.get("kept") and attempt.get("language")]
    return NotedPage(
        number=number,
        type=page.filed_type or UNKNOWN,
        date=result.get("date"),
        source=source.sha256,
        source_page=page.number,
        width_mm=result["width_mm"],
        height_mm=result["height_mm"],
        rotation=result["rotation"],
        skew=result["skew"],
        language=result["language"],
        engine=result["engine"],
        models=tuple(kept[-1].split("+")) if kept else (),
        confidence=round(page.confidence or 0.0, 1),
        profile=result["profile"],
        kept=page.kept,
        flags=tuple(flags),
        removed=tuple(result.get("removed", ())),
    )
