"""What every command needs: settings, an open ledger, the main job with its bars, JSON on standard output."""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from config import logs, scratch, wiring, words
from config.settings import Settings, load_settings
from config.words import _
from errors import N_, IndexElsewhere, IndexOutdated
from pipeline import preflight, store_mark
from pipeline.context import Context
from pipeline.index_home import is_index_lost, keeps_index, require_index_here
from pipeline.intake import take_in as intake
from pipeline.intake.affiliation import Affiliation
from pipeline.queue import drive as driving
from pipeline.queue.foreman import Foreman, Order
from reports import process, results, shapes
from reports.progress import bar
from storage.ledger import Ledger, documents
from storage.objects import ObjectStore
from storage.search.index import SearchIndex

_log = logging.getLogger("aktenwerk")


def settings(data: Path | None) -> Settings:
    """The settings for a data folder, also for the workers this process will start."""
    chosen = load_settings(data)
    os.environ["AKTEN_DATA"] = str(chosen.data)
    words.choose(chosen.language)
    logs.start(chosen, "command")
    return chosen


@contextmanager
def ledger(chosen: Settings, *, make: bool = False, anew: bool = False) -> Iterator[Ledger]:
    """The open ledger; ``make``: also where there is none yet, ``anew``: even if it was lost.

    Raises ``NoDataFolder``, and as ``wiring.open_ledger``.
    """
    if not make:
        wiring.require_folder(chosen)
    wiring.prepare_folder(chosen)
    opened = wiring.open_ledger(chosen, make=make, anew=anew)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def index(chosen: Settings) -> Iterator[SearchIndex]:
    """The index to search in.

    Raises ``IndexElsewhere`` when another machine keeps it, ``IndexOutdated`` when it was removed and not
    yet made anew.
    """
    with ledger(chosen) as opened:
        with opened.read() as tx:
            require_index_here(tx, wiring.home(chosen))
        if not chosen.index.here:
            raise IndexElsewhere(detail=N_("index.here is false"))
        with wiring.open_index(chosen) as found:
            if is_index_lost(opened, found):
                raise IndexOutdated(detail=N_("it is empty, though documents have been stored"))
            yield found


def take_in(
    chosen: Settings, opened: Ledger, paths: Sequence[Path], *, quiet: bool, urgent: bool = False
) -> str | None:
    """Take in files with a progress bar; returns the batch they are in."""
    objects = wiring.objects_of(chosen, opened, settle=True)
    with bar(_("files/s"), quiet=quiet) as shown:
        result = taken(
            chosen,
            opened,
            objects,
            paths,
            lambda done, total: shown.show(_("Taking in"), done, total),
            urgent=urgent,
        )
    if not quiet:
        results.taken_in(result)
    return result.batch_id


def taken(
    chosen: Settings,
    opened: Ledger,
    objects: ObjectStore,
    paths: Sequence[Path],
    on_file: Callable[[int, int], None],
    *,
    urgent: bool,
) -> intake.Intake:
    """Take in files as the settings say, and log it."""
    began, own = time.monotonic(), (chosen.data, chosen.objects_folder)
    affiliation = Affiliation(chosen.files.number_pattern)
    store_mark.settle(opened, objects, wiring.objects_place(chosen))  # a watcher lives longer than a mount
    result = intake.take_in(opened, objects, paths, affiliation, on_file, own=own, urgent=urgent)
    facts = {"batch": result.batch_id, "count": result.new, "seconds": round(time.monotonic() - began, 3)}
    _log.info("batch.taken", extra=facts)
    return result


def require_parts(chosen: Settings) -> None:
    """Raise unless all is there that reading needs, before anything is begun."""
    preflight.require_tools(chosen.ocr.language)
    preflight.require_queue(chosen.queue.url, chosen.queue.name)
    if chosen.data.is_dir():
        preflight.require_room(chosen.data)


@contextmanager
def foreman() -> Iterator[Foreman]:
    """Who will start the workers; to be asked for before a ledger is opened or a thread is begun."""

    def main(order: Order) -> int:
        return int(import_module("pipeline.jobs").main(order))  # the command itself does not need it

    with closing(Foreman(main)) as waiting:
        yield waiting


def work(
    chosen: Settings,
    foreman: Foreman,
    workers: int | None,
    *,
    until_drained: bool,
    quiet: bool,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Work with a progress bar until all is done, or until interrupted.

    ``meanwhile`` is called about once a second; what it raises ends the work.
    """
    scratch.sweep(chosen.data / "tmp")
    folder = chosen.data / "queue"
    queue = driving.Queue(
        chosen.queue.url, chosen.queue.name, folder, folder / "workers.log" if chosen.log_file else None
    )

    def look() -> None:
        preflight.require_tools(chosen.ocr.language)
        meanwhile()
        preflight.require_room(chosen.data)

    with (
        wiring.open_context(chosen, make=True) as ctx,
        _index_to_fill(chosen, ctx, quiet=quiet) as own_index,
        bar(_("pages/s"), quiet=quiet) as shown,
    ):
        _log.info("work.begun", extra={"count": workers or chosen.workers})
        driving.drive(
            ctx,
            own_index,
            queue,
            foreman,
            workers or chosen.workers,
            until_drained=until_drained,
            on_tick=lambda what, done, total: shown.show(_(what), done, total),
            require_parts=look,
        )
        _log.info("work.drained")


@contextmanager
def _index_to_fill(chosen: Settings, ctx: Context, *, quiet: bool) -> Iterator[SearchIndex | None]:
    """The index, if this machine keeps it; one that was removed is filled anew by the work."""
    if not chosen.index.here or not keeps_index(ctx.ledger, ctx.home):
        if chosen.index.here and not quiet:
            results.index_elsewhere()
        yield None
        return
    with wiring.open_index(chosen) as found:
        if is_index_lost(ctx.ledger, found):
            with ctx.ledger.write() as tx:
                documents.forget_index(tx)
        yield found


def all_documents(opened: Ledger, batch_id: str | None = None) -> list[shapes.Json]:
    """Every document, or those of a batch, for a table."""
    with opened.read() as tx:
        return [shapes.document(row) for row in documents.all_documents(tx, batch_id)]


def labels(chosen: Settings) -> dict[str, str]:
    """Document types as people call them, in the language chosen."""
    german = words.language() == "de"
    types = wiring.document_types(chosen.document_types)
    return {kind.key: kind.label_de if german else kind.label_en for kind in types}


def type_names(chosen: Settings) -> dict[str, str]:
    """Every name a document type goes by, in any language, with its key."""
    names = {"unknown": "unknown"}
    for kind in wiring.document_types(chosen.document_types):
        names |= dict.fromkeys((kind.key, kind.label_de, kind.label_en), kind.key)
    return names


def spent(seconds: float) -> shapes.Json:
    """What a run took: the time given, and the processors' of this process and all its workers."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_seconds = sum(one.ru_utime + one.ru_stime for one in used)
    return {"seconds": round(seconds, 2), "cpu_seconds": round(cpu_seconds, 2)}


def print_json(shape: Any, indent: int | None = 2) -> None:  # noqa: ANN401 - JSON
    """Print JSON for programs; where standard output is not UTF-8, other letters are escaped."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    try:
        sys.stdout.write(json.dumps(shape, ensure_ascii=plain, indent=indent) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        process.reader_left()
