"""The search index made anew: it holds nothing that ledger and objects do not."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.context import Context
from pipeline.flow import index_documents
from pipeline.index_home import take_index
from storage.ledger import documents
from storage.search.index import SearchIndex


def rebuild_index(ctx: Context, index: SearchIndex, on_document: Callable[[int, int], None]) -> None:
    """Fill an empty index from ledger and objects, wherever it was kept before.

    ``on_document`` is told how many of how many documents are done.
    """
    with ctx.ledger.write() as tx:
        take_index(tx, ctx.home)
        documents.forget_index(tx)
        total = documents.count_to_index(tx)
    done = 0
    while step := index_documents(ctx, index):
        done += step
        on_document(done, total)
