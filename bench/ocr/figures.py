"""What was measured, as records kept in a JSON file, so that a report can be written from several calls."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import record
from bench.machine import version
from bench.metrics import Score, Summary, summary
from bench.programs import PEERS


@dataclass(frozen=True, slots=True)
class Measured:
    """One contestant on one set: ``cpu`` and ``clock`` seconds of each run, bytes of the product.

    ``scores`` holds one score a page, by the way the text was taken.
    """

    contestant: str
    command: str
    cpu: list[float]
    clock: list[float]
    size: int
    scores: dict[str, list[Score]]

    def best(self, ways: Sequence[str] = ("pdf", "pdf raw")) -> Summary:
        """The better, by character error, of the ways the text was taken."""
        return min((summary(self.scores[way]) for way in ways if way in self.scores), key=lambda one: one.cer)


@dataclass(frozen=True, slots=True)
class SetFigures:
    """A set, and everybody on it in one go; ``source`` is the commit and day of the measurement."""

    name: str
    about: str
    language: str
    pages: int
    drawn: bool
    source: str
    measured: list[Measured]

    def of(self, contestant: str) -> Measured:
        """The figures of a contestant; raises ``StopIteration`` if it did not take part."""
        return next(one for one in self.measured if one.contestant == contestant)

    def has(self, contestant: str) -> bool:
        """Whether it took part."""
        return any(one.contestant == contestant for one in self.measured)

    def cpu(self, contestant: str) -> float:
        """Processor seconds a page, the median of all runs."""
        return median(self.of(contestant).cpu) / self.pages


@dataclass(frozen=True, slots=True)
class Environments:
    """A peer with the environment as it is and with one thread a process: processor seconds a page."""

    contestant: str
    pages: int
    as_it_is: float
    one_thread: float

    @property
    def is_one_thread_better(self) -> bool:
        """Whether limiting threads makes it cheaper."""
        return self.one_thread < self.as_it_is


@dataclass(frozen=True, slots=True)
class Start:
    """What the first page costs beyond any other: processor seconds of a run of one page and of all."""

    contestant: str
    one: float
    all: float
    pages: int

    @property
    def another(self) -> float:
        """What another page costs."""
        return (self.all - self.one) / (self.pages - 1)

    @property
    def fixed(self) -> float:
        """What starting and ending costs, whatever the number of pages."""
        return self.one - self.another


@dataclass(frozen=True, slots=True)
class Memory:
    """The most memory (PSS, megabytes) of a worker with all it starts, and of the command's own process."""

    what: str
    pages: int
    worker: float
    parent: float
    source: str


@dataclass(slots=True)
class Figures:
    """All that is known; what is measured again replaces what was."""

    machine: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    sets: dict[str, SetFigures] = field(default_factory=dict)
    environments: list[Environments] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    memory: dict[str, Memory] = field(default_factory=dict)


def load(path: Path) -> Figures:
    """The figures kept at ``path``; none where there is no file."""
    return record.load(Figures, path)


def save(figures: Figures, path: Path) -> None:
    """Keep the figures, with this machine and the versions at work."""
    record.save(figures, path, versions())


def versions() -> dict[str, str]:
    """The versions of what decides the figures."""
    return {
        "Tesseract": version("tesseract", "--version").removeprefix("tesseract "),
        "OCRmyPDF": version(str(PEERS / "ocrmypdf"), "--version"),
        "unpaper": version("unpaper", "--version"),
        "Python": platform.python_version(),
    }
