"""What the figures come to: ratios in plain words, tables for the docs, three lines for the README."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import fmean

from bench.document import table
from bench.metrics import Summary
from bench.ocr.contestants import PEER_OPTIONS
from bench.ocr.figures import Figures, SetFigures

MARK = "bench:ocr"
DENSE = "dense"
OURS, BARE = "akten", "bare recognition"
BARE_TESSERACT = f"{BARE}, tesseract"
PLAIN, CLEANING = PEER_OPTIONS
#: What we hold ourselves to, on dense pages: our processor time by that of each.
GOALS = {PLAIN: 1 / 4, CLEANING: 1 / 10, BARE_TESSERACT: 1.15, BARE: 1.15}
MEMORY_GOAL = 600


def ratios(dense: SetFigures) -> Iterator[tuple[str, float, float]]:
    """Against whom, our processor time by theirs, and the most it should be."""
    for name, goal in GOALS.items():
        if dense.has(name):
            yield name, dense.cpu(OURS) / dense.cpu(name), goal


def in_words(figures: Figures) -> str:
    """For the terminal: how we stand."""
    lines = []
    if dense := figures.sets.get(DENSE):
        lines += [
            f"akten needs {ratio:.3f} of the processor time of {name} "
            f"(at most {goal:.3g}: {'held' if ratio <= goal else 'MISSED'})"
            for name, ratio, goal in ratios(dense)
        ]
    for one in figures.sets.values():
        lines.append(f"{one.name}: {one.cpu(OURS):.2f} CPU s a page; {_compared(one)}")
    for trial in figures.memory.values():
        verdict = "held" if trial.worker < MEMORY_GOAL else "MISSED"
        lines.append(f"{trial.what}: a worker holds {trial.worker:.0f} MB at most (below 600: {verdict})")
    return "\n".join(lines)


def as_markdown(figures: Figures) -> str:
    """The section of docs/benchmarks.md."""
    parts = [*_conditions(figures)]
    if dense := figures.sets.get(DENSE):
        parts += ["", "### Cost", "", *_cost(dense), "", *_starts(figures)]
    if figures.sets:
        parts += ["", "### Quality", "", *_quality(figures), "", *_words(figures)]
        parts += ["", "### Every set's cost", "", *_costs(figures)]
    if figures.memory:
        parts += ["", "### Memory", "", *_memory(figures)]
    return "\n".join(parts)


def headlines(figures: Figures) -> str:
    """Three lines for the README; raises ``KeyError`` before dense pages were measured."""
    dense = figures.sets[DENSE]
    plain, cleaning = dense.cpu(OURS) / dense.cpu(PLAIN), dense.cpu(OURS) / dense.cpu(CLEANING)
    hard = [one for one in figures.sets.values() if one.drawn and one.name != DENSE]
    lines = [
        f"- {plain:.2f} of the processor time of `{dense.of(PLAIN).command}`, ingest to stored, indexed PDF "
        f"({dense.cpu(OURS):.2f} against {dense.cpu(PLAIN):.2f} s for a dense page)",
        f"- {cleaning:.2f} of that of `{dense.of(CLEANING).command}` ({dense.cpu(CLEANING):.1f} s)",
    ]
    if hard:
        ours, plain_error, cleaning_error = (
            _percent(fmean(error(one).cer for one in hard)) for error in (_ours, _of(PLAIN), _of(CLEANING))
        )
        lines.append(
            f"- {ours} % of characters wrong on hard pages ({', '.join(one.name for one in hard)}); "
            f"OCRmyPDF: {plain_error} %, cleaning {cleaning_error} %"
        )
    return "\n".join(lines)


# --- the parts of the section ------------------------------------------------------------------------


def _conditions(figures: Figures) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in figures.versions.items())
    sources = sorted({one.source for one in figures.sets.values()})
    yield f"Measured on {figures.machine}; {versions}; {'; '.join(sources)}."
    if figures.environments:
        yield ""
        yield "Peers run in the environment that is better for them (CPU s a page on dense pages):"
        yield (
            ", ".join(
                f"{one.contestant} {one.as_it_is:.2f} as it is, {one.one_thread:.2f} with OMP_THREAD_LIMIT=1"
                for one in figures.environments
            )
            + "."
        )


def _cost(dense: SetFigures) -> Iterator[str]:
    runs = len(dense.of(OURS).cpu)
    yield f"{dense.pages} pages ({dense.about}), {runs} run{'s' * (runs > 1)}, medians; start-up included."
    yield ""
    rows = []
    for one in dense.measured:
        each = [seconds / dense.pages for seconds in one.cpu]
        ratio = dense.cpu(OURS) / dense.cpu(one.contestant)
        goal = f"{GOALS[one.contestant]:.3g}" if one.contestant in GOALS else ""
        size = f"{one.size / dense.pages / 1e6:.2f}" if one.size else ""
        spread = f"{min(each):.2f}–{max(each):.2f}"
        name = f"`{one.command}`" if one.command else one.contestant
        cells = (name, f"{dense.cpu(one.contestant):.2f}", spread, f"{ratio:.3f}", goal, size)
        rows.append(cells)
    head = ("", "CPU s a page", "of all runs", "akten by it", "at most", "MB a page")
    yield from table(head, rows)


def _starts(figures: Figures) -> Iterator[str]:
    if not figures.starts:
        return
    yield "Starting and ending, whatever the number of pages (a run of the first page alone against all):"
    yield (
        "; ".join(
            f"{one.contestant} {one.fixed:.1f} CPU s, another page {one.another:.2f}"
            for one in figures.starts
        )
        + "."
    )


def _quality(figures: Figures) -> Iterator[str]:
    yield "Characters wrong, mean / median of the pages, in percent: order counts, whitespace collapsed,"
    yield "dashes unified. Peers: what `pdftotext` reads, in its own order or the file's (`-raw`), whichever"
    yield "is better on the set."
    yield ""
    rows = [
        (
            one.name,
            one.about,
            str(one.pages),
            *(_both(one.of(name).best()) for name in PEER_OPTIONS),
            _both(_ours(one)),
            _both(one.of(OURS).best(("pdf",))),
        )
        for one in figures.sets.values()
    ]
    head = ("set", "", "pages", *PEER_OPTIONS, "akten: stored words", "akten: its PDF")
    yield from table(head, rows)


def _words(figures: Figures) -> Iterator[str]:
    yield "Words wrong (order counts) and true words found (wherever they stand), means in percent:"
    yield ""
    rows = []
    for one in figures.sets.values():
        found = [*(one.of(name).best() for name in PEER_OPTIONS), _ours(one)]
        wrong, recalled = [f"{each.wer:.1%}" for each in found], [f"{each.recall:.1%}" for each in found]
        rows.append((one.name, *(cell.rstrip("%") for cell in (*wrong, *recalled))))
    names = (*PEER_OPTIONS, OURS)
    head = ("set", *(f"wrong: {name}" for name in names), *(f"found: {name}" for name in names))
    yield from table(head, rows)


def _costs(figures: Figures) -> Iterator[str]:
    names = (PLAIN, CLEANING, OURS)
    rows = [
        (
            one.name,
            *(f"{one.cpu(name):.2f}" for name in (*names, BARE)),
            *(f"{one.of(name).size / one.pages / 1e6:.2f}" for name in names),
        )
        for one in figures.sets.values()
    ]
    yield "CPU s a page (start-up included, which weighs more the fewer pages a set has), and MB a page."
    yield ""
    head = ("set", *(f"CPU: {name}" for name in (*names, BARE)), *(f"MB: {name}" for name in names))
    yield from table(head, rows)


def _memory(figures: Figures) -> Iterator[str]:
    yield "The most a worker holds with all it starts, and the command's own process (PSS, MB; looked at 20"
    yield f"times a second, one worker). Below {MEMORY_GOAL}."
    yield ""
    rows = [
        (one.what, f"{one.worker:.0f}", f"{one.parent:.0f}", one.source) for one in figures.memory.values()
    ]
    yield from table(("", "worker", "akten run", "measured"), rows)


def _ours(one: SetFigures) -> Summary:
    return one.of(OURS).best(("stored words",))


def _compared(one: SetFigures) -> str:
    """Our errors, and beside them the better peer's of each; "WORSE" where it is."""
    ours, peers = _ours(one), [one.of(name).best() for name in PEER_OPTIONS if one.has(name)]
    told = []
    for kind, own, others in (
        ("character", ours.cer, [peer.cer for peer in peers]),
        ("word", ours.wer, [peer.wer for peer in peers]),
    ):
        best = f", peers {_percent(min(others))} %" if others else ""
        told.append(
            f"{kind} error {_percent(own)} %{best}{' WORSE' if own > min(others, default=own) else ''}"
        )
    return "; ".join(told)


def _of(peer: str) -> Callable[[SetFigures], Summary]:
    return lambda one: one.of(peer).best()


def _both(found: Summary) -> str:
    return f"{_percent(found.cer)} / {_percent(found.cer_median)}"


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"
