"""What searching costs as the index grows: invented pages, added until there are as many as asked for."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.machine import source
from bench.search.figures import Scale, Size, Times
from bench.search.invented import PAGES_OF_DOCUMENT, PAGES_OF_FILE, World
from storage.search.index import SearchIndex

SIZES = (10_000, 100_000, 1_000_000)
_PAGES_A_COMMIT = 40 * PAGES_OF_DOCUMENT
_QUERIES_OF_A_KIND = 40


def measure(sizes: tuple[int, ...], folder: Path, tell: Callable[[str], None]) -> Scale:
    """Fill the index in ``folder`` up to each of ``sizes``, and ask at each."""
    world, index, scale = World(), SearchIndex.open(folder), Scale(source())
    for size in sizes:
        held = index.count()
        spent = _fill(index, world, held, size)
        pages = index.count()
        asked = queries(world, pages)
        answered = ask(folder, asked)
        times = {way: Times.of(list(each.values())) for way, each in answered["ms"].items()}
        kinds = {
            kind: Times.of([answered["ms"]["tolerant"][text] for text in texts])
            for kind, texts in asked.items()
        }
        stored = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        cost = spent / (pages - held) if pages > held else 0.0
        words = index._lexicon.searcher().num_docs
        scale.sizes.append(Size(pages, 1e3 * cost, stored, words, answered["mb"], times, kinds))
        tell(
            f"  {pages:,} pages: {1e3 * cost:.2f} CPU ms a page, tolerant p95 {times['tolerant'].p95:.1f} ms"
        )
    return scale


def _fill(index: SearchIndex, world: World, first: int, last: int) -> float:
    """CPU seconds spent on indexing, without those that inventing the pages takes."""
    spent, since = 0.0, first
    for number in range(first, last, PAGES_OF_DOCUMENT):
        entries = list(world.entries(number, min(number + PAGES_OF_DOCUMENT, last)))
        begun = time.process_time()
        index.replace_document(entries[0].document, entries)
        if number - since >= _PAGES_A_COMMIT:
            index.commit()
            since = number
        spent += time.process_time() - begun
    begun = time.process_time()
    index.commit()
    return spent + time.process_time() - begun


def queries(world: World, pages: int) -> dict[str, list[str]]:
    """What people might ask, by kind: words of every frequency, people, numbers, phrases, several words."""
    luck = random.Random(pages)
    people, both, numbered = (
        [luck.randrange(max(1, pages // PAGES_OF_FILE)) for _ in range(_QUERIES_OF_A_KIND)] for _ in range(3)
    )

    def word() -> str:
        return world.words[int(len(world.words) ** luck.random())]

    return {
        "a word": [word() for _ in range(_QUERIES_OF_A_KIND)],
        "two words": [f"{word()} {word()}" for _ in range(_QUERIES_OF_A_KIND)],
        "a phrase": [f'"{word()} {word()}"' for _ in range(_QUERIES_OF_A_KIND)],
        "a family name": [world.person(file).family for file in people],
        "given and family name": [f"{world.person(file).given} {world.person(file).family}" for file in both],
        "a file number": [world.entry(file * PAGES_OF_FILE).file_number for file in numbered],
        "a reference to the law": [
            f"§ {luck.randrange(1, 110)} Abs. {luck.randrange(1, 8)} AufenthG"
            for _ in range(_QUERIES_OF_A_KIND)
        ],
    }


def ask(folder: Path, asked: dict[str, list[str]]) -> dict[str, Any]:
    """What a process that does nothing else says of all the queries."""
    file = folder.parent / "queries.json"
    file.write_text(
        json.dumps(sorted({text for texts in asked.values() for text in texts})), encoding="utf-8"
    )
    command = [sys.executable, "-m", "bench.search.asking", str(folder), str(file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answered: dict[str, Any] = json.loads(done.stdout)
    return answered
