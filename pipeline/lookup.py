"""Finding documents by what people have at hand: an id of any kind, or a file number."""

from __future__ import annotations

from errors import NoDocument, NotFound
from storage.file_numbers import file_key
from storage.ledger import Transaction, documents, inventory, pages, sources


def find_documents(tx: Transaction, name: str, volume: int | None = None) -> list[documents.Document]:
    """The documents meant by a document's, page's or source's id, or by a file number.

    ``volume`` picks one volume of a case file. Raises ``NotFound`` when nothing is known by that name,
    ``NoDocument`` for what is known but not filed.
    """
    ids = _ids(tx, name, volume)
    found = [document for document in (documents.get(tx, one) for one in ids) if document is not None]
    if not found:
        raise (NoDocument if _is_known(tx, name, volume) else NotFound)(name=name)
    return found


def _is_known(tx: Transaction, name: str, volume: int | None) -> bool:
    volumes = inventory.of_case_file(tx, file_key(name))
    named = any(volume in (None, one.number) for one in volumes)
    return named or pages.get(tx, name) is not None or sources.get(tx, name) is not None


def _ids(tx: Transaction, name: str, volume: int | None) -> list[str]:
    page = pages.get(tx, name)
    if page is not None:
        return [page.document_id] if page.document_id else []
    if sources.get(tx, name) is not None:
        return documents.of_source(tx, name)
    volumes = inventory.of_case_file(tx, file_key(name))
    return [name, *(one.id for one in volumes if volume in (None, one.number))]
