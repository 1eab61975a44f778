"""The live progress bar: what is being done, how far, how fast, how much longer."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from config.words import _, decimal

_PLAIN_SECONDS = 10.0
#: Columns for a bar, and for all that stands beside it when the numbers are large.
_NARROWEST_BAR, _WIDEST_BAR, _BESIDE_BAR = 8, 40, 68


class _Rate(ProgressColumn):
    """Pieces a second over the last half minute."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{decimal(speed, '0.0')} {self._unit}" if speed else f"- {self._unit}", style="cyan")


class Bar:
    """A bar on the terminal; where there is none, at most a line every ten seconds."""

    def __init__(self, console: Console, unit: str) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=max(_NARROWEST_BAR, min(console.width - _BESIDE_BAR, _WIDEST_BAR))),
            MofNCompleteColumn(),
            _Rate(unit),
            TimeRemainingColumn(),
            TextColumn(_("left")),
            console=console,
            disable=not console.is_terminal,
            speed_estimate_period=30,
        )
        self._task = self._progress.add_task("", total=None)
        self._next_line, self._last_line = time.monotonic() + _PLAIN_SECONDS, ""

    def show(self, what: str, done: int, total: int | None) -> None:
        """Say what is being done and how far it is."""
        self._progress.update(self._task, description=what, completed=done, total=total)
        if not self._console.is_terminal and time.monotonic() > self._next_line:
            told = f"{what}: {done}/{total if total is not None else '?'}"
            if told != self._last_line:
                self._console.print(told)
                self._next_line, self._last_line = time.monotonic() + _PLAIN_SECONDS, told

    def start_over(self) -> None:
        """Begin a new stretch: speed and remaining time are measured anew."""
        self._progress.reset(self._task)

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._progress.stop()


@contextmanager
def bar(unit: str, *, quiet: bool = False) -> Iterator[Bar]:
    """A bar on standard error, so that it never mixes with what is printed."""
    console = Console(file=sys.stderr, quiet=quiet)
    with Bar(console, unit) as shown:
        yield shown
