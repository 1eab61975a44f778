"""Finding documents by what people have at hand: an id of any kind, or a file number."""

from __future__ import annotations

from errors import N_, NoDocument, NotFound, WrongUse
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


def the_document(tx: Transaction, name: str, volume: int | None = None) -> documents.Document:
    """The one document with a product that is meant, as above. Raises ``WrongUse`` where several are."""
    found = [one for one in find_documents(tx, name, volume) if one.object_key]
    if not found:
        raise NotFound(name=name)
    if len(found) > 1:
        raise WrongUse(detail=N_("Several documents are meant; name one by --volume or by its id."))
    return found[0]


def note_key_of(document: documents.Document) -> str:
    """The object that is a document's transfer note. Raises ``WrongUse`` where it has none yet."""
    if document.note_key is None:
        detail = N_(
            "An earlier version made this product, without a note: 'akten retry {document}', 'akten run'."
        )
        raise WrongUse(detail=detail, document=document.id)
    return document.note_key


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
