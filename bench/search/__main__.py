"""``python -m bench.search``: called by script/bench."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bench.command import ALL_PAGES, answer, ask, tell
from bench.document import BENCHMARKS, put
from bench.scans import DATA_VARIABLE
from bench.search import figures, matching, readings, report, scale
from bench.workplace import HOME, workplace

_QUICK_SETS, _QUICK_PAGES = ("worn-2", "worn-3"), 3


def main() -> int:
    """Read what was not read yet, ask for every word, keep the figures, tell how we stand."""
    asked = _arguments()
    os.environ["OMP_THREAD_LIMIT"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    part = asked.quick or asked.pages or asked.sets
    kept = asked.figures or HOME / ("search-trial.json" if part else "search.json")
    known = figures.load(kept)
    if asked.scale:
        with workplace() as folder:
            known.scale = scale.measure(tuple(asked.scale), folder / "index", tell)
        figures.save(known, kept)
    elif not asked.render:
        with workplace() as folder:
            known.matching = matching.measure(_pages(asked, folder), folder / "index", tell)
        figures.save(known, kept)
    sys.stdout.write(report.in_words(known) + "\n")
    tell(f"All figures: {os.path.relpath(kept, Path.cwd())}")
    if asked.write:
        put(report.as_markdown(known), BENCHMARKS, report.MARK)
    return 0


def _pages(asked: argparse.Namespace, folder: Path) -> dict[str, readings.Reading]:
    """The pages asked for, by ``set/name``, read now unless they were before."""
    count = asked.pages or (_QUICK_PAGES if asked.quick else ALL_PAGES)
    kept = readings.load(asked.readings)
    chosen: dict[str, readings.Reading] = {}
    for name in asked.sets or (_QUICK_SETS if asked.quick else readings.names()):
        pages = readings.pages_of(name, count, folder, asked.data)
        if pages is None or not pages.scans:
            tell(f"{name}: left out; name the folder of scans by --data or {DATA_VARIABLE}")
            continue
        tell(f"{name}: {len(pages.scans)} pages, {pages.about}")
        for key, page in readings.read(pages, folder, kept.pages):
            kept.pages[key] = page
            readings.save(kept, asked.readings)
        chosen |= {key: kept.pages[key] for key in readings.keys(pages)}
    return chosen


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/bench search",
        description="Search: every word that truly stands on pages as a query. The first time pages are "
        "recognised, a quarter of an hour or more; what was read is kept.",
    )
    quick, written = "a few pages of two sets, to see that it works", "docs/benchmarks.md"
    ask(parser, readings.names(), quick=quick, written=written)
    parser.add_argument(
        "--readings",
        type=Path,
        default=readings.KEPT,
        metavar="FILE",
        help="where recognised pages are kept; delete it when the recognition has changed",
    )
    parser.add_argument(
        "--scale",
        nargs="+",
        type=int,
        metavar="PAGES",
        help=f"instead, what it costs with so many invented pages, ascending; for the docs "
        f"{' '.join(map(str, scale.SIZES))}, an hour and more",
    )
    return answer(parser)


if __name__ == "__main__":
    sys.exit(main())
