"""The log: JSON lines with ids only, whoever writes them, in files that stay small however many write."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest

from config import logs
from config.logs import BoundedFile, JsonLines
from config.settings import load_settings
from errors import StoreUnavailable

NAME = "Mustermann-Özgür"


@pytest.fixture
def log(tmp_path, monkeypatch):
    """The log of a data folder; what it says so far, by a call."""
    monkeypatch.setattr(logging, "raiseExceptions", True)
    root = logging.getLogger()
    logs.start(load_settings(tmp_path), "command")
    handler = root.handlers[-1]

    def lines() -> list[dict[str, object]]:
        return [json.loads(line) for line in (tmp_path / "log" / "akten.jsonl").read_text().splitlines()]

    yield lines
    root.removeHandler(handler)
    handler.close()
    logging.getLogger("aktenwerk").setLevel(logging.NOTSET)


class TestWhatIsWritten:
    def test_a_line_has_the_fields_that_were_given_and_are_allowed(self, log):
        given = {"step": "split", "id": "a1", "seconds": 1.5, "holder": NAME}
        logging.getLogger("aktenwerk").info("task", extra=given)
        (line,) = log()
        assert (line["event"], line["level"], line["process"]) == ("task", "info", "command")
        assert (line["step"], line["id"], line["seconds"]) == ("split", "a1", 1.5)
        assert line["owner"].split("/")[1] == str(os.getpid())
        assert NAME not in json.dumps(line, ensure_ascii=False)

    def test_arguments_of_a_message_are_not_written(self, log):
        logging.getLogger("aktenwerk").warning("opened %s", NAME)
        assert log()[0]["event"] == "opened %s"

    def test_of_an_error_nobody_expected_there_is_class_and_place_only(self, log):
        try:
            raise ValueError(f"cannot read {NAME}.pdf")
        except ValueError:
            logging.getLogger("aktenwerk").exception("task")
        (line,) = log()
        assert line["error"] == "ValueError"
        assert line["place"].startswith("test_logs.test_of_an_error_nobody_expected")
        assert NAME not in json.dumps(line, ensure_ascii=False)

    def test_of_one_of_ours_there_is_the_code(self, log):
        error = StoreUnavailable(detail=NAME)
        logging.getLogger("aktenwerk").error("task", exc_info=error)
        assert log()[0]["code"] == "store_unavailable"
        assert "error" not in log()[0]

    @pytest.mark.parametrize("library", ["rq.worker", "urllib3.connectionpool", "pikepdf._core", "PIL.Image"])
    def test_of_a_library_there_is_only_that_it_spoke(self, log, library):
        logging.getLogger(library).error("cannot open %s.pdf", NAME, stack_info=True)
        logging.getLogger(library).info("not even that, below a warning")
        (line,) = log()
        assert (line["event"], line["logger"], line["level"]) == ("library", library, "error")
        assert "message" not in line
        assert NAME not in json.dumps(line, ensure_ascii=False)

    def test_the_level_is_a_setting(self, log, tmp_path, monkeypatch):
        monkeypatch.setenv("AKTEN_LOG__LEVEL", "warning")
        logs.start(load_settings(tmp_path), "command")
        logging.getLogger("aktenwerk").info("task")
        logging.getLogger("aktenwerk").warning("task")
        assert [line["level"] for line in log()] == ["warning"]

    def test_it_goes_to_standard_error_where_a_setting_says_so(self, log, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("AKTEN_LOG__TO", "stderr")
        logs.start(load_settings(tmp_path), "worker")
        logging.getLogger("aktenwerk").info("task")
        assert json.loads(capsys.readouterr().err)["process"] == "worker"
        assert not (tmp_path / "log").exists()


class TestFiles:
    def test_only_the_owner_may_look_at_them(self, log, tmp_path):
        logging.getLogger("aktenwerk").info("task")
        assert (tmp_path / "log").stat().st_mode & 0o077 == 0

    def test_many_processes_lose_no_line_and_mix_none(self, tmp_path):
        path, writers, each = tmp_path / "log" / "akten.jsonl", 8, 150
        children = [fork(write_many, path, each) for _ in range(writers)]
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * writers
        files = list(path.parent.glob("akten.jsonl*"))
        lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
        assert len(files) > 10
        counted = {(line["owner"], line["count"]) for line in lines}
        assert len(lines) == len(counted) == writers * each

    def test_they_are_bounded(self, tmp_path):
        path = tmp_path / "log" / "akten.jsonl"
        write_many(path, 300, kept=2)
        files = sorted(path.parent.glob("akten.jsonl*"))
        assert [file.name for file in files] == ["akten.jsonl", "akten.jsonl.1", "akten.jsonl.2"]
        lines = [line for file in reversed(files) for line in file.read_text().splitlines()]
        counts = [json.loads(line)["count"] for line in lines]
        assert counts == list(range(counts[0], 300))
        assert all(file.stat().st_size < 2 * MAX_BYTES for file in files)

    def test_one_that_cannot_be_written_stops_nobody(self, tmp_path):
        (tmp_path / "log").write_text("a file where a folder is to be")
        write_many(tmp_path / "log" / "akten.jsonl", 3)
        assert (tmp_path / "log").read_text() == "a file where a folder is to be"

    def test_one_that_was_removed_is_made_again(self, tmp_path):
        path = tmp_path / "log" / "akten.jsonl"
        handler = handler_at(path, 2)
        for number in range(3):
            handler.handle(record(number))
            if number == 1:
                path.unlink()
        assert [json.loads(line)["count"] for line in path.read_text().splitlines()] == [2]
        handler.close()


MAX_BYTES = 3000


def handler_at(path: Path, kept: int) -> BoundedFile:
    handler = BoundedFile(path, MAX_BYTES, kept)
    handler.setFormatter(JsonLines("worker"))
    return handler


def record(number: int) -> logging.LogRecord:
    made = logging.LogRecord("aktenwerk", logging.INFO, "", 0, "task", (), None)
    made.count = number
    return made


def write_many(path: Path, lines: int, kept: int = 200) -> None:
    handler = handler_at(path, kept)
    for number in range(lines):
        handler.handle(record(number))
    handler.close()


def fork(work, *arguments) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work(*arguments)
        code = 0
    finally:
        os._exit(code)
