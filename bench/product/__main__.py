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

from bench.document import BENCHMARKS, put
from bench.product import figures, measure, pages, pictures, report, volume
from bench.product.figures import Figures
from bench.product.makers import makers
from bench.scans import DATA_VARIABLE
from bench.sets import PageSet
from bench.workplace import HOME, emptied, workplace
from config.settings import load_settings

_QUICK_SETS, _QUICK_PAGES = (report.DENSE, "photo"), 2
_ALL_PAGES = 10_000


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
            pictures.write(asked.pictures, folder, _tell)
            return 0
        if not asked.render:
            _measure(asked, known, kept, folder)
    sys.stdout.write(report.in_words(known) + "\n")
    _tell(f"All figures: {os.path.relpath(kept, Path.cwd())}")
    if asked.write:
        put(report.as_markdown(known), BENCHMARKS, report.MARK)
    return 0


def _measure(asked: argparse.Namespace, known: Figures, kept: Path, folder: Path) -> None:
    """Measure set by set; what is known is kept after each."""
    if asked.memory:
        for one in volume.measured(folder, _tell):
            known.volumes = [*(old for old in known.volumes if not one.replaces(old)), one]
            figures.save(known, kept)
        return
    for found in _chosen(asked, folder):
        _tell(f"{found.name}: {len(found.scans)} pages, {found.about}")
        try:
            known.sets[found.name] = _contest(found, folder, alone=not (asked.quick or asked.pages))
        except (RuntimeError, subprocess.SubprocessError) as error:  # the others are not lost for one
            _tell(f"{found.name}: left out, its figures stay as they were: {error}")
        figures.save(known, kept)


def _contest(found: PageSet, folder: Path, *, alone: bool) -> figures.SetFigures:
    """Everybody on a set; of dense pages also the first by itself."""
    with emptied(folder / f"run-{found.name}") as own:
        settings = load_settings(own / "settings")
        result = measure.contest(found, makers(), own, settings, _tell)
        if not (alone and found.name == report.DENSE):
            return result
        sizes = measure.first_pages(found, makers(), own)
        return replace(result, products=[replace(one, first=sizes[one.maker]) for one in result.products])


def _chosen(asked: argparse.Namespace, folder: Path) -> Iterator[PageSet]:
    """The sets asked for, one by one; those that are not there are left out."""
    count = asked.pages or (_QUICK_PAGES if asked.quick else _ALL_PAGES)
    for name in asked.sets or (_QUICK_SETS if asked.quick else (*pages.PAPERS, *pages.REAL)):
        if name in pages.PAPERS:
            yield pages.draw(name, count, folder / name)
        elif asked.data is None:
            _tell(f"{name}: left out; name the folder of scans by --data or {DATA_VARIABLE}")
        elif (found := pages.load(name, count, asked.data)).scans:
            yield found
        else:
            _tell(f"{name}: left out; it is not in {asked.data}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/bench product",
        description="The PDF: our profiles and the peers on the same pages. All of it: half an hour.",
    )
    names = (*pages.PAPERS, *pages.REAL)
    parser.add_argument("--sets", nargs="+", choices=names, metavar="SET", help=", ".join(names))
    parser.add_argument("--pages", type=int, metavar="N", help="the first N pages of each set")
    parser.add_argument("--quick", action="store_true", help="two pages of two sets, to see that it works")
    place = os.environ.get(DATA_VARIABLE)
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(place) if place else None,
        help=f"folder of real scans, a folder a set; else {DATA_VARIABLE}",
    )
    parser.add_argument(
        "--memory", action="store_true", help="bind up to 2,000 pages instead: memory, linear?"
    )
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="write crops before and after instead")
    parser.add_argument("--figures", type=Path, metavar="FILE", help="where figures are kept, and added to")
    parser.add_argument("--render", action="store_true", help="measure nothing, only tell what is kept")
    parser.add_argument("--write", action="store_true", help="put them into docs/benchmarks.md")
    asked = parser.parse_args()
    if asked.write and (asked.quick or asked.pages):
        parser.error("--write needs all pages of a set")
    return asked


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
