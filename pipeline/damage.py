"""Alarms about stored objects: which volumes a damaged or missing one holds up, and the way out."""

from __future__ import annotations

from collections.abc import Collection

from errors import N_, ObjectDamaged, ObjectMissing
from storage.ledger import Transaction, alarms, documents, pages, sources
from storage.ledger.recorded import Recorded

CODES = (ObjectDamaged.code, ObjectMissing.code)
#: What an object is to a clerk, and how it comes back.
WORDS = {
    "original": (
        N_("the original of {name}"),
        N_("Ingest the same file again, or restore the object from backup; then 'akten verify'."),
    ),
    "record": (N_("the record of an intake"), N_("Restore the object from backup; then 'akten verify'.")),
    "product": (
        N_("the PDF of document {subject}"),
        N_("'akten retry {subject}', then 'akten run': it is made anew from the originals."),
    ),
    "note": (
        N_("the transfer note of document {document}"),
        N_("'akten retry {document}', then 'akten run': PDF and note are made anew from the originals."),
    ),
    "words": (
        N_("the words of page {subject}"),
        N_("Restore the object from backup; then 'akten verify'. The page itself is in the original."),
    ),
}


def sound(tx: Transaction, item: Recorded, code: str) -> None:
    """Raise the alarm about an object: once for each volume it is part of, which is then held up."""
    what, way_out = WORDS[item.kind]
    params = {"key": item.key, "reason": what, "detail": way_out, "name": "", "document": item.id}
    batch_id: str | None = item.id if item.kind == "record" else None
    source = sources.get(tx, item.id) if item.kind == "original" else None
    if source is not None:
        batch_id, params["name"] = source.batch_id, source.name
    volumes = sorted(_volumes(tx, item))
    # The first volume's alarm has the plain subject, by which the others are found again.
    subjects = {item.owner: volumes[0] if volumes else None}
    subjects |= {f"{item.owner}/{volume}": volume for volume in volumes[1:]}
    for old_code, subject in alarms.parts(tx, CODES, item.owner):
        if old_code != code or subject not in subjects:
            alarms.clear(tx, old_code, subject)
    for subject, volume_id in subjects.items():
        alarms.sound(tx, code, subject, batch_id=batch_id, volume_id=volume_id, params=params)


def clear(tx: Transaction, owner_id: str) -> None:
    """End what is said about the object of a source, batch, document or page: it is well."""
    for code, subject in alarms.parts(tx, CODES, owner_id):
        alarms.clear(tx, code, subject)


def alarmed(tx: Transaction, owner_ids: Collection[str]) -> set[str]:
    """Those sources, batches, documents and pages about whose object an alarm was sounded."""
    return alarms.held(tx, CODES, owner_ids)


def _volumes(tx: Transaction, item: Recorded) -> set[str]:
    """The volumes that are not whole without an object."""
    hint: str | None = None
    if item.kind in ("product", "note"):
        filed = [item.id]
    elif item.kind == "words":
        page = pages.get(tx, item.id)
        filed = [page.document_id] if page is not None and page.document_id else []
    elif item.kind == "original":
        source = sources.get(tx, item.id)
        hint = source.hint_volume_id if source is not None else None
        filed = documents.of_source(tx, item.id)
    else:
        filed = []
    found = [documents.get(tx, document_id) for document_id in filed]
    return {one for one in (hint, *(document.volume_id for document in found if document)) if one}
