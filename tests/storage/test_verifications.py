"""What verification asks of the ledger, on either database: objects in order, runs."""

import pytest

from storage.ledger import Ledger, documents, pages, recorded, sources, verifications
from storage.ledger.leases import Claim
from storage.ledger.pages import PageOutcome, Place
from storage.ledger.verifications import Finding

ME = Claim("host/1/1.0", 60)


@pytest.fixture
def ledger(ledger_url: str):
    """A batch of three files with two pages each; those of the first are stored in a document."""
    ledger = Ledger(ledger_url)
    hashes = [digit * 64 for digit in "abc"]
    with ledger.write() as tx:
        new = [_source(sha256, place) for place, sha256 in enumerate(hashes)]
        sources.register_batch(tx, "batch", "delivery", {"stack": "x"}, new, record_key=f"intakes/{'d' * 64}")
        for one in new:
            for page in sources.split(tx, sources.claim(tx, one.id, ME), "PDF", 2, "stack"):
                pages.finish(tx, page, _outcome(page))
        documents.ensure(tx, "doc", volume_id=None, stack_id="stack")
        placed = [f"{hashes[0][:20]}-1", f"{hashes[0][:20]}-2"]
        pages.place(tx, [Place(page, "doc", "unknown", False) for page in placed])
        documents.touch(tx, "doc")
        stored = documents.Stored(f"products/{'e' * 64}", "e" * 64, 5)
        documents.store(tx, documents.claim(tx, "doc", ME), stored, placed)
    yield ledger
    ledger.close()


def _source(sha256: str, position: int) -> sources.NewSource:
    return sources.NewSource(
        id=sha256[:20],
        sha256=sha256,
        name="scan.pdf",
        size=10,
        object_key=f"originals/{sha256}",
        stack_id="stack",
        position=position,
        hint_volume_id=None,
        hint_by=None,
        expected_pages=None,
    )


def _outcome(page_id: str) -> PageOutcome:
    return PageOutcome("recognised", "unknown", [], {"width": 1}, f"words/{page_id}", 90.0)


def everything(ledger: Ledger, position: str | None = None) -> list[recorded.Recorded]:
    return [item for some in recorded.after(ledger, position) for item in some]


def change(ledger: Ledger, statement: str) -> None:
    with ledger.write() as tx:
        tx.connection.exec_driver_sql(statement)


class TestOrder:
    def test_every_object_is_there_with_its_hash(self, ledger):
        found = everything(ledger)
        assert [item.kind for item in found] == ["original"] * 3 + ["record", "product"] + ["words"] * 6
        assert [item.sha256 for item in found[:5]] == [digit * 64 for digit in "abcde"]
        with ledger.read() as tx:
            assert recorded.count(tx) == len(found)

    def test_behind_any_of_them_come_exactly_those_after_it(self, ledger, monkeypatch):
        monkeypatch.setattr(recorded, "_ROWS_AT_ONCE", 2)
        found = everything(ledger)
        for place, item in enumerate(found, 1):
            assert everything(ledger, item.position) == found[place:]


class TestRuns:
    def test_the_last_one_is_gone_on_with_until_it_is_finished(self, ledger):
        missing = Finding("a/key", "object_missing", {})
        with ledger.write() as tx:
            run = verifications.begin(tx, 4.0, "seed")
            verifications.found(tx, run, missing)
        with ledger.write() as tx:
            assert verifications.unfinished(tx) == run
            assert list(verifications.findings(tx, run)) == [missing]
            verifications.finish(tx, run, 1)
            assert verifications.unfinished(tx) is None
            assert verifications.last_full(tx) is None, "it was a sample"
