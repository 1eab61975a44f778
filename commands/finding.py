"""Commands for whoever looks for something."""

from __future__ import annotations

from typing import Annotated

import typer

from config.words import _
from errors import N_, NotFound, WrongUse
from reports import found, session, shapes
from reports.options import Data, Json
from storage.search.access import MOST_CONFIDENTIAL
from storage.search.index import Reader, Sort

#: Pages of a case file that are shown on a terminal.
_PER_FILE = 3

app = typer.Typer()

FILE = typer.Option("--file-number", "--file", help=_("Only this case file."))
SORT = typer.Option(
    "--sort",
    help=_("The best match first, or by the document's date."),
    show_choices=True,
    case_sensitive=False,
)
PER_FILE = typer.Option(
    "--per-file",
    min=0,
    max=1000,
    metavar="N",
    help=_("Most pages of a case file (terminal: 3). --limit then counts case files; 0: page by page."),
    show_default=False,
)
GROUP = typer.Option(
    "--as-group", metavar="GROUP", help=_("Ask as a member of this group would; may be repeated.")
)
CLEARANCE = typer.Option(
    "--clearance",
    min=0,
    max=MOST_CONFIDENTIAL,
    metavar="N",
    help=_("Ask as somebody who may see up to this confidentiality (0 to 9)."),
)


@app.command(
    help=_('Search all pages. Words (all), "phrases", -not, OR, prefix*, typ:Duldung, datum:2014..2016.')
)
def search(
    query: Annotated[str, typer.Argument(help=_("What to look for."))],
    file_number: Annotated[str | None, FILE] = None,
    kind: Annotated[str | None, typer.Option("--type", help=_("Only this document type."))] = None,
    sort: Annotated[Sort, SORT] = Sort.RELEVANCE,
    per_file: Annotated[int | None, PER_FILE] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help=_("Most case files or pages."))] = 10,
    offset: Annotated[int, typer.Option("--offset", min=0, help=_("So many of them are passed over."))] = 0,
    groups: Annotated[list[str] | None, GROUP] = None,
    clearance: Annotated[int | None, CLEARANCE] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    settings = session.settings(data)
    names = session.type_names(settings)
    if kind is not None and kind not in names.values():
        raise NotFound(name=kind)
    is_grouped = per_file is None and not as_json and file_number is None
    with session.index(settings) as index:
        answer = index.search(
            query,
            names,
            file_number=file_number,
            type=kind,
            limit=limit,
            offset=offset,
            per_file=_PER_FILE if is_grouped else per_file or None,
            sort=sort,
            reader=_reader(groups, clearance),
        )
    if as_json:
        session.print_json(shapes.answer(answer))
        return
    asked = found.Question(
        query, file_number, kind, sort, limit, offset, per_file, tuple(groups or ()), clearance
    )
    found.answer(answer, asked, session.labels(settings))


def _reader(groups: list[str] | None, clearance: int | None) -> Reader | None:
    if not groups and clearance is None:
        return None
    if not all(group.strip() for group in groups or ()):
        raise WrongUse(detail=N_("Say which group: --as-group NAME."))
    return Reader(frozenset(group.strip() for group in groups or ()), clearance or 0)
