"""Commands for whoever has to vouch for it: is everything there, and as it was recorded?"""

from __future__ import annotations

import typer

from config import wiring
from config.words import _
from pipeline.flow import rebuild_index
from pipeline.verify import objects_to_check
from pipeline.verify import verify as verify_all
from reports import doctor as doctor_report
from reports import results, session, shapes
from reports.options import Data, Json
from reports.progress import bar

DIFFERS, PART_MISSING = 1, 3

app = typer.Typer()
index_app = typer.Typer(help=_("The search index."), no_args_is_help=True)
app.add_typer(index_app, name="index")


@app.command(
    help=_("Prove that nothing is lost or changed. Reads all objects, compares hashes, counts pages.")
)
def verify(data: Data = None, as_json: Json = False) -> None:
    settings = session.settings(data)
    with session.ledger(settings) as ledger, bar(_("objects/s"), quiet=as_json) as shown:
        total = objects_to_check(ledger)
        found = verify_all(
            ledger, wiring.open_objects(settings), lambda done: shown.show(_("Verifying"), done, total)
        )
    if as_json:
        session.print_json(shapes.verification(found))
    else:
        results.verification(shapes.verification(found))
    if not found.ok:
        raise typer.Exit(DIFFERS)


@index_app.command("rebuild", help=_("Build the search index anew from ledger and objects."))
def index_rebuild(data: Data = None) -> None:
    settings = session.settings(data)
    wiring.require_folder(settings)
    with wiring.open_context(settings) as ctx, bar(_("documents/s")) as shown:
        wiring.discard_index(settings)
        with wiring.open_index(settings) as index:
            rebuild_index(ctx, index, lambda done, total: shown.show(_("Indexing"), done, total))


@app.command(
    help=_("Check whether every part is there. Versions, languages, stores; what mends what is missing.")
)
def doctor(data: Data = None, as_json: Json = False) -> None:
    checks = doctor_report.examine(session.settings(data))
    if as_json:
        session.print_json(doctor_report.shape(checks))
    else:
        results.doctor(doctor_report.shape(checks))
    if not all(check.ok for check in checks):
        raise typer.Exit(PART_MISSING)
