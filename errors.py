"""Every error Aktenwerk raises on purpose, in one tree.

    AktenError
    ├── WrongUse              exit 2   the command cannot mean anything as given
    │   ├── NotFound, NoDocument, NoDataFolder, NoLedger, BadSetting, UnreadableList, NothingToDo, OwnFolder,
    │   │   BadHotFolder, BadOutput, BadKey, BadQuery, LedgerExists, LedgerElsewhere
    ├── PartMissing           exit 3   a program, language or server is not there
    │   ├── ToolMissing, ValidatorMissing, PackageMissing, LanguageMissing, BrokerUnavailable*,
    │   │   StoreUnavailable*, LedgerUnavailable*, StoreElsewhere*, NoObjects, LedgerLost, IndexOutdated,
    │   │   IndexBusy*, IndexElsewhere, IntakeBusy*, WorkersFailing, PlaceUnusable
    ├── BadInput              exit 1   this file or page goes to quarantine; the rest goes on
    │   ├── EmptyFile, EncryptedFile, DynamicForm, TruncatedFile, DamagedFile, NoPages, MislabelledFile,
    │   │   UnsupportedFormat, Archive, FileTooLarge, ImageTooLarge, TooManyPages, PageUnreadable,
    │   │   DigestMismatch, ReaderBroke, GaveUp
    ├── RecognitionFailed     the page is kept as image and flagged; its document is finished
    ├── CodeOnPage            the page is kept as a page and flagged
    ├── ReaderKilled*         somebody ended the process that read a page: it is read again
    ├── Damaged               exit 1   what was stored is not what was recorded
    │   ├── ObjectMissing, ObjectDamaged, RecordUnreadable, LedgerDamaged
    ├── ProductNotConforming, ProductNotJudged, ProductMakesNoClaim     what is said of a product as PDF/A
    ├── DiskFull*             exit 3
    └── Interrupted*          exit 4   by Ctrl-C or SIGTERM
        └── VerificationInterrupted*
                              (* may pass: trying again makes sense)

A message and a hint are English templates with named fields; ``N_`` marks them for the German
catalogue. Records keep ``code`` and ``params`` only, so that a reason can be read in either language
years later: ``describe(code)``. The params in ``WORDS`` are templates themselves, filled by the others.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

Param = str | int | float

#: Params that are words and no data: they are looked up in the catalogue and may have fields.
WORDS = frozenset({"detail", "reason"})
#: Signals no program sends itself: a person did, or the kernel for want of memory elsewhere.
SENT_BY_OTHERS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
_FIELD = re.compile(r"\{(\w+)\}")


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a template for the message catalogue; returns it unchanged."""
    return text


class Description(NamedTuple):
    """What went wrong, and what the user can do: untranslated templates with their fields."""

    message: str
    hint: str
    retryable: bool


class AktenError(Exception):
    """Base of all errors: carries its exit code, whether a retry makes sense, and the way out."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    message: ClassVar[str] = N_("Something went wrong: {detail}")
    hint: ClassVar[str] = ""

    def __init__(self, **params: Param) -> None:
        self.params: dict[str, Param] = params
        super().__init__(fill(self.message, params))

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel between processes as what a record keeps of them: class and params."""
        return _made, (type(self), self.params)


def _made(error: type[AktenError], params: dict[str, Param]) -> AktenError:
    return error(**params)


def fill(template: str, params: Mapping[str, Param]) -> str:
    """Put ``params`` into a template; a missing field, or any other brace, stays visible."""

    def value(field: re.Match[str]) -> str:
        name = field[1]
        if name not in params:
            return field[0]
        text = str(params[name])
        return fill(text, {key: params[key] for key in params if key != name}) if name in WORDS else text

    return _FIELD.sub(value, template)


# --- wrong use -------------------------------------------------------------------------------------


class WrongUse(AktenError):
    """The command cannot mean anything as given."""

    code = "wrong_use"
    exit_code = 2
    message = N_("{detail}")


class NotFound(WrongUse):
    """No record has this id or file number."""

    code = "not_found"
    message = N_("Nothing is known under '{name}'.")
    hint = N_("Ids are shown by 'akten documents', 'akten search' and 'akten failures'.")


class NoDocument(WrongUse):
    """A source or page is known, but lies in no document."""

    code = "no_document"
    message = N_("'{name}' is known, but lies in no document (yet).")
    hint = N_("'akten failures' shows what is in quarantine, 'akten status' what still waits.")


class NoDataFolder(WrongUse):
    """A question about a data folder in which nothing was ever taken in."""

    code = "no_data_folder"
    message = N_("There is no data folder at '{path}'.")
    hint = N_("Name it by --data or AKTEN_DATA; 'akten inventory import' and 'akten run' make a new one.")


class NoLedger(WrongUse):
    """A question about a data folder without a ledger."""

    code = "no_ledger"
    message = N_("There is no ledger in '{path}'.")
    hint = N_(
        "Name the data folder by --data or AKTEN_DATA; 'akten inventory import' and 'akten run' begin one."
    )


class BadSetting(WrongUse):
    """A setting has a value that cannot be used."""

    code = "bad_setting"
    message = N_("The setting '{name}' cannot be used: {detail}")
    hint = N_("See docs/settings.md for what it may be.")


class UnreadableList(WrongUse):
    """A CSV list (inventory, manifest) cannot be read as a table."""

    code = "unreadable_list"
    message = N_("'{name}' cannot be read as a list: {detail}")
    hint = N_("Save it as CSV with a header line; the columns are named in docs/formats.md.")


class NothingToDo(WrongUse):
    """A path does not exist or holds no file."""

    code = "nothing_there"
    message = N_("There is nothing at '{name}'.")
    hint = N_("Check the path; a folder, a PDF, TIFF, JPEG or PNG file is expected.")


class OwnFolder(WrongUse):
    """What is to be taken in lies in the data folder: Aktenwerk's own files are no scans."""

    code = "own_folder"
    message = N_("'{name}' lies in the data folder, where Aktenwerk keeps its own files.")
    hint = N_("Name the folder with the scans; keep it outside the data folder.")


class BadHotFolder(WrongUse):
    """A folder that cannot be watched."""

    code = "bad_hot_folder"
    message = N_("The folder '{path}' cannot be watched: {detail}.")
    hint = N_("Name a folder of its own for what is dropped, outside the data folder.")


class BadOutput(WrongUse):
    """A file cannot be written where the user wants it."""

    code = "bad_output"
    message = N_("'{path}' cannot be written: {detail}.")
    hint = N_("Name a file, new or to be replaced, in a folder that is there and may be written.")


class BadKey(WrongUse):
    """A text that cannot name an object in the store."""

    code = "bad_key"
    message = N_("'{key}' cannot name a stored object.")
    hint = N_("Parts of a-z, 0-9, '.', '_' and '-', joined by '/', none beginning with a dot.")


class BadQuery(WrongUse):
    """A search that cannot be understood; ``position`` counts its characters from 1."""

    code = "bad_query"
    message = N_("The search cannot be understood at character {position}: {detail}.")
    hint = N_(
        'Use words, "words side by side", -without, OR, beginning* and akte:, band:, typ:, datum:, sprache:.'
    )


class LedgerExists(WrongUse):
    """A backup is to be put where a ledger is."""

    code = "ledger_exists"
    message = N_("There is a ledger already, or a part of one: {path}")
    hint = N_(
        "If it is to be replaced, move ledger.db and what begins with its name to another folder first."
    )


class LedgerElsewhere(WrongUse):
    """The ledger lies on a database server, which is backed up by its own programs."""

    code = "ledger_elsewhere"
    message = N_("The ledger lies in PostgreSQL; its own program does this, Aktenwerk does not.")
    hint = N_("Run: {command}")


# --- a part is missing -----------------------------------------------------------------------------


class PartMissing(AktenError):
    """A program, language or server that is needed is not there."""

    code = "part_missing"
    exit_code = 3
    hint = N_("'akten doctor' shows what is missing and the command that mends it.")


class ToolMissing(PartMissing):
    """An external program is not installed."""

    code = "tool_missing"
    message = N_("The program '{tool}' is not installed.")
    hint = N_("Ask an administrator for: apt-get install {package}")


class ValidatorMissing(PartMissing):
    """The PDF/A validator is not there, or does not start; no package of Debian's holds it."""

    code = "validator_missing"
    message = N_("veraPDF is not installed: no program '{tool}' on the PATH starts.")
    hint = N_(
        "Install Java (apt-get install default-jre-headless), then veraPDF from verapdf.org, and put its "
        "folder on the PATH (docs/operations.md#pdfa)."
    )


class PackageMissing(PartMissing):
    """A Python package that a setting asks for is not installed."""

    code = "package_missing"
    message = N_("The setting {setting} needs the Python package '{package}', which is not installed.")
    hint = N_("Install it: pip install 'aktenwerk[{package}]', or leave {setting} at its default.")


class LanguageMissing(PartMissing):
    """Tesseract has no model for a language that is configured."""

    code = "language_missing"
    message = N_("Tesseract has no model for the language '{language}'.")
    hint = N_("Ask an administrator for: apt-get install {package}")


class BrokerUnavailable(PartMissing):
    """Redis or Valkey does not answer."""

    code = "broker_unavailable"
    retryable = True
    message = N_("The queue server does not answer: {detail}")
    hint = N_("Nothing is lost: start it and run the command again.")


class StoreUnavailable(PartMissing):
    """The object store does not answer."""

    code = "store_unavailable"
    retryable = True
    message = N_("The object store does not answer: {detail}")
    hint = N_("Nothing is lost: start it and run the command again.")


class StoreElsewhere(StoreUnavailable):
    """The object store answers, but it is not the one the ledger belongs to."""

    code = "store_elsewhere"
    message = N_("The object store is not the one this ledger belongs to: {detail}")
    hint = N_(
        "Is the disk mounted, are folder or bucket the right ones? Nothing is lost; mend that and repeat."
    )


class NoObjects(PartMissing):
    """A ledger is to be made anew from objects, and there are none."""

    code = "no_objects"
    message = N_("The objects are missing: they are expected in {place}.")
    hint = N_(
        "Mount the disk or put their copy back there; objects.folder or objects.bucket names the place."
    )


class LedgerLost(PartMissing):
    """The store holds what was taken in, but the ledger is gone."""

    code = "ledger_lost"
    message = N_("The ledger of '{path}' is missing, though objects lie in {place}.")
    hint = N_(
        "Put a backup back by 'akten restore FILE'. Then, or if there is none: 'akten recover'. "
        "Take in and import nothing before."
    )


class LedgerUnavailable(PartMissing):
    """The ledger's database cannot be opened."""

    code = "ledger_unavailable"
    retryable = True
    message = N_("The ledger cannot be opened: {detail}")
    hint = N_("Check the data folder and its rights, or the database's address.")


class IndexOutdated(PartMissing):
    """The search index was made by another version, or cannot be read."""

    code = "index_outdated"
    message = N_("The search index cannot be used: {detail}.")
    hint = N_("Nothing is lost: 'akten index rebuild' makes it anew from ledger and objects.")


class IndexBusy(PartMissing):
    """Another process is writing the search index."""

    code = "index_busy"
    retryable = True
    message = N_("Another process is writing the search index.")
    hint = N_("Nothing is lost: try again when it has finished.")


class IndexElsewhere(PartMissing):
    """Several machines share the ledger, and another one keeps the search index."""

    code = "index_elsewhere"
    message = N_("The search index is not kept here: {detail}.")
    hint = N_("Search there. To move it here: set index.here = true, then 'akten index rebuild'.")


class IntakeBusy(PartMissing):
    """Files are being taken in, or somebody recovers already."""

    code = "intake_busy"
    retryable = True
    message = N_("Files are being taken in just now; what is not yet registered would look like lost.")
    hint = N_("Stop 'akten watch', 'run' and 'ingest' on all machines, or wait, then run the command again.")


class WorkersFailing(PartMissing):
    """Worker processes end as soon as they are started."""

    code = "workers_failing"
    message = N_("The workers end as soon as they are started.")
    hint = N_("The reason stands at the end of {log}; 'akten doctor' may know more.")


class PlaceUnusable(PartMissing):
    """A file or folder that is needed cannot be made, read or written."""

    code = "place_unusable"
    message = N_("'{path}' cannot be used: {detail}.")
    hint = N_("Check the path, its rights and the disk; --data or AKTEN_DATA names the data folder.")


class DiskFull(AktenError):
    """No space is left where something has to be written."""

    code = "disk_full"
    exit_code = 3
    retryable = True
    message = N_("No space is left on the disk.")
    hint = N_("Free some space and run the command again; nothing is lost.")


class Interrupted(AktenError):
    """Somebody wants the command to end: Ctrl-C or SIGTERM."""

    code = "interrupted"
    exit_code = 4
    retryable = True
    message = N_("Interrupted. Nothing is lost.")
    hint = N_("Run the same command again and it goes on.")


class VerificationInterrupted(Interrupted):
    """Somebody wants a verification to end; what it has found so far is kept."""

    code = "verification_interrupted"
    message = N_("Interrupted. What was compared so far is kept.")
    hint = N_("'akten verify --resume' goes on.")


# --- bad input: to quarantine, the rest goes on ----------------------------------------------------


class BadInput(AktenError):
    """A file or page that cannot be used; it is kept in quarantine with this reason."""

    code = "bad_input"
    exit_code = 1


class EmptyFile(BadInput):
    """The file has no bytes."""

    code = "empty_file"
    message = N_("The file is empty.")
    hint = N_("Scan the paper again, or copy the file again from its source.")


class EncryptedFile(BadInput):
    """The PDF needs a password."""

    code = "encrypted"
    message = N_("The PDF is protected by a password.")
    hint = N_("Save it without a password and ingest it again.")


class DynamicForm(BadInput):
    """The PDF holds an XFA form; its pages say no more than that another program is needed."""

    code = "dynamic_form"
    message = N_("The PDF is an interactive form (XFA) whose pages only Adobe Reader can draw.")
    hint = N_("Print it to a PDF from Adobe Reader and ingest that; its entries are not on its pages.")


class TruncatedFile(BadInput):
    """The file ends before its content does."""

    code = "truncated"
    message = N_("The file is incomplete: its end is missing.")
    hint = N_("Copy it again from the scanner or the contractor, then ingest it again.")


class DamagedFile(BadInput):
    """The file's structure cannot be read."""

    code = "damaged"
    message = N_("The file is damaged and cannot be read ({detail}).")
    hint = N_("Scan the paper again, or ask the contractor for a new copy.")


class NoPages(BadInput):
    """A document without a single page."""

    code = "no_pages"
    message = N_("The file has no pages.")
    hint = N_("Check the original; scan the paper again if there is one.")


class MislabelledFile(BadInput):
    """The name says one format, the content is another."""

    code = "mislabelled"
    message = N_("The name says {claimed}, but the content is {actual}.")
    hint = N_("Give the file its right ending and ingest it again.")


class UnsupportedFormat(BadInput):
    """Not a format Aktenwerk reads."""

    code = "unsupported_format"
    message = N_("The file is no PDF, TIFF, JPEG or PNG ({actual}).")
    hint = N_("Print it to PDF and ingest that, or leave the file out.")


class Archive(BadInput):
    """A ZIP file or the like: never unpacked here, for what is in it is nobody's delivery yet."""

    code = "archive"
    message = N_("The file is an archive ({actual}); archives are not unpacked.")
    hint = N_("Unpack it into a folder and ingest that.")


class FileTooLarge(BadInput):
    """More bytes than one source may have."""

    code = "file_too_large"
    message = N_("The file has {size} MB; at most {limit} MB are read.")
    hint = N_("Split it into volumes, or raise 'limits.max_file_mb'.")


class ImageTooLarge(BadInput):
    """More pixels than any paper of ours can have."""

    code = "image_too_large"
    message = N_("The image is absurdly large: {width} × {height} pixels, at most {limit} million are read.")
    hint = N_("Scan again at 300 dpi; for plans above A0 raise 'limits.max_megapixels'.")


class TooManyPages(BadInput):
    """More pages than one source may hold."""

    code = "too_many_pages"
    message = N_("The file has {pages} pages; at most {limit} are read from one file.")
    hint = N_("Split it into volumes, or raise 'limits.max_pages'.")


class PageUnreadable(BadInput):
    """One page's image cannot be decoded."""

    code = "page_unreadable"
    message = N_("The page's image cannot be read ({detail}).")
    hint = N_("Scan this page again; the other pages of the file are not affected.")


class DigestMismatch(BadInput):
    """The manifest's sha256 is not the file's."""

    code = "digest_mismatch"
    message = N_("The file is not the one the manifest names: its SHA-256 differs.")
    hint = N_("Ask the contractor to deliver the file again.")


class ReaderBroke(BadInput):
    """Reading a file crashed, or went beyond its limits of memory, time or file size."""

    code = "reader_broke"
    message = N_("Reading it had to be ended ({detail}).")
    hint = N_("Scan the paper again or save the file anew; for an honest giant raise 'limits' in akten.toml.")


class GaveUp(BadInput):
    """Several attempts ended without a result (crash, kill, time limit)."""

    code = "gave_up"
    message = N_("Given up after {attempts} attempts, the last one ended without a result ({last}).")
    hint = N_("'akten retry' tries again; if it happens again, scan the paper again.")


# --- recognition and storage -----------------------------------------------------------------------


class RecognitionFailed(AktenError):
    """The engine broke or ran out of time on a page; the page stays as image."""

    code = "recognition_failed"
    message = N_("The text of this page could not be recognised ({detail}).")
    hint = N_("The page is kept as image; a person should look at it. 'akten retry' reads it again.")


class CodeOnPage(AktenError):
    """A page of text carries the code of a cover or separator sheet; the code is not followed."""

    code = "code_on_page"
    message = N_("The page carries the code of a sheet, but is none; it was kept as a page.")
    hint = N_("Look at the page; if it is a sheet, print it again, scan it, and use 'akten assign'.")


class ReaderKilled(AktenError):
    """The process that read a page was ended from outside: by an administrator, or for want of memory."""

    code = "reader_killed"
    retryable = True
    message = N_("The process that read this page was ended from outside.")
    hint = N_("Nothing is lost: it is tried again.")


class Damaged(AktenError):
    """Something stored is not what was recorded."""

    code = "store_damaged"


class ObjectMissing(Damaged):
    """The store does not have an object the ledger has recorded."""

    code = "object_missing"
    message = N_("The stored object {key} is missing.")
    hint = N_("Restore it from backup; 'akten verify' lists all that is missing.")


class ObjectDamaged(Damaged):
    """A stored object's bytes have another hash than recorded."""

    code = "object_damaged"
    message = N_("The stored object {key} is damaged: its SHA-256 differs.")
    hint = N_("Restore it from backup; 'akten verify' lists all that is damaged.")


class RecordUnreadable(Damaged):
    """The record of an intake says nothing this version understands."""

    code = "record_unreadable"
    message = N_("The record of an intake, {key}, cannot be read by this version of Aktenwerk.")
    hint = N_("Update Aktenwerk, then run the command again.")


class LedgerDamaged(Damaged):
    """A ledger's file, or a copy of one, is not sound."""

    code = "ledger_damaged"
    message = N_("The ledger, or this copy of it, is damaged: {detail}")
    hint = N_("Keep all backups you have; 'akten restore' puts the newest sound one back.")


class ProductNotConforming(AktenError):
    """A product breaks rules of the standard it claims."""

    code = "product_not_conforming"
    message = N_("The PDF of document {document} is not PDF/A-2b, as it claims: it breaks {rules}.")
    hint = N_("The rules are explained on docs.verapdf.org; please report it as an error of Aktenwerk.")


class ProductNotJudged(AktenError):
    """The PDF/A validator came to no verdict."""

    code = "product_not_judged"
    message = N_("veraPDF has not judged the PDF of document {document}: {detail}.")
    hint = N_("Run veraPDF on it by hand: 'akten fetch' hands it out.")


class ProductMakesNoClaim(AktenError):
    """A product says itself that it is no PDF/A: a born-digital page in it cannot be."""

    code = "product_makes_no_claim"
    message = N_("The PDF of document {document} makes no claim to be PDF/A.")
    hint = N_("Nothing has to be done: a born-digital page in it stays as it came.")


def _family(base: type[AktenError]) -> list[type[AktenError]]:
    return [base, *(member for child in base.__subclasses__() for member in _family(child))]


def error_of(code: str) -> AktenError:
    """The error recorded as ``code``, without its details."""
    known = (error for error in _family(AktenError) if error.code == code)
    return next(known, AktenError)(detail=N_("workers find it so"))


def describe(code: str) -> Description:
    """Look up the message and hint templates recorded as ``code``; unknown codes describe themselves."""
    for error in _family(AktenError):
        if error.code == code:
            return Description(error.message, error.hint, error.retryable)
    return Description(code, "", False)
