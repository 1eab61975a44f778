"""What was measured of searches, kept in a JSON file."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from bench import record


@dataclass(slots=True)
class Tally:
    """Words asked for, each once a page it stands on.

    ``found``: their page was among the hits; ``unread`` of them could not be, for nothing like them was read.
    ``shown`` hits within the first ten, ``right`` of which had the word. ``purity`` sums, over the words with
    any hit (``answered``), the share of right ones within the first ten.
    """

    asked: int = 0
    found: int = 0
    unread: int = 0
    shown: int = 0
    right: int = 0
    answered: int = 0
    purity: float = 0.0

    def add(self, *, found: bool, unread: bool, right: int, shown: int) -> None:
        """Count a word."""
        self.asked += 1
        self.found += found
        self.unread += unread
        self.shown += shown
        self.right += right
        self.answered += bool(shown)
        self.purity += right / shown if shown else 0.0

    @property
    def recall(self) -> float:
        """The share of words whose page was found."""
        return self.found / max(self.asked, 1)

    @property
    def recall_of_read(self) -> float:
        """The same without those of which nothing was read."""
        return self.found / max(self.asked - self.unread, 1)

    @property
    def precision(self) -> float:
        """The mean share of right hits within the first ten."""
        return self.purity / max(self.answered, 1)


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    whole = Tally()
    for one in tallies:
        whole = Tally(
            whole.asked + one.asked,
            whole.found + one.found,
            whole.unread + one.unread,
            whole.shown + one.shown,
            whole.right + one.right,
            whole.answered + one.answered,
            whole.purity + one.purity,
        )
    return whole


@dataclass(slots=True)
class Matching:
    """Recall and precision: tallies by way and set, level, kind of word; ``pages`` a set, a level.

    ``distinct`` is the precision of each way where each word counts once, on however many pages it stands.
    """

    source: str = ""
    sets: dict[str, dict[str, Tally]] = field(default_factory=dict)
    levels: dict[str, dict[str, Tally]] = field(default_factory=dict)
    kinds: dict[str, dict[str, Tally]] = field(default_factory=dict)
    distinct: dict[str, float] = field(default_factory=dict)
    pages: dict[str, int] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    missed: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Times:
    """CPU milliseconds of queries: the median, what 95 of 100 take at most, the most."""

    p50: float = 0.0
    p95: float = 0.0
    most: float = 0.0

    @classmethod
    def of(cls, spent: Iterable[float]) -> Times:
        """Those of queries that took ``spent``."""
        ranked = sorted(spent)
        return cls(ranked[len(ranked) // 2], ranked[int(0.95 * (len(ranked) - 1))], ranked[-1])


@dataclass(slots=True)
class Size:
    """An index of ``pages``: CPU ms to add a page, bytes, words in its lexicon; a query process's most MB.

    ``times`` by way: "exact" and "tolerant" (the first ten pages), "whole" (with snippets, facets, boxes,
    suggestion). ``kinds``: those of tolerant queries by kind.
    """

    pages: int = 0
    ms_a_page: float = 0.0
    stored: int = 0
    words: int = 0
    mb: float = 0.0
    times: dict[str, Times] = field(default_factory=dict)
    kinds: dict[str, Times] = field(default_factory=dict)


@dataclass(slots=True)
class Scale:
    """What searching costs by the size of the index."""

    source: str = ""
    sizes: list[Size] = field(default_factory=list)


@dataclass(slots=True)
class Figures:
    """All that is known; what is measured again replaces what was."""

    machine: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    matching: Matching = field(default_factory=Matching)
    scale: Scale = field(default_factory=Scale)


def load(path: Path) -> Figures:
    """The figures kept at ``path``; none where there is no file."""
    return record.load(Figures, path)


def save(figures: Figures, path: Path) -> None:
    """Keep the figures, with this machine and the versions at work."""
    record.save(figures, path, {"tantivy": version("tantivy"), "Python": platform.python_version()})
