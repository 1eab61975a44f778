"""Putting the parts together: settings become stores, engine and classifier, handed down as a context."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

from config.document_types import load_document_types
from config.scratch import scratch
from config.settings import Settings
from errors import LedgerLost, NoDataFolder, NoLedger, PlaceUnusable, StoreElsewhere, StoreUnavailable
from ocr.engine import OcrEngine
from ocr.lines.engine import Lines
from ocr.tesseract import Tesseract
from ocr.tesserocr_engine import Tesserocr
from pipeline import store_mark
from pipeline.classification.classify import Classifier
from pipeline.classification.document_types import DocumentType
from pipeline.context import Context, this_process
from storage.cache import LocalCache
from storage.ledger import Ledger, history
from storage.ledger.backup import database_file
from storage.ledger.homes import Home
from storage.objects import ObjectStore, S3Options
from storage.search.index import SearchIndex
from storage.stores import open_store

_MEGABYTE = 1_000_000
#: Seconds a server may take to say whether there are objects beside a ledger that is not there.
_LOOK_SECONDS = 3.0


def prepare_folder(settings: Settings) -> None:
    """Make the data folder, for its owner only: it holds personal data."""
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise PlaceUnusable(path=str(settings.data), detail=error.strerror or "") from error


def require_folder(settings: Settings) -> None:
    """Raise ``NoDataFolder`` where nothing was ever taken in: a mistyped path must not look like an empty
    archive in which all is well.
    """
    if settings.data.exists() and not settings.data.is_dir():
        prepare_folder(settings)
    if not settings.ledger.url and not settings.data.exists():
        raise NoDataFolder(path=str(settings.data))


def has_ledger(settings: Settings) -> bool:
    """Whether there is a ledger; one on a server, or in a folder that is away, is taken to be there."""
    database = database_file(settings.ledger_url)
    return database is None or database.exists() or not database.parent.is_dir()


def open_ledger(
    settings: Settings, *, migrate: bool = True, make: bool = False, anew: bool = False
) -> Ledger:
    """The ledger of these settings; ``make``: also where there is none yet. Raises ``NoLedger``.

    Raises ``LedgerLost`` where a store with objects is found beside no ledger, or one in which nothing was
    ever recorded: a second history would begin. ``anew`` is for who makes the ledger from these objects.
    """
    if not has_ledger(settings) and not anew:
        _require_no_history(settings)
        if not make:
            raise NoLedger(path=str(settings.data))
    ledger = Ledger(settings.ledger_url, migrate=migrate, secure=settings.ledger.secure)
    if migrate and not anew:
        try:
            _require_begun(settings, ledger)
        except BaseException:
            ledger.close()
            raise
    return ledger


def _require_begun(settings: Settings, ledger: Ledger) -> None:
    with ledger.read() as tx:
        blank = history.is_blank(tx)
    if blank:
        with ledger.write() as tx:  # nobody is just about to mark the store
            if history.is_blank(tx):
                _require_no_history(settings, blank=True)


def _require_no_history(settings: Settings, *, blank: bool = False) -> None:
    """Raise ``LedgerLost`` if the store holds objects and, unless ``blank``, no ledger has come meanwhile.

    A store that does not answer takes nothing in either: then it is asked again.
    """
    with suppress(StoreUnavailable):
        found = store_mark.holds_history(open_objects(settings, _LOOK_SECONDS))
        if found and (blank or not has_ledger(settings)):
            raise LedgerLost(path=str(settings.data), place=objects_place(settings))


def objects_place(settings: Settings) -> str:
    """Where objects are kept, for people."""
    chosen = settings.objects
    if chosen.store == "folder":
        return str(settings.objects_folder)
    return f"S3 {chosen.endpoint}/{'/'.join(filter(None, (chosen.bucket, chosen.prefix)))}"


def objects_of(
    settings: Settings, ledger: Ledger, *, settle: bool = False, patient: bool = False
) -> ObjectStore:
    """The object store the ledger belongs to; ``settle`` marks it as such if the ledger knows none yet.

    Its folder is made for a new ledger only. Raises ``StoreElsewhere``; unless ``patient`` also
    ``StoreUnavailable`` for a server that does not answer.
    """
    with ledger.read() as tx:
        objects = open_objects(settings, make=store_mark.is_new(tx))
    try:
        if settle:
            store_mark.settle(ledger, objects, objects_place(settings))
        else:
            store_mark.require(ledger, objects)
    except StoreUnavailable as away:
        if isinstance(away, StoreElsewhere) or not patient or settings.objects.store == "folder":
            raise
    return objects


def open_objects(settings: Settings, timeout: float | None = None, *, make: bool = False) -> ObjectStore:
    """The object store of these settings, whosever it is; ``make`` its folder if it is not there.

    ``timeout``: seconds a bucket's server may take for an answer.
    """
    chosen = settings.objects
    if chosen.store == "folder":
        return open_store(str(settings.objects_folder), make=make)
    options = S3Options(
        endpoint=chosen.endpoint,
        bucket=chosen.bucket,
        access_key=chosen.access_key,
        secret_key=chosen.secret_key.get_secret_value(),
        region=chosen.region,
        secure=chosen.secure,
        prefix=chosen.prefix,
    )
    if timeout is not None:
        options = replace(options, timeout=timeout)
    return open_store(f"s3://{chosen.bucket}", options)


@cache
def document_types(path: str) -> tuple[DocumentType, ...]:
    """The configured document types; ``path`` empty: those that come with Aktenwerk."""
    return load_document_types(Path(path) if path else None)


@cache
def classifier(path: str) -> Classifier:
    """The classifier for the configured document types, made once a process."""
    return Classifier(document_types(path))


def engine(settings: Settings) -> OcrEngine:
    """The recognition engine of these settings, made once a process; raises ``PackageMissing``."""
    return _engine(settings.ocr.engine, settings.limits.reader_memory_mb)


@cache
def _engine(name: str, memory_mb: int) -> OcrEngine:
    if name == "tesserocr":
        return Tesserocr(memory_mb=memory_mb)
    program = Tesseract(memory_mb=memory_mb)
    return Lines(program, memory_mb=memory_mb) if name == "lines" else program


def profile(settings: Settings) -> str:
    """Version and fingerprint of the settings pages are processed with, kept with every page."""
    chosen = f"{settings.ocr}{document_types(settings.document_types)}".encode()
    return f"{version('aktenwerk')}-{hashlib.sha256(chosen).hexdigest()[:8]}"


def home(settings: Settings) -> Home | None:
    """What a data folder is known by to others with the same ledger; None: the ledger lies in it, alone.

    The id is random and made once. A folder made anew, or put back without it, is another one.
    """
    if not settings.ledger.url:
        return None
    prepare_folder(settings)
    path = settings.data / "folder-id"
    if not path.exists():
        made = settings.data / f".folder-id-{os.getpid()}"
        made.write_text(f"{secrets.token_hex(16)}\n", encoding="ascii")
        with suppress(FileExistsError):
            path.hardlink_to(made)  # there whole or not at all, and whoever comes first stays first
        made.unlink()
    return Home(path.read_text(encoding="ascii").strip(), f"{socket.gethostname()}:{settings.data}")


@contextmanager
def open_context(settings: Settings, *, migrate: bool = True, make: bool = False) -> Iterator[Context]:
    """All parts for the steps of ``pipeline.flow``; a process that forks opens one after the fork.

    ``make`` as for :func:`open_ledger`, and the store is marked. Without ``migrate`` whoever opens looks
    for the mark by itself.
    """
    prepare_folder(settings)
    ledger = open_ledger(settings, migrate=migrate, make=make)
    objects = objects_of(settings, ledger, settle=make, patient=True) if migrate else open_objects(settings)
    with scratch(settings.data / "tmp") as folder:
        yield Context(
            ledger=ledger,
            objects=objects,
            cache=LocalCache(objects, settings.data / "cache", settings.objects.cache_mb * _MEGABYTE),
            engine=engine(settings),
            classifier=classifier(settings.document_types),
            types={kind.key: kind for kind in document_types(settings.document_types)},
            ocr=settings.ocr,
            limits=settings.limits,
            scratch=folder,
            profile=profile(settings),
            owner=this_process(),
            version=version("aktenwerk"),
            authority=settings.authority,
            product=settings.product,
            home=home(settings),
        )
    ledger.close()


def index_folder(settings: Settings) -> Path:
    """Where the search index is kept."""
    return settings.data / "index"


def discard_index(settings: Settings) -> None:
    """Remove the search index, of whatever version; raises ``IndexBusy`` while somebody writes to it."""
    SearchIndex.discard(index_folder(settings))


@contextmanager
def open_index(settings: Settings) -> Iterator[SearchIndex]:
    """The search index in the data folder."""
    prepare_folder(settings)
    index = SearchIndex.open(index_folder(settings))
    try:
        yield index
    finally:
        index.close()
