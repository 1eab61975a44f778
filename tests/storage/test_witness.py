"""The tables against the events, on either database: whatever is changed by hand is named."""

from collections.abc import Iterator

import pytest

from pipeline import witness
from storage.ledger import Ledger, Transaction, alarms, documents, history, inventory, pages, sources
from storage.ledger.leases import Claim
from storage.ledger.pages import PageOutcome, Place

ME = Claim("host/1/1.0", 60)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """A file in its volume's document, one in none, whose last page is blank, and one in quarantine."""
    ledger = Ledger(ledger_url)
    with ledger.write() as tx:
        _put_volumes(tx)
        new = [_source("a", 0), _source("b", 1), _source("c", 2, reason="no_pages", reason_params={})]
        sources.register_batch(tx, "batch", "delivery", {"stack": "x"}, new, record_key=f"intakes/{'d' * 64}")
        for source_id, count in (("a", 2), ("b", 3)):
            for page in sources.split(tx, sources.claim(tx, source_id, ME), "PDF", count, "stack"):
                stage = "blank" if page == "b-3" else "recognised"
                pages.finish(tx, page, PageOutcome(stage, "unknown", [], {"w": 1}, f"words/{page}", 90.0))
        documents.ensure(tx, "vol", volume_id="vol", stack_id=None)
        documents.ensure(tx, "doc", volume_id=None, stack_id="stack")
        _store(tx, "vol", ["a-1", "a-2"])
        _sound_alarms(tx)
    yield ledger
    ledger.close()


def _put_volumes(tx: Transaction) -> None:
    for name, new_ids in (("1", ("file", "vol")), ("2", ("other", "another"))):
        listed = {"file_number": f"{name}/1", "file_key": f"{name}-1", "number": 1}
        inventory.put(tx, new_ids=new_ids, in_inventory=False, **(listed | {"file_number": f"{name}_1"}))
        inventory.put(tx, new_ids=new_ids, in_inventory=True, holder="N", expected_pages=2, **listed)


def _sound_alarms(tx: Transaction) -> None:
    """Four about one file: open, settled, gone, come back."""
    for code in ("page_mismatch", "repaired", "cover_twice", "ambiguous_name"):
        alarms.sound(tx, code, "a", batch_id="batch", volume_id="vol")
    alarms.settle(tx, 2, "seen")
    alarms.clear(tx, "cover_twice", "a")
    alarms.clear(tx, "ambiguous_name", "a")
    alarms.sound(tx, "ambiguous_name", "a", batch_id="batch")


def _source(digit: str, position: int, **more: object) -> sources.NewSource:
    return sources.NewSource(
        id=digit,
        sha256=digit * 64,
        name="scan.pdf",
        size=10,
        object_key=f"originals/{digit * 64}",
        stack_id="stack",
        position=position,
        hint_volume_id=None,
        hint_by=None,
        expected_pages=None,
        **more,
    )


def _store(tx: Transaction, document_id: str, page_ids: list[str]) -> None:
    mine = _claimed(tx, document_id, page_ids)
    assert documents.store(tx, mine, documents.Stored("products/e", "e" * 64, 5), page_ids)


def _claimed(tx: Transaction, document_id: str, page_ids: list[str]) -> documents.Document:
    pages.place(tx, [Place(page, document_id, "unknown", False) for page in page_ids])
    documents.touch(tx, document_id)
    document = documents.claim(tx, document_id, ME)
    assert document is not None
    return document


def problems(tx: Transaction) -> list[str]:
    return [one.message.format(**one.params) for one in witness.compare(tx).problems]


#: What somebody does to the tables, and what has to be said about it.
FORGED = (
    ("UPDATE sources SET state = 'stored' WHERE id = 'c'", "File c: state is stored; the events say quara"),
    ("UPDATE sources SET state = 'split' WHERE id = 'c'", "File c: state is split; the events say quaran"),
    ("UPDATE sources SET state = 'waiting' WHERE id = 'a'", "File a: state is waiting; the events say spl"),
    ("UPDATE sources SET reason = 'x' WHERE id = 'c'", "File c: reason is x; the events say no_pages."),
    ("UPDATE sources SET sha256 = 'x' WHERE id = 'b'", "File b: sha256 is x; the events say bbb"),
    ("UPDATE sources SET page_count = 5 WHERE id = 'b'", "File b: page_count is 5; the events say 3."),
    ("DELETE FROM pages WHERE id = 'b-1'", "File b: pages is 2; the events say 3."),
    ("UPDATE volumes SET number = 2 WHERE id = 'vol'", "Volume vol: number is 2; the events say 1."),
    ("UPDATE volumes SET case_file_id = 'file', number = 7 WHERE id = 'another'",
     "Volume another: case_file_id is file; the events say other."),
    ("UPDATE volumes SET expected_pages = NULL", "Volume vol: expected_pages is -; the events say 2."),
    ("UPDATE volumes SET in_inventory = false", "Volume vol: in_inventory is 0; the events say 1."),
    ("UPDATE case_files SET file_number = 'x'", "Case file file: file_number is x; the events say 1/1."),
    ("UPDATE case_files SET file_key = 'x' WHERE id = 'file'",
     "Case file file: file_key is x; the events say 1-1."),
    ("UPDATE case_files SET confidentiality = 0 WHERE id = 'file'",
     "Case file file: confidentiality is 0; the events say -."),
    ("UPDATE case_files SET reader_groups = 'x'", "Case file file: reader_groups is x; the events say -."),
    ("UPDATE case_files SET in_inventory = false",
     "Case file file: in_inventory is 0; the events say 1."),
    ("UPDATE pages SET words_key = NULL", "Page a-1: words_key is -; the events say words/"),
    ("UPDATE pages SET type = 'invoice'", "Page a-1: type is invoice; the events say unknown."),
    ("UPDATE pages SET stage = 'blank' WHERE id = 'b-1'", "Page b-1: stage is blank; the events say recog"),
    ("UPDATE pages SET stage = 'recognised' WHERE id = 'b-3'", "Page b-3: stage is recognised; the events"),
    ("UPDATE pages SET stage = 'stored' WHERE id = 'b-1'", "Page b-1: stage is stored; the events say rec"),
    ("UPDATE pages SET stage = 'recognised' WHERE id = 'a-1'",
     "Document vol: pages is 1; the events say 2."),
    ("UPDATE pages SET number = 9 WHERE id = 'b-3'", "Page b-3: id is b-3; the events say b-9."),
    ("UPDATE pages SET document_page = 3 - document_page WHERE source_id = 'a'",
     "Document vol: order of pages is"),
    ("UPDATE documents SET volume_id = NULL", "Document vol: volume_id is -; the events say vol."),
    ("UPDATE documents SET state = 'empty'", "Document vol: state is empty; the events say stored"),
    ("UPDATE documents SET state = 'failed'", "Document vol: state is failed; the events say stored"),
    ("UPDATE documents SET revision = 9", "Document vol: revision is 9; the events say 1."),
    ("UPDATE documents SET sha256 = 'x'", "Document vol: sha256 is x; the events say eee"),
    ("UPDATE batches SET record_key = NULL", "Batch batch: record_key is -; the events say intakes/"),
    ("UPDATE batches SET received_at = '2000'", "Batch batch: received_at is 2000; the events say"),
    ("UPDATE stacks SET state = 'filed'", "Stack stack: state is filed; the events say open."),
    ("UPDATE alarms SET cleared_at = 'x'", "Alarm 1: state is cleared; the events say open."),
    ("UPDATE alarms SET volume_id = NULL", "Alarm 1: volume_id is -; the events say vol."),
    ("DELETE FROM alarms", "The events tell of a (alarm.raised)"),
    ("DELETE FROM alarms WHERE code = 'repaired'", "Alarm a: alarm is -; the events say repaired."),
    ("INSERT INTO batches (id, name, received_at, record_key) VALUES ('x', '', '', 'y')",
     "Batch x: record_key is y"),
)  # fmt: skip


class TestChangedByHand:
    def test_all_of_it_is_named(self, ledger):
        with ledger.write() as tx:
            for statement, said in FORGED:
                undone = tx.connection.begin_nested()
                tx.connection.exec_driver_sql(statement)
                assert [one for one in problems(tx) if one.startswith(said)], statement
                undone.rollback()
            assert problems(tx) == []

    def test_a_row_that_was_removed_is_told_by_its_events(self, ledger):
        with ledger.write() as tx:
            for table in ("alarms", "pages", "documents", "sources", "volumes", "case_files"):
                tx.connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608
            lost = list(history.vanished(tx))
        files = [("a", "source.received", 2), ("b", "source.received", 3), ("c", "source.received", 0)]
        assert lost == [
            ("a", "alarm.raised", 0),
            files[0],
            ("another", "volume.added", 0),
            *files[1:],
            ("file", "case_file.added", 0),
            ("other", "case_file.added", 0),
            ("vol", "document.stored", 0),
            ("vol", "volume.added", 0),
        ]

    def test_a_truth_value_that_is_none(self, tmp_path):
        ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")  # a server takes no such value
        with ledger.write() as tx:
            _put_volumes(tx)
            tx.connection.exec_driver_sql("UPDATE volumes SET in_inventory = 7")
            assert "Volume another: in_inventory is 7; the events say 1." in problems(tx)
        ledger.close()

    def test_of_very_many_the_first_are_named_and_all_are_counted(self, ledger, monkeypatch):
        monkeypatch.setattr(witness, "MOST_NAMED", 2)
        with ledger.write() as tx:
            tx.connection.exec_driver_sql("UPDATE pages SET type = 'x'")
            found = witness.compare(tx)
        assert (found.found, len(found.problems)) == (5, 2)


class TestUntouched:
    def test_all_agrees_a_few_rows_at_a_time(self, ledger, monkeypatch):
        monkeypatch.setattr(history, "_ROWS_AT_ONCE", 1)
        with ledger.read() as tx:
            found = witness.compare(tx)
        assert (found.found, found.received, found.accounted) == (0, 5, 5)

    def test_a_document_in_work_is_not_held_to_its_pages(self, ledger):
        with ledger.write() as tx:
            _claimed(tx, "vol", [])
            pages.place(tx, [Place("a-2", "doc", "unknown", False)])
            assert problems(tx) == []

    def test_pages_given_up_with_their_document_and_tried_again(self, ledger):
        with ledger.write() as tx:
            documents.quarantine(tx, _claimed(tx, "vol", ["b-1"]), "object_missing", {})
            assert problems(tx) == []
            documents.retry(tx, "vol")
            assert problems(tx) == []
            assert pages.get(tx, "b-1").stage == "recognised"

    def test_a_document_that_one_gave_up_and_another_stored(self, ledger):
        with ledger.write() as tx:
            mine = _claimed(tx, "doc", ["b-1"])
            documents.quarantine(tx, mine, "object_missing", {})
            assert documents.store(tx, mine, documents.Stored("products/f", "f" * 64, 5), ["b-1"])
            assert problems(tx) == []

    def test_a_stack_given_up_and_opened_again(self, ledger):
        with ledger.write() as tx:
            sources.give_up_filing(tx, "stack", "stack_not_filed", {})
            assert problems(tx) == []
            pages.retry(tx, "b-1")
            sources.set_stack_state(tx, "stack", "open")
            assert problems(tx) == []
