"""Lets the contestants work on the same PDFs, in turn, and keeps what that took and what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bench.machine import source
from bench.metrics import score
from bench.ocr.contestants import (
    PEER_OPTIONS,
    Bare,
    Contestant,
    MainJob,
    OcrMyPdf,
    Outcome,
    peers,
)
from bench.ocr.figures import Environments, Measured, SetFigures, Start
from bench.programs import ONE_THREAD
from bench.sets import PageSet, bind
from bench.workplace import emptied

Tell = Callable[[str], None]
_TRIAL_PAGES = 2
_PROGRAM, _OPTIONAL = "tesseract", "tesserocr"


@dataclass(frozen=True, slots=True)
class Laboratory:
    """Where PDFs and products lie meanwhile, and whom progress is told."""

    folder: Path
    tell: Tell

    def contest(self, pages: PageSet, contestants: Sequence[Contestant], runs: int) -> SetFigures:
        """Run every contestant on ``pages`` so often, in an order that is turned round each time."""
        pdf = self._bound(pages)
        outcomes: dict[str, list[Outcome]] = {one.name: [] for one in contestants}
        for number in range(runs):
            for one in contestants if number % 2 == 0 else reversed(contestants):
                outcome = self._run(one, pdf, pages)
                outcomes[one.name].append(outcome)
                cost = outcome.spent.cpu / len(pages.scans)
                self.tell(f"  {pages.name}, run {number + 1} of {runs}: {one.name} {cost:.2f} CPU s a page")
        measured = [_measured(one, pages, outcomes[one.name]) for one in contestants]
        return SetFigures(
            pages.name, pages.about, pages.language, len(pages.scans), pages.drawn, source(), measured
        )

    def environments(self, pages: PageSet) -> Iterator[Environments]:
        """Run each peer with its own threads and with one thread a process, on a few pages."""
        few = pages.first(_TRIAL_PAGES)
        pdf, count = self._bound(few), len(few.scans)
        for name, options in PEER_OPTIONS.items():
            own, one = (
                self._run(OcrMyPdf(name, options, environment), pdf, few).spent.cpu / count
                for environment in ({}, ONE_THREAD)
            )
            self.tell(f"  {name}: {own:.2f} CPU s a page as it is, {one:.2f} with one thread a process")
            yield Environments(name, count, own, one)

    def starts(
        self, pages: PageSet, contestants: Sequence[Contestant], figures: SetFigures
    ) -> Iterator[Start]:
        """Run each on the first page alone, to tell what starting costs."""
        first = pages.first(1)
        pdf = self._bound(first)
        for one in contestants:
            alone = self._run(one, pdf, first).spent.cpu
            yield Start(one.name, alone, figures.cpu(one.name) * figures.pages, figures.pages)

    def _bound(self, pages: PageSet) -> Path:
        path = self.folder / f"{pages.name}-{len(pages.scans)}.pdf"
        if not path.exists():
            bind(pages.scans, path)
        return path

    def _run(self, one: Contestant, pdf: Path, pages: PageSet) -> Outcome:
        with emptied(self.folder / "run") as folder:
            return one.run(pdf, pages.language, len(pages.scans), folder)


def ours() -> list[Contestant]:
    """Our main job, and recognition alone."""
    return [MainJob(), Bare()]


def other_engines() -> Iterator[Contestant]:
    """The same with Tesseract as a program, and with the optional engine where it is installed."""
    for name in (_PROGRAM, _OPTIONAL):
        if name == _PROGRAM or find_spec(name) is not None:
            yield MainJob(f"akten, {name}", name)
            yield Bare(f"bare recognition, {name}", name)


def everybody(environments: Sequence[Environments]) -> list[Contestant]:
    """Peers in the environment that is better for them, one thread where nobody has tried; and us."""
    limited = {one.contestant for one in environments if one.is_one_thread_better}
    tried = {one.contestant for one in environments}
    chosen: Mapping[str, Mapping[str, str]] = {
        name: ONE_THREAD if name in limited or name not in tried else {} for name in PEER_OPTIONS
    }
    return [*peers(chosen), *ours()]


def _measured(one: Contestant, pages: PageSet, outcomes: Sequence[Outcome]) -> Measured:
    """Texts are those of the first run; the programs find the same in each."""
    first = outcomes[0]
    scores = {
        way: [score(scan.truth, text) for scan, text in zip(pages.scans, texts, strict=True)]
        for way, texts in first.texts.items()
    }
    return Measured(
        one.name,
        one.command(pages.language) if isinstance(one, OcrMyPdf) else "",
        [outcome.spent.cpu for outcome in outcomes],
        [outcome.spent.seconds for outcome in outcomes],
        first.size,
        scores,
    )
