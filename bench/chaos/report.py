"""What a trial came to: tables for people and for docs/reliability.md, JSON for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from bench.chaos.trial import Reference, Verdict

BEGIN, END = "<!-- figures: script/chaos --write -->", "<!-- end of figures -->"


@dataclass(frozen=True, slots=True)
class Report:
    """All there is to say about one call of ``script/chaos``."""

    seed: int
    pages: int
    left_out: tuple[str, ...]
    reference: Reference
    verdicts: tuple[Verdict, ...]

    @property
    def ok(self) -> bool:
        """Whether there is nothing to complain of."""
        return not self.reference.breaches and all(not verdict.breaches for verdict in self.verdicts)

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "ok": self.ok,
            "seed": self.seed,
            "pages": self.pages,
            "machine": _machine(),
            "left_out": list(self.left_out),
            "undisturbed": {
                "seconds": round(self.reference.seconds, 1),
                "breaches": list(self.reference.breaches),
            },
            "trials": [asdict(verdict) for verdict in self.verdicts],
        }

    def as_text(self) -> str:
        """For people, and as it stands in the docs."""
        return "\n".join([*self._summary(), "", *self._by_kind(), "", *self._verdict()])

    def _summary(self) -> Iterator[str]:
        yield f"Seed {self.seed}, {self.pages} pages, on {_machine()}."
        yield f"Undisturbed, with two workers: {self.reference.seconds:.0f} s."
        yield from (f"Left out: {one}." for one in self.left_out)
        yield ""
        rows = [
            (
                verdict.ledger,
                str(len(verdict.faults)),
                f"{verdict.seconds:.0f}",
                str(verdict.pages.get("received", 0)),
                str(verdict.restarts),
                f"{verdict.samples} ({verdict.unanswered})",
                str(verdict.most_scratch),
                str(len(verdict.breaches)),
            )
            for verdict in self.verdicts
        ]
        head = ("ledger", "faults", "seconds", "pages", "restarts of a parent", "looks (unanswered)")
        yield from _table((*head, "most temporary files", "breaches"), rows)

    def _by_kind(self) -> Iterator[str]:
        """What each kind of fault costs: how long no page came further."""
        everything = [fault for verdict in self.verdicts for fault in verdict.faults]
        rows = []
        for kind in sorted({fault.kind for fault in everything}):
            own = [fault for fault in everything if fault.kind == kind]
            waits = [fault.waited for fault in own if fault.waited is not None] or [0.0]
            away = [fault.seconds for fault in own]
            rows.append(
                (kind, str(len(own)), f"{median(away):.1f}", f"{median(waits):.1f}", f"{max(waits):.1f}")
            )
        head = ("fault", "times", "away, median s", "no page came further for, median s", "longest s")
        yield from _table(head, rows)

    def _verdict(self) -> Iterator[str]:
        if self.ok:
            yield (
                "No page lost, none doubled; every product byte for byte that of the undisturbed run, the\n"
                "same quarantine and alarms, `akten verify` clean, no process or temporary file left behind."
            )
        for breach in self.reference.breaches:
            yield f"- undisturbed: {breach}"
        for verdict in self.verdicts:
            yield from (f"- {verdict.ledger}: {breach}" for breach in verdict.breaches)

    def write(self, path: Path) -> None:
        """Put the figures into a document, between the two marks."""
        text = path.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2]
        path.write_text(f"{before}{BEGIN}\n{self.as_text()}\n{END}{after}", encoding="utf-8")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"


def _machine() -> str:
    memory = psutil.virtual_memory().total / 1e9
    system, python = platform.release().partition("-")[0], platform.python_version()
    return f"{os.cpu_count()} cores, {memory:.0f} GB, Linux {system}, Python {python}"
