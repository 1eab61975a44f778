"""Writes what was measured into the documentation, between two marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.programs import ROOT

BENCHMARKS = ROOT / "docs" / "benchmarks.md"


def put(text: str, path: Path, mark: str) -> None:
    """Put ``text`` between ``<!-- mark -->`` and ``<!-- /mark -->``; raises ``ValueError`` without these."""
    opening, closing = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    document = path.read_text(encoding="utf-8")
    before, begin, rest = document.partition(opening)
    _, end, after = rest.partition(closing)
    if not begin or not end:
        raise ValueError(f"{path} has no {opening} … {closing}")
    path.write_text(f"{before}{opening}\n{text}\n{closing}{after}", encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table's lines in Markdown."""
    for row in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(row) + " |"
