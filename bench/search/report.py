"""What the figures come to: tables for terminal and docs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.document import table
from bench.search.figures import Figures, Matching, Scale, Tally, Times, total
from bench.search.matching import KINDS, LEVEL_NAMES
from bench.search.truths import LEVELS
from bench.search.ways import EDIT, EXACT, OURS

MARK = "bench:search"
RECALL_GOAL, PRECISION_GOAL = 0.99, 0.95
_LEGIBLE_LEVELS = 3
_WAYS = (EXACT, EDIT, OURS)


def in_words(figures: Figures) -> str:
    """For the terminal: how we stand."""
    return "\n".join([*_goals(figures.matching), *_tables(figures), *_scale(figures.scale)])


def as_markdown(figures: Figures) -> str:
    """The section of docs/benchmarks.md."""
    versions = ", ".join(f"{name} {version}" for name, version in figures.versions.items())
    return "\n".join(
        [
            f"Measured on {figures.machine}; {versions}; {figures.matching.source}.",
            "",
            *_tables(figures),
            *_scale(figures.scale),
        ]
    )


def _goals(matching: Matching) -> Iterator[str]:
    if matching.levels:
        ours = total(matching.levels[OURS].values())
        yield f"words whose page is found: {_goal(ours.recall, RECALL_GOAL)}"
        yield f"right within the first ten: {_goal(ours.precision, PRECISION_GOAL)}"
        yield ""


def _goal(found: float, least: float) -> str:
    return f"{found:.2%} (at least {least:.0%}: {'held' if found >= least else 'MISSED'})"


def _tables(figures: Figures) -> Iterator[str]:
    matching = figures.matching
    if not matching.levels:
        return
    levels = [name for name in LEVEL_NAMES if name in matching.pages]
    yield from _table("characters wrong", levels, matching.levels, matching.pages)
    yield ""
    yield from _legible(matching)
    yield ""
    yield from _table("set", list(matching.sets[OURS]), matching.sets, matching.pages)
    yield ""
    kinds = [name for name in KINDS if name in matching.kinds.get(OURS, {})]
    yield from _table("words", kinds, matching.kinds, {})
    yield ""
    shares = ", ".join(f"{way} {_percent(share)}" for way, share in matching.distinct.items())
    yield f"Right within the first ten, each word counted once, on however many pages it stands: {shares}."
    yield ""
    yield (
        "CPU ms a query: " + ", ".join(f"{way} {1e3 * cost:.2f}" for way, cost in matching.cpu.items()) + "."
    )


def _legible(matching: Matching) -> Iterator[str]:
    """How we stand on pages that a person would call legible."""
    ours = total(
        tally for level, tally in matching.levels[OURS].items() if level in LEVEL_NAMES[:_LEGIBLE_LEVELS]
    )
    pages = sum(matching.pages.get(level, 0) for level in LEVEL_NAMES[:_LEGIBLE_LEVELS])
    most = 100 * LEVELS[_LEGIBLE_LEVELS - 1]
    yield f"On the {pages} pages with at most {most:g} % of their characters wrong, akten finds"
    found, right = _percent(ours.recall), _percent(ours.precision)
    yield f"{found} % of {ours.asked} words; {right} % of its first ten are right."


def _table(
    title: str, names: list[str], tallies: Mapping[str, Mapping[str, Tally]], pages: Mapping[str, int]
) -> Iterator[str]:
    """Recall (of what was read at all), precision: a row a name, and one for all."""
    rows = []
    for name in (*names, "all"):
        of = {way: total(tallies[way].values()) if name == "all" else tallies[way][name] for way in _WAYS}
        count = sum(pages.get(each, 0) for each in names) if name == "all" else pages.get(name, 0)
        recalls = [_percent(of[way].recall) for way in _WAYS]
        recalls.append(_percent(of[OURS].recall_of_read))
        precisions = [_percent(of[way].precision) for way in _WAYS]
        rows.append((name, str(count or ""), str(of[OURS].asked), *recalls, *precisions))
    head = (
        title,
        "pages",
        "words",
        *(f"found: {way}" for way in _WAYS),
        "of those read",
        *(f"right: {way}" for way in _WAYS),
    )
    yield from table(head, rows)


def _scale(scale: Scale) -> Iterator[str]:
    """How everything grows with the number of pages; then tolerant queries by kind, at the largest."""
    if not scale.sizes:
        return
    yield ""
    yield f"By size ({scale.source}; times in CPU ms, median / 95 of 100):"
    yield ""
    head = (
        "pages",
        "exact",
        "tolerant",
        "whole answer",
        "query process",
        "index",
        "lexicon",
        "a page to index",
    )
    rows = [
        (
            f"{one.pages:,}",
            *(_times(one.times[way]) for way in ("exact", "tolerant", "whole")),
            f"{one.mb:.0f} MB",
            f"{one.stored / 1e6:,.0f} MB",
            f"{one.words:,} words",
            f"{one.ms_a_page:.2f} ms",
        )
        for one in scale.sizes
    ]
    yield from table(head, rows)
    yield ""
    largest = scale.sizes[-1]
    kinds = [(kind, *(_times(one.kinds[kind]) for one in scale.sizes)) for kind in largest.kinds]
    yield from table(("tolerant, by what is asked", *(f"{one.pages:,} pages" for one in scale.sizes)), kinds)


def _times(times: Times) -> str:
    return f"{times.p50:.1f} / {times.p95:.1f}"


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"
