"""How things are printed for people: sentences and tables that fit the width there is.

Results go to standard output, remarks and errors to standard error. Colours are rich's: on terminals only,
and not where NO_COLOR is set. What is piped on has its sentences unbroken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.words import _, say
from errors import N_, AktenError, Param
from reports import process

_LONGEST_NAME = 300


class _Output(Console):
    def on_broken_pipe(self) -> None:
        process.reader_left()


out = _Output(highlight=False)
err = Console(stderr=True, highlight=False)
_NARROWEST = 30


def plain(text: str) -> None:
    """A line that is to be read or copied as it is."""
    out.print(Text(text), soft_wrap=True)


def line(text: str | Text, indent: int = 0, *, first: str = "", to: Console | None = None) -> None:
    """A sentence, broken between words on a terminal. ``first`` stands before it, other lines below it."""
    console = to or out
    words = Text(text) if isinstance(text, str) else text
    width = max(console.width - indent - len(first), _NARROWEST)
    for part in words.wrap(console, width) if console.is_terminal else [words]:
        part.rstrip()
        console.print(Text(" " * indent).append(first, style=words.style).append_text(part), soft_wrap=True)
        first = " " * len(first)


def note(template: str, **params: Param) -> None:
    """A remark beside the result, on standard error."""
    line(say(template, params), to=err)


def way_out(text: str, indent: int = 0, *, to: Console | None = None) -> None:
    """What the user can do about what stands above it."""
    if text:
        line(Text(text, style="dim"), indent, first="→ ", to=to)


def command(text: str, indent: int = 0, *, to: Console | None = None) -> None:
    """A way out that is a command to be copied: it is never broken into lines."""
    (to or out).print(Text(" " * indent + "→ " + text, style="dim"), soft_wrap=True)


def next_step(template: str, **params: Param) -> None:
    """What usually comes after this command, on standard error; on a terminal set apart from the result."""
    if err.is_terminal:
        err.print()
    way_out(say(template, params), to=err)


def error(problem: AktenError) -> None:
    """An error in plain words, with the way out."""
    params = {name: _brief(value) for name, value in problem.params.items()}
    with suppress(OSError):  # the terminal itself may be gone
        line(Text(say(problem.message, params), style="bold red"), to=err)
        way_out(say(problem.hint, params), to=err)


def _brief(value: Param) -> Param:
    too_long = isinstance(value, str) and len(value) > _LONGEST_NAME
    return f"{str(value)[:_LONGEST_NAME]}…" if too_long else value


def table(*headers: str, right: Sequence[int] = (), whole: Sequence[int] = ()) -> Table:
    """An empty table. Columns count from 0; those ``right`` hold numbers, those ``whole`` stay unbroken."""
    made = Table(*headers, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for place, column in enumerate(made.columns):
        column.justify = "right" if place in right else "left"
        column.no_wrap = place in right or place in whole
        column.overflow = "fold"
    return made


def more(count: int, most: int | None, command: str) -> None:
    """Below the first rows of many: how many there are, and the command that shows them."""
    if most is not None and count > most:
        line(say(N_("… and {count} more: '{command}'"), {"count": count - most, "command": command}))


def mark(text: str, marks: Sequence[tuple[int, int]], similar: Sequence[tuple[int, int]] = ()) -> Text:
    """A text with places marked: by style on a terminal, by »…« where there is none.

    Those of them that are only ``similar`` to what was looked for have a sign of their own, not a colour.
    """
    marked, end = Text(), 0
    before, after = ("", "") if out.color_system else ("»", "«")
    for start, stop in marks:
        sign, style = ("≈", "bold underline") if (start, stop) in similar else ("", "bold reverse")
        marked.append(text[end:start]).append(f"{before}{sign}{text[start:stop]}{after}", style=style)
        end = stop
    return marked.append(text[end:])


def heading(template: str, params: Mapping[str, Param] | None = None) -> None:
    """A line that stands above what it names."""
    line(Text(say(template, params or {}), style="bold"))


def state(name: str) -> str:
    """What a document's or page's state is called."""
    names = {
        "waiting": _("waiting"),
        "working": _("in work"),
        "recognised": _("in work"),
        "stored": _("stored"),
        "empty": _("empty"),
        "blank": _("blank"),
        "separator": _("cover or separator sheet"),
        "failed": _("in quarantine"),
        "quarantined": _("in quarantine"),
    }
    return names.get(name, name)
