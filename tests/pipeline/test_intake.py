"""Taking in a delivery: all of it or nothing is registered, and the same bytes are one source."""

import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from errors import DiskFull, NothingToDo, StoreUnavailable
from pipeline.corrections import assign
from pipeline.intake.affiliation import Affiliation
from pipeline.intake.inventory import import_inventory
from pipeline.intake.take_in import Intake, take_in
from storage.folder import FolderStore
from storage.ledger import Ledger, Transaction, alarms, counts, inventory, pages, sources, work
from storage.ledger.leases import Claim
from storage.objects import original_key
from tests.ledgers import new_ledger

ME = Claim("host/1/1.0", 60)
INVENTORY = "Aktenzeichen;Band\n33/1;1\n33/1;2\n33/2;1\n4711;1\n"


@pytest.fixture
def ledger(tmp_path: Path):
    ledger = new_ledger(tmp_path / "ledger.db")
    (tmp_path / "bestand.csv").write_text(INVENTORY)
    import_inventory(ledger, tmp_path / "bestand.csv")
    yield ledger
    ledger.close()


@pytest.fixture
def objects(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    return folder


@pytest.fixture
def take(ledger, objects, scans):
    def take(*paths: Path, store: FolderStore = objects) -> Intake:
        return take_in(ledger, store, paths or [scans], Affiliation())

    return take


def put(folder: Path, name: str, content: str | None = None) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(name if content is None else content)
    return path


def manifest(folder: Path, *rows: str) -> None:
    put(folder, "manifest.csv", "\n".join(["path,file_number,volume,pages,sha256", *rows, ""]))


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True)
class Known:
    """A source as the tests compare it."""

    name: str
    state: str
    volume: str | None
    by: str | None


def known(ledger: Ledger) -> list[Known]:
    with ledger.read() as tx:
        return [_known(tx, one) for one in all_sources(tx)]


def _known(tx: Transaction, one: sources.Source) -> Known:
    volume = inventory.by_id(tx, one.hint_volume_id) if one.hint_volume_id else None
    return Known(
        one.name, one.state, f"{volume.file_number}:{volume.number}" if volume else None, one.hint_by
    )


def all_sources(tx: Transaction) -> list[sources.Source]:
    query = (
        "SELECT s.id FROM sources s JOIN batches b ON b.id = s.batch_id ORDER BY b.received_at, s.position"
    )
    return [sources.get(tx, row.id) for row in tx.connection.exec_driver_sql(query).all()]


def source(ledger: Ledger, content: str) -> sources.Source:
    with ledger.read() as tx:
        found = sources.by_sha256(tx, sha256(content))
    assert found is not None
    return found


def open_alarms(ledger: Ledger, batch_id: str | None = None) -> list[tuple[str, str]]:
    with ledger.read() as tx:
        return [(alarm.code, alarm.params.get("name", "")) for alarm in alarms.open_alarms(tx, batch_id)]


def held_up(ledger: Ledger) -> set[str]:
    """The volumes that do not count while an alarm is open."""
    with ledger.read() as tx:
        found = [inventory.by_id(tx, one.volume_id) for one in alarms.open_alarms(tx) if one.volume_id]
    return {f"{volume.file_number}:{volume.number}" for volume in found}


def dump(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    """Everything the ledger holds."""
    tables = (
        "events",
        "batches",
        "stacks",
        "sources",
        "pages",
        "documents",
        "alarms",
        "volumes",
        "case_files",
    )
    with ledger.read() as tx:
        return {
            name: [tuple(row) for row in tx.connection.exec_driver_sql(f"SELECT * FROM {name}")]  # noqa: S608
            for name in tables
        }


def split(ledger: Ledger, content: str, page_count: int) -> None:
    """Open a source as the next step does."""
    with ledger.write() as tx:
        claimed = sources.claim(tx, source(ledger, content).id, ME)
        sources.split(tx, claimed, "PDF", page_count, claimed.stack_id)


def quarantine(ledger: Ledger, content: str, reason: str) -> None:
    with ledger.write() as tx:
        claimed = sources.claim(tx, source(ledger, content).id, ME)
        sources.quarantine(tx, claimed.id, reason, {})
        sources.set_stack_state(tx, claimed.stack_id, "filed")


class TestOneBatch:
    def test_every_file_is_stored_as_it_came_and_registered_in_order(self, take, ledger, objects, scans):
        for name in ("10.pdf", "9.pdf", "33_1/1.jpg", "33_1_Bd2.tif"):
            put(scans, name)
        done = take()
        assert done.new == 4
        assert known(ledger) == [
            Known("scans/9.pdf", "waiting", None, None),
            Known("scans/10.pdf", "waiting", None, None),
            Known("scans/33_1/1.jpg", "waiting", "33/1:1", "name"),
            Known("scans/33_1_Bd2.tif", "waiting", "33/1:2", "name"),
        ]
        assert objects.get_bytes(original_key(sha256("9.pdf"))) == b"9.pdf"
        with ledger.read() as tx:
            assert counts.source_counts(tx, done.batch_id).received == 4

    def test_progress_is_told_file_by_file(self, ledger, objects, scans):
        told = []
        for name in ("1.pdf", "2.pdf"):
            put(scans, name)
        take_in(ledger, objects, [scans], Affiliation(), lambda done, total: told.append((done, total)))
        assert told == [(1, 2), (2, 2)]

    def test_nothing_there_is_said_and_leaves_no_trace(self, take, ledger, scans):
        before = dump(ledger)
        with pytest.raises(NothingToDo):
            take()
        with pytest.raises(NothingToDo):
            take(scans / "none")
        assert dump(ledger) == before

    def test_a_single_file_and_a_folder_by_another_spelling(self, take, ledger, scans, monkeypatch):
        monkeypatch.chdir(scans)
        take(put(scans, "a.pdf"))
        take(Path())
        assert [one.name for one in known(ledger)] == ["a.pdf"]

    def test_names_of_bytes_that_are_no_utf8_can_be_stored_and_shown(self, take, ledger, scans):
        (scans / os.fsdecode(b"M\xfcller.pdf")).write_bytes(b"x")
        assert take().new == 1
        assert known(ledger)[0].name == "scans/M\ufffdller.pdf"


class TestStacks:
    def stacks(self, ledger: Ledger) -> dict[str, list[str]]:
        with ledger.read() as tx:
            found: dict[str, list[str]] = {}
            for one in all_sources(tx):
                found.setdefault(one.stack_id, []).append(one.name)
        return found

    def test_single_images_of_a_folder_lie_in_one_and_other_files_for_themselves(self, take, ledger, scans):
        for name in ("a/1.jpg", "a/2.PNG", "a/3.tif", "a/4.pdf", "b/1.jpg"):
            put(scans, name)
        take()
        assert sorted(self.stacks(ledger).values()) == [
            ["scans/a/1.jpg", "scans/a/2.PNG", "scans/a/3.tif"],
            ["scans/a/4.pdf"],
            ["scans/b/1.jpg"],
        ]

    def test_folders_of_equal_names_are_two_stacks(self, take, ledger, scans):
        """Else the last cover sheet of the first would hold for the second."""
        put(scans, "x/lieferung/1.jpg", "one")
        put(scans, "y/lieferung/1.jpg", "other")
        take(scans / "x" / "lieferung", scans / "y" / "lieferung")
        assert sorted(self.stacks(ledger).values()) == [["lieferung/1.jpg"]] * 2

    def test_images_given_one_by_one_lie_together_if_their_folder_is_one(self, take, ledger, scans):
        take(put(scans, "a/1.jpg"), put(scans, "a/2.jpg"), put(scans, "b/1.jpg"))
        assert sorted(map(len, self.stacks(ledger).values())) == [1, 2]

    def test_what_lay_between_two_images_shows_in_their_positions(self, take, ledger, scans):
        put(scans, "1.jpg")
        put(scans, "2.pdf")
        put(scans, "3.jpg")
        put(scans, "4.jpg", "1.jpg")
        put(scans, "5.jpg")
        take()
        with ledger.read() as tx:
            positions = {one.name: one.position for one in all_sources(tx)}
        assert positions == {"scans/1.jpg": 0, "scans/2.pdf": 1, "scans/3.jpg": 2, "scans/5.jpg": 4}


class TestSameBytes:
    def test_twice_in_one_delivery_they_are_one_source(self, take, ledger, scans):
        put(scans, "a.pdf", "same")
        put(scans, "b.pdf", "same")
        done = take()
        assert (done.new, done.duplicates) == (1, (("scans/b.pdf", "scans/a.pdf"),))
        assert open_alarms(ledger) == []

    def test_in_a_later_delivery_too_and_the_batch_is_the_one_meant(self, take, ledger, scans):
        put(scans, "a.pdf")
        first = take()
        again = take()
        assert again == Intake(first.batch_id, 0, (("scans/a.pdf", "scans/a.pdf"),))
        with ledger.read() as tx:
            assert len(tx.connection.exec_driver_sql("SELECT * FROM batches").all()) == 1

    @pytest.mark.parametrize("later", [False, True])
    def test_for_another_volume_that_one_does_not_count_until_somebody_looked(
        self, take, ledger, scans, later
    ):
        put(scans, "33_1.pdf", "same")
        if later:
            take()
        put(scans, "33_2.pdf", "same")
        done = take()
        assert known(ledger) == [Known("scans/33_1.pdf", "waiting", "33/1:1", "name")]
        assert open_alarms(ledger, done.batch_id) == [("same_bytes_elsewhere", "scans/33_2.pdf")]
        assert held_up(ledger) == {"33/2:1"}

    @pytest.mark.parametrize("later", [False, True])
    def test_a_volume_known_only_by_the_second_one_is_taken_from_it(self, take, ledger, scans, later):
        put(scans, "0.pdf", "same")
        if later:
            take()
        put(scans, "33_2.pdf", "same")
        take()
        assert known(ledger) == [Known("scans/0.pdf", "waiting", "33/2:1", "name")]
        assert open_alarms(ledger) == []

    def test_what_a_person_said_is_not_overruled_by_a_name(self, take, ledger, scans):
        put(scans, "0.pdf", "same")
        take()
        assign(ledger, source(ledger, "same").id, "33/1", 1)
        put(scans, "33_2.pdf", "same")
        take()
        assert known(ledger)[0] == Known("scans/0.pdf", "waiting", "33/1:1", "person")
        assert held_up(ledger) == {"33/2:1"}

    def test_a_batch_of_nothing_but_oddities_belongs_to_the_one_it_repeats(self, take, ledger, scans):
        put(scans, "a.pdf")
        first = take()
        (scans / "link.pdf").symlink_to("a.pdf")
        assert take().batch_id == first.batch_id
        assert open_alarms(ledger, first.batch_id) == [("link_skipped", "scans/link.pdf")]

    def test_a_first_batch_of_nothing_but_oddities_is_one(self, take, ledger, scans):
        manifest(scans, "gone.pdf,33/1,1,,")
        done = take()
        assert done.new == 0
        assert open_alarms(ledger, done.batch_id) == [("missing_file", "scans/gone.pdf")]


class TestManifest:
    def test_a_file_it_names_and_that_is_missing_holds_up_its_volume(self, take, ledger, scans):
        put(scans, "a.pdf")
        manifest(scans, "a.pdf,33/1,1,,", "b.pdf,33/1,2,,")
        take()
        assert held_up(ledger) == {"33/1:2"}

    def test_and_when_it_comes_the_alarm_ends(self, take, ledger, scans):
        put(scans, "a.pdf")
        manifest(scans, "a.pdf,33/1,1,,", "b.pdf,33/1,2,,")
        take()
        put(scans, "b.pdf")
        assert take().new == 1
        assert open_alarms(ledger) == []

    def test_but_not_by_a_file_of_that_name_for_another_volume(self, take, ledger, scans, tmp_path):
        manifest(scans, "b.pdf,33/1,2,,")
        take()
        other = tmp_path / "other" / "scans"
        put(other, "b.pdf")
        manifest(other, "b.pdf,33/2,1,,")
        take(other)
        assert open_alarms(ledger) == [("missing_file", "scans/b.pdf")]

    def test_a_file_with_another_hash_is_in_quarantine_until_the_manifest_is_right(self, take, ledger, scans):
        put(scans, "a.pdf")
        manifest(scans, f"a.pdf,33/1,1,,{sha256('other')}")
        first = take()
        assert known(ledger) == [Known("scans/a.pdf", "quarantined", "33/1:1", "manifest")]
        take()
        assert open_alarms(ledger) == [], "the same delivery once more tells nothing new"
        file_stack_of(ledger, "a.pdf")
        manifest(scans, f"a.pdf,33/1,2,7,{sha256('a.pdf')}")
        assert take() == Intake(first.batch_id, 1, ())
        assert known(ledger) == [Known("scans/a.pdf", "waiting", "33/1:2", "manifest")]
        assert source(ledger, "a.pdf").expected_pages == 7
        assert_will_be_filed(ledger, "a.pdf")

    def test_an_old_file_in_place_of_the_promised_one_is_said(self, take, ledger, scans):
        """The same bytes are known and need no second place, but those promised are not there."""
        put(scans, "a.pdf", "old")
        take()
        manifest(scans, f"a.pdf,33/1,1,,{sha256('new')}")
        take()
        assert open_alarms(ledger) == [("other_content", "scans/a.pdf")]
        assert held_up(ledger) == {"33/1:1"}
        assert known(ledger)[0].volume is None
        put(scans, "a.pdf", "new")
        take()
        assert open_alarms(ledger) == []

    def test_pages_promised_otherwise_by_a_corrected_manifest_are_compared_again(self, take, ledger, scans):
        put(scans, "a.pdf")
        take()
        split(ledger, "a.pdf", 3)
        manifest(scans, "a.pdf,33/1,1,4,")
        first = take()
        assert open_alarms(ledger, first.batch_id) == [("manifest_pages", "scans/a.pdf")]
        manifest(scans, "a.pdf,33/1,1,3,")
        take()
        assert open_alarms(ledger) == []

    def test_a_volume_nobody_announced_is_an_alarm_of_the_batch(self, take, ledger, scans):
        put(scans, "a.pdf")
        manifest(scans, "a.pdf,99/9,1,,")
        done = take()
        assert [code for code, _ in open_alarms(ledger, done.batch_id)] == ["not_in_inventory"]


class TestNames:
    def test_a_mislabelled_file_comes_again_under_its_right_name(self, take, ledger, scans):
        path = put(scans, "a.pdf", "a JPEG")
        first = take()
        quarantine(ledger, "a JPEG", "mislabelled")
        assert take().new == 0
        path.rename(scans / "a.jpg")
        assert take() == Intake(first.batch_id, 1, ())
        assert known(ledger) == [Known("scans/a.jpg", "waiting", None, None)]
        assert_will_be_filed(ledger, "a JPEG")

    def test_what_a_new_name_cannot_mend_stays_in_quarantine(self, take, ledger, scans):
        path = put(scans, "a.pdf")
        take()
        quarantine(ledger, "a.pdf", "truncated")
        path.rename(scans / "b.pdf")
        assert take().new == 0
        assert known(ledger)[0].state == "quarantined"

    def test_where_file_and_folder_contradict_each_other_nothing_is_assumed(self, take, ledger, scans):
        put(scans, "33_1/4711.jpg")
        done = take()
        assert known(ledger)[0].volume is None
        assert open_alarms(ledger, done.batch_id) == [("ambiguous_name", "scans/33_1/4711.jpg")]
        assign(ledger, source(ledger, "33_1/4711.jpg").id, "33/1", 1)
        assert open_alarms(ledger) == []


class TestInterrupted:
    """Something ends the intake midway: no word of it in the ledger, and the next run does it all."""

    @pytest.mark.parametrize("error", [StoreUnavailable(detail="away"), DiskFull(), KeyboardInterrupt()])
    def test_nothing_is_registered_and_running_again_works(self, take, ledger, objects, scans, error):
        put(scans, "1.pdf")
        put(scans, "2.pdf")
        manifest(scans, "1.pdf,99/9,1,,", "2.pdf,33/1,1,,")
        before = dump(ledger)
        with pytest.raises(type(error)):
            take(store=FailingStore(objects.root, error, at="2.pdf"))
        assert dump(ledger) == before
        assert take().new == 2

    def test_nor_is_a_known_source_touched(self, take, ledger, objects, scans):
        path = put(scans, "a.pdf", "a JPEG")
        take()
        quarantine(ledger, "a JPEG", "mislabelled")
        path.rename(scans / "a.jpg")
        put(scans, "b.pdf")
        before = dump(ledger)
        with pytest.raises(StoreUnavailable):
            take(store=FailingStore(objects.root, StoreUnavailable(detail="away"), at="b.pdf"))
        assert dump(ledger) == before

    def test_two_at_once_take_every_file_once(self, ledger, objects, scans, tmp_path):
        for number in range(20):
            put(scans, f"{number}.pdf")
        results = []

        def work() -> None:
            own = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
            results.append(take_in(own, objects, [scans], Affiliation()))
            own.close()

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(result.new for result in results) == 20
        assert len(known(ledger)) == 20


class TestFilesThatCannotBeRead:
    def test_one_is_said_and_the_others_are_taken(self, take, ledger, scans):
        put(scans, "a.pdf")
        done = take(scans / "a.pdf", Path("/proc/self/mem"))  # reading it is an error even for root
        assert done.new == 1
        assert open_alarms(ledger, done.batch_id) == [("unreadable", "mem")]

    def test_one_that_vanishes_is_said_and_holds_up_its_volume(self, take, ledger, objects, scans):
        put(scans, "1.pdf")
        put(scans, "33_1.pdf")
        store = MeddlingStore(objects.root, lambda: (scans / "33_1.pdf").unlink(missing_ok=True))
        assert take(store=store).new == 1
        assert open_alarms(ledger) == [("unreadable", "scans/33_1.pdf")]
        assert held_up(ledger) == {"33/1:1"}

    def test_one_that_grows_while_it_is_read_is_not_taken_in_until_it_is_whole(
        self, take, ledger, objects, scans
    ):
        path = put(scans, "33_1.pdf", "half")
        store = MeddlingStore(objects.root, lambda: path.write_text("half and half"))
        take(store=store)
        assert known(ledger) == []
        assert open_alarms(ledger) == [("unreadable", "scans/33_1.pdf")]
        assert take().new == 1
        assert objects.get_bytes(original_key(sha256("half and half"))) == b"half and half"
        assert open_alarms(ledger) == []

    def test_a_later_file_of_that_name_for_nobody_knows_whom_does_not_end_the_alarm(
        self, take, ledger, objects, scans
    ):
        """Scanners begin to count anew for every delivery: it may be quite another file."""
        path = put(scans, "scan1.pdf", "half")
        take(store=MeddlingStore(objects.root, lambda: path.write_text("half and half")))
        assert take().new == 1
        assert open_alarms(ledger) == [("unreadable", "scans/scan1.pdf")]


class FailingStore(FolderStore):
    """A store that goes away, or a user who has enough, at a certain file."""

    def __init__(self, root: Path, error: BaseException, at: str) -> None:
        super().__init__(root)
        object.__setattr__(self, "error", error)
        object.__setattr__(self, "at", at)

    __slots__ = ("at", "error")

    def put(self, key, source):
        if source.name == self.at:
            raise self.error
        return super().put(key, source)


class MeddlingStore(FolderStore):
    """Somebody does something to the files between their hash and their storing."""

    def __init__(self, root: Path, meddle) -> None:
        super().__init__(root)
        object.__setattr__(self, "meddle", meddle)

    __slots__ = ("meddle",)

    def put(self, key, source):
        self.meddle()
        return super().put(key, source)


def file_stack_of(ledger: Ledger, content: str) -> None:
    """What happens to a stack of which nothing can be opened: it is filed, without pages."""
    with ledger.write() as tx:
        stack_id = sources.by_sha256(tx, sha256(content)).stack_id
        assert work.open_tasks(tx, 9) == [work.Task("file", stack_id)]
        sources.set_stack_state(tx, stack_id, "filed")


def assert_will_be_filed(ledger: Ledger, content: str) -> None:
    """Once the file's pages are read, filing them is something to do: else they would wait for ever."""
    split(ledger, content, 1)
    with ledger.write() as tx:
        one = sources.by_sha256(tx, sha256(content))
        outcome = pages.PageOutcome("recognised", "unknown", [], {"width": 1}, None, 90.0)
        pages.finish(tx, f"{one.id}-1", outcome)
        assert work.open_tasks(tx, 9) == [work.Task("file", one.stack_id)]
