"""Several machines with one ledger have one search index; a machine for itself is never asked about it."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from errors import IndexElsewhere
from pipeline import flow
from pipeline.index_home import keeps_index, take_index
from storage.ledger.homes import Home
from tests.cli.forked import Forked
from tests.office import Office, open_office, page, save

OTHER = Home("0" * 32, "archiv2:/srv/akten")


@dataclass(frozen=True)
class Machine:
    """A data folder of its own: the command there, and an office there for what need not be one."""

    akten: Forked
    office: Office

    def do(self, scan: Path) -> None:
        """Take in and store one page, as workers do; indexing is not theirs."""
        self.office.take(save(scan, page(scan.stem)))
        for step in ("split", "recognise", "file", "assemble"):
            for task in self.office.tasks(step):
                assert self.office.attempt(task) is None

    def found(self) -> int:
        """Pages found by a word that is on all of them."""
        return self.akten.json("search", "hiermit")["total"]


@pytest.fixture
def machine(tmp_path: Path):
    """Makes machines that share ledger and objects in one folder."""
    with ExitStack() as stack:

        def make(name: str, own: str = "") -> Machine:
            shared = f"[ledger]\nurl = 'sqlite:///{tmp_path / 'shared.db'}'\n"
            shared += f"[objects]\nfolder = '{tmp_path / 'objects'}'\n[queue]\nworkers = 1\n"
            (tmp_path / name).mkdir()
            (tmp_path / name / "akten.toml").write_text(shared + own)
            return Machine(Forked(tmp_path / name), stack.enter_context(open_office(tmp_path / name)))

        yield make


@pytest.fixture
def first(machine, tmp_path: Path) -> Machine:
    """The machine that worked first: it keeps the index."""
    first = machine("first")
    first.do(tmp_path / "eins.png")
    assert keeps_index(first.office.ctx.ledger, first.office.ctx.home)
    assert flow.index_documents(first.office.ctx, first.office.index) == 1
    return first


class TestTwoMachines:
    def test_the_second_one_works_and_leaves_indexing_to_the_first(self, first, machine, tmp_path):
        second = machine("second")
        said = second.akten("run", save(tmp_path / "zwei.png", page("Zwei"))).stderr
        assert said.count("Another machine keeps the search index") == 1
        assert "akten index rebuild" in said
        assert second.akten.json("status")["backlog"]["index"] == 1
        assert "Another machine" not in first.akten("run").stderr
        assert second.akten.json("status")["backlog"]["index"] == 0
        assert first.found() == 2

    def test_search_says_where_the_index_is(self, first, machine):
        said = machine("second").akten("search", "hiermit", code=3).stderr
        assert "The search index is not kept here" in said
        assert f":{first.akten.data}" in said

    def test_a_rebuild_moves_it(self, first, machine):
        second = machine("second")
        second.akten("index", "rebuild")
        assert second.found() == 1
        assert f":{second.akten.data}" in first.akten("search", "hiermit", code=3).stderr
        with pytest.raises(IndexElsewhere):
            flow.index_documents(first.office.ctx, first.office.index)
        first.akten("index", "rebuild")
        assert first.found() == 1

    def test_one_that_is_set_not_to_keep_it_says_nothing_and_takes_nothing(self, machine, tmp_path):
        worker = machine("worker", "[index]\nhere = false\n")
        worker.do(tmp_path / "eins.png")
        assert "index" not in worker.akten("run").stderr
        assert "index.here" in worker.akten("search", "hiermit", code=3).stderr
        assert "index.here" in worker.akten("index", "rebuild", code=2).stderr
        keeper = machine("keeper").office.ctx
        assert keeps_index(keeper.ledger, keeper.home)

    def test_an_index_that_was_removed_is_filled_anew_where_it_was(self, first):
        shutil.rmtree(first.akten.data / "index")
        first.akten("run")
        assert first.found() == 1


def test_a_move_in_the_middle_marks_nothing_as_indexed(first, tmp_path):
    """Or the new index would lack what the old one took last."""
    first.do(tmp_path / "zwei.png")
    ctx, index = first.office.ctx, first.office.index
    replace_document = index.replace_document

    def and_meanwhile_it_is_moved(*arguments) -> None:
        replace_document(*arguments)
        with ctx.ledger.write() as tx:
            take_index(tx, OTHER)

    index.replace_document = and_meanwhile_it_is_moved
    with pytest.raises(IndexElsewhere) as caught:
        flow.index_documents(ctx, index)
    assert caught.value.params["place"] == OTHER.place
    index.replace_document = replace_document
    assert flow.index_documents(replace(ctx, home=OTHER), index) == 1


def test_a_machine_for_itself_may_move_its_folder_and_lose_its_index(tmp_path):
    with open_office(tmp_path / "data") as office:
        office.take(save(tmp_path / "eins.png", page("Eins")))
        office.work()
    assert not (tmp_path / "data" / "folder-id").exists()
    moved = Forked((tmp_path / "data").rename(tmp_path / "moved"), {"AKTEN_QUEUE__WORKERS": "1"})
    assert moved.json("search", "hiermit")["total"] == 1
    shutil.rmtree(moved.data / "index")
    assert "Another machine" not in moved("run").stderr
    assert moved.json("search", "hiermit")["total"] == 1
