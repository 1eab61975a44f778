"""Write a batch of fictional case files: ``python -m tests.specimens OUT [--seed 1] [--size demo]``."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from functools import partial
from pathlib import Path

from errors import AktenError, fill
from tests.specimens.batch import build_batch, write_inventory
from tests.specimens.plan import SIZES
from tests.specimens.printed import PrintedSheets


def main(arguments: list[str] | None = None) -> int:
    """Parse, write, and print what the batch should end as; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.specimens", description=__doc__)
    parser.add_argument("out", type=Path, help="folder to write bestand.csv, scans/ and truth.json into")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same bytes")
    parser.add_argument("--size", choices=SIZES, default="demo")
    parser.add_argument(
        "--faults", choices=("none", "one", "all"), help="unusable files (demo: one, else none)"
    )
    parser.add_argument("--case-files", type=int, default=20, help="how many, for --size large")
    parser.add_argument("--inventory-only", action="store_true", help="write bestand.csv and nothing else")
    parser.add_argument("--akten", type=Path, help="the command that prints the sheets")
    parser.add_argument("--data", type=Path, help="its data folder")
    chosen = parser.parse_args(arguments)
    if chosen.inventory_only:
        write_inventory(chosen.out, chosen.seed, chosen.size, case_files=chosen.case_files)
        return 0
    try:
        truth = build_batch(
            chosen.out,
            chosen.seed,
            chosen.size,
            PrintedSheets(partial(_run, chosen.akten, "--data", chosen.data)) if chosen.akten else None,
            faults=chosen.faults,
            case_files=chosen.case_files,
        )
    except AktenError as error:
        sys.stderr.write(f"{error}\n{fill(error.hint, error.params)}\n")
        return error.exit_code
    sys.stdout.write(json.dumps(truth.expected()) + "\n")
    return 0


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
