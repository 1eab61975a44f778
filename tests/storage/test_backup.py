"""A copy of the ledger while it is written, sound or not there at all; and its way back."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from errors import BadSetting, Interrupted, LedgerDamaged, LedgerExists, LedgerUnavailable
from storage.ledger import Ledger, documents, inventory, sources
from storage.ledger.backup import back_up, database_file, dump_command, put_back, restore_command
from storage.ledger.leases import Claim
from storage.ledger.tables import events
from tests.ledgers import new_ledger

MANY = 20_000


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A ledger's file with some thousand events."""
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "ledger.db"
    with_events(path, MANY)
    return path


def with_events(path: Path, count: int) -> None:
    ledger = new_ledger(path)
    with ledger.write() as tx:
        tx.record_all("page.recognised", [(f"page-{number}", {"words": "w" * 60}) for number in range(count)])
    ledger.close()


def events_in(path: Path) -> int:
    ledger = Ledger(f"sqlite:///{path}")
    with ledger.read() as tx:
        found: int = tx.value(select(func.count()).select_from(events))
    ledger.close()
    return found


def spoil(path: Path) -> None:
    """Overwrite a part in the middle of a file, as a bad disk does."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xaa" * 8192)


class TestCopy:
    def test_it_is_a_ledger_with_all_that_was_committed(self, database, tmp_path):
        copy = back_up(database, tmp_path / "copy.db")
        assert (copy.events, copy.batches) == (MANY, 0)
        assert copy.last_event
        assert copy.sha256 == hashlib.sha256((tmp_path / "copy.db").read_bytes()).hexdigest()
        assert copy.size == (tmp_path / "copy.db").stat().st_size
        assert events_in(tmp_path / "copy.db") == MANY

    def test_it_is_for_its_owner_only_and_nothing_lies_beside_it(self, database, tmp_path):
        (tmp_path / "backup").mkdir()
        back_up(database, tmp_path / "backup" / "copy.db")
        assert [path.name for path in (tmp_path / "backup").iterdir()] == ["copy.db"]
        assert (tmp_path / "backup" / "copy.db").stat().st_mode & 0o777 == 0o600

    def test_what_is_not_yet_in_the_main_file_comes_along(self, database, tmp_path):
        """The newest commits stand in SQLite's journal: whoever copies the file alone loses them."""
        ledger = Ledger(f"sqlite:///{database}")
        with ledger.write() as tx:
            tx.record("batch.received", "newest")
        assert Path(f"{database}-wal").stat().st_size
        assert back_up(database, tmp_path / "copy.db").events == MANY + 1
        ledger.close()

    def test_it_is_of_one_moment_while_others_write(self, database, tmp_path):
        """A writer commits two events at a time; never does a copy hold one of a pair."""
        done = threading.Event()

        def write() -> None:
            ledger = Ledger(f"sqlite:///{database}")
            while not done.is_set():
                with ledger.write() as tx:
                    tx.record("a", "a")
                    tx.record("b", "b")
            ledger.close()

        writer = threading.Thread(target=write)
        writer.start()
        copies = [back_up(database, tmp_path / "copy.db").events for _ in range(3)]
        done.set()
        writer.join()
        assert copies == sorted(copies)
        assert all(count % 2 == 0 for count in copies)

    def test_progress_is_told(self, database, tmp_path):
        told = []
        back_up(database, tmp_path / "copy.db", lambda done, total: told.append((done, total)))
        assert told
        assert all(0 <= done <= total for done, total in told)


class TestNoCopy:
    def left(self, folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    @pytest.fixture
    def target(self, tmp_path: Path) -> Path:
        """Last night's backup."""
        (tmp_path / "backup").mkdir()
        (tmp_path / "backup" / "copy.db").write_bytes(b"last night's")
        return tmp_path / "backup" / "copy.db"

    def test_of_a_damaged_ledger_last_nights_stays(self, database, target):
        spoil(database)
        with pytest.raises(LedgerDamaged):
            back_up(database, target)
        assert self.left(target.parent) == {"copy.db": b"last night's"}

    def test_when_interrupted(self, database, target):
        def interrupt(_done: int, _total: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(Interrupted):
            back_up(database, target, interrupt)
        assert self.left(target.parent) == {"copy.db": b"last night's"}

    def test_where_there_is_no_ledger(self, tmp_path, target):
        with pytest.raises(LedgerUnavailable):
            back_up(tmp_path / "none.db", target)
        assert not (tmp_path / "none.db").exists()
        assert self.left(target.parent) == {"copy.db": b"last night's"}


class TestWayBack:
    @pytest.fixture
    def backup(self, database, tmp_path) -> Path:
        back_up(database, tmp_path / "copy.db")
        return tmp_path / "copy.db"

    @pytest.fixture
    def new(self, tmp_path) -> Path:
        (tmp_path / "new").mkdir()
        return tmp_path / "new" / "ledger.db"

    def test_it_is_the_ledger_then(self, backup, new):
        assert put_back(backup, new).events == MANY
        assert [path.name for path in new.parent.iterdir()] == ["ledger.db"]
        assert events_in(new) > MANY  # that the index is to be filled anew is an event too

    @pytest.mark.parametrize("name", ["ledger.db", "ledger.db-wal", "ledger.db-shm"])
    def test_it_replaces_nothing_that_is_there(self, backup, new, name):
        (new.parent / name).write_bytes(b"there")
        with pytest.raises(LedgerExists):
            put_back(backup, new)
        assert {path.name: path.read_bytes() for path in new.parent.iterdir()} == {name: b"there"}

    def test_a_damaged_one_is_refused(self, backup, new):
        spoil(backup)
        with pytest.raises(LedgerDamaged):
            put_back(backup, new)
        assert list(new.parent.iterdir()) == []

    @pytest.mark.parametrize("content", [b"", b"%PDF-1.7 no database", b"SQLite format 3\0"])
    def test_what_is_no_ledger_is_refused(self, tmp_path, new, content):
        (tmp_path / "other.db").write_bytes(content)
        with pytest.raises(LedgerDamaged):
            put_back(tmp_path / "other.db", new)
        assert list(new.parent.iterdir()) == []

    def test_half_a_file_is_refused(self, backup, new):
        with backup.open("r+b") as file:
            file.truncate(backup.stat().st_size // 2)
        with pytest.raises(LedgerDamaged):
            put_back(backup, new)
        assert list(new.parent.iterdir()) == []

    def test_one_of_a_newer_version_is_refused(self, backup, new):
        with closing(sqlite3.connect(backup)) as copy, copy:
            copy.execute("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(LedgerUnavailable):
            put_back(backup, new)
        assert list(new.parent.iterdir()) == []

    def test_work_of_that_time_is_nobodys_and_the_index_is_to_be_filled(self, database, new, tmp_path):
        ledger = Ledger(f"sqlite:///{database}")
        with ledger.write() as tx:
            new_ids = {"file_number": "33/1", "file_key": "33-1", "number": 1, "new_ids": ("case", "VOLUME")}
            inventory.put(tx, in_inventory=True, **new_ids)
            documents.ensure(tx, "VOLUME", volume_id="VOLUME", stack_id=None)
            source = sources.NewSource(
                "source", "0" * 64, "a.pdf", 1, "originals/a", "stack", 0, None, None, None
            )
            sources.register_batch(tx, "batch", "b", {"stack": "a.pdf"}, [source])
            assert sources.claim(tx, "source", Claim("elsewhere/1/1.0", 9999))
        ledger.close()
        back_up(database, tmp_path / "copy.db")
        put_back(tmp_path / "copy.db", new)
        restored = Ledger(f"sqlite:///{new}")
        with restored.write() as tx:
            assert sources.claim(tx, "source", Claim("here/1/1.0", 60))
            assert documents.count_to_index(tx) == 1
        restored.close()


class TestPostgres:
    def test_the_commands_that_are_named_copy_a_ledger_and_bring_it_back(self, postgres, tmp_path):
        url, other = postgres.database(), postgres.database()
        assert database_file(url) is None
        ledger = Ledger(url)
        with ledger.write() as tx:
            tx.record("batch.received", "batch")
        ledger.close()
        for command in (
            dump_command(url, tmp_path / "a copy.dump"),
            restore_command(other, tmp_path / "a copy.dump"),
        ):
            program, *arguments = shlex.split(command)
            subprocess.run([shutil.which(program) or program, *arguments], check=True)
        restored = Ledger(other)
        with restored.read() as tx:
            assert tx.value(select(events.c.subject)) == "batch"
        restored.close()

    @pytest.mark.parametrize("url", ["", "nonsense", "mysql://user@host/name"])
    def test_an_address_of_neither_is_refused(self, url):
        with pytest.raises(BadSetting):
            database_file(url)

    def test_a_password_is_not_repeated(self):
        command = dump_command("postgresql://akten:geheim@db.intern:5433/akten", Path("/backup/ledger.dump"))
        assert command == (
            "pg_dump --format=custom --file=/backup/ledger.dump"
            " --host=db.intern --port=5433 --username=akten --dbname=akten"
        )
