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
from errors import NoDataFolder, PlaceUnusable
from ocr.tesseract import Tesseract
from pipeline.classification.classify import Classifier
from pipeline.classification.document_types import DocumentType
from pipeline.context import Context, this_process
from storage.cache import LocalCache
from storage.index import SearchIndex
from storage.ledger import Ledger
from storage.ledger.homes import Home
from storage.objects import ObjectStore, S3Options
from storage.stores import open_store

_MEGABYTE = 1_000_000


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


def open_ledger(settings: Settings, *, migrate: bool = True) -> Ledger:
    """The ledger of these settings."""
    return Ledger(settings.ledger_url, migrate=migrate, secure=settings.ledger.secure)


def open_objects(settings: Settings, timeout: float | None = None) -> ObjectStore:
    """The object store of these settings; ``timeout``: seconds a bucket's server may take for an answer."""
    chosen = settings.objects
    if chosen.store == "folder":
        return open_store(str(settings.objects_folder))
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


@cache
def engine(time_limit: float, memory_mb: int) -> Tesseract:
    """The recognition engine, its version looked up once a process."""
    return Tesseract(time_limit=time_limit, memory_mb=memory_mb)


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
def open_context(settings: Settings, *, migrate: bool = True) -> Iterator[Context]:
    """All parts for the steps of ``pipeline.flow``; a process that forks opens one after the fork."""
    prepare_folder(settings)
    objects = open_objects(settings)
    ledger = open_ledger(settings, migrate=migrate)
    with scratch(settings.data / "tmp") as folder:
        yield Context(
            ledger=ledger,
            objects=objects,
            cache=LocalCache(objects, settings.data / "cache", settings.objects.cache_mb * _MEGABYTE),
            engine=engine(settings.ocr.time_limit, settings.limits.reader_memory_mb),
            classifier=classifier(settings.document_types),
            types={kind.key: kind for kind in document_types(settings.document_types)},
            ocr=settings.ocr,
            limits=settings.limits,
            scratch=folder,
            profile=profile(settings),
            owner=this_process(),
            home=home(settings),
        )
    ledger.close()


def discard_index(settings: Settings) -> None:
    """Remove the search index, of whatever version; raises ``IndexBusy`` while somebody writes to it."""
    SearchIndex.discard(settings.data / "index")


@contextmanager
def open_index(settings: Settings) -> Iterator[SearchIndex]:
    """The search index in the data folder."""
    prepare_folder(settings)
    index = SearchIndex.open(settings.data / "index")
    try:
        yield index
    finally:
        index.close()
