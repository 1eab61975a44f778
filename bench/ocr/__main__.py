"""``python -m bench.ocr``: called by script/bench."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench import drawn, scans
from bench.command import ALL_PAGES, answer, ask, tell
from bench.document import BENCHMARKS, put
from bench.ocr import figures, memory, report
from bench.ocr.figures import Figures
from bench.ocr.measure import Laboratory, everybody, other_engines, ours
from bench.programs import ROOT
from bench.scans import DATA_VARIABLE
from bench.sets import PageSet
from bench.workplace import HOME, workplace

_QUICK_SETS = (report.DENSE, "rotated")


def main() -> int:
    """Measure what was asked for, keep the figures, tell how we stand."""
    asked = _arguments()
    kept = asked.figures or HOME / _name(asked)
    known = figures.load(kept)
    if not asked.render:
        with workplace() as folder:
            _measure(asked, known, kept, Laboratory(folder, tell))
    sys.stdout.write(report.in_words(known) + "\n")
    tell(f"All figures: {os.path.relpath(kept, Path.cwd())}")
    if asked.write:
        put(report.as_markdown(known), BENCHMARKS, report.MARK)
        if report.DENSE in known.sets:
            put(report.headlines(known), ROOT / "README.md", report.MARK)
    return 0


def _name(asked: argparse.Namespace) -> str:
    """The file of figures; those of a part never mix with those of the whole."""
    if asked.ours:
        return "ours.json"
    return "trial.json" if asked.quick or asked.pages else "figures.json"


def _measure(asked: argparse.Namespace, known: Figures, kept: Path, laboratory: Laboratory) -> None:
    """Measure set by set; what is known is kept after each."""
    if asked.memory:
        for name in asked.memory:
            tell(f"Memory: {memory.TRIALS[name].about}")
            known.memory[name] = memory.measure(name, laboratory.folder)
            figures.save(known, kept)
        return
    for pages in _chosen(asked, laboratory.folder):
        tell(f"{pages.name}: {len(pages.scans)} pages, {pages.about}")
        try:
            _contest(asked, known, laboratory, pages)
        except (
            RuntimeError,
            subprocess.SubprocessError,
        ) as error:  # hours of other sets are not lost for one
            tell(f"{pages.name}: left out, its figures stay as they were: {error}")
        figures.save(known, kept)


def _contest(asked: argparse.Namespace, known: Figures, laboratory: Laboratory, pages: PageSet) -> None:
    """Let everybody asked for work on a set; on dense pages also look at threads, engines, and starting."""
    if pages.name != report.DENSE:
        contestants = ours() if asked.ours else everybody(known.environments)
        known.sets[pages.name] = laboratory.contest(pages, contestants, 1)
        return
    if not (asked.quick or asked.ours):
        known.environments = list(laboratory.environments(pages))
    contestants = [*(ours() if asked.ours else everybody(known.environments)), *other_engines()]
    known.sets[pages.name] = found = laboratory.contest(pages, contestants, asked.runs)
    if found.pages > 1:
        known.starts = list(laboratory.starts(pages, contestants, found))


def _chosen(asked: argparse.Namespace, folder: Path) -> Iterator[PageSet]:
    """The sets asked for, drawn or loaded one by one; those that are not there are left out."""
    count = asked.pages or (4 if asked.quick else ALL_PAGES)
    for name in asked.sets or (_QUICK_SETS if asked.quick else (*drawn.KINDS, *scans.SETS)):
        if name in drawn.KINDS:
            yield drawn.draw(name, count, folder / name)
        elif asked.data is None:
            tell(f"{name}: left out; name the folder of scans by --data or {DATA_VARIABLE}")
        elif (found := scans.load(name, asked.data)).scans:
            yield found.first(count)
        else:
            tell(f"{name}: left out; there is no {scans.SETS[name].folder} in {asked.data}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/bench ocr",
        description="Recognition: our main job and its peers on the same pages. All of it: an hour or more.",
    )
    quick, written = "a few pages of two sets, to see that it works", "docs/benchmarks.md and README.md"
    ask(parser, (*drawn.KINDS, *scans.SETS), quick=quick, written=written)
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="runs of dense pages; others: one")
    parser.add_argument("--ours", action="store_true", help="without peers, to tune; nothing to be written")
    parser.add_argument(
        "--memory", nargs="+", choices=memory.TRIALS, help="measure a worker's memory instead"
    )
    asked = answer(parser)
    if asked.ours and asked.write:
        parser.error("--write needs the peers' figures beside ours")
    return asked


if __name__ == "__main__":
    sys.exit(main())
