"""What alarms mean, and those that compare expected with actual pages."""

from __future__ import annotations

from collections.abc import Sequence

from errors import N_, CodeOnPage, Description, NotFound, RecognitionFailed
from ocr.tesseract import package_of
from storage.ledger import Ledger, Transaction, alarms, documents, inventory, pages, sources

PAGES_DIFFER = "pages_differ"
MANIFEST_PAGES = "manifest_pages"
SEALS_BROKEN = "seals_broken"
UNREAD = "unread"
LANGUAGE_MISSING = "language_missing"
_FLAGS = {UNREAD: RecognitionFailed.code, "code_on_page": CodeOnPage.code}

#: Alarm code → what a clerk reads and what to do, as templates like those in ``errors``.
ALARMS = {
    PAGES_DIFFER: Description(
        N_("Expected {expected} pages, found {actual} (and {blank} blank): {file_number}, volume {volume}."),
        N_("Compare with the paper; scan what is missing, or correct the number in the inventory."),
        retryable=False,
    ),
    MANIFEST_PAGES: Description(
        N_("The manifest promises {expected} pages, the file has {actual}: {name}"),
        N_("Ask the contractor; ingest a complete file."),
        retryable=False,
    ),
    "missing_file": Description(
        N_("Named in the manifest (line {line}), but not there: {name}"),
        N_("Ask the contractor for the file and ingest it."),
        retryable=False,
    ),
    "not_in_manifest": Description(
        N_("There, but not named in the manifest: {name}"),
        N_("Ask the contractor; it was taken in all the same."),
        retryable=False,
    ),
    "bad_manifest": Description(
        N_("The manifest cannot be used ({detail}): {name}"),
        N_("Its columns are path, file_number, volume, pages, sha256; see docs/formats.md."),
        retryable=False,
    ),
    "bad_manifest_row": Description(
        N_("Line {line} of the manifest {name} cannot be used: {detail}"),
        N_("Correct the line and ingest the folder again."),
        retryable=False,
    ),
    "unreadable": Description(
        N_("Could not be read ({detail}): {name}"),
        N_("Check rights and disk, then ingest it again; it has NOT been taken in."),
        retryable=False,
    ),
    "no_regular_file": Description(
        N_("A pipe, socket or device, no regular file: {name}"),
        N_("Put a file there instead; nothing of it has been taken in."),
        retryable=False,
    ),
    "link_skipped": Description(
        N_("A link is not followed: {name}"),
        N_("Ingest the file it points to; it has NOT been taken in."),
        retryable=False,
    ),
    "same_bytes_elsewhere": Description(
        N_("The same file was delivered for two volumes: {name} and {first}"),
        N_("Check where it belongs; it was stored once, in the first volume."),
        retryable=False,
    ),
    "other_content": Description(
        N_("Not the file the manifest names, but one that came before; its SHA-256 differs: {name}"),
        N_("Ask the contractor for the right file and ingest it."),
        retryable=False,
    ),
    "ambiguous_name": Description(
        N_("The names of file and folder point to different case files: {name}"),
        N_("Look at it and use 'akten assign'; until then it is unassigned."),
        retryable=False,
    ),
    "not_in_inventory": Description(
        N_("No inventory names it: {file_number}, volume {volume}."),
        N_("Add it to the inventory list and import that again, or check the file number."),
        retryable=False,
    ),
    "cover_twice": Description(
        N_("The same cover sheet lies twice in one stack: {name}, page {page}"),
        N_("Check whether another volume was meant, or the sheet was scanned twice."),
        retryable=False,
    ),
    "code_on_page": Description(
        N_(
            "A page of text carries the code of a sheet; it was kept as a page, the code not followed: "
            "{name}, page {page}"
        ),
        N_("Look at the page; if it is a sheet after all, use 'akten assign' for what follows it."),
        retryable=False,
    ),
    UNREAD: Description(
        N_("The text could not be recognised ({detail}), the page is kept as image: {name}, page {page}"),
        N_("Look at the page: no search finds it. To read it again: 'akten retry {subject}', 'akten run'."),
        retryable=False,
    ),
    LANGUAGE_MISSING: Description(
        N_(
            "Searches find little on {count} pages, since the model for their language ({language}) is not "
            "installed; the first is {name}, page {page}"
        ),
        N_(
            "Ask an administrator for: apt-get install {package}; then 'akten retry {document}', 'akten run'."
        ),
        retryable=False,
    ),
    "thread_lost": Description(
        N_(
            "A page or file could not be read and may have been a cover sheet; "
            "what follows is not filed by the last one: {name}, page {page}"
        ),
        N_("Look at 'akten failures'; scan the page again, or use 'akten assign'."),
        retryable=False,
    ),
    "unknown_sheet": Description(
        N_("A cover sheet of a volume that is not known here: {name}, page {page}"),
        N_("Import the inventory it was printed from, then 'akten retry {subject}' and 'akten run'."),
        retryable=False,
    ),
    "bad_sheet": Description(
        N_("A cover or separator sheet whose check digit is wrong: {name}, page {page}"),
        N_("Print the sheet again, or use 'akten assign'."),
        retryable=False,
    ),
    "contradiction": Description(
        N_(
            "Cover sheet and manifest or name point to different volumes; the cover sheet was followed: "
            "{name}, page {page}"
        ),
        N_("Check the file; if the cover sheet was wrong, use 'akten assign' with the file's id."),
        retryable=False,
    ),
    "name_differs": Description(
        N_(
            "The file's name points to another volume than the cover sheet before it; "
            "it is unassigned: {name}"
        ),
        N_("Look where it belongs and use 'akten assign'."),
        retryable=False,
    ),
    "not_indexed": Description(
        N_("The words of a document cannot be read, so searches do not find it: {subject} ({key})"),
        N_("Restore the stored object from backup, then 'akten index rebuild'."),
        retryable=False,
    ),
    "repaired": Description(
        N_("The file's structure was damaged and had to be repaired; pages may be missing: {name}"),
        N_("Compare its pages with the paper, or ask for a new copy."),
        retryable=False,
    ),
    "xfa_form": Description(
        N_("An XFA form without other fields; what was entered may stand on none of its pages: {name}"),
        N_("Compare its pages with Adobe Reader; if entries are missing, print it there and ingest the PDF."),
        retryable=False,
    ),
    "object_damaged": Description(
        N_("Damaged in the store: {reason} ({key})"), N_("{detail}"), retryable=False
    ),
    "object_missing": Description(
        N_("Missing in the store: {reason} ({key})"), N_("{detail}"), retryable=False
    ),
    SEALS_BROKEN: Description(
        N_("The history does not agree with its seals; broken are: {broken}"),
        N_("'akten verify' names what differs. Find out who changed it; restore from backup."),
        retryable=False,
    ),
}


def compare_pages(tx: Transaction, document: documents.Document) -> None:
    """Expected against actual pages of a volume: sounds an alarm on a mismatch, clears it when it is gone.

    Cover and separator sheets do not count. People count sheets with or without blank backs; either
    count is accepted.
    """
    volume = inventory.by_id(tx, document.volume_id) if document.volume_id else None
    if volume is None:
        return
    stages = [page.stage for page in pages.of_document(tx, document.id)]
    blank, actual = stages.count("blank"), stages.count("stored")
    if volume.expected_pages in (None, actual, actual + blank):
        alarms.clear(tx, PAGES_DIFFER, volume.id)
        return
    params = {
        "expected": volume.expected_pages,
        "actual": actual,
        "blank": blank,
        "file_number": volume.file_number,
        "volume": volume.number,
    }
    alarms.sound(tx, PAGES_DIFFER, volume.id, volume_id=volume.id, params=params)


def compare_languages(tx: Transaction, document: documents.Document) -> None:
    """The models a stored document's pages need against those they were read with: an alarm for each missing.

    It ends when its pages were read again with the model.
    """
    lacking: dict[str, list[pages.Page]] = {}
    for page in pages.of_document(tx, document.id):
        missing = (page.result or {}).get("languages_missing", ()) if page.stage == "stored" else ()
        for language in missing:
            lacking.setdefault(language, []).append(page)
    subjects = {language: f"{document.id}/{language}" for language in lacking}
    for code, subject in alarms.parts(tx, (LANGUAGE_MISSING,), document.id):
        if subject not in subjects.values():
            alarms.clear(tx, code, subject)
    for language, found in lacking.items():
        source = sources.get(tx, found[0].source_id)
        params = {
            "language": language,
            "package": package_of(language),
            "document": document.id,
            "count": len(found),
            "name": source.name if source else "-",
            "page": found[0].number,
        }
        batch_id = source.batch_id if source else None
        alarms.sound(tx, LANGUAGE_MISSING, subjects[language], batch_id=batch_id, params=params)


def compare_with_manifest(tx: Transaction, source: sources.Source) -> None:
    """The pages a manifest promises against those a file has, once it is opened: sounds or ends an alarm."""
    if source.page_count is None or source.expected_pages in (None, source.page_count):
        alarms.clear(tx, MANIFEST_PAGES, source.id)
        return
    alarms.sound(
        tx,
        MANIFEST_PAGES,
        source.id,
        batch_id=source.batch_id,
        volume_id=source.hint_volume_id,
        params={"name": source.name, "expected": source.expected_pages, "actual": source.page_count},
    )


def ask_for_a_look(tx: Transaction, page: pages.PageToRead, outcome: pages.PageOutcome) -> None:
    """A page just read may be kept as image only, so that no search finds it, or carry a sheet's code:
    sounds or ends what there is to say about that.
    """
    source = sources.get(tx, page.source_id)
    if source is None:
        return
    params = {"name": source.name, "page": page.number, "detail": "-", **(outcome.reason_params or {})}
    for code, reason in _FLAGS.items():
        if outcome.reason == reason:
            alarms.sound(tx, code, page.id, batch_id=source.batch_id, params=params)
        else:
            alarms.clear(tx, code, page.id)


def settle(ledger: Ledger, alarm_ids: Sequence[int], note: str) -> int:
    """A person has looked and says why it is all right: the alarms end and hold nothing up any more.

    Returns how many. Raises ``NotFound`` for an alarm that is not open; then nothing is changed.
    """
    with ledger.write() as tx:
        for alarm_id in alarm_ids:
            if not alarms.settle(tx, alarm_id, note):
                raise NotFound(name=str(alarm_id))
    return len(alarm_ids)
