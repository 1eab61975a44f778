"""The search index is made anew while the old one serves, and while more is stored."""

from pathlib import Path

import pytest

from config import wiring
from pipeline import flow, indexing
from storage.ledger import documents
from storage.search.access import Reader
from tests import office as desk
from tests.office import Office, page, save


@pytest.fixture
def office(tmp_path: Path):
    with desk.open_office(tmp_path / "data") as opened:
        opened.inventory("33/1;1;1", "33/2;1;1")
        yield opened


def store(office: Office, scans: Path, name: str) -> None:
    save(scans / f"{name}.png", page(f"Bescheid {name[-1]}"))
    office.take(scans / f"{name}.png")
    office.work()


def files_found(office: Office) -> list[str]:
    return sorted(hit.file_number for hit in office.search("Bescheid"))


def rebuild(office: Office, on_document=lambda _done, _total: None) -> None:
    indexing.rebuild(office.ctx, wiring.index_folder(office.settings), on_document)


def test_what_is_stored_meanwhile_is_found_before_and_after(office, tmp_path):
    store(office, tmp_path, "33_1")
    told = []

    def more_comes(done: int, total: int) -> None:
        told.append((done, total))
        if not office.search("Bescheid")[1:]:
            store(office, tmp_path, "33_2")
        assert files_found(office) == ["33/1", "33/2"], "in the old index, which serves"

    rebuild(office, more_comes)
    assert told[0] == (1, 1)
    assert files_found(office) == ["33/1", "33/2"], "in the new index"


def test_what_no_work_has_indexed_yet_counts_as_indexed_afterwards(office, tmp_path):
    store(office, tmp_path, "33_1")
    with office.ctx.ledger.write() as tx:
        documents.forget_index(tx)
    rebuild(office)
    with office.ctx.ledger.read() as tx:
        assert documents.count_to_index(tx) == 0


def test_a_document_with_objects_missing_leaves_the_others_findable_and_an_alarm(office, tmp_path):
    store(office, tmp_path, "33_1")
    store(office, tmp_path, "33_2")
    for words in (office.settings.data / "objects" / "words").rglob("*"):
        if words.is_file():
            words.unlink()
            break
    rebuild(office)
    assert len(files_found(office)) == 1
    assert office.alarms() == ["not_indexed"]


NOBODY_CLEARED = Reader(clearance=0)


def make_confidential(office: Office) -> None:
    office.inventory("33/1;1;1;3", header="Aktenzeichen;Band;Seiten;Vertraulichkeit")


def test_a_file_that_becomes_confidential_while_it_is_indexed_is_indexed_again(office, tmp_path, monkeypatch):
    store(office, tmp_path, "33_1")
    with office.ctx.ledger.write() as tx:
        documents.forget_index(tx)
    put = indexing.put

    def overtaken(*what) -> dict[str, str]:
        lost = put(*what)
        monkeypatch.setattr(indexing, "put", put)
        make_confidential(office)
        return lost

    monkeypatch.setattr(indexing, "put", overtaken)
    flow.index_documents(office.ctx, office.index)
    assert office.index.search("Bescheid", reader=NOBODY_CLEARED).total == 1
    flow.index_documents(office.ctx, office.index)
    assert office.index.search("Bescheid", reader=NOBODY_CLEARED).total == 0


def test_a_file_that_becomes_confidential_during_a_rebuild_is_so_after_it(office, tmp_path):
    store(office, tmp_path, "33_1")

    def told(_done: int, _total: int) -> None:
        make_confidential(office)
        flow.index_documents(office.ctx, office.index)

    rebuild(office, told)
    assert office.index.search("Bescheid", reader=NOBODY_CLEARED).total == 0
    assert office.index.search("Bescheid").total == 1
