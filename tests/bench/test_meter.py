import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from bench import meter

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


#: Works in a folder below its first argument, where it measures a process.
WORK = """
import os, sys
from pathlib import Path
from bench import meter, workplace
with workplace.workplace(Path(sys.argv[1])) as folder:
    command = [sys.executable, "-c", sys.argv[2]]
    meter.metered(command, os.environ, folder, log=folder / "log")
"""
#: Starts another and says its id.
START = "import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"


def test_a_measurement_that_is_ended_ends_what_it_measures_and_leaves_no_folder(tmp_path):
    bench = subprocess.Popen([sys.executable, "-c", WORK, tmp_path, START])
    deadline = time.monotonic() + 20
    while not (said := "".join(log.read_text() for log in tmp_path.glob("work-*/log"))).strip():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    bench.terminate()
    assert bench.wait(20) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []
    assert not psutil.pid_exists(int(said))
