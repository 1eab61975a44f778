"""``python -m bench.product``: called by script/bench."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2

from bench.command import ALL_PAGES, answer, ask, tell
from bench.document import BENCHMARKS, put
from bench.product import figures, measure, pages, pictures, report, volume
from bench.product.figures import Figures
from bench.product.makers import makers
from bench.scans import DATA_VARIABLE
from bench.sets import PageSet
from bench.workplace import HOME, emptied, workplace
from config.settings import load_settings

_QUICK_SETS, _QUICK_PAGES = (report.DENSE, "photo"), 2


def main() -> int:
    """Measure what was asked for, keep the figures, tell how we stand."""
    asked = _arguments()
    cv2.setNumThreads(1)
    os.environ["OMP_THREAD_LIMIT"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    part = asked.quick or asked.pages
    kept = asked.figures or HOME / ("product-trial.json" if part else "product.json")
    known = figures.load(kept)
    with workplace() as folder:
        if asked.pictures:
            pictures.write(asked.pictures, folder, tell)
            return 0
        if not asked.render:
            _measure(asked, known, kept, folder)
    sys.stdout.write(report.in_words(known) + "\n")
    tell(f"All figures: {os.path.relpath(kept, Path.cwd())}")
    if asked.write:
        put(report.as_markdown(known), BENCHMARKS, report.MARK)
    return 0


def _measure(asked: argparse.Namespace, known: Figures, kept: Path, folder: Path) -> None:
    """Measure set by set; what is known is kept after each."""
    if asked.memory:
        for one in volume.measured(folder, tell):
            known.volumes = [*(old for old in known.volumes if not one.replaces(old)), one]
            figures.save(known, kept)
        return
    for found in _chosen(asked, folder):
        tell(f"{found.name}: {len(found.scans)} pages, {found.about}")
        try:
            known.sets[found.name] = _contest(found, folder, alone=not (asked.quick or asked.pages))
        except (RuntimeError, subprocess.SubprocessError) as error:  # the others are not lost for one
            tell(f"{found.name}: left out, its figures stay as they were: {error}")
        figures.save(known, kept)


def _contest(found: PageSet, folder: Path, *, alone: bool) -> figures.SetFigures:
    """Everybody on a set; of dense pages also the first by itself."""
    with emptied(folder / f"run-{found.name}") as own:
        settings = load_settings(own / "settings")
        result = measure.contest(found, makers(), own, settings, tell)
        if not (alone and found.name == report.DENSE):
            return result
        sizes = measure.first_pages(found, makers(), own)
        return replace(result, products=[replace(one, first=sizes[one.maker]) for one in result.products])


def _chosen(asked: argparse.Namespace, folder: Path) -> Iterator[PageSet]:
    """The sets asked for, one by one; those that are not there are left out."""
    count = asked.pages or (_QUICK_PAGES if asked.quick else ALL_PAGES)
    for name in asked.sets or (_QUICK_SETS if asked.quick else (*pages.PAPERS, *pages.REAL)):
        if name in pages.PAPERS:
            yield pages.draw(name, count, folder / name)
        elif asked.data is None:
            tell(f"{name}: left out; name the folder of scans by --data or {DATA_VARIABLE}")
        elif (found := pages.load(name, count, asked.data)).scans:
            yield found
        else:
            tell(f"{name}: left out; it is not in {asked.data}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/bench product",
        description="The PDF: our profiles and the peers on the same pages. All of it: half an hour.",
    )
    quick, written = "two pages of two sets, to see that it works", "docs/benchmarks.md"
    ask(parser, (*pages.PAPERS, *pages.REAL), quick=quick, written=written)
    parser.add_argument(
        "--memory", action="store_true", help="bind up to 2,000 pages instead: memory, linear?"
    )
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="write crops before and after instead")
    return answer(parser)


if __name__ == "__main__":
    sys.exit(main())
