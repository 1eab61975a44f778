"""Which data folder keeps the search index, where several machines share a ledger.

The ledger counts a document as indexed once, for all. Two machines that both indexed would each get a part
of the documents, and neither would find the rest. A data folder with the ledger in it (``home`` is None) is
alone and never asked.
"""

from __future__ import annotations

from errors import N_, IndexElsewhere
from storage.ledger import Ledger, Transaction, documents, homes
from storage.ledger.homes import Home
from storage.search.index import SearchIndex


def keeps_index(ledger: Ledger, home: Home | None) -> bool:
    """Whether the search index is kept in this data folder; one that nobody keeps is from now on."""
    if home is None:
        return True
    with ledger.write() as tx:
        return homes.settle(tx, homes.INDEX, home)


def require_index_here(tx: Transaction, home: Home | None) -> None:
    """Raise ``IndexElsewhere`` when another data folder than ``home`` keeps the search index."""
    keeper = homes.keeper(tx, homes.INDEX) if home else None
    if home and keeper and keeper.folder_id != home.folder_id:
        raise IndexElsewhere(detail=N_("it is in {place}"), place=keeper.place)


def take_index(tx: Transaction, home: Home | None) -> None:
    """Keep the search index here from now on, wherever it was."""
    if home is not None:
        homes.move(tx, homes.INDEX, home)


def is_index_lost(ledger: Ledger, index: SearchIndex) -> bool:
    """Whether the index is empty though the ledger knows better: somebody removed it."""
    if index.count():
        return False
    with ledger.read() as tx:
        return documents.any_indexed(tx)
