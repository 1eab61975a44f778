"""Signals and streams of the command as a process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FINALISED = """
import signal, time
from errors import Interrupted
from reports import process

class Dying:
    def __del__(self):
        signal.raise_signal(signal.{signal})

process.prepare()
Dying()
try:
    time.sleep(20)
except Interrupted:
    print("interrupted")
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_is_not_lost_where_nothing_can_be_raised(name):
    ended = subprocess.run(
        [sys.executable, "-c", FINALISED.format(signal=name)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=15,
        check=False,
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("interrupted\n", "", 0)
