"""``akten doctor``: every part that is needed, what was found, and the command that mends it."""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from config import wiring
from config.settings import Settings
from config.wiring import prepare_folder
from config.words import _, say
from errors import N_, AktenError, LanguageMissing, LedgerLost, LedgerUnavailable, NoLedger
from ocr import tesseract
from pipeline.confined.run import walls
from pipeline.queue import redis_server
from pipeline.queue.broker import Broker
from pipeline.scans import poppler
from storage.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class Check:
    """One part: whether it is all right, what was found, and what mends it."""

    part: str
    ok: bool
    found: str
    mend: str = ""


def examine(settings: Settings, *, writing: bool = True) -> list[Check]:
    """Look at every part once; no check stops the others. ``writing``: also try the store with an object.

    A bucket with versioning keeps every object for ever, also one that is removed at once.
    """
    parts: list[tuple[str, Callable[[], str]]] = [
        ("Python", lambda: sys.version.split()[0]),
        ("Aktenwerk", lambda: version("aktenwerk")),
        ("Tesseract", tesseract.version),
        *((f"Tesseract {code}", _model(code)) for code in settings.ocr.all_languages),
        (_("recognition"), lambda: wiring.engine(settings).name),
        ("poppler", poppler.version),
        (_("data folder"), lambda: _data(settings)),
        (_("isolation"), lambda: _isolation(settings)),
        (_("ledger"), lambda: _ledger(settings)),
        (_("objects"), lambda: _objects(settings, writing=writing)),
        (_("queue"), lambda: _queue(settings)),
    ]
    return [_check(part, look) for part, look in parts]


def _check(part: str, look: Callable[[], str]) -> Check:
    try:
        return Check(part, True, look())
    except AktenError as error:
        return Check(part, False, say(error.message, error.params), say(error.hint, error.params))


def _model(code: str) -> Callable[[], str]:
    def look() -> str:
        if code not in tesseract.languages():
            raise LanguageMissing(language=code, package=tesseract.package_of(code))
        return _("installed")

    return look


def _data(settings: Settings) -> str:
    prepare_folder(settings)
    free = shutil.disk_usage(settings.data).free / 1e9
    return say(N_("{folder} ({free} GB free)"), {"folder": str(settings.data), "free": f"{free:.0f}"})


def _isolation(settings: Settings) -> str:
    """Files are read without the walls a kernel refuses; whoever runs it has to know."""
    prepare_folder(settings)
    with tempfile.TemporaryDirectory(dir=settings.data) as folder:
        raised = walls(Path(folder))
    network = (
        _("without network") if raised.network else _("the network stays open, the kernel refuses seccomp")
    )
    folder = (
        _("writes into one folder only")
        if raised.folder
        else _("it may write anywhere, the kernel has no Landlock")
    )
    return say(
        N_("limited in memory and time; {network}; {folder}"),
        {"network": network, "folder": folder},
    )


def _ledger(settings: Settings) -> str:
    try:
        ledger = wiring.open_ledger(settings)
    except NoLedger:
        return _("none yet")
    with closing(ledger):
        return ledger.version()


def _objects(settings: Settings, *, writing: bool) -> str:
    """Where objects are kept, once it answered, or a small one could be written, read back and removed."""
    objects = _own_objects(settings)
    probe = f"doctor/{secrets.token_hex(8)}"
    if writing:
        objects.put_bytes(probe, probe.encode())
        objects.delete(probe)
    else:
        objects.exists(probe)
    return wiring.objects_place(settings)


def _own_objects(settings: Settings) -> ObjectStore:
    """The store, which has to be the ledger's own if there is a ledger that can be asked."""
    with suppress(NoLedger, LedgerLost, LedgerUnavailable), closing(wiring.open_ledger(settings)) as ledger:
        return wiring.objects_of(settings, ledger)
    return wiring.open_objects(settings, make=True)


def _queue(settings: Settings) -> str:
    if not settings.queue.url:
        return say(N_("private redis-server {version}"), {"version": redis_server.version()})
    broker = Broker(settings.queue.url, settings.queue.name)
    try:
        return broker.ping()
    finally:
        broker.close()


def shape(checks: list[Check]) -> dict[str, Any]:
    """The checks for programs."""
    return {"ok": all(check.ok for check in checks), "checks": [asdict(check) for check in checks]}
