"""``python -m bench.chaos``: called by script/chaos."""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.chaos.clock import Clock
from bench.chaos.confinement import Confinement
from bench.chaos.report import Report
from bench.chaos.scene import LedgerKind, Scene
from bench.chaos.specimens import build
from bench.chaos.trial import Trial, undisturbed
from bench.command import tell

_LEDGERS: dict[str, tuple[LedgerKind, ...]] = {
    "sqlite": ("sqlite",),
    "postgres": ("postgres",),
    "both": ("sqlite", "postgres"),
}
_PAGES_A_DELIVERY = 60
_WORKERS = 2


def main() -> int:
    """Run the trials that were asked for; 0 when the referee has nothing to complain of, else 1."""
    asked = _arguments()
    tell(
        f"Seed {asked.seed}. The same once more: script/chaos --seed {asked.seed} --faults {asked.faults} "
        f"--pages {asked.pages} --ledger {asked.ledger}"
    )
    confinement = Confinement()
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    folder.chmod(0o755)  # PostgreSQL runs as somebody else
    report = _run(asked, confinement, folder)
    sys.stdout.write((json.dumps(report.as_json(), indent=2) if asked.json else report.as_text()) + "\n")
    if asked.write:
        report.write(asked.write)
    if report.ok:
        shutil.rmtree(folder)
    else:
        tell(f"Logs and ledgers of what went wrong lie in {folder}")
    return 0 if report.ok else 1


def _run(asked: argparse.Namespace, confinement: Confinement, folder: Path) -> Report:
    specimens = build(folder / "scans", asked.seed, asked.pages, max(1, asked.pages // _PAGES_A_DELIVERY))
    tell(
        f"{specimens.stages.total()} pages in {len(specimens.deliveries)} deliveries; first nobody disturbs."
    )
    reference = undisturbed(folder / "undisturbed", specimens, _WORKERS)
    tell(f"Undisturbed: {reference.seconds:.0f} s")
    verdicts = []
    for kind in _LEDGERS[asked.ledger]:
        tell(f"\n{asked.faults} faults, the ledger on {kind}:")
        (folder / kind).mkdir()
        with Scene(folder / kind, confinement, kind, specimens) as scene:
            trial = Trial(scene, specimens, reference, tell)
            verdicts.append(trial.run(asked.seed, asked.faults, asked.limit))
            if verdicts[-1].breaches:
                scene.keep_evidence()
    left_out = tuple(_left_out(confinement, Clock(folder)))
    return Report(asked.seed, specimens.stages.total(), left_out, reference, tuple(verdicts))


def _left_out(confinement: Confinement, clock: Clock) -> Iterator[str]:
    """Kinds of faults that could not be done here, and why."""
    if not confinement.complete:
        yield f"full disks and a cut network ({confinement.refusal})"
    if not clock.available:
        yield "clock jumps (libfaketime is missing: script/bootstrap --dev)"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/chaos", description="Break Aktenwerk while it works, and look whether a page is lost."
    )
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="default: drawn, printed")
    parser.add_argument("--faults", type=int, default=100, help="how many, on each ledger")
    parser.add_argument("--pages", type=int, default=300, help="about how many")
    parser.add_argument("--ledger", choices=_LEDGERS, default="both")
    parser.add_argument("--limit", type=float, default=1200, help="seconds a trial may take at most")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the figures into a document")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
