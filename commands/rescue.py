"""Commands for the night on which a disk is gone, and for all nights before it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config import wiring
from config.settings import Settings
from config.words import _
from errors import N_, BadOutput, LedgerElsewhere, NoObjects
from pipeline import store_mark
from pipeline.recovery import recover as recover_all
from reports import results, session, shapes
from reports.options import Data, Json, path_of
from reports.progress import bar
from storage.ledger import backup as copies
from storage.streams import check_target

DAMAGED = 1
_MEGABYTE = 1_000_000

app = typer.Typer()


@app.command(
    help=_("Copy the ledger to a file while everything runs. Checked before the file gets its name.")
)
def backup(
    output: Annotated[
        Path,
        typer.Option("-o", "--output", parser=path_of, metavar="FILE", help=_("The copy to write.")),
    ],
    data: Data = None,
    as_json: Json = False,
) -> None:
    settings = session.settings(data)
    wiring.require_folder(settings)
    database = copies.database_file(settings.ledger_url)
    if database is None:
        raise LedgerElsewhere(command=copies.dump_command(settings.ledger_url, output))
    check_target(output)
    if settings.data.resolve() in output.resolve().parents:
        raise BadOutput(path=str(output), detail=N_("it lies in the data folder, which it is to outlive"))
    with bar(_("MB/s"), quiet=as_json) as shown:
        copy = copies.back_up(
            database,
            output,
            lambda done, total: shown.show(_("Copying"), done // _MEGABYTE, total // _MEGABYTE),
        )
    shape = shapes.backup(str(output), copy)
    if as_json:
        session.print_json(shape)
    else:
        results.backed_up(shape)


@app.command(help=_("Put a backup of the ledger in place, where there is none. Then 'akten recover'."))
def restore(
    file: Annotated[
        Path, typer.Argument(parser=path_of, metavar="FILE", help=_("What 'akten backup' has written."))
    ],
    data: Data = None,
) -> None:
    settings = session.settings(data)
    database = copies.database_file(settings.ledger_url)
    if database is None:
        raise LedgerElsewhere(command=copies.restore_command(settings.ledger_url, file))
    wiring.prepare_folder(settings)
    copies.require_none(database)
    wiring.discard_index(settings)  # it may know documents that this ledger will not
    copy = copies.put_back(file, database)
    results.put_back(copy)


@app.command(help=_("Register again what only the object store knows. After a restore of the ledger."))
def recover(data: Data = None, as_json: Json = False) -> None:
    settings = session.settings(data)
    _require_store(settings)
    words = {"intakes": _("Looking through intakes"), "originals": _("Looking through originals")}
    with session.ledger(settings, make=True, anew=True) as ledger:
        with ledger.read() as tx:
            if store_mark.is_new(tx):
                _require_history(settings)
        objects = wiring.objects_of(settings, ledger, settle=True)
        with bar(_("objects/s"), quiet=as_json) as shown:
            found = recover_all(ledger, objects, lambda kind, done: shown.show(words[kind], done, None))
    if as_json:
        session.print_json(shapes.recovery(found))
    else:
        results.recovered(shapes.recovery(found))
    if found.damaged:
        raise typer.Exit(DAMAGED)


def _require_store(settings: Settings) -> None:
    """A ledger may be missing here, objects may not: a mistyped path is to look like nothing else."""
    if settings.objects.store == "folder" and not settings.objects_folder.is_dir():
        raise NoObjects(place=wiring.objects_place(settings))
    if not wiring.has_ledger(settings):
        _require_history(settings)


def _require_history(settings: Settings) -> None:
    if not store_mark.holds_history(wiring.open_objects(settings)):
        raise NoObjects(place=wiring.objects_place(settings))
