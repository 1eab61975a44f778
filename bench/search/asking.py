"""``python -m bench.search.asking FOLDER FILE``: a process that only asks, to see what memory that takes.

FILE has the queries, a JSON list; a JSON object with their times and the most memory goes to standard output.
Each query is asked twice before it is measured: an index that is in use lies in the system's memory.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.machine import most_memory
from storage.search.compiled import compiled
from storage.search.index import SearchIndex
from storage.search.query import parse

_TIMES = 3
_TOP = 10


def main() -> int:
    """Ask all queries in each way."""
    folder, queries = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    index = SearchIndex.open(folder)
    searcher = index._searcher()
    variants = index._variants(searcher)

    def exact(text: str) -> None:
        searcher.search(compiled(parse(text)).query, _TOP)

    def tolerant(text: str) -> None:
        searcher.search(compiled(parse(text), variants).query, _TOP)

    def whole(text: str) -> None:
        index.search(text, limit=_TOP, per_file=3)

    spent = {
        name: {text: _milliseconds(way, text) for text in queries}
        for name, way in (("exact", exact), ("tolerant", tolerant), ("whole", whole))
    }
    sys.stdout.write(json.dumps({"ms": spent, "mb": most_memory()}))
    return 0


def _milliseconds(way: Callable[[str], None], text: str) -> float:
    for _ in range(_TIMES):
        begun = time.process_time()
        way(text)
        spent = time.process_time() - begun
    return spent * 1000


if __name__ == "__main__":
    sys.exit(main())
