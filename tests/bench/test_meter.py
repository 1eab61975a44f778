import os
import sys

import pytest

from bench.ocr import meter

BURN = "import time; end = time.process_time() + {}\nwhile time.process_time() < end: pass"
#: Starts a process that outlives it, in a session of its own, as a daemon is; and ends at once.
LEAVE = (
    "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]], start_new_session=True)"
)


def test_a_process_left_behind_is_waited_for_and_counted(tmp_path):
    command = [sys.executable, "-c", LEAVE, BURN.format(0.4)]
    spent = meter.metered(command, os.environ, tmp_path, log=tmp_path / "log")
    assert spent.code == 0
    assert 0.4 <= spent.cpu < 1.5


def test_exit_code_and_output_are_kept(tmp_path):
    command = [sys.executable, "-c", "print('said'); raise SystemExit(3)"]
    spent = meter.metered(command, os.environ, tmp_path, log=tmp_path / "log")
    assert (spent.code, (tmp_path / "log").read_text()) == (3, "said\n")


def test_what_never_ends_is_ended_and_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(meter, "_GRACE", 0.1)
    command = [sys.executable, "-c", LEAVE, "import time; time.sleep(60)"]
    with pytest.raises(RuntimeError, match="left 1 process"):
        meter.metered(command, os.environ, tmp_path, log=tmp_path / "log")
