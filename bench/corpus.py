"""Feed every file below some folders through the real steps, one by one, and say what became of each.

    .venv/bin/python -m bench.corpus PATH... [--csv FILE]

Each file is a batch of its own in one data folder, worked on in a process of its own, as a worker does it.
What counts: every file ends stored or in quarantine with a reason, in time, in bounded memory, and no worker
is lost.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import cv2

from config import wiring
from config.settings import Settings, load_settings
from config.words import say
from errors import describe
from pipeline import flow
from pipeline.context import TIME_LIMITS, Context
from pipeline.intake.affiliation import Affiliation
from pipeline.intake.take_in import take_in
from pipeline.jobs import STEPS
from storage.ledger import alarms, counts, work

#: What lies beside the files of a collection and is none of them.
_NO_SCANS = {".csv", ".md", ".txt", ".xml", ".json"}
_KIBIBYTE = 1024


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a file.

    ``outcome``: stored (blank pages and sheets are), partly, quarantined, known (the same bytes as an earlier
    file), unfinished or lost. ``reasons`` are those of quarantine, and alarms by code. ``memory_mb`` is the
    largest process that took it apart or read it, what it shares with the worker included; ``slowest`` is the
    longest step in seconds, ``late`` if over its limit.
    """

    name: str
    outcome: str
    pages: int
    reasons: str
    seconds: float
    slowest: float
    memory_mb: int
    late: bool


def examine(settings: Settings, path: Path, name: str) -> Verdict:
    """Put one file through all steps, in a process that may be lost with it."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(reader)
            with os.fdopen(writer, "w") as out:
                json.dump(asdict(_worked(settings, path, name)), out)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as said:
        answer = said.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return (
        Verdict(**json.loads(answer)) if not status else Verdict(name, "lost", 0, str(status), 0, 0, 0, True)
    )


def _worked(settings: Settings, path: Path, name: str) -> Verdict:
    with wiring.open_context(settings, make=True) as ctx:
        begun = time.monotonic()
        intake = take_in(ctx.ledger, ctx.objects, [path], Affiliation())
        steps = list(_steps(ctx)) if intake.new else []
        seconds = time.monotonic() - begun
        with ctx.ledger.read() as tx:
            pages = counts.page_counts(tx, intake.batch_id)
            failures = counts.failures(tx, intake.batch_id)
            drained = not work.open_tasks(tx, 1)
            doubts = [alarm.code for alarm in alarms.open_alarms(tx, intake.batch_id)]
    reasons = doubts + [say(describe(one.reason).message, one.params) for one in failures]
    outcome = "stored" if not failures else "partly" if pages.received > pages.quarantined else "quarantined"
    return Verdict(
        name=name,
        outcome="known" if not intake.new else outcome if drained else "unfinished",
        pages=pages.received,
        reasons=" | ".join(f"{reason} ×{count}" for reason, count in Counter(reasons).items()),
        seconds=round(seconds, 2),
        slowest=round(max((spent for _, spent in steps), default=0.0), 2),
        memory_mb=round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _KIBIBYTE / 1e6),
        late=any(spent > TIME_LIMITS[step] for step, spent in steps),
    )


def _steps(ctx: Context) -> Iterator[tuple[work.Step, float]]:
    """Do what is due until nothing is; yields each step with its seconds."""
    while True:
        with ctx.ledger.read() as tx:
            tasks = work.open_tasks(tx, 1000)
        if not tasks:
            return
        for task in tasks:
            begun = time.monotonic()
            try:
                STEPS[task.step](ctx, task.id)
            except Exception as error:  # as the job shell does
                flow.give_back(ctx, task, error)
            yield task.step, time.monotonic() - begun


def scans_below(folder: Path) -> Iterator[Path]:
    """The files of a collection that could be delivered as scans, in order."""
    files = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    return (path for path in files if path.is_file() and path.suffix.lower() not in _NO_SCANS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line a file and a summary; 1 if a worker was lost, a file unfinished or late."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--csv", type=Path, help="write the lines as a table, too")
    given = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    os.environ["OMP_THREAD_LIMIT"] = "1"
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory() as data:
        settings = load_settings(Path(data))
        for root in given.paths:
            for path in scans_below(root):
                verdicts.append(examine(settings, path, str(path.relative_to(root.parent))))
                _print(verdicts[-1])
    if given.csv:
        with given.csv.open("w", newline="") as file:
            table = csv.DictWriter(file, [field.name for field in fields(Verdict)])
            table.writeheader()
            table.writerows(asdict(verdict) for verdict in verdicts)
    return _summary(verdicts)


def _print(one: Verdict) -> None:
    measured = f"{one.pages:5} p {one.seconds:8.1f} s {one.memory_mb:6} MB"
    print(f"{one.outcome:12}{measured}  {one.name}  {one.reasons}", flush=True)


def _summary(verdicts: list[Verdict]) -> int:
    bad = [one for one in verdicts if one.late or one.outcome in ("lost", "unfinished")]
    print("\nfiles:", len(verdicts), dict(Counter(one.outcome for one in verdicts)))
    print("pages:", sum(one.pages for one in verdicts))
    for title, of in (("slowest step", "slowest"), ("most memory", "memory_mb")):
        print(title, *(f"{getattr(one, of)} {one.name}" for one in _most(verdicts, of)), sep="\n    ")
    print("lost, unfinished or late:", len(bad), *(one.name for one in bad), sep="\n    ")
    return int(bool(bad))


def _most(verdicts: list[Verdict], of: str) -> list[Verdict]:
    return sorted(verdicts, key=lambda one: getattr(one, of), reverse=True)[:3]


if __name__ == "__main__":
    sys.exit(main())
