"""``python -m bench.ocr``: called by script/bench."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench import drawn, scans
from bench.document import BENCHMARKS, put
from bench.ocr import figures, memory, report
from bench.ocr.figures import Figures
from bench.ocr.measure import Laboratory, everybody, other_engines, ours
from bench.programs import ROOT
from bench.scans import DATA_VARIABLE
from bench.sets import PageSet
from bench.workplace import HOME, workplace

_QUICK_SETS = (report.DENSE, "rotated")
_ALL_PAGES = 10_000


def main() -> int:
    """Measure what was asked for, keep the figures, tell how we stand."""
    asked = _arguments()
    kept = asked.figures or HOME / _name(asked)
    known = figures.load(kept)
    if not asked.render:
        with workplace() as folder:
            _measure(asked, known, kept, Laboratory(folder, _tell))
    sys.stdout.write(report.in_words(known) + "\n")
    _tell(f"All figures: {os.path.relpath(kept, Path.cwd())}")
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
            _tell(f"Memory: {memory.TRIALS[name].about}")
            known.memory[name] = memory.measure(name, laboratory.folder)
            figures.save(known, kept)
        return
    for pages in _chosen(asked, laboratory.folder):
        _tell(f"{pages.name}: {len(pages.scans)} pages, {pages.about}")
        try:
            _contest(asked, known, laboratory, pages)
        except (
            RuntimeError,
            subprocess.SubprocessError,
        ) as error:  # hours of other sets are not lost for one
            _tell(f"{pages.name}: left out, its figures stay as they were: {error}")
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
    count = asked.pages or (4 if asked.quick else _ALL_PAGES)
    for name in asked.sets or (_QUICK_SETS if asked.quick else (*drawn.KINDS, *scans.SETS)):
        if name in drawn.KINDS:
            yield drawn.draw(name, count, folder / name)
        elif asked.data is None:
            _tell(f"{name}: left out; name the folder of scans by --data or {DATA_VARIABLE}")
        elif (found := scans.load(name, asked.data)).scans:
            yield found.first(count)
        else:
            _tell(f"{name}: left out; there is no {scans.SETS[name].folder} in {asked.data}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/bench ocr",
        description="Recognition: our main job and its peers on the same pages. All of it: an hour or more.",
    )
    names = (*drawn.KINDS, *scans.SETS)
    parser.add_argument("--sets", nargs="+", choices=names, metavar="SET", help=", ".join(names))
    parser.add_argument("--pages", type=int, metavar="N", help="the first N pages of each set")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="runs of dense pages; others: one")
    parser.add_argument("--ours", action="store_true", help="without peers, to tune; nothing to be written")
    parser.add_argument("--quick", action="store_true", help="a few pages of two sets, to see that it works")
    place = os.environ.get(DATA_VARIABLE)
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(place) if place else None,
        help=f"folder of real scans, a folder a set; else {DATA_VARIABLE}",
    )
    parser.add_argument(
        "--memory", nargs="+", choices=memory.TRIALS, help="measure a worker's memory instead"
    )
    parser.add_argument("--figures", type=Path, metavar="FILE", help="where figures are kept, and added to")
    parser.add_argument("--render", action="store_true", help="measure nothing, only tell what is kept")
    parser.add_argument("--write", action="store_true", help="put them into docs/benchmarks.md and README.md")
    asked = parser.parse_args()
    if asked.ours and asked.write:
        parser.error("--write needs the peers' figures beside ours")
    if asked.write and (asked.quick or asked.pages):
        parser.error("--write needs all pages of a set")
    return asked


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
