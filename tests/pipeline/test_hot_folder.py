"""The hot folder: what is complete is taken in, what is safe is moved, and nothing gets lost in between."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from errors import BadHotFolder, NothingToDo, PlaceUnusable
from pipeline import damage
from pipeline.corrections import retry_all
from pipeline.intake import moves
from pipeline.intake.hot_folder import HotFolder, Notice, Office
from pipeline.intake.release import Problem
from storage.ledger import Ledger
from storage.ledger.fates import fates
from storage.ledger.recorded import Recorded
from storage.objects import original_key, sha256_of
from tests import office as desk

SETTLE = 10.0


@dataclass
class Watched:
    """A hot folder beside an office, with a clock that is turned by hand."""

    office: desk.Office
    root: Path
    settings: Office
    said: list[Notice] = field(default_factory=list)
    now: float = 1000.0
    opened: ExitStack = field(default_factory=ExitStack)

    def open(self) -> None:
        """Begin to watch, as after a start or a restart of the program."""
        self.opened.close()
        hot = HotFolder(self.root, self.settings, SETTLE, [self.office.settings.data], lambda: self.now)
        self.hot = self.opened.enter_context(hot)

    def wait(self, seconds: float = SETTLE) -> None:
        """Let time pass, looking once a second as the program does even more often."""
        for _ in range(int(seconds)):
            self.now += 1
            self.hot.tick()

    def settle(self) -> None:
        """Let all that lies there be seen, become old enough, and a little longer."""
        self.wait(1.5 * SETTLE + 2)

    def through(self) -> None:
        """Everything from the first look to the last move."""
        self.settle()
        self.office.work()
        self.settle()

    def lying(self, *parts: str) -> list[str]:
        """Names in the folder, or in one of those below."""
        return sorted(path.name for path in self.root.joinpath(*parts).iterdir())

    @property
    def waiting(self) -> list[str]:
        """What lies there and was not moved."""
        return [name for name in self.lying() if name not in ("done", "failed")]

    def is_known(self, path: Path) -> bool:
        """Whether a file with these bytes was taken in."""
        sha256 = sha256_of(path)[0]
        with self.office.ctx.ledger.read() as tx:
            return sha256 in fates(tx, [sha256])

    def told(self) -> list[str]:
        """What was said: about whom, and the template."""
        return [f"{notice.name}: {notice.message}" for notice in self.said]


def words(problems: list[Problem]) -> str:
    return "".join(f"{one.name} {one.page} {one.code} {one.id}\n" for one in problems)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with desk.open_office(tmp_path / "data") as office:
        (tmp_path / "hot").mkdir()
        ctx = office.ctx
        said: list[Notice] = []
        settings = Office(ctx.ledger, ctx.objects, lambda path, _: office.take(path), words, said.append)
        watched = Watched(office, tmp_path / "hot", settings, said)
        watched.open()
        yield watched
        watched.opened.close()


def scan(path: Path, *words: str) -> Path:
    return desk.save_pdf(path, [desk.page(word) for word in words or (path.stem,)])


def broken(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"%PDF-1.7\n" + os.fsencode(path.name))
    return path


class TestComplete:
    def test_a_file_is_taken_in_when_it_has_not_changed_for_the_time_set(self, watched):
        path = scan(watched.root / "brief.pdf")
        watched.wait(SETTLE)
        assert not watched.is_known(path)
        watched.wait(1)
        assert watched.is_known(path)

    def test_one_that_grows_waits_as_long_as_it_grows(self, watched):
        path = scan(watched.root / "brief.pdf")
        for _ in range(5):
            watched.wait(SETTLE - 2)
            with path.open("ab") as file:
                file.write(b"%")
        watched.wait(SETTLE - 2)
        assert not watched.is_known(path)
        watched.wait(SETTLE)
        assert watched.is_known(path)

    @pytest.mark.parametrize("moment", [0, 10**9, 10**10])
    def test_times_of_files_do_not_matter_for_clocks_jump(self, watched, moment):
        path = scan(watched.root / "brief.pdf")
        os.utime(path, (moment, moment))
        for _ in range(3):
            watched.wait(SETTLE - 2)
            content = path.read_bytes()
            path.write_bytes(content[:-1] + b"x")
            os.utime(path, (moment, moment))
        assert not watched.is_known(path), "same size, same time of change, other bytes"
        watched.settle()
        assert watched.is_known(path)

    def test_one_that_a_program_has_open_for_writing_waits_however_still_it_is(self, watched):
        path = scan(watched.root / "brief.pdf")
        with path.open("ab"):
            watched.wait(5 * SETTLE)
            assert not watched.is_known(path)
            (told,) = watched.told()
            assert "open for writing" in told
        with path.open("rb"):
            watched.settle()
            assert watched.is_known(path)

    @pytest.mark.parametrize(
        "name", [".brief.pdf", "~$brief.pdf", "brief.pdf.part", "b.PDF.TMP", "b.crdownload", "b.pdf.filepart"]
    )
    def test_one_with_a_name_of_something_unfinished_waits_until_it_is_renamed(self, watched, name):
        path = scan(watched.root / name)
        watched.wait(5 * SETTLE)
        assert not watched.is_known(path)
        path = path.rename(watched.root / "brief.pdf")
        watched.settle()
        assert watched.is_known(path)

    def test_a_folder_is_complete_when_nothing_below_it_changes(self, watched):
        first = scan(watched.root / "charge" / "a" / "1.pdf")
        watched.wait(SETTLE - 2)
        second = scan(watched.root / "charge" / "b" / "c" / "2.pdf")
        watched.wait(SETTLE - 2)
        second.rename(second.with_name("3.pdf"))
        watched.wait(SETTLE - 2)
        assert not watched.is_known(first)
        watched.settle()
        assert watched.is_known(first)

    def test_it_waits_for_a_file_in_it_that_is_unfinished_by_its_name_and_says_so_once(self, watched):
        path = scan(watched.root / "charge" / "1.pdf")
        part = scan(watched.root / "charge" / "2.pdf.part")
        watched.wait(5 * SETTLE)
        assert not watched.is_known(path)
        (told,) = watched.told()
        assert told.startswith("charge: waits for '{inner}'")
        part.rename(part.with_suffix(""))
        watched.through()
        assert watched.lying("done", "charge") == ["1.pdf", "2.pdf"]

    @pytest.mark.parametrize("names", [[], ["Thumbs.db", ".DS_Store"], ["manifest.csv"]])
    def test_a_folder_with_no_scan_in_it_waits_to_be_filled(self, watched, names):
        folder = watched.root / "charge"
        folder.mkdir()
        for name in names:
            (folder / name).write_bytes(b"")
        watched.wait(5 * SETTLE)
        assert (watched.waiting, watched.office.alarms()) == (["charge"], [])
        scan(folder / "1.pdf")
        watched.through()
        assert watched.lying("done") == ["charge"]
        assert watched.lying("done", "charge") == sorted(["1.pdf", *names])

    def test_what_office_systems_leave_is_no_delivery(self, watched):
        (watched.root / "Thumbs.db").write_bytes(b"x")
        watched.wait(3 * SETTLE)
        assert watched.hot.waiting == 0


class TestDone:
    def test_it_is_moved_only_when_all_of_it_is_stored(self, watched):
        scan(watched.root / "brief.pdf", "eins", "zwei")
        watched.settle()
        for step in ("recognise", "file", "assemble"):
            watched.office.up_to(step)
            watched.wait(3)
            assert watched.waiting == ["brief.pdf"], f"before {step}"
        watched.office.work()
        watched.wait(3)
        assert (watched.waiting, watched.lying("done")) == ([], ["brief.pdf"])
        assert "files stored" in watched.told()[-1]

    def test_blank_pages_and_sheets_are_finished_too_and_names_file_as_in_an_ingest(self, watched):
        watched.office.inventory("33/1;1;1")
        folder = watched.root / "charge"
        desk.save(folder / "1.png", desk.cover(watched.office, "33/1"))
        desk.save(folder / "2.png", desk.page("Antrag"))
        desk.save(folder / "3.png", desk.blank())
        scan(watched.root / "33_1_Bd2.pdf")
        watched.through()
        assert watched.lying("done") == ["33_1_Bd2.pdf", "charge"]
        assert watched.office.content("33/1") == ["2.png:1"]
        assert watched.office.content("33/1:2") == ["33_1_Bd2.pdf:1"]

    def test_the_same_bytes_again_move_by_what_became_of_them(self, watched):
        path, bad = scan(watched.root / "brief.pdf"), broken(watched.root / "kaputt.pdf")
        kept = {one.name: one.read_bytes() for one in (path, bad)}
        watched.through()
        for name, content in kept.items():
            (watched.root / f"wieder-{name}").write_bytes(content)
        watched.through()
        assert watched.lying("done") == ["brief.pdf", "wieder-brief.pdf"]
        assert watched.lying("failed") == [
            "kaputt.pdf", "kaputt.pdf.txt", "wieder-kaputt.pdf", "wieder-kaputt.pdf.txt",
        ]  # fmt: skip

    def test_a_name_that_is_there_already_gets_a_number_and_nothing_is_replaced(self, watched):
        contents = {}
        for number in range(3):
            contents[scan(watched.root / "brief.pdf", f"Brief{number}").read_bytes()] = number
            scan(watched.root / "33.2-2019" / "1.pdf", f"Band{number}")
            watched.through()
        assert watched.lying("done") == [
            "33.2-2019", "33.2-2019 (2)", "33.2-2019 (3)", "brief (2).pdf", "brief (3).pdf", "brief.pdf",
        ]  # fmt: skip
        assert {path.read_bytes() for path in watched.root.glob("done/*.pdf")} == contents.keys()

    def test_it_moves_whole_with_manifest_and_all(self, watched):
        watched.office.inventory("33/1;1;1")
        scan(watched.root / "charge" / "x" / "1.pdf")
        (watched.root / "charge" / "manifest.csv").write_text("path,file_number\nx/1.pdf,33/1\n")
        watched.through()
        assert watched.lying("done", "charge") == ["manifest.csv", "x"]
        assert watched.office.content("33/1") == ["1.pdf:1"]


class TestFailed:
    def test_a_file_in_quarantine_moves_with_the_words_why(self, watched):
        path = broken(watched.root / "kaputt.pdf")
        known_as = sha256_of(path)[0][:20]
        watched.through()
        assert watched.lying("failed") == ["kaputt.pdf", "kaputt.pdf.txt"]
        text = (watched.root / "failed" / "kaputt.pdf.txt").read_text()
        assert text == f"kaputt.pdf None {watched.office.failures()[0][2]} {known_as}\n"

    def test_a_folder_with_one_bad_file_waits_for_the_good_ones_and_names_the_bad_one(self, watched):
        broken(watched.root / "charge" / "kaputt.pdf")
        scan(watched.root / "charge" / "gut.pdf")
        watched.settle()
        for task in watched.office.tasks("split"):
            watched.office.attempt(task)
        watched.wait(3)
        assert watched.waiting == ["charge"]
        watched.office.work()
        watched.wait(3)
        text = (watched.root / "failed" / "charge.txt").read_text()
        assert [line.split()[0] for line in text.splitlines()] == ["charge/kaputt.pdf"]
        assert watched.office.unassigned() == ["gut.pdf:1"]

    def test_a_single_page_in_quarantine_is_named_with_its_number(self, watched):
        scan(watched.root / "brief.pdf", "eins", "zwei")
        watched.settle()
        _, second = watched.office.up_to("recognise")
        with watched.office.ctx.ledger.write() as tx:
            desk.pages.claim(tx, second.id, watched.office.ctx.claim("recognise"))
            desk.pages.quarantine(tx, second.id, "page_unreadable", {"detail": "-"})
        watched.office.work()
        watched.wait(3)
        text = (watched.root / "failed" / "brief.pdf.txt").read_text()
        assert text == f"brief.pdf 2 page_unreadable {second.id}\n"

    def test_a_link_is_not_followed_neither_alone_nor_in_a_folder(self, watched, tmp_path):
        outside = scan(tmp_path / "elsewhere" / "fremd.pdf")
        (watched.root / "verweis.pdf").symlink_to(outside)
        (watched.root / "ordner").symlink_to(outside.parent)
        scan(watched.root / "charge" / "1.pdf")
        (watched.root / "charge" / "fremd.pdf").symlink_to(outside)
        watched.through()
        assert watched.lying("failed") == [
            "charge", "charge.txt", "ordner", "ordner.txt", "verweis.pdf", "verweis.pdf.txt",
        ]  # fmt: skip
        assert not watched.is_known(outside)
        assert outside.exists()
        text = (watched.root / "failed" / "charge.txt").read_text()
        assert text == "charge/fremd.pdf None link_skipped \n"

    def test_what_is_no_file_is_no_trap(self, watched):
        scan(watched.root / "charge" / "1.pdf")
        os.mkfifo(watched.root / "charge" / "._pipe")
        os.mkfifo(watched.root / "pipe.pdf")
        watched.settle()
        assert watched.lying("failed") == ["pipe.pdf", "pipe.pdf.txt"]
        assert (watched.root / "failed" / "pipe.pdf.txt").read_text() == "pipe.pdf None no_regular_file \n"
        assert "waits for '{inner}'" in watched.told()[-1] + watched.told()[0]


class TestChanged:
    def test_a_file_that_changed_after_it_was_taken_in_stays_and_is_taken_in_anew(self, watched):
        path = scan(watched.root / "brief.pdf", "früher")
        first = sha256_of(path)[0]
        watched.settle()
        scan(path, "später")
        watched.office.work()
        watched.wait(3)
        assert watched.waiting == ["brief.pdf"]
        watched.through()
        assert watched.lying("done") == ["brief.pdf"]
        assert watched.is_known(watched.root / "done" / "brief.pdf")
        assert watched.office.ctx.objects.digest(original_key(first)).sha256 == first

    def test_a_file_added_to_a_folder_that_was_taken_in_is_taken_in_too(self, watched):
        scan(watched.root / "charge" / "1.pdf")
        watched.settle()
        late = scan(watched.root / "charge" / "2.pdf")
        watched.office.work()
        watched.wait(3)
        assert watched.waiting == ["charge"]
        watched.through()
        assert watched.lying("done", "charge") == ["1.pdf", "2.pdf"]
        assert watched.is_known(watched.root / "done" / "charge" / late.name)

    def test_an_original_damaged_or_lost_in_the_store_is_stored_again_before_the_move(self, watched):
        paths = [scan(watched.root / f"{name}.pdf") for name in ("eins", "zwei")]
        keys = [original_key(sha256_of(path)[0]) for path in paths]
        watched.settle()
        watched.office.work()
        damaged, lost = (watched.office.ctx.objects.local_path(key) for key in keys)
        damaged.write_bytes(b"something else")
        lost.unlink()
        with watched.office.ctx.ledger.write() as tx:
            for code, key in zip(("object_damaged", "object_missing"), keys, strict=True):
                sha256 = Path(key).name
                damage.sound(tx, Recorded("original", sha256[:20], key, sha256), code)
        watched.settle()
        assert watched.office.alarms() == []
        assert watched.lying("done") == ["eins.pdf", "zwei.pdf"]
        assert [watched.office.ctx.objects.digest(key).key for key in keys] == keys
        assert sum("stored again" in told for told in watched.told()) == 2

    def test_what_is_tried_again_waits_again(self, watched):
        broken(watched.root / "kaputt.pdf")
        watched.settle()
        watched.office.work()
        retry_all(watched.office.ctx.ledger)
        watched.wait(3)
        assert watched.waiting == ["kaputt.pdf"]
        watched.office.work()
        watched.settle()
        assert watched.lying("failed") == ["kaputt.pdf", "kaputt.pdf.txt"]

    def test_a_ledger_that_forgot_it_is_told_again(self, watched, tmp_path):
        path = scan(watched.root / "brief.pdf")
        watched.settle()
        older = Ledger(f"sqlite:///{tmp_path / 'older.db'}")
        ctx = replace(watched.office.ctx, ledger=older)
        watched.hot._office = replace(  # the program goes on, its database is another
            watched.settings, ledger=older, take=lambda path, _: replace(watched.office, ctx=ctx).take(path)
        )
        watched.settle()
        watched.settle()
        with older.read() as tx:
            assert fates(tx, [sha256_of(path)[0]])
        older.close()


class TestCutOff:
    """A restart remembers nothing, so every test here opens the folder anew in the middle."""

    def test_between_taking_in_and_moving(self, watched):
        scan(watched.root / "brief.pdf")
        broken(watched.root / "kaputt.pdf")
        watched.settle()
        before = watched.office.state()
        watched.open()
        watched.settle()
        assert watched.office.state() == before
        watched.office.work()
        watched.open()
        watched.settle()
        assert (watched.waiting, watched.lying("done")) == ([], ["brief.pdf"])
        assert watched.lying("failed") == ["kaputt.pdf", "kaputt.pdf.txt"]

    def test_between_the_words_and_the_move_the_words_are_used_again(self, watched):
        path = broken(watched.root / "kaputt.pdf")
        watched.through()
        failed = watched.root / "failed"
        (failed / "kaputt.pdf").rename(path)
        watched.open()
        watched.through()
        assert watched.lying("failed") == ["kaputt.pdf", "kaputt.pdf.txt"]

    def test_words_of_others_are_never_replaced(self, watched):
        broken(watched.root / "kaputt.pdf.txt")
        watched.through()
        broken(watched.root / "kaputt.pdf")
        watched.through()
        assert watched.lying("failed") == [
            "kaputt (2).pdf", "kaputt (2).pdf.txt", "kaputt.pdf.txt", "kaputt.pdf.txt.txt",
        ]  # fmt: skip

    def test_while_the_store_is_away_everything_waits_and_it_is_said_once(self, watched):
        scan(watched.root / "eins.pdf")
        watched.settle()
        watched.office.work()
        store, away = watched.office.settings.objects_folder, watched.root.parent / "away"
        store.rename(away)
        late = scan(watched.root / "zwei.pdf")
        watched.wait(5 * SETTLE)
        assert watched.waiting == ["eins.pdf", "zwei.pdf"]
        assert [notice.message for notice in watched.said] == ["The hot folder waits: {reason}"]
        away.rename(store)
        watched.settle()
        watched.through()
        assert watched.lying("done") == ["eins.pdf", "zwei.pdf"]
        assert not late.exists()

    def test_a_folder_that_is_taken_away_and_comes_again(self, watched):
        scan(watched.root / "brief.pdf")
        watched.settle()
        away = watched.root.rename(watched.root.with_name("away"))
        watched.wait(3 * SETTLE)
        assert [notice.message for notice in watched.said] == ["The hot folder cannot be read: {detail}"]
        away.rename(watched.root)
        watched.through()
        assert watched.lying("done") == ["brief.pdf"]

    def test_one_that_vanishes_is_forgotten(self, watched):
        path = scan(watched.root / "brief.pdf")
        watched.settle()
        path.unlink()
        watched.settle()
        assert watched.hot.waiting == 0

    def test_what_cannot_be_read_waits_with_words_and_the_rest_goes_on(self, watched):
        deep = os.open(watched.root, os.O_RDONLY)
        for name in ["tief", *["x" * 250] * 17]:  # a path longer than the system takes
            os.mkdir(name, dir_fd=deep)
            inner = os.open(name, os.O_RDONLY, dir_fd=deep)
            os.close(deep)
            deep = inner
        os.close(deep)
        scan(watched.root / "brief.pdf")
        watched.through()
        assert (watched.waiting, watched.lying("done")) == (["tief"], ["brief.pdf"])
        assert "tief: waits, it cannot be read: {detail}" in watched.told()
        shutil.rmtree(watched.root / "tief")

    def test_folders_for_moving_that_are_removed_are_made_again(self, watched):
        scan(watched.root / "brief.pdf")
        watched.settle()
        watched.office.work()
        shutil.rmtree(watched.root / "done")
        watched.settle()
        assert watched.lying("done") == ["brief.pdf"]

    def test_a_link_in_place_of_the_folder_for_moving_leads_nowhere(self, watched, tmp_path):
        scan(watched.root / "brief.pdf")
        watched.settle()
        watched.office.work()
        (watched.root / "done").rmdir()
        (tmp_path / "elsewhere").mkdir()
        (watched.root / "done").symlink_to(tmp_path / "elsewhere")
        watched.settle()
        assert watched.waiting == ["brief.pdf"]
        assert list((tmp_path / "elsewhere").iterdir()) == []
        assert watched.told()[-1] == "brief.pdf: waits: {detail}"


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            os.fsdecode("Bescheid Müller.pdf".encode("latin-1")),
            "zwei\nZeilen.pdf",
            "-rf.pdf",
            "a" * 251 + ".pdf",
            "ä" * 125 + ".pdf",
            "…",
        ],
        ids=["latin-1", "newline", "option", "long", "long umlauts", "ellipsis"],
    )
    def test_odd_names_come_through_and_may_come_twice(self, watched, name):
        content = scan(watched.root.parent / "x.pdf").read_bytes()
        for number in range(2):
            (watched.root / name).write_bytes(content)
            (watched.root / f"{number}").mkdir()
            broken(watched.root / f"{number}" / name)
            watched.through()
        assert watched.waiting == []
        moved = list((watched.root / "done").iterdir())
        assert [path.read_bytes() for path in moved] == [content] * 2
        assert watched.lying("failed") == ["0", "0.txt", "1", "1.txt"]

    @pytest.mark.parametrize("name", ["Done", "DONE", "Failed"])
    def test_only_the_folders_for_moving_are_passed_over(self, watched, name):
        scan(watched.root / name / "1.pdf")
        watched.through()
        assert watched.lying("done") == [name]


class TestMoving:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "brief.pdf").write_text("new")
        (tmp_path / "done").mkdir()
        return tmp_path

    def test_a_rename_never_replaces_even_where_the_file_system_cannot_promise_it(self, folder, monkeypatch):
        (folder / "done" / "brief.pdf").write_text("old")

        class Without:
            """A C library whose file system answers EINVAL, as some network file systems do."""

            @staticmethod
            def renameat2(*_: object) -> int:
                moves.ctypes.set_errno(moves.errno.EINVAL)
                return -1

        monkeypatch.setattr(moves, "_libc", Without)
        assert moves.move(folder, "brief.pdf", "done") == "brief (2).pdf"
        assert (folder / "done" / "brief.pdf").read_text() == "old"
        assert (folder / "done" / "brief (2).pdf").read_text() == "new"

    def test_a_long_name_keeps_room_for_number_and_words(self, folder):
        name = "ü" * 125 + ".pdf"
        (folder / "brief.pdf").rename(folder / name)
        chosen = moves.move(folder, name, "failed", "why")
        assert (folder / "failed" / f"{chosen}.txt").read_text() == "why"
        assert chosen.endswith(" (2).pdf")


class TestWhichFolder:
    @pytest.fixture
    def watch(self, watched) -> Callable[[Path], HotFolder]:
        return lambda root: HotFolder(root, watched.settings, SETTLE, [watched.office.settings.data])

    def test_the_data_folder_and_what_holds_it_are_refused(self, watched, watch, tmp_path):
        (tmp_path / "data" / "inner").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "data")
        for root in (tmp_path, tmp_path / "data", tmp_path / "data" / "inner", tmp_path / "link", Path("/")):
            with pytest.raises(BadHotFolder):
                watch(root)

    def test_one_that_is_none(self, watch, tmp_path):
        (tmp_path / "file").write_text("")
        for root in (tmp_path / "nothing", tmp_path / "file"):
            with pytest.raises(NothingToDo):
                watch(root)

    def test_one_that_somebody_else_watches(self, watched, watch):
        with pytest.raises(BadHotFolder, match="another"), watch(watched.root):
            pass
        watched.opened.close()
        with watch(watched.root):
            pass

    def test_one_that_cannot_be_written(self, watch):
        with pytest.raises(PlaceUnusable), watch(Path("/proc/self")):
            pass

    @pytest.mark.parametrize("make", [lambda path: path.symlink_to("/tmp"), Path.touch])  # noqa: S108
    def test_one_whose_folders_for_moving_are_something_else(self, watch, tmp_path, make):
        (tmp_path / "other").mkdir()
        make(tmp_path / "other" / "done")
        with pytest.raises(PlaceUnusable), watch(tmp_path / "other"):
            pass
