"""The command ``akten``: parse, call, print. No logic.

The main job stands here, what else an administrator needs in ``commands``.
"""

# ruff: noqa: E402
from __future__ import annotations

import gc

gc.disable()  # nothing that is loaded becomes garbage, and looking for some takes a fifth of the start

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # NumPy would start threads, which spin, and are lost in workers

import logging
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from commands import finding, rescue, services, trust
from config import wiring
from config.words import _
from errors import N_, AktenError, WrongUse
from pipeline import corrections
from pipeline.alarms import settle as settle_alarms
from pipeline.intake.inventory import import_inventory
from pipeline.lookup import find_documents, note_key_of, the_document
from pipeline.reading import words_of
from pipeline.sheets import printing
from reports import health, process, results, session, shapes, terminal
from reports.options import SCANS, Data, FileNumber, Json, Output, Paths, Urgent, Volume, Workers, path_of
from storage.ledger import inventory as volumes
from storage.ledger import pages
from storage.streams import check_target

gc.enable()

QUARANTINED = 1

app = typer.Typer(
    name="akten",
    help=_("Digitise paper case files: scans in; searchable, stored, counted PDFs out."),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
inventory_app = typer.Typer(
    help=_("The inventory: which case files there are. It is the goal's denominator."), no_args_is_help=True
)
app.add_typer(inventory_app, name="inventory")
app.add_typer(finding.app)
app.add_typer(trust.app)
app.add_typer(rescue.app)
app.add_typer(services.app)


@app.callback(invoke_without_command=True)
def everything(
    context: typer.Context,
    data: Data = None,
    show_version: Annotated[bool, typer.Option("--version", help=_("Print the version."))] = False,
) -> None:
    """Take options that stand before the command."""
    if data is not None:
        os.environ["AKTEN_DATA"] = str(data.absolute())
    if show_version:
        terminal.plain(f"akten {version('aktenwerk')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        terminal.plain(context.get_help())


# --- inventory and sheets ----------------------------------------------------------------------------


@inventory_app.command("import", help=_("Take in an inventory list (CSV). A second import updates it."))
def inventory_import(
    path: Annotated[
        Path,
        typer.Argument(
            parser=path_of, metavar="CSV", help=_("CSV with file_number, volume, holder, box, remark, pages.")
        ),
    ],
    data: Data = None,
    as_json: Json = False,
) -> None:
    with session.ledger(session.settings(data), make=True) as ledger:
        result = import_inventory(ledger, path)
    if as_json:
        session.print_json(shapes.imported(result))
    else:
        results.imported(result)
    if result.faults:
        raise typer.Exit(QUARANTINED)


@inventory_app.command("list", help=_("List the inventory's volumes."))
def inventory_list(data: Data = None, as_json: Json = False) -> None:
    _list_volumes(data, as_json, missing_only=False)


@inventory_app.command("missing", help=_("List the volumes without a stored document."))
def inventory_missing(data: Data = None, as_json: Json = False) -> None:
    _list_volumes(data, as_json, missing_only=True)


def _list_volumes(data: Path | None, as_json: bool, *, missing_only: bool) -> None:
    with session.ledger(session.settings(data)) as ledger, ledger.read() as tx:
        rows = list(volumes.all_volumes(tx, missing_only=missing_only))
        if as_json:
            session.print_json([shapes.volume(row) for row in rows])
        else:
            results.volumes(rows)


@app.command(help=_("Print cover sheets as PDF. With --type or --separators: separator sheets."))
def sheets(
    output: Output,
    file_number: FileNumber = None,
    volume: Volume = None,
    missing: Annotated[
        bool, typer.Option("--missing", help=_("All volumes without a stored document."))
    ] = False,
    separators: Annotated[bool, typer.Option("--separators", help=_("Separator sheets instead."))] = False,
    kind: Annotated[list[str] | None, typer.Option("--type", help=_("Only these document types."))] = None,
    data: Data = None,
) -> None:
    settings = session.settings(data)
    if separators or kind:
        types = wiring.document_types(settings.document_types)
        count = printing.print_separators(types, kind or [], output)
    else:
        with session.ledger(settings) as ledger:
            chosen = printing.Choice(file_number, volume, missing)
            count = printing.print_covers(ledger, chosen, settings.authority, output)
    terminal.note(N_("Sheets written to {path}: {count}"), count=count, path=str(output))
    terminal.next_step(N_("Next: lay them into the paper, scan all, then 'akten run FOLDER'."))


# --- the main job ------------------------------------------------------------------------------------


@app.command(
    help=_("Take in scans, to be read later. Stores and registers the originals; 'akten run' does the rest.")
)
def ingest(paths: Paths, urgent: Urgent = False, data: Data = None, as_json: Json = False) -> None:
    settings = session.settings(data)
    with session.ledger(settings, make=True) as ledger:
        batch_id = session.take_in(settings, ledger, paths, quiet=as_json, urgent=urgent)
        batch = shapes.batch_counts(ledger, batch_id) if batch_id else {}
    if as_json:
        session.print_json({"batch": batch_id, **batch})
    elif batch:
        results.ingested(batch)
    if batch.get("failures") or batch.get("alarms"):
        raise typer.Exit(QUARANTINED)


@app.command(
    help=_("Work on what waits, until interrupted. Recognises, files, assembles, stores and indexes.")
)
def work(workers: Workers = None, data: Data = None) -> None:
    settings = session.settings(data)
    session.require_parts(settings)
    with session.foreman() as foreman:
        session.work(settings, foreman, workers, until_drained=False, quiet=False)


@app.command(
    help=_("Take in scans and work until all is done. Safe to interrupt and to repeat, even without paths.")
)
def run(
    paths: Annotated[list[Path] | None, SCANS] = None,
    urgent: Urgent = False,
    workers: Workers = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    started = time.monotonic()
    settings = session.settings(data)
    batch_id: str | None = None
    session.require_parts(settings)
    with session.foreman() as foreman, session.ledger(settings, make=bool(paths)) as ledger:
        if paths:
            batch_id = session.take_in(settings, ledger, paths, quiet=as_json, urgent=urgent)
        session.work(settings, foreman, workers, until_drained=True, quiet=as_json)
        whole = shapes.status(ledger)
        batch = shapes.batch_counts(ledger, batch_id) if batch_id else whole
        rows = session.all_documents(ledger, batch_id)
    if as_json:
        spent = session.spent(time.monotonic() - started)
        session.print_json({"batch": batch_id, **whole, "batch_counts": batch, **spent}, indent=None)
    else:
        results.documents(rows, some=True)
        terminal.line("")
        results.status(whole, batch if batch_id else None)
    if batch["failures"] or batch["alarms"]:
        raise typer.Exit(QUARANTINED)


@app.command(
    help=_("Show the goal and what is left. Pages and files by stage, failures with their reasons, alarms.")
)
def status(data: Data = None, as_json: Json = False) -> None:
    settings = session.settings(data)
    with session.ledger(settings) as ledger:
        shape = health.status(settings, ledger)
    if as_json:
        session.print_json(shape)
    else:
        results.status(shape)


@app.command(
    "documents", help=_("List all documents. There is one a volume, and those assigned to no case file.")
)
def list_documents(data: Data = None, as_json: Json = False) -> None:
    with session.ledger(session.settings(data)) as ledger:
        rows = session.all_documents(ledger)
    if as_json:
        session.print_json(rows)
    else:
        results.documents(rows)


@app.command(help=_("List what is in quarantine, why, and the way out."))
def failures(data: Data = None, as_json: Json = False) -> None:
    with session.ledger(session.settings(data)) as ledger, ledger.read() as tx:
        rows = shapes.failures(tx)
    if as_json:
        session.print_json(rows)
    else:
        results.quarantine(rows)


@app.command(help=_("List what does not add up. Volumes it holds up do not count as digitised."))
def alarms(data: Data = None, as_json: Json = False) -> None:
    with session.ledger(session.settings(data)) as ledger, ledger.read() as tx:
        rows = shapes.open_alarms(tx)
    if as_json:
        session.print_json(rows)
    else:
        results.open_alarms(rows)


@app.command(help=_("End alarms a person has looked at. The note says why it is all right."))
def settle(
    numbers: Annotated[list[int], typer.Argument(metavar="NUMBER...", help=_("From 'akten alarms'."))],
    note: Annotated[str, typer.Option("--note", help=_("Why it is all right; kept for ever."))],
    data: Data = None,
) -> None:
    with session.ledger(session.settings(data)) as ledger:
        count = settle_alarms(ledger, numbers, note)
    terminal.note(N_("Alarms settled: {count}"), count=count)


@app.command(help=_("Try again what failed or was kept as image. 'akten run' then does it."))
def retry(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            help=_("Ids of files, pages or documents, as 'akten failures' and 'akten alarms' name them."),
            show_default=False,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help=_("Everything in quarantine."))] = False,
    reason: Annotated[
        str | None,
        typer.Option("--reason", metavar="CODE", help=_("All with this code: unread, language_missing, ….")),
    ] = None,
    data: Data = None,
) -> None:
    if (bool(ids), everything, reason is not None).count(True) != 1:
        raise WrongUse(detail=N_("Name ids, or say --all or --reason."))
    with session.ledger(session.settings(data)) as ledger:
        if reason is not None:
            count = corrections.retry_for(ledger, reason)
        else:
            count = corrections.retry_all(ledger) if everything else corrections.retry(ledger, ids or [])
    terminal.note(N_("Put back: {count}. 'akten run' goes on with them."), count=count)


@app.command(help=_("Say by hand which volume a file belongs to. Or all files of an unassigned document."))
def assign(
    name: Annotated[
        str, typer.Argument(metavar="ID", help=_("The id of a file or of an unassigned document."))
    ],
    file_number: Annotated[str, typer.Argument(help=_("The case file it belongs to."))],
    volume: Annotated[int, typer.Option("--volume", min=1, max=999, help=_("The volume."))] = 1,
    data: Data = None,
) -> None:
    with session.ledger(session.settings(data)) as ledger:
        count = corrections.assign(ledger, name, file_number, volume)
    terminal.note(N_("Files assigned: {count}. 'akten run' makes the documents anew."), count=count)


# --- finding, looking, taking away -------------------------------------------------------------------


@app.command(help=_("Show a document page by page. With --json also its words and their boxes."))
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help=_("An id or a file number."))],
    volume: Volume = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    settings = session.settings(data)
    wiring.require_folder(settings)
    with wiring.open_context(settings) as ctx:
        with ctx.ledger.read() as tx:
            found = [(one, pages.of_document(tx, one.id)) for one in find_documents(tx, name, volume)]
        rows = [
            {**shapes.document(one), "pages": [shapes.page(page, words_of(ctx, page)) for page in content]}
            for one, content in found
        ]
    if as_json:
        session.print_json(rows[0] if len(rows) == 1 else rows)
    else:
        for row in rows:
            results.shown(row, session.labels(settings))


@app.command(
    help=_("Write a document's PDF to a file, or its transfer note. Hashes are compared on the way.")
)
def fetch(
    name: Annotated[str, typer.Argument(metavar="ID", help=_("An id or a file number."))],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", parser=path_of, metavar="FILE", help=_("The PDF to write.")),
    ] = None,
    note: Annotated[
        Path | None,
        typer.Option("--note", parser=path_of, metavar="FILE", help=_("The transfer note (JSON) to write.")),
    ] = None,
    volume: Volume = None,
    data: Data = None,
) -> None:
    if output is None and note is None:
        raise WrongUse(detail=N_("Say where to: -o FILE for the PDF, --note FILE for the transfer note."))
    settings = session.settings(data)
    with session.ledger(settings) as ledger, ledger.read() as tx:
        document = the_document(tx, name, volume)
    objects = wiring.open_objects(settings)
    for target in filter(None, (output, note)):
        check_target(target)
    if output is not None:
        objects.fetch(document.object_key or "", output, document.sha256)
        terminal.note(N_("Pages written to {path}: {pages}"), pages=document.page_count, path=str(output))
    if note is not None:
        key = note_key_of(document)
        objects.fetch(key, note, key.rpartition("/")[2])
        terminal.note(N_("Transfer note written to {path}"), path=str(note))


def main() -> None:
    """Run the command; every error becomes plain words and an exit code (docs/formats.md)."""
    process.prepare()
    try:
        with process.disk_errors():
            app()
    except AktenError as error:
        if not isinstance(error, WrongUse):
            logging.getLogger("aktenwerk").error("command.failed", extra={"code": error.code})
        terminal.error(error)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
