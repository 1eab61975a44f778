"""What one writer at a time costs: pages claimed and finished a second, by several processes at once.

``python -m bench.writers`` does so on SQLite and on PostgreSQL, by 1, 4 and 16 processes, and prints for each
how many pages went through, and how long a page's two transactions took, waiting included. A worker that
recognises takes a second and more a page, so the figures are to be held against a page a second and worker.
"""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from typing import NamedTuple

from storage.ledger import Ledger, pages, sources
from storage.ledger.leases import Claim
from storage.ledger.pages import PageOutcome
from tests.servers import PostgresServer

PAGES = 400
CREWS = (1, 4, 16)
_SHA = "ab" * 32
_OUTCOME = PageOutcome("recognised", "unknown", [], {"width": 2480, "height": 3508}, None, 90.0)


class Measured(NamedTuple):
    """Pages a second by all, and the median and 95th percentile of milliseconds a page."""

    per_second: float
    median_ms: float
    p95_ms: float


def main() -> None:
    """Print the table."""
    print(f"{'ledger':12}{'processes':>10}{'pages/s':>10}{'median ms':>11}{'p95 ms':>9}")
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        for crew in CREWS:
            addresses = {"SQLite": f"sqlite:///{folder}/{crew}.db", "PostgreSQL": server.database()}
            for name, url in addresses.items():
                found = measure(url, crew)
                print(
                    f"{name:12}{crew:>10}{found.per_second:>10.0f}{found.median_ms:>11.1f}{found.p95_ms:>9.1f}"
                )


def measure(url: str, crew: int) -> Measured:
    """Let ``crew`` processes take ``PAGES`` pages through the ledger at ``url``, which is new."""
    ledger = Ledger(url)
    with ledger.write() as tx:
        source = sources.NewSource(
            _SHA[:20], _SHA, "scan.pdf", 1, f"originals/{_SHA}", "stack", 0, None, None, None
        )
        sources.register_batch(tx, "batch", "delivery", {"stack": "scan.pdf"}, [source])
        claimed = sources.claim(tx, source.id, Claim("bench/0/0", 60))
        if claimed is None:
            raise LookupError(source.id)
        ids = sources.split(tx, claimed, "PDF", PAGES, "stack")
    ledger.close()
    with multiprocessing.get_context("spawn").Pool(crew) as pool:
        shares = [(url, ids[number::crew], f"bench/{number}/0") for number in range(crew)]
        spent = [seconds for share in pool.starmap(_work, shares) for seconds in share]
    took = max(end for _, end in spent) - min(start for start, _ in spent)
    each = sorted((end - start) * 1000 for start, end in spent)
    return Measured(len(each) / took, statistics.median(each), each[int(0.95 * len(each))])


def _work(url: str, page_ids: list[str], owner: str) -> list[tuple[float, float]]:
    ledger = Ledger(url, migrate=False)
    spent: list[tuple[float, float]] = []
    for page_id in page_ids:
        start = time.monotonic()
        with ledger.write() as tx:
            pages.claim(tx, page_id, Claim(owner, 60))
        with ledger.write() as tx:
            pages.finish(tx, page_id, _OUTCOME)
        spent.append((start, time.monotonic()))
    ledger.close()
    return spent


if __name__ == "__main__":
    main()
