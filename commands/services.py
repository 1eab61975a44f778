"""Commands that keep running: what a scan station or a server starts and leaves alone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from config import wiring
from config.words import _
from errors import N_
from reports import metrics as numbers
from reports import session, station, terminal
from reports.options import Data, Urgent, Workers, path_of
from reports.progress import bar

_LOOK_SECONDS = 0.25

app = typer.Typer()


@app.command(help=_("Watch a folder and work on what is dropped there. Then it lies in done/ or failed/."))
def watch(
    folder: Annotated[
        Path, typer.Argument(parser=path_of, metavar="DIR", help=_("The hot folder."), show_default=False)
    ],
    workers: Workers = None,
    urgent: Urgent = False,
    no_work: Annotated[
        bool, typer.Option("--no-work", help=_("Only take in and move; 'akten work' runs elsewhere."))
    ] = False,
    data: Data = None,
) -> None:
    settings = session.settings(data)
    if not no_work:
        session.require_parts(settings)
        with session.foreman() as foreman, station.watching(settings, folder, urgent=urgent) as check:
            session.work(settings, foreman, workers, until_drained=False, quiet=False, meanwhile=check)
    with (
        bar(_("files/s")) as shown,
        station.watching(
            settings, folder, lambda done, total: shown.show(_("Taking in"), done, total), urgent=urgent
        ) as check,
    ):
        while True:
            check()
            time.sleep(_LOOK_SECONDS)


@app.command(help=_("Print how it goes in numbers for Prometheus. With --listen: answer its scrapes."))
def metrics(
    listen: Annotated[
        str | None,
        typer.Option("--listen", metavar="HOST:PORT", help=_("Serve them there until interrupted.")),
    ] = None,
    data: Data = None,
) -> None:
    settings = session.settings(data)
    wiring.require_folder(settings)
    if listen is None:
        terminal.plain(numbers.text(settings).rstrip("\n"))
    else:
        serving = numbers.serve(settings, listen)
        terminal.note(N_("Metrics are served at http://{address}/metrics"), address=listen)
        serving.join()
