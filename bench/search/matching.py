"""Asks for every word of every page in every way, and counts what comes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from bench.machine import source
from bench.search.figures import Matching, Tally
from bench.search.readings import Reading
from bench.search.truths import LEVELS, Truth, truth_of
from bench.search.ways import OURS, ways

#: By set, by level, by kind of word.
Tallies = tuple[defaultdict[str, Tally], defaultdict[str, Tally], defaultdict[str, Tally]]
_FIRST = 10
_EXAMPLES = 3000

LEVEL_NAMES = (
    *(f"{100 * least:g} to {100 * most:g} %" for least, most in zip((0, *LEVELS), LEVELS[:-1], strict=False)),
    f"above {100 * LEVELS[-2]:g} %",
)
_MOST_LETTERS = (3, 6, 9)
KINDS = ("numbers", "2 and 3 letters", "4 to 6", "7 to 9", "10 and more")


def measure(pages: Mapping[str, Reading], folder: Path, tell: Callable[[str], None]) -> Matching:
    """Index ``pages`` below ``folder`` and ask for every word that truly stands on them."""
    truths = {key: truth_of(page, key) for key, page in pages.items()}
    asked: dict[str, tuple[str, list[Truth]]] = {}
    for truth in truths.values():
        for word, written in truth.words.items():
            asked.setdefault(word, (written, []))[1].append(truth)
    matching = Matching(source())
    for page in pages.values():
        matching.pages[page.set] = matching.pages.get(page.set, 0) + 1
    for truth in truths.values():
        name = LEVEL_NAMES[truth.level]
        matching.pages[name] = matching.pages.get(name, 0) + 1
    for name, way in ways(folder, pages).items():
        tallies: Tallies = (defaultdict(Tally), defaultdict(Tally), defaultdict(Tally))
        spent, purities = 0.0, []
        for word, (written, homes) in asked.items():
            begun = time.process_time()
            hits = way(written)
            spent += time.process_time() - begun
            purities += _count(word, hits, homes, truths, tallies)
            if name == OURS:
                _note(matching, word, hits, homes, truths)
        matching.sets[name], matching.levels[name], matching.kinds[name] = map(dict, tallies)
        matching.distinct[name] = fmean(purities) if purities else 0.0
        matching.cpu[name] = spent / max(len(asked), 1)
        tell(f"  {name}: {len(asked)} words asked, {1e3 * matching.cpu[name]:.2f} CPU ms each")
    return matching


def _count(
    word: str,
    hits: Sequence[str],
    homes: Sequence[Truth],
    truths: Mapping[str, Truth],
    tallies: Tallies,
) -> list[float]:
    """Count what was found for a word once for each page it stands on; its precision, if anything was."""
    first, every = hits[:_FIRST], set(hits)
    right = sum(truths[hit].has(word) for hit in first)
    for home in homes:
        found = home.page_id in every
        unread = not found and not home.was_read(word)
        names = (home.page_id.partition("/")[0], LEVEL_NAMES[home.level], kind_of(word))
        for by, name in zip(tallies, names, strict=True):
            by[name].add(found=found, unread=unread, right=right, shown=len(first))
    return [right / len(first)] if first else []


def kind_of(word: str) -> str:
    """Which kind of word it is: a number, or of how many letters."""
    if word.isdigit():
        return KINDS[0]
    return KINDS[1 + sum(len(word) > most for most in _MOST_LETTERS)]


def _note(
    matching: Matching, word: str, hits: Sequence[str], homes: Sequence[Truth], truths: Mapping[str, Truth]
) -> None:
    """Keep words whose page was missed, and pages shown that lack the word, to look at."""
    missed = [(word, home.page_id) for home in homes if home.page_id not in hits]
    wrong = [(word, hit) for hit in hits[:_FIRST] if not truths[hit].has(word)]
    matching.missed += missed[: _EXAMPLES - len(matching.missed)]
    matching.wrong += wrong[: _EXAMPLES - len(matching.wrong)]
