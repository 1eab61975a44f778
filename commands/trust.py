"""Commands for whoever has to vouch for it: is everything there, and as it was recorded?"""

from __future__ import annotations

from typing import Annotated

import typer

from config import wiring
from config.scratch import scratch
from config.words import _
from errors import N_, BadSetting, WrongUse
from pipeline import indexing, sealing
from reports import checking, results, session, shapes, trust
from reports import doctor as doctor_report
from reports.options import Data, Json
from reports.progress import bar
from storage.ledger import seals

DIFFERS, PART_MISSING = 1, 3

app = typer.Typer()
index_app = typer.Typer(help=_("The search index."), no_args_is_help=True)
app.add_typer(index_app, name="index")


SHARE = typer.Option(
    "--sample",
    min=0.0001,
    max=100,
    metavar="PERCENT",
    help=_("Read only this share of the objects, chosen by the hash of their keys and a seed."),
)
SEED = typer.Option(
    "--seed", metavar="WORD", help=_("Choose the sample an earlier verification had, by its seed.")
)
PDFA = typer.Option(
    "--pdfa", help=_("Also have each product validated as PDF/A-2b, by veraPDF, which has to be installed.")
)
DISOWNED = typer.Option(
    "--disown",
    metavar="HASH",
    help=_("Say that this seal in the store, or 'all', is rightly not in the ledger: after a restore."),
)
HASH = typer.Option(
    "--seal", metavar="HASH", help=_("Check the seals alone, and that one noted earlier is among them.")
)


@app.command(help=_("Prove that nothing is lost or changed. Reads all objects, counts pages, checks seals."))
def verify(
    sample: Annotated[float | None, SHARE] = None,
    seed: Annotated[str | None, SEED] = None,
    go_on: Annotated[bool, typer.Option("--resume", help=_("Go on with one that was interrupted."))] = False,
    pdfa: Annotated[bool, PDFA] = False,
    noted: Annotated[str | None, HASH] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    choice = checking.Choice(sample, seed, go_on, pdfa)
    if noted is not None and choice != checking.Choice():
        raise WrongUse(detail=N_("--seal reads no objects: it goes with no other option."))
    settings = session.settings(data)
    # What is validated is personal data, where the store is no folder also on its way there.
    with session.ledger(settings) as ledger, scratch(settings.data / "tmp"):
        objects = wiring.objects_of(settings, ledger)
        if noted is None:
            shape = checking.verify(ledger, objects, choice, quiet=as_json)
        else:
            shape = checking.check_seal(ledger, objects, noted, quiet=as_json)
    if as_json:
        session.print_json(shape)
    elif noted is None:
        trust.verification(shape)
    else:
        trust.seal_checked(shape)
    if not shape["ok"]:
        raise typer.Exit(DIFFERS)


@app.command("seal", help=_("Seal all that was recorded. A change of what is sealed never stays unnoticed."))
def make_seal(
    only_list: Annotated[bool, typer.Option("--list", help=_("List the seals instead."))] = False,
    disowned: Annotated[str | None, DISOWNED] = None,
    note: Annotated[str, typer.Option("--note", help=_("Why it is all right; kept for ever."))] = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    if bool(note.strip()) != (disowned is not None) or (only_list and disowned is not None):
        raise WrongUse(detail=N_("--disown and --note go together, and with nothing else."))
    settings = session.settings(data)
    with session.ledger(settings) as ledger:
        objects = wiring.objects_of(settings, ledger)
        if disowned is not None:
            name = None if disowned == "all" else checking.hash_of(disowned)
            trust.disowned(len(sealing.disown(ledger, objects, name, note)))
        if only_list:
            with ledger.read() as tx:
                made = [row.seal for row in seals.all_seals(tx)]
        else:
            made = sealing.seal(ledger, objects)
    rows = [shapes.seal(one) for one in made]
    if as_json:
        session.print_json(rows)
    elif only_list:
        trust.seals(rows)
    else:
        trust.sealed(rows)


@index_app.command("rebuild", help=_("Build the search index anew from ledger and objects."))
def index_rebuild(data: Data = None) -> None:
    settings = session.settings(data)
    wiring.require_folder(settings)
    if not settings.index.here:
        raise BadSetting(name="index.here", detail=N_("it is false: this machine keeps no search index"))
    with wiring.open_context(settings) as ctx, bar(_("documents/s")) as shown:
        indexing.rebuild(
            ctx, wiring.index_folder(settings), lambda done, total: shown.show(_("Indexing"), done, total)
        )


@app.command(
    help=_("Check whether every part is there. Versions, languages, stores; what mends what is missing.")
)
def doctor(
    read_only: Annotated[
        bool,
        typer.Option("--read-only", help=_("Do not try to write, as for a health check every minute.")),
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    checks = doctor_report.examine(session.settings(data), writing=not read_only)
    if as_json:
        session.print_json(doctor_report.shape(checks))
    else:
        results.doctor(doctor_report.shape(checks))
    if not all(check.ok for check in checks):
        raise typer.Exit(PART_MISSING)
