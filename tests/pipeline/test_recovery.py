"""What was taken in after the last backup comes back from the object store, as the intake registered it."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from errors import RecordUnreadable
from pipeline.corrections import assign
from pipeline.intake.affiliation import Affiliation
from pipeline.intake.inventory import import_inventory
from pipeline.intake.take_in import take_in
from pipeline.recovery import Recovery, recover
from storage.folder import FolderStore
from storage.ledger import Ledger, alarms, inventory, sources
from storage.objects import intake_key, original_key
from tests.ledgers import new_ledger

INVENTORY = "Aktenzeichen;Band\n33/1;1\n33/1;2\n33/2;1\n"
NOTHING = Recovery(0, 0, (), ())
#: All that registering writes, but events and when an alarm was raised.
REGISTERED = {
    "batches": "SELECT id, name, received_at, record_key FROM batches",
    "stacks": "SELECT id, batch_id, name, state, urgent FROM stacks",
    "sources": (
        "SELECT id, sha256, batch_id, stack_id, position, name, size, object_key, hint_volume_id, hint_by,"
        " expected_pages, state, reason, reason_params FROM sources"
    ),
    "volumes": (
        "SELECT v.id, f.file_number, f.file_key, v.number FROM volumes v JOIN case_files f"
        " ON f.id = v.case_file_id"
    ),
    "alarms": "SELECT code, subject, batch_id, volume_id, params FROM alarms WHERE cleared_at IS NULL",
}


def registered(ledger: Ledger, *tables: str) -> dict[str, list[tuple[object, ...]]]:
    with ledger.read() as tx:
        run = tx.connection.exec_driver_sql
        return {table: sorted(tuple(row) for row in run(REGISTERED[table])) for table in tables or REGISTERED}


class Authority:
    """Deliveries to one store, and ledgers: the one they were registered in, one of before, an empty one."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._numbers = folder, itertools.count()
        self.objects = FolderStore(folder / "objects")
        self.ledger = self.empty()

    def empty(self) -> Ledger:
        return new_ledger(self._folder / f"{next(self._numbers)}.db")

    def backup(self) -> Ledger:
        target = self._folder / f"{next(self._numbers)}.db"
        with self.ledger.read() as tx:
            tx.connection.exec_driver_sql("COMMIT")
            tx.connection.exec_driver_sql("VACUUM INTO ?", (str(target),))
        return Ledger(f"sqlite:///{target}")

    def deliver(self, name: str, *files: str, manifest: tuple[str, ...] = ()) -> str | None:
        """Take in a folder; a file's content is its path below, or what follows ``=``."""
        root = self._folder / "scans" / name
        for file in files:
            path, _, content = file.partition("=")
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content or path)
        if manifest:
            lines = ["path,file_number,volume,pages,sha256", *manifest, ""]
            (root / "manifest.csv").write_text("\n".join(lines))
        return take_in(self.ledger, self.objects, [root], Affiliation()).batch_id

    def keys(self, kind: str) -> list[str]:
        return list(self.objects.keys(f"{kind}/"))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    authority = Authority(tmp_path)
    (tmp_path / "bestand.csv").write_text(INVENTORY)
    import_inventory(authority.ledger, tmp_path / "bestand.csv")
    return authority


@pytest.fixture
def deliveries(authority: Authority) -> Callable[[], None]:
    """All a delivery may hold: names, manifests, images in a row, contradictions, gaps, the same again."""

    def deliver() -> None:
        authority.deliver("eins", "33_1.pdf", "33_1_Bd2.tif", "bilder/1.jpg", "bilder/2.jpg", "ohne.pdf")
        authority.deliver(
            "zwei",
            "a.pdf",
            "b.pdf",
            "33_1/33_2.pdf=contradiction",
            "nochmal.pdf=ohne.pdf",
            manifest=(
                "a.pdf,33/2,1,7,",
                f"b.pdf,99/1,3,2,{'0' * 64}",
                "fehlt.pdf,33/1,1,,",
                "nochmal.pdf,33/2,1,3,",
            ),
        )

    return deliver


@contextmanager
def power_cut(monkeypatch: pytest.MonkeyPatch, after: int = 0) -> Iterator[None]:
    """Everything ends while a batch is registered; ``after`` so many of them."""
    real, calls = sources.register_batch, itertools.count()

    def register_batch(*arguments: Any, **named: Any) -> None:
        if next(calls) >= after:
            raise KeyboardInterrupt
        real(*arguments, **named)

    with monkeypatch.context() as context:
        context.setattr(sources, "register_batch", register_batch)
        yield


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


class TestRecords:
    def test_every_batch_has_one_whose_key_is_its_hash_and_stands_in_the_ledger(self, authority, deliveries):
        deliveries()
        keys = authority.keys("intakes")
        assert keys == sorted(row[3] for row in registered(authority.ledger, "batches")["batches"])
        for key in keys:
            assert key == intake_key(authority.objects.digest(key).sha256)

    def test_what_is_known_already_makes_none(self, authority):
        authority.deliver("eins", "a.pdf")
        authority.deliver("eins")
        assert len(authority.keys("intakes")) == 1

    def test_it_says_all_that_registering_needs(self, authority):
        batch = authority.deliver("eins", "a.pdf", manifest=(f"a.pdf,77/1,2,5,{'0' * 64}",))
        (key,) = authority.keys("intakes")
        record = json.loads(authority.objects.get_bytes(key))
        (file,) = record["files"]
        assert (record["version"], record["batch"], record["name"]) == (1, batch, "eins")
        assert record["stacks"] == {file["stack"]: "eins/a.pdf"}
        assert (file["sha256"], file["size"], file["name"]) == (sha256("a.pdf"), 5, "eins/a.pdf")
        assert (file["hint"]["file_number"], file["hint"]["volume"], file["hint"]["by"]) == (
            "77/1",
            2,
            "manifest",
        )
        assert (file["expected_pages"], file["reason"]) == (5, "digest_mismatch")

    def test_it_is_there_before_the_ledger_hears_of_the_batch(self, authority, monkeypatch):
        with power_cut(monkeypatch), pytest.raises(KeyboardInterrupt):
            authority.deliver("eins", "a.pdf")
        assert len(authority.keys("intakes")) == 1
        assert registered(authority.ledger, "batches") == {"batches": []}


class TestBatchesByRecord:
    def test_what_came_after_the_backup_is_registered_exactly_as_it_was(self, authority, deliveries):
        restored = authority.backup()
        deliveries()
        found = recover(restored, authority.objects)
        assert (found.batches, found.files, found.originals, found.damaged) == (2, 8, (), ())
        assert registered(restored) == registered(authority.ledger)

    def test_what_the_backup_has_is_left_alone(self, authority):
        authority.deliver("eins", "a.pdf")
        assign(authority.ledger, sha256("a.pdf")[:20], "33/2", 1)
        restored = authority.backup()
        authority.deliver("zwei", "b.pdf")
        assert recover(restored, authority.objects).batches == 1
        assert registered(restored) == registered(authority.ledger)

    def test_a_ledger_that_is_lost_altogether_comes_back_with_the_ids_on_its_cover_sheets(
        self, authority, deliveries
    ):
        deliveries()
        empty = authority.empty()
        assert recover(empty, authority.objects).files == 8
        same = ("batches", "stacks", "sources")
        assert registered(empty, *same) == registered(authority.ledger, *same)
        with authority.ledger.read() as before, empty.read() as after:
            for key, number in (("33-1", 1), ("33-1", 2), ("33-2", 1), ("99-1", 3)):
                assert inventory.find(before, key, number).id == inventory.find(after, key, number).id

    def test_the_inventory_is_imported_afterwards_and_finds_its_volumes(
        self, authority, deliveries, tmp_path
    ):
        deliveries()
        empty = authority.empty()
        recover(empty, authority.objects)
        import_inventory(empty, tmp_path / "bestand.csv")
        assert registered(empty) == registered(authority.ledger)

    def test_an_id_that_has_another_volume_by_now_is_not_taken_from_it(self, authority):
        authority.deliver("eins", "33_2.pdf")
        empty = authority.empty()
        with authority.ledger.read() as tx:
            taken = inventory.find(tx, "33-2", 1).id
        with empty.write() as tx:
            new = {"file_number": "11/1", "file_key": "11-1", "number": 1, "new_ids": ("case", taken)}
            inventory.put(tx, in_inventory=True, **new)
        recover(empty, authority.objects)
        with empty.read() as tx:
            assert inventory.by_id(tx, taken).file_number == "11/1"
            assert inventory.find(tx, "33-2", 1).id != taken

    def test_again_there_is_nothing_to_do(self, authority, deliveries):
        restored = authority.backup()
        deliveries()
        recover(restored, authority.objects)
        before = registered(restored)
        assert recover(restored, authority.objects) == NOTHING
        assert recover(authority.ledger, authority.objects) == NOTHING
        assert registered(restored) == before

    def test_cut_off_it_goes_on_where_it_was(self, authority, deliveries, monkeypatch):
        deliveries()
        empty = authority.empty()
        with power_cut(monkeypatch, after=1), pytest.raises(KeyboardInterrupt):
            recover(empty, authority.objects)
        assert len(registered(empty, "batches")["batches"]) == 1
        assert recover(empty, authority.objects).batches == 1
        same = ("batches", "stacks", "sources")
        assert registered(empty, *same) == registered(authority.ledger, *same)

    def test_they_keep_their_order_in_time_whatever_their_keys_are(self, authority):
        for number in range(8):
            authority.deliver(f"nr{number}", f"{number}.pdf", "gleich.pdf=the same each time")
        empty = authority.empty()
        recover(empty, authority.objects)
        same = ("batches", "stacks", "sources")
        assert registered(empty, *same) == registered(authority.ledger, *same)

    def test_an_intake_that_was_cut_off_and_run_again_does_not_come_twice(self, authority, monkeypatch):
        with power_cut(monkeypatch), pytest.raises(KeyboardInterrupt):
            authority.deliver("eins", "a.pdf", manifest=("a.pdf,33/1,1,,", "b.pdf,33/1,1,,"))
        authority.deliver("eins", "b.pdf")
        before = registered(authority.ledger)
        assert recover(authority.ledger, authority.objects) == NOTHING
        assert registered(authority.ledger) == before

    def test_one_that_was_never_run_again_comes_in_with_its_names(self, authority, monkeypatch):
        with power_cut(monkeypatch), pytest.raises(KeyboardInterrupt):
            authority.deliver("eins", "33_2.pdf")
        assert recover(authority.ledger, authority.objects) == Recovery(1, 1, (), ())
        with authority.ledger.read() as tx:
            assert sources.by_sha256(tx, sha256("33_2.pdf")).name == "eins/33_2.pdf"


class TestOriginalsWithoutRecord:
    def test_they_become_unassigned_files_named_by_their_hash(self, authority):
        authority.deliver("eins", "a.pdf")
        for content in ("lone", "other"):
            authority.objects.put_bytes(original_key(sha256(content)), content.encode())
        ids = sorted(sha256(content)[:20] for content in ("lone", "other"))
        assert recover(authority.ledger, authority.objects) == Recovery(0, 0, tuple(ids), ())
        with authority.ledger.read() as tx:
            found = sources.by_sha256(tx, sha256("lone"))
            assert (found.name, found.size, found.state) == (f"recovered/{found.id}", 4, "waiting")
            assert found.hint_volume_id is None
        assert recover(authority.ledger, authority.objects) == NOTHING

    def test_they_have_a_record_from_then_on(self, authority):
        authority.objects.put_bytes(original_key(sha256("lone")), b"lone")
        recover(authority.ledger, authority.objects)
        empty = authority.empty()
        assert recover(empty, authority.objects) == Recovery(1, 1, (), ())
        same = ("batches", "stacks", "sources")
        assert registered(empty, *same) == registered(authority.ledger, *same)

    def test_delivered_again_they_go_where_they_belong(self, authority):
        authority.objects.put_bytes(original_key(sha256("lone")), b"lone")
        recover(authority.ledger, authority.objects)
        authority.deliver("eins", "33_2.pdf=lone")
        with authority.ledger.read() as tx:
            found = sources.by_sha256(tx, sha256("lone"))
            assert found.hint_volume_id == inventory.find(tx, "33-2", 1).id

    def test_more_than_one_portion(self, authority, monkeypatch):
        monkeypatch.setattr("pipeline.recovery._MANY", 3)
        contents = [f"content {number}" for number in range(8)]
        for content in contents:
            authority.objects.put_bytes(original_key(sha256(content)), content.encode())
        told: dict[str, int] = {}
        found = recover(authority.ledger, authority.objects, lambda kind, done: told.update({kind: done}))
        assert sorted(found.originals) == sorted(sha256(content)[:20] for content in contents)
        assert told == {"originals": 8}


class TestDamage:
    def test_a_damaged_record_is_named_and_its_files_come_in_without_it(self, authority):
        authority.deliver("eins", "33_1.pdf")
        (key,) = authority.keys("intakes")
        authority.objects.put_bytes(key, b"{}")
        empty = authority.empty()
        assert recover(empty, authority.objects) == Recovery(0, 0, (sha256("33_1.pdf")[:20],), (key,))

    def test_a_damaged_original_is_named_and_not_taken_in(self, authority):
        key = original_key(sha256("lone"))
        authority.objects.put_bytes(key, b"something else")
        assert recover(authority.ledger, authority.objects) == Recovery(0, 0, (), (key,))
        assert registered(authority.ledger, "sources") == {"sources": []}

    def test_a_record_of_a_newer_version_stops_it_before_anything_is_registered(self, authority):
        authority.deliver("eins", "a.pdf")
        data = json.dumps({"version": 2, "batch": "b", "files": "in another way"}).encode()
        authority.objects.put_bytes(intake_key(hashlib.sha256(data).hexdigest()), data)
        empty = authority.empty()
        with pytest.raises(RecordUnreadable):
            recover(empty, authority.objects)
        assert registered(empty, "batches") == {"batches": []}

    def test_alarms_of_a_batch_come_back_with_it(self, authority):
        authority.deliver("eins", "a.pdf", manifest=("a.pdf,33/1,1,,", "fehlt.pdf,33/2,1,,"))
        empty = authority.empty()
        recover(empty, authority.objects)
        with empty.read() as tx:
            (missing,) = [one for one in alarms.open_alarms(tx) if one.code == "missing_file"]
            assert missing.volume_id == inventory.find(tx, "33-2", 1).id
