"""What every bench's command line has in common."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.scans import DATA_VARIABLE

ALL_PAGES = 10_000


def ask(parser: argparse.ArgumentParser, sets: Iterable[str], *, quick: str, written: str) -> None:
    """Add the options of every bench: which of ``sets`` and pages, where real ones are, where figures go.

    ``quick`` says what a quick run does, ``written`` where figures can be put.
    """
    names = tuple(sets)
    place = os.environ.get(DATA_VARIABLE)
    parser.add_argument("--sets", nargs="+", choices=names, metavar="SET", help=", ".join(names))
    parser.add_argument("--pages", type=int, metavar="N", help="the first N pages of each set")
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(place) if place else None,
        help=f"folder of real scans, a folder a set; else {DATA_VARIABLE}",
    )
    parser.add_argument("--figures", type=Path, metavar="FILE", help="where figures are kept, and added to")
    parser.add_argument("--render", action="store_true", help="measure nothing, only tell what is kept")
    parser.add_argument("--write", action="store_true", help=f"put them into {written}")


def answer(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """What was asked for; ends the program where part of the pages would be written as if it were all."""
    asked = parser.parse_args()
    if asked.write and (asked.quick or asked.pages):
        parser.error("--write needs all pages of a set")
    return asked


def tell(line: str) -> None:
    """Say how it goes, beside what is printed as the result."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
