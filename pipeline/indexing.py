"""Stored documents become findable: one by one as they are stored, or all of them in a new index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from errors import Damaged
from pipeline import reading
from pipeline.context import Context
from pipeline.index_home import take_index
from storage.ledger import Transaction, alarms, documents, pages
from storage.ledger.documents import Document
from storage.search.fields import PageEntry
from storage.search.index import SearchIndex

#: Documents put into the index between two commits.
AT_ONCE = 50
#: A new index that lacks no more than these is completed while nobody else may write.
_FEW = 20

#: What the index was told of documents, by id.
_Told = dict[str, tuple[Any, ...]]


def put(ctx: Context, index: SearchIndex, due: Sequence[Document]) -> dict[str, str]:
    """Put documents into the index as they are now; returns the objects that are missing, by document."""
    lost: dict[str, str] = {}
    for document in due:
        try:
            index.replace_document(document.id, _entries(ctx, document))
        except Damaged as error:
            lost[document.id] = str(error.params["key"])
    index.commit()
    return lost


def say_whether_indexed(tx: Transaction, document: Document, missing: str | None) -> None:
    """Sound an alarm for a document of which an object is ``missing``, or clear it."""
    if missing is None:
        alarms.clear(tx, "not_indexed", document.id)
    else:
        params = {"key": missing}
        alarms.sound(tx, "not_indexed", document.id, volume_id=document.volume_id, params=params)


def rebuild(ctx: Context, folder: Path, on_document: Callable[[int, int], None]) -> None:
    """Make the index in ``folder`` anew from ledger and objects, wherever it was kept before.

    The one that is there, if it can be read, serves until the new one has all it has; others may write to it
    meanwhile. ``on_document`` is told how many of how many documents are done. Raises ``IndexBusy`` while
    another process does the same.
    """
    with ctx.ledger.write() as tx:
        take_index(tx, ctx.home)
        total = documents.count_to_be_found(tx)
        documents.record_rebuild(tx)
    told: _Told = {}
    with SearchIndex.renewed(folder) as (fresh, serving):
        while (
            _bring_up_to_date(ctx, fresh, told, lambda: on_document(len(told), max(len(told), total))) > _FEW
        ):
            pass
        with serving():
            _bring_up_to_date(ctx, fresh, told, lambda: None)
    with ctx.ledger.write() as tx:
        for document in documents.to_index(tx, len(told)):
            if told.get(document.id) == document.known_as:
                documents.mark_indexed(tx, document)


def _bring_up_to_date(ctx: Context, index: SearchIndex, told: _Told, on_step: Callable[[], None]) -> int:
    """Put in what is new or has changed since it was told; returns how many documents that were."""
    brought, last = 0, ""
    while True:
        with ctx.ledger.read() as tx:
            some = documents.to_be_found(tx, after=last, limit=AT_ONCE)
        if not some:
            return brought
        last = some[-1].id
        due = [document for document in some if told.get(document.id) != document.known_as]
        if due:
            lost = put(ctx, index, due)
            with ctx.ledger.write() as tx:
                for document in due:
                    say_whether_indexed(tx, document, lost.get(document.id))
            told.update({document.id: document.known_as for document in due})
            brought += len(due)
            on_step()


def _entries(ctx: Context, document: Document) -> Iterator[PageEntry]:
    with ctx.ledger.read() as tx:
        content = [page for page in pages.of_document(tx, document.id) if page.stage == "stored"]
    return (reading.entry_of(ctx, document, page) for page in content)
