"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.words import _


def path_of(text: str) -> Path:
    """A path; an empty one is a shell variable without value, and never means the current folder."""
    if not text:
        raise typer.BadParameter(_("the path is empty"))
    return Path(text)


Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        parser=path_of,
        metavar="DIR",
        help=_("The data folder (else AKTEN_DATA, else ./akten-data)."),
    ),
]
Output = Annotated[
    Path, typer.Option("-o", "--output", parser=path_of, metavar="FILE", help=_("The PDF to write."))
]
Json = Annotated[bool, typer.Option("--json", help=_("Print JSON for programs."))]
FileNumber = Annotated[str | None, typer.Option("--file-number", help=_("Only this case file."))]
SCANS = typer.Argument(
    parser=path_of, metavar="PATH...", help=_("Files or folders with scans."), show_default=False
)
Paths = Annotated[list[Path], SCANS]
Urgent = Annotated[
    bool,
    typer.Option(
        "--urgent", help=_("Before all that waits, also if it was taken in before: somebody needs it now.")
    ),
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, max=256, help=_("Worker processes (default: one a core)."))
]
Volume = Annotated[int | None, typer.Option("--volume", min=1, help=_("Only this volume."))]
