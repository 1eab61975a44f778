"""How the commands answer: exit codes, words that name the thing and the way out, never a traceback.

``Forked`` sees to the last for every command that is run here.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer

import cli
from ocr import tesseract
from pipeline.queue import drive
from pipeline.scans import poppler
from reports import progress, session
from tests import office as desk
from tests.cli.conftest import Ran
from tests.cli.forked import Forked
from tests.command import Akten
from tests.disks import fill, small_disk

#: A folder nobody can write, not even root, whom rights do not stop.
UNWRITABLE = Path("/proc/self")


def command_names() -> Iterator[tuple[str, ...]]:
    """All commands as they are typed."""
    group: Any = typer.main.get_command(cli.app)
    for name, command in group.commands.items():
        yield (name,)
        yield from ((name, inner) for inner in getattr(command, "commands", {}))


def programs(folder: Path, *, without: str) -> dict[str, str]:
    """A PATH with all programs that are needed but one."""
    folder.mkdir()
    for name in {"tesseract", "redis-server", *poppler.PROGRAMS} - {without}:
        (folder / name).symlink_to(shutil.which(name) or "")
    return {"PATH": str(folder)}


def volume(ran: Ran, place: int) -> str:
    return ran.truth.volumes[place].file_number


def document_of(akten: Forked, file_number: str) -> dict[str, Any]:
    return next(one for one in akten.json("documents") if one["file_number"] == file_number)


class TestAllIsWell:
    @pytest.mark.parametrize("name", [(), *command_names()], ids=" ".join)
    def test_every_command_explains_itself(self, akten, name):
        assert f"Usage: akten {' '.join(name)}" in akten(*name, "--help").stdout

    @pytest.mark.parametrize(
        "arguments",
        [["status"], ["documents"], ["failures"], ["inventory", "list"], ["search", "Musterstadt"]],
    )
    def test_the_data_folder_may_stand_before_or_after_the_command(self, ran, tmp_path, arguments):
        elsewhere = Forked(tmp_path / "nothing")
        wanted = ran.akten(*arguments).stdout
        assert elsewhere("--data", ran.akten.data, *arguments).stdout == wanted
        assert elsewhere(*arguments, "--data", ran.akten.data).stdout == wanted
        assert not elsewhere.data.exists()

    def test_looking_at_what_is_in_quarantine_is_no_failure(self, ran):
        akten = replace(ran.akten, environment={"COLUMNS": "200"})
        for command in ("status", "failures"):
            assert "protected by a password" in akten(command).stdout

    def test_documents_are_listed_with_size_and_state(self, ran):
        shown = ran.akten("documents").stdout
        assert volume(ran, 0) in shown
        assert "unassigned" in shown
        assert [one["state"] for one in ran.akten.json("documents")] == ["stored"] * 3

    def test_a_pdf_is_fetched_by_file_number_id_page_or_source(self, ran, tmp_path):
        document = document_of(ran.akten, volume(ran, 1))
        page = ran.akten.json("show", document["document"])["pages"][0]
        for name in (document["document"], document["file_number"], page["id"], page["source"]):
            target = tmp_path / f"{name.replace('/', '-')}.pdf"
            ran.akten("fetch", name, "-o", target)
            assert target.stat().st_size == document["bytes"]

    def test_a_transfer_note_is_fetched_with_the_pdf_or_alone(self, ran, tmp_path):
        document, note = document_of(ran.akten, volume(ran, 1)), tmp_path / "note.json"
        ran.akten("fetch", document["document"], "--note", note)
        assert json.loads(note.read_text())["product"]["sha256"] == document["sha256"]
        assert "--note FILE" in ran.akten("fetch", document["document"], code=2).stderr

    @pytest.mark.parametrize("arguments", [["search", "Musterstadt"], ["search", "Musterstadt", "--json"]])
    def test_a_terminal_of_another_encoding_gets_what_it_can_show(self, ran, arguments):
        akten = Akten(ran.akten.data, {"PYTHONIOENCODING": "latin-1"})
        done = subprocess.run(
            [akten.executable, *arguments], env=akten.variables, capture_output=True, check=False
        )
        assert done.returncode == 0
        assert b"Musterstadt" in done.stdout
        assert b"Traceback" not in done.stderr


class TestQuarantineAndMismatch:
    def test_a_run_that_leaves_something_in_quarantine_ends_with_1(self, ran):
        assert ran.akten("run", ran.scans, code=1).returncode == 1

    def test_a_run_tells_its_own_failures_and_how_many_others_there_are(self, ran, tmp_path):
        akten = copy_of(ran, tmp_path)
        (tmp_path / "brief.pdf").write_text("Guten Tag")
        shown = akten("run", tmp_path / "brief.pdf", code=1).stdout
        assert "In quarantine: 1" in shown
        assert "The file is no PDF, TIFF, JPEG or PNG (TXT)." in shown
        assert "In quarantine from other batches: 1 ('akten failures')" in shown
        assert "Other open alarms: " in shown
        assert "password" not in shown

    def test_a_list_with_a_faulty_line_ends_with_1_and_names_the_line(self, akten, tmp_path):
        path = tmp_path / "liste.csv"
        path.write_text("Aktenzeichen;Band\n1/2;1\n;1\n", encoding="utf-8")
        assert "Line 3" in akten("inventory", "import", path, code=1).stderr

    def test_a_damaged_and_a_missing_object_end_verify_with_1(self, ran, tmp_path):
        akten = copy_of(ran, tmp_path)
        one, other = (document["key"] for document in akten.json("documents")[:2])
        (akten.data / "objects" / one).write_bytes(b"something else")
        (akten.data / "objects" / other).unlink()
        found = akten.json("verify", code=1)
        assert found["objects"] | {"checked": 0} == {"checked": 0, "damaged": 1, "missing": 1}
        assert any(one in problem for problem in found["problems"])
        damaged = next(document for document in akten.json("documents") if document["key"] == one)
        assert "damaged" in akten("fetch", damaged["document"], "-o", tmp_path / "x.pdf", code=1).stderr
        assert not (tmp_path / "x.pdf").exists()


class TestSeals:
    def test_seals_are_listed_in_80_columns_with_the_hash_alone_on_its_line(self, ran, tmp_path):
        akten = copy_of(ran, tmp_path)
        (made,) = akten.json("seal")
        lines = akten("seal", "--list").stdout.splitlines()
        assert lines[-1].strip() == made["sha256"]
        assert f"{made['events']} events" in lines[-2]
        assert max(len(line) for line in lines) <= 80

    def test_disowning_none_is_no_failure(self, ran, tmp_path):
        said = copy_of(ran, tmp_path)("seal", "--disown", "all", "--note", "to be sure").stderr
        assert "none had to be disowned" in said


class TestWrongUse:
    @pytest.mark.parametrize("arguments", [[], ["inventory"], ["index"], ["search"], ["assign", "x"]])
    def test_too_few_words(self, akten, arguments):
        printed = akten(*arguments, code=2)
        assert "Usage" in printed.stdout + printed.stderr

    @pytest.mark.parametrize(
        "arguments",
        [["nonsense"], ["status", "--nonsense"], ["work", "--workers", "0"], ["search", "x", "--limit", "a"]],
    )
    def test_words_that_mean_nothing(self, akten, arguments):
        assert "Error: " in akten(*arguments, code=2).stderr

    @pytest.mark.parametrize(
        "name",
        ["nope", "", "'; DROP TABLE pages; --", "[bold]x[/]", "../../etc/passwd", "\x00\x1b[31m", "ü" * 9],
    )
    @pytest.mark.parametrize(
        "command", [["show"], ["retry"], ["fetch", "-o", "x.pdf"], ["sheets", "-o", "x.pdf", "--file-number"]]
    )
    def test_an_id_nobody_knows(self, ran, command, name):
        said = ran.akten(*command, name, code=2).stderr
        assert f"Nothing is known under '{name}'" in said.replace("\N{REPLACEMENT CHARACTER}", "")
        assert "→ Ids are shown by" in said

    def test_an_endless_id_is_not_repeated_in_full(self, ran):
        assert len(ran.akten("show", "a" * 100_000, code=2).stderr) < 1000

    def test_bytes_that_are_no_text(self, ran):
        for arguments in (["show", "\udcff"], ["retry", "\udcff"], ["assign", "\udcff", "1/2"]):
            assert "no text" in ran.akten(*arguments, code=2).stderr
        assert ran.akten.json("search", "Musterstadt \udcff")["total"] == 5

    def test_a_search_by_case_file_shows_each_once(self, ran):
        by_page = ran.akten.json("search", "Musterstadt", "--limit", "1000")
        by_file = ran.akten.json("search", "Musterstadt", "--per-file", "1", "--sort", "oldest")
        assert {hit["file_number"] for hit in by_page["hits"]} == {
            one["file_number"] for one in by_file["files"]
        }
        assert sum(one["pages"] for one in by_file["files"]) == by_page["total"] == by_file["total"]
        assert [one["hits"] for one in by_file["files"]] == [[place] for place in range(len(by_file["hits"]))]

    def test_a_reader_does_not_see_what_nobody_has_assigned_unless_cleared_for_all(self, ran):
        loose = next(one for one in ran.akten.json("documents") if not one["file_number"] and one["pages"])
        words = [
            word["text"]
            for page in ran.akten.json("show", loose["document"])["pages"]
            for word in page["words"]
        ]
        word = max(filter(str.isalpha, words), key=len)

        def documents(*asking: str) -> set[str]:
            found = ran.akten.json("search", word, "--limit", "1000", *asking)
            return {hit["document"] for hit in found["hits"]}

        assert loose["document"] in documents()
        assert loose["document"] not in documents("--as-group", "x")
        assert loose["document"] in documents("--clearance", "9")

    def test_a_group_has_to_be_named(self, ran):
        assert "--as-group" in ran.akten("search", "x", "--as-group", " ", code=2).stderr

    @pytest.mark.parametrize("query", ["", "  ", "…", '"open', "*", "a*b", "-", "x " * 1000])
    def test_a_search_that_cannot_be_understood(self, ran, query):
        said = ran.akten("search", "--", query, code=2).stderr
        assert "cannot be understood at character" in said

    def test_a_source_in_quarantine_is_known_but_in_no_document(self, ran):
        (failure,) = ran.akten.json("failures")
        said = ran.akten("show", failure["id"], code=2).stderr
        assert "in no document" in said
        assert "akten failures" in said

    @pytest.mark.parametrize("command", ["run", "ingest"])
    def test_a_path_that_is_not_there_or_holds_nothing(self, akten, tmp_path, command):
        (tmp_path / "empty").mkdir()
        for path in (tmp_path / "nothing", tmp_path / "empty", "/dev/null"):
            assert f"There is nothing at '{path}'" in akten(command, path, code=2).stderr

    @pytest.mark.parametrize(
        "arguments", [["run", ""], ["ingest", ""], ["--data", "", "status"], ["status", "--data", ""]]
    )
    def test_an_empty_path_never_means_the_current_folder(self, akten, arguments):
        assert "the path is empty" in akten(*arguments, code=2).stderr

    def test_the_data_folder_itself_is_no_delivery(self, ran):
        for path in (ran.akten.data, ran.akten.data / "objects"):
            assert "keeps its own files" in ran.akten("run", path, code=2).stderr

    def test_a_list_that_is_none(self, akten, tmp_path):
        for path, reason in ((tmp_path / "nothing.csv", "No such file"), (tmp_path, "Is a directory")):
            assert reason in akten("inventory", "import", path, code=2).stderr
        (tmp_path / "scan.csv").write_bytes(b"%PDF-1.7\n\x00\xff")
        assert "file_number" in akten("inventory", "import", tmp_path / "scan.csv", code=2).stderr

    @pytest.mark.parametrize(
        "command",
        ["status", "verify", "documents", "failures", "search x", "run", "fetch x -o x.pdf", "retry --all"],
    )
    def test_a_mistyped_data_folder_is_no_archive_in_which_all_is_well(self, akten, command):
        said = akten(*command.split(), code=2).stderr
        assert f"There is no data folder at '{akten.data}'" in said
        assert not (akten.data / "ledger.db").exists()

    @pytest.mark.parametrize(
        ("name", "value", "says"),
        [
            ("OCR__DPI", "many", "ocr.dpi"),
            ("OCR__DPI", "-5", "ocr.dpi"),
            ("OCR__TIME_LIMIT", "nan", "ocr.time_limit"),
            ("OCR__LANGUAGE", "../deu", "ocr.language"),
            ("OCR__NONSENSE", "1", "ocr.nonsense"),
            ("OCR", "nonsense", "ocr"),
            ("LANGUAGE", "fr", "language"),
            ("FILES__NUMBER_PATTERN", "(", "files.number_pattern"),
            ("QUEUE__URL", "nonsense", "queue.url"),
            ("LEDGER__URL", "nonsense", "ledger.url"),
            ("DOCUMENT_TYPES", "/nothing", "/nothing"),
        ],
    )  # fmt: skip
    def test_a_setting_that_cannot_be_meant(self, ran, name, value, says):
        akten = replace(ran.akten, environment={f"AKTEN_{name}": value})
        said = akten("run", code=2).stderr
        assert says in said
        assert "docs/settings.md" in said

    @pytest.mark.parametrize("content", [b"x[[", b"\xff", b"[ocr]\ndpi = 'x'", b"nonsense = 1"])
    def test_a_file_of_settings_that_cannot_be_read(self, akten, content):
        akten.data.mkdir()
        (akten.data / "akten.toml").write_bytes(content)
        assert "cannot be used" in akten("status", code=2).stderr

    def test_an_output_that_cannot_be_written(self, ran, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        for target, reason in (
            (tmp_path / "no" / "x.pdf", "its folder does not exist"),
            (tmp_path, "it is a folder"),
            (tmp_path / "pipe", "it is no ordinary file"),
        ):
            for command in (["fetch", volume(ran, 0)], ["sheets", "--type", "payslip"]):
                said = ran.akten(*command, "-o", target, code=2).stderr
                assert f"'{target}' cannot be written: {reason}" in said
        assert (tmp_path / "pipe").is_fifo()

    def test_a_fetch_that_could_mean_several_documents(self, ran, tmp_path):
        akten = copy_of(ran, tmp_path)
        (tmp_path / "more.csv").write_text(f"Aktenzeichen;Band\n{volume(ran, 0)};2\n", encoding="utf-8")
        akten("inventory", "import", tmp_path / "more.csv")
        (unassigned,) = (one for one in akten.json("documents") if not one["volume"])
        akten("assign", unassigned["document"], volume(ran, 0), "--volume", "2")
        akten("run", code=1)
        said = akten("fetch", volume(ran, 0), "-o", tmp_path / "x.pdf", code=2).stderr
        assert "--volume" in said
        assert not (tmp_path / "x.pdf").exists()
        akten("fetch", volume(ran, 0), "--volume", "2", "-o", tmp_path / "x.pdf")
        assert len(akten.json("show", volume(ran, 0))) == 2

    def test_assigning_to_what_can_be_no_file_number(self, ran):
        for number in ("", " / ", "x" * 81, "a\nb"):
            (unassigned,) = (one for one in ran.akten.json("documents") if not one["volume"])
            assert "no file number" in ran.akten("assign", unassigned["document"], number, code=2).stderr


class TestPartMissing:
    @pytest.mark.parametrize("program", ["tesseract", "redis-server", "pdftoppm", "pdfimages"])
    @pytest.mark.parametrize("command", ["run", "work"])
    def test_work_ends_before_it_begins_when_a_program_is_missing(self, ran, tmp_path, command, program):
        akten = Forked(tmp_path / "data", programs(tmp_path / "bin", without=program))
        said = akten(command, *([ran.scans] if command == "run" else []), code=3).stderr
        assert f"'{program}' is not installed" in said
        assert "apt-get install" in said
        assert not (akten.data / "ledger.db").exists(), "nothing was taken in"

    def test_nor_without_the_language(self, ran, tmp_path):
        akten = Forked(tmp_path / "data", {"AKTEN_OCR__LANGUAGE": "deu+xyz"})
        said = akten("run", ran.scans, code=3).stderr
        assert "no model for the language 'xyz'" in said
        assert tesseract.package_of("xyz") in said

    def test_a_program_that_vanishes_in_the_middle_is_no_page_s_fault(self, ran, tmp_path):
        path = programs(tmp_path / "bin", without="")
        akten = Akten(tmp_path / "data", path)
        running = akten.start("run", ran.scans / "stapel-0001.pdf")
        wait_for_a_page(akten)
        (tmp_path / "bin" / "tesseract").unlink()
        _, said = running.communicate(timeout=120)
        assert running.returncode == 3
        assert "apt-get install tesseract-ocr" in said
        forked = Forked(akten.data)
        status = forked.json("status")
        assert status["failures"] == []
        assert status["pages"]["waiting"] > 0
        forked("run", code=1)
        pages = forked.json("status")["pages"]
        assert (pages["stored"], pages["quarantined"]) == (2, 0)
        (document,) = forked.json("documents")
        shown = forked.json("show", document["document"])["pages"]
        assert all(page["words"] and not page["flag"] for page in shown if page["stage"] == "stored")

    def test_the_doctor_names_what_is_missing_and_what_mends_it(self, tmp_path):
        akten = Forked(tmp_path / "data", programs(tmp_path / "bin", without="tesseract"))
        checks = {check["part"]: check for check in akten.json("doctor", code=3)["checks"]}
        assert not checks["Tesseract"]["ok"]
        assert "apt-get install tesseract-ocr" in checks["Tesseract"]["mend"]
        assert checks["poppler"]["ok"]

    def test_the_doctor_names_the_models_of_all_languages_that_pages_may_be_in(self, tmp_path):
        akten = Forked(tmp_path / "data", {"AKTEN_OCR__LANGUAGES": "eng+xyz"})
        checks = {check["part"]: check for check in akten.json("doctor", code=3)["checks"]}
        assert checks["Tesseract deu"]["ok"]
        assert checks["Tesseract eng"]["ok"]
        assert not checks["Tesseract xyz"]["ok"]
        assert "apt-get install tesseract-ocr-xyz" in checks["Tesseract xyz"]["mend"]

    def test_the_doctor_only_asks_the_object_store_when_told_so(self, akten):
        akten("doctor")
        (akten.data / "objects").chmod(0o500)
        before = (akten.data / "objects").stat().st_mtime_ns
        assert akten.json("doctor", "--read-only")["ok"]
        assert (akten.data / "objects").stat().st_mtime_ns == before

    def test_the_doctor_writes_to_the_object_store_and_leaves_nothing_there(self, akten):
        assert akten.json("doctor")["ok"]
        assert [path for path in (akten.data / "objects").rglob("*") if path.is_file()] == []

    def test_the_doctor_says_when_the_object_store_cannot_be_written(self, akten, tmp_path):
        (tmp_path / "objects").write_text("a file in its place")
        settings = {"AKTEN_OBJECTS__FOLDER": str(tmp_path / "objects")}
        checks = {
            check["part"]: check
            for check in replace(akten, environment=settings).json("doctor", code=3)["checks"]
        }
        assert not checks["objects"]["ok"]
        assert checks["ledger"]["ok"], "no check stops the others"

    def test_a_full_disk_is_said_before_work_begins_and_while_it_goes_on(self, tmp_path, monkeypatch):
        """Also where the ledger cannot even record that work waits for room."""
        scan = desk.save(tmp_path / "0001.png", desk.page("eins"))
        with small_disk(tmp_path / "disk", 4) as disk:
            akten = Forked(disk / "data")
            akten("ingest", scan)
            fill(disk, but=128 * 1024)
            assert "No space is left on the disk" in akten("run", code=3).stderr
            monkeypatch.setattr(session, "require_parts", lambda _settings: None)
            monkeypatch.setattr(drive, "_PATIENCE_SECONDS", 0.5)
            monkeypatch.setattr(progress, "_PLAIN_SECONDS", 0.0)
            said = akten("run", "--workers", "1", code=3).stderr
            assert said.count("Waiting for room on the disk") == 1, "what does not change is said once"
            assert "No space is left on the disk" in said

    @pytest.mark.parametrize("command", [["run"], ["work"], ["doctor"]])
    def test_a_queue_server_that_does_not_answer(self, ran, command):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"redis://127.0.0.1:{free.getsockname()[1]}"
        akten = replace(ran.akten, environment={"AKTEN_QUEUE__URL": url, "COLUMNS": "200"})
        printed = akten(*command, code=3)
        assert "The queue server does not answer" in printed.stdout + printed.stderr

    def test_an_object_store_that_does_not_answer(self, ran):
        store = {"STORE": "s3", "ENDPOINT": "127.0.0.1:1", "ACCESS_KEY": "a", "SECRET_KEY": "secret-123"}
        settings = {f"AKTEN_OBJECTS__{name}": value for name, value in store.items()}
        said = replace(ran.akten, environment=settings)("verify", code=3).stderr
        assert "The object store does not answer" in said
        assert "secret-123" not in said

    @pytest.mark.parametrize("command", [["run", "."], ["inventory", "import", "x.csv"], ["ingest", "."]])
    def test_a_data_folder_that_cannot_be_written(self, command):
        said = Forked(UNWRITABLE)(*command, code=3).stderr
        assert "cannot be opened" in said
        assert "→ Check the data folder and its rights" in said

    def test_a_file_in_the_place_of_the_data_folder(self, akten):
        akten.data.write_bytes(b"")
        for command in ("status", "run"):
            assert f"'{akten.data}' cannot be used" in akten(command, code=3).stderr
        checks = {check["part"]: check["found"] for check in akten.json("doctor", code=3)["checks"]}
        assert str(akten.data) in checks["data folder"]

    def test_a_ledger_that_is_none(self, akten):
        akten.data.mkdir()
        (akten.data / "ledger.db").write_bytes(b"no database" * 100)
        assert "not a database" in akten("status", code=3).stderr

    def test_a_damaged_index_says_how_it_is_made_anew(self, ran, tmp_path):
        akten = copy_of(ran, tmp_path)
        (record,) = (akten.data / "index").glob("*/meta.json")
        record.write_bytes(b"garbage")
        assert "akten index rebuild" in akten("search", "Musterstadt", code=3).stderr
        akten("index", "rebuild")
        assert akten.json("search", "Musterstadt")["total"] == 5

    def test_an_index_that_was_removed_is_missed_and_filled_anew_by_the_next_run(self, ran, tmp_path):
        akten = copy_of(ran, tmp_path)
        shutil.rmtree(akten.data / "index")
        assert "akten index rebuild" in akten("search", "Musterstadt", code=3).stderr
        akten("run", code=1)
        assert akten.json("search", "Musterstadt")["total"] == 5

    def test_no_room_for_what_is_printed(self, ran):
        for arguments in (["documents"], ["documents", "--json"]):
            with Path("/dev/full").open("wb") as full:
                done = subprocess.run(
                    [Akten(ran.akten.data).executable, *arguments],
                    env=Akten(ran.akten.data).variables,
                    stdout=full,
                    stderr=subprocess.PIPE,
                    check=False,
                )
            assert (done.returncode, b"No space is left" in done.stderr) == (3, True)


class TestNobodyReads:
    @pytest.mark.parametrize("arguments", [["documents"], ["documents", "--json"]])
    def test_who_stops_reading_ends_the_command_without_a_word(self, ran, arguments):
        akten = Akten(ran.akten.data)
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [akten.executable, *arguments],
            env=akten.variables,
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
        os.close(writer)
        assert (done.returncode, done.stderr) == (-13, b"")

    def test_closed_streams_are_no_reason_to_fail_nor_to_write_into_the_ledger(self, ran):
        akten = Akten(ran.akten.data)
        closed = f'"{akten.executable}" documents --json >&- 2>&- <&-'
        assert subprocess.run(["sh", "-c", closed], env=akten.variables, check=False).returncode == 0
        assert ran.akten.json("verify")["ok"]


class TestCorrections:
    def test_an_unassigned_document_moves_into_its_volume(self, ran, tmp_path):
        akten, number = copy_of(ran, tmp_path), volume(ran, 1)
        (unassigned,) = (one for one in akten.json("documents") if not one["volume"])
        before = akten.json("show", number)
        moved = akten.json("show", unassigned["document"])["pages"]
        akten("assign", unassigned["document"], number)
        akten("run", code=1)
        after = akten.json("show", number)
        # Single images of one batch stand in the order in which they lay in the delivery.
        assert {page["id"] for page in after["pages"]} == {page["id"] for page in [*before["pages"], *moved]}
        assert [page["number"] for page in after["pages"]] == [1, 2, 3]
        assert [page["source_page"] for page in after["pages"]] == [1, 1, 1]
        assert after["sha256"] != before["sha256"]
        emptied = next(one for one in akten.json("documents") if not one["volume"])
        assert (emptied["state"], emptied["pages"], emptied["key"]) == ("empty", 0, None)
        hits = akten.json("search", "Gehaltsabrechnung")["hits"]
        assert {hit["file_number"] for hit in hits} == {number}
        assert akten.json("status")["sources"]["unassigned"] == 0
        assert [alarm["code"] for alarm in akten.json("status")["alarms"]].count("pages_differ") == 1
        assert akten.json("verify")["ok"]

    def test_a_cover_sheet_nobody_knew_is_followed_after_import_and_retry(self, ran, tmp_path):
        akten = Forked(tmp_path / "data")
        akten("run", ran.scans / "stapel-0001.pdf", code=1)
        (alarm,) = (one for one in akten.json("status")["alarms"] if one["code"] == "unknown_sheet")
        assert "Import the inventory" in alarm["hint"]
        assert [one["volume"] for one in akten.json("documents")] == [0]
        # Sheets are known by their ids alone, so the ledger they were printed from is what is missing.
        with_inventory(akten, ran)
        akten("retry", alarm["subject"])
        akten("run")
        (document,) = (one for one in akten.json("documents") if one["state"] == "stored")
        assert (document["file_number"], document["pages"]) == (volume(ran, 0), 2)
        assert "unknown_sheet" not in [one["code"] for one in akten.json("status")["alarms"]]

    def test_retry_says_how_many(self, ran, tmp_path):
        akten = copy_of(ran, tmp_path)
        assert "Put back: 0" in akten("retry", "--reason", "unread").stderr
        assert "Put back: 1" in akten("retry", "--all").stderr
        assert akten.json("status")["sources"]["quarantined"] == 0
        akten("run", code=1)
        assert akten.json("status")["sources"]["quarantined"] == 1


def copy_of(ran: Ran, folder: Path) -> Forked:
    """A data folder to be changed; nothing runs on the original."""
    shutil.copytree(ran.akten.data, folder / "data", ignore=shutil.ignore_patterns("queue", "tmp"))
    return Forked(folder / "data")


def wait_for_a_page(akten: Akten) -> None:
    """Return once the file is open and its pages are being read."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if (akten.data / "ledger.db").exists():
            with sqlite3.connect(akten.data / "ledger.db") as ledger:
                tables = ledger.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'pages'").fetchone()[
                    0
                ]
                read = tables and ledger.execute("SELECT COUNT(*) FROM pages").fetchone()[0]
            ledger.close()
            if read:
                return
        time.sleep(0.05)
    pytest.fail("no file was opened within two minutes")


def with_inventory(akten: Forked, ran: Ran) -> None:
    """Give ``akten`` the volumes of ``ran`` under the ids that stand on their sheets."""
    with sqlite3.connect(akten.data / "ledger.db") as ledger:
        ledger.execute("ATTACH ? AS other", (str(ran.akten.data / "ledger.db"),))
        for table in ("case_files", "volumes"):
            ledger.execute(f"INSERT INTO {table} SELECT * FROM other.{table}")  # noqa: S608
    ledger.close()
