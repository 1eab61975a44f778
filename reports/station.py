"""A scan station: a hot folder is looked after beside the work, and what becomes of a delivery is said."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config import wiring
from config.settings import Settings
from config.words import _, say
from errors import N_, describe
from pipeline.alarms import ALARMS
from pipeline.intake.delivery import printable
from pipeline.intake.hot_folder import HotFolder, Notice, Office
from pipeline.intake.release import Problem
from pipeline.intake.take_in import Intake
from reports import session, terminal

#: A delivery so called goes before all that waits, as with ``--urgent``.
_URGENT = frozenset({"eilt", "urgent"})
#: Fields of a notice that say whom a delivery is about: never in a log.
_NAMES = frozenset({"inner", "name", "path"})


@contextmanager
def watching(
    chosen: Settings,
    folder: Path,
    on_file: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    urgent: bool,
) -> Iterator[Callable[[], None]]:
    """Look after a hot folder in a thread of its own, for taking in may take longer than work can wait.

    ``urgent`` makes all deliveries urgent. Gives a function that raises what went wrong there. At the
    end the file at hand is finished.
    """
    own = (chosen.data, chosen.objects_folder)
    with session.ledger(chosen, make=True) as ledger:
        objects = wiring.objects_of(chosen, ledger, settle=True, patient=True)

        def take(path: Path, on_file: Callable[[int, int], None]) -> Intake:
            before_all = urgent or path.name.casefold() in _URGENT
            return session.taken(chosen, ledger, objects, [path], on_file, urgent=before_all)

        office = Office(ledger, objects, take, explain, _notify, on_file)
        with HotFolder(folder, office, chosen.watch.settle_seconds, own) as hot:
            told = N_(
                "Watching {folder}: what is dropped there ends in its done/ or failed/. Ctrl-C stops it."
            )
            terminal.note(told, folder=printable(str(folder)))
            watcher = _Watcher(hot)
            watcher.start()
            try:
                yield watcher.check
            finally:
                hot.stop()
                watcher.join()
    watcher.check()


class _Watcher(threading.Thread):
    def __init__(self, hot: HotFolder) -> None:
        super().__init__(name="hot-folder", daemon=True)
        self._hot = hot
        self._problem: BaseException | None = None

    def run(self) -> None:
        try:
            self._hot.run()
        except BaseException as problem:  # raised again in the main thread
            self._problem = problem

    def check(self) -> None:
        """Raise what ended the thread."""
        if self._problem is not None:
            raise self._problem


def explain(problems: Sequence[Problem]) -> str:
    """The words beside a delivery that failed: file by file why, and the way out."""
    lines = [_("What was not stored of this delivery, why, and what to do:")]
    for problem in problems:
        known = ALARMS.get(problem.code) or describe(problem.code)
        where = problem.name
        if problem.page is not None:
            where += " · " + say(N_("page {page}"), {"page": problem.page})
        lines += ["", f"{where} · {problem.id}" if problem.id else where]
        lines.append("    " + say(known.message, problem.params))
        if known.hint:
            lines.append("    → " + say(known.hint, problem.params))
    lines += ["", _("Whatever else was in it is stored. Put what is mended into the hot folder again.")]
    return "\n".join(lines) + "\n"


def _notify(notice: Notice) -> None:
    """A line on standard error; where that is no terminal it is a log, and the delivery has a number."""
    params, name = dict(notice.params), notice.name
    if not terminal.err.is_terminal:
        params |= dict.fromkeys(_NAMES & params.keys(), "…")
        name = name and say(N_("inode {inode}"), {"inode": notice.inode})
    told = say(notice.message, params)
    terminal.line(f"{name}: {told}" if name else told, to=terminal.err)
