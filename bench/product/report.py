"""What the figures come to: goals in plain words, tables for the docs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.document import table
from bench.product.figures import Figures, Product, Seen, SetFigures
from bench.product.makers import COMPACT, FAITHFUL, OPTIMISED, RECODED, RECODED_BEST

MARK = "bench:product"
DENSE = "dense"
#: The most our bytes may be of theirs, on dense pages.
GOALS = {OPTIMISED: 1 / 6, RECODED: 0.6, RECODED_BEST: 0.6}
#: The most character error a product may add, in percentage points.
POINTS = 0.3


@dataclass(frozen=True, slots=True)
class Goal:
    """What was aimed at, what came of it, and the most it may be."""

    what: str
    found: float
    most: float

    @property
    def is_held(self) -> bool:
        """Whether it was reached."""
        return self.found <= self.most

    def __str__(self) -> str:
        return (
            f"{self.what}: {self.found:.3f} (at most {self.most:.3g}: {'held' if self.is_held else 'MISSED'})"
        )


def goals(figures: Figures) -> Iterator[Goal]:
    """Sizes on dense pages, and what is lost to a reader on every set."""
    if (dense := figures.sets.get(DENSE)) and dense.has(COMPACT):
        for peer, most in GOALS.items():
            if dense.has(peer):
                share = dense.bytes_a_page(COMPACT) / dense.bytes_a_page(peer)
                yield Goal(f"bytes of {COMPACT} by those of {peer}", share, most)
    for one in figures.sets.values():
        if one.has(COMPACT):
            yield Goal(f"{one.name}: points of character error lost", 100 * one.lost(COMPACT), POINTS)


def in_words(figures: Figures) -> str:
    """For the terminal: how we stand."""
    lines = [str(goal) for goal in goals(figures)]
    for one in figures.sets.values():
        lines += ["", f"{one.name}: {one.about}", *table(_HEAD, list(_rows(one)))]
    if figures.volumes:
        lines += ["", *_volumes(figures)]
    return "\n".join(lines)


def as_markdown(figures: Figures) -> str:
    """The section of docs/benchmarks.md."""
    versions = ", ".join(f"{name} {version}" for name, version in figures.versions.items())
    sources = "; ".join(sorted({one.source for one in figures.sets.values()}))
    parts = [f"Measured on {figures.machine}; {versions}; {sources}.", ""]
    parts += [f"- {goal}" for goal in goals(figures)]
    if dense := figures.sets.get(DENSE):
        parts += ["", "Called as: " + ", ".join(f"`{one.command}`" for one in dense.products) + "."]
    for one in figures.sets.values():
        parts += ["", f"### {one.name}", "", *_about(one), "", *table(_HEAD, list(_rows(one)))]
    if figures.volumes:
        parts += ["", "### Long volumes", "", *_volumes(figures)]
    return "\n".join(parts)


_HEAD = (
    "",
    "bytes a page",
    "of them no image",
    "by it",
    "CPU s a page",
    "CER, program",
    "CER, ours",
    "SSIM grey",
    "colour",
    "PSNR",
)


def _about(one: SetFigures) -> Iterator[str]:
    yield f"{one.pages} pages ({one.about}), {one.size / one.pages:,.0f} bytes a page as they came."
    yield f"Recognition for recode_pdf, not in its figure: {one.hocr_cpu / one.pages:.2f} CPU s a page."
    bound = [f"{made.maker} {made.bound / one.pages:.2f}" for made in one.products if made.bound is not None]
    if bound:
        yield f"Binding by itself, CPU s a page: {', '.join(bound)}; between them lies compression."
    alone = [f"{made.maker} {made.first:,}" for made in one.products if made.first is not None]
    if alone:
        yield "One page alone in a file, bytes: " + "; ".join(alone) + "."


def _rows(one: SetFigures) -> Iterator[Sequence[str]]:
    yield ("the scan", f"{one.size / one.pages:,.0f}", "", "", "", *_errors(one.original), "", "", "")
    for made in one.products:
        yield (
            made.maker,
            f"{made.size / one.pages:,.0f}",
            f"{(made.size - made.images) / one.pages:,.0f}",
            f"{one.bytes_a_page(COMPACT) / one.bytes_a_page(made.maker):.3f}" if one.has(COMPACT) else "",
            f"{made.cpu / one.pages:.2f}",
            *_errors(made.seen),
            *_likeness(made),
        )


def _errors(seen: Sequence[Seen]) -> tuple[str, str]:
    if not seen:
        return "", ""
    program, ours = fmean(one.program for one in seen), fmean(one.ours for one in seen)
    return f"{100 * program:.2f} %", f"{100 * ours:.2f} %"


def _likeness(made: Product) -> tuple[str, str, str]:
    """Similarities; none of the faithful profile, whose pages are the scan's own bytes laid straight."""
    if not made.seen or made.maker == FAITHFUL:
        return "", "", ""
    grey, colour = fmean(one.grey for one in made.seen), fmean(one.colour for one in made.seen)
    noises = [one.noise for one in made.seen if one.noise is not None]
    return f"{grey:.4f}", f"{colour:.4f}", f"{fmean(noises):.1f} dB" if noises else ""


def _volumes(figures: Figures) -> Iterator[str]:
    yield "A4 pages of 150 dpi in colour, bound by one process: its most memory, time and bytes a page."
    yield ""
    rows = [
        (
            one.profile,
            f"{one.pages:,}",
            f"{one.memory:.0f} MB",
            f"{one.cpu / one.pages:.3f} s",
            f"{one.size / one.pages:,.0f}",
            one.source,
        )
        for one in figures.volumes
    ]
    yield from table(("profile", "pages", "most memory", "CPU a page", "bytes a page", "measured"), rows)
