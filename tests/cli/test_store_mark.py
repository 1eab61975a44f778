"""A store that is not mounted, another one, a ledger that is gone: noticed before anything is written."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from errors import StoreElsewhere
from pipeline import store_mark
from pipeline.sealing import seal
from pipeline.verify import verify
from storage.ledger import Ledger
from storage.objects import ObjectStore, S3Options
from storage.stores import open_store
from tests.cli.forked import Forked
from tests.office import page, save
from tests.servers import S3Server

NOT_ITS_OWN = "The object store is not the one this ledger belongs to"
LOST = "is missing, though objects lie in"


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return save(tmp_path / "scans" / "eins.png", page("Eins"))


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return save(tmp_path / "scans" / "zwei.png", page("Zwei"))


@pytest.fixture
def taken(akten: Forked, scan: Path) -> Forked:
    """The command where one file has been taken in."""
    akten("ingest", scan)
    return akten


def objects_of(akten: Forked) -> Path:
    return akten.data / "objects"


def marks(akten: Forked) -> list[str]:
    return sorted(path.name for path in (objects_of(akten) / "store").iterdir())


def writing_or_judging(other: Path) -> list[tuple[str | Path, ...]]:
    return [("ingest", other), ("run",), ("work",), ("verify",), ("seal",), ("recover",), ("doctor",)]


class TestTheStoreIsAway:
    def test_an_empty_mount_point_is_left_alone_and_nothing_is_said_to_be_lost(self, taken, other, tmp_path):
        away = objects_of(taken).rename(tmp_path / "away")
        objects_of(taken).mkdir()
        for command in writing_or_judging(other):
            done = taken(*command, code=3)
            assert NOT_ITS_OWN in " ".join((done.stdout + done.stderr).split()), command
            assert list(objects_of(taken).iterdir()) == [], command
        status = taken.json("status")
        assert status["parts"]["store"]["code"] == "store_elsewhere"
        assert status["alarms"] == []
        objects_of(taken).rmdir()
        away.rename(objects_of(taken))
        assert taken.json("ingest", other)["sources"]["received"] == 1
        assert taken.json("verify")["objects"]["missing"] == 0

    def test_a_folder_that_is_gone_is_not_made_again(self, taken, other):
        objects_of(taken).rename(taken.data.parent / "away")
        for command in writing_or_judging(other):
            taken(*command, code=3)
            assert not objects_of(taken).exists(), command
        assert taken.json("status")["alarms"] == []
        assert f"expected in {objects_of(taken)}" in taken("recover", code=3).stderr

    def test_a_disk_that_goes_in_the_middle_of_a_verification_has_lost_nothing(self, taken, tmp_path):
        with closing(Ledger(f"sqlite:///{taken.data / 'ledger.db'}")) as ledger:
            (tmp_path / "empty").mkdir()
            for judge in (verify, seal):
                with pytest.raises(StoreElsewhere):
                    judge(ledger, open_store(str(tmp_path / "empty")))
        assert taken.json("status")["alarms"] == []

    def test_its_copy_is_the_same_store(self, taken, other):
        shutil.copytree(objects_of(taken), taken.data.parent / "copy")
        shutil.rmtree(objects_of(taken))
        (taken.data.parent / "copy").rename(objects_of(taken))
        taken("ingest", other)
        assert len(marks(taken)) == 1

    def test_another_ones_store_is_not_written_to(self, taken, other, tmp_path):
        second = Forked(tmp_path / "second")
        second("ingest", other)
        shutil.rmtree(objects_of(taken))
        shutil.copytree(objects_of(second), objects_of(taken))
        assert NOT_ITS_OWN in taken("ingest", other, code=3).stderr
        assert NOT_ITS_OWN in taken("verify", code=3).stderr

    def test_a_mark_that_alone_is_lost_can_be_put_back_by_hand(self, taken):
        (mark,) = marks(taken)
        (objects_of(taken) / "store" / mark).unlink()
        assert f"store/{mark}" in taken("verify", code=3).stderr
        (objects_of(taken) / "store" / mark).touch()
        taken("verify")


class TestTheLedgerIsGone:
    def test_a_question_makes_no_ledger(self, akten):
        akten.data.mkdir()
        assert "There is no ledger" in akten("status", code=2).stderr
        assert "none yet" in akten("doctor").stdout
        assert not (akten.data / "ledger.db").exists()

    def test_every_command_names_the_way_out_and_none_begins_anew(self, taken, other):
        (taken.data / "ledger.db").unlink()
        (taken.data.parent / "liste.csv").write_text("Aktenzeichen;Band\n1/2;1\n")
        for command in (
            ("status",),
            ("documents",),
            ("verify",),
            ("show", "1/2"),
            ("ingest", other),
            ("run", other),
            ("work",),
            ("inventory", "import", taken.data.parent / "liste.csv"),
        ):
            said = taken(*command, code=3).stderr
            assert LOST in said, command
            assert "akten restore" in said, command
            assert "akten recover" in said, command
            assert not (taken.data / "ledger.db").exists(), command

    def test_an_empty_ledger_beside_objects_is_a_lost_one(self, taken, other):
        (taken.data / "ledger.db").unlink()
        Ledger(f"sqlite:///{taken.data / 'ledger.db'}").close()
        assert LOST in taken("ingest", other, code=3).stderr
        assert taken.json("recover")["files"] == 1

    def test_a_recovered_ledger_takes_the_mark_it_finds(self, taken, other):
        before = marks(taken)
        (taken.data / "ledger.db").unlink()
        assert taken.json("recover")["files"] == 1
        taken("ingest", other)
        assert marks(taken) == before
        assert taken.json("verify")["ok"]

    def test_so_does_a_restored_one_that_is_older_than_the_mark(self, akten, scan, other, tmp_path):
        (tmp_path / "liste.csv").write_text("Aktenzeichen;Band\n1/2;1\n")
        akten("inventory", "import", tmp_path / "liste.csv")
        akten("backup", "-o", tmp_path / "ledger.db")
        akten("ingest", scan)
        before = marks(akten)
        (akten.data / "ledger.db").unlink()
        akten("restore", tmp_path / "ledger.db")
        assert akten.json("recover")["files"] == 1
        akten("ingest", other)
        assert marks(akten) == before

    def test_there_is_nothing_to_recover_from_an_empty_store(self, akten):
        objects_of(akten).mkdir(parents=True)
        assert "The objects are missing" in akten("recover", code=3).stderr
        assert list(objects_of(akten).iterdir()) == []
        assert not (akten.data / "ledger.db").exists()
        Ledger(f"sqlite:///{akten.data / 'ledger.db'}").close()
        assert "The objects are missing" in akten("recover", code=3).stderr


def test_a_kill_between_mark_and_ledger_is_no_loss(akten, scan):
    store_mark._mark(open_store(str(objects_of(akten))))
    Ledger(f"sqlite:///{akten.data / 'ledger.db'}").close()
    akten("ingest", scan)
    assert len(marks(akten)) == 1


def test_a_store_without_a_mark_gets_one_at_the_next_intake(taken, other):
    shutil.rmtree(objects_of(taken) / "store")
    with closing(Ledger(f"sqlite:///{taken.data / 'ledger.db'}")) as ledger, ledger.write() as tx:
        tx.connection.exec_driver_sql("DELETE FROM homes")
    originals = (objects_of(taken) / "originals").rename(taken.data.parent / "originals")
    intakes = (objects_of(taken) / "intakes").rename(taken.data.parent / "intakes")
    assert NOT_ITS_OWN in taken("ingest", other, code=3).stderr
    for folder in (originals, intakes):
        folder.rename(objects_of(taken) / folder.name)
    taken("verify")
    taken("ingest", other)
    assert len(marks(taken)) == 1


def test_another_bucket_is_another_store(tmp_path):
    with S3Server() as server, closing(Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")) as ledger:

        def bucket(name: str) -> ObjectStore:
            options = S3Options(server.endpoint, name, server.access_key, server.secret_key, secure=False)
            return open_store(f"s3://{name}", options)

        store_mark.settle(ledger, bucket("akten-one"), "S3")
        store_mark.require(ledger, bucket("akten-one"))
        for look in (store_mark.require, lambda *known: store_mark.settle(*known, "S3")):
            with pytest.raises(StoreElsewhere):
                look(ledger, bucket("akten-two"))
        assert list(bucket("akten-two").keys()) == []
