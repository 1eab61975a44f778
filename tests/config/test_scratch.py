"""Temporary folders: one a process, and what killed processes left is swept up, nothing else."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

from config.scratch import scratch, sweep


def test_temporary_files_lie_in_it_and_go_with_it(tmp_path):
    with scratch(tmp_path / "tmp") as folder:
        handle, name = tempfile.mkstemp()
        os.close(handle)
        assert Path(name).parent == folder
    assert not folder.exists()


def test_what_somebody_uses_stays_whatever_its_name(tmp_path):
    """In two containers two processes may have one number."""
    with scratch(tmp_path) as one, scratch(tmp_path) as other:
        assert one != other
        sweep(tmp_path)
        assert one.is_dir()
        assert other.is_dir()


def test_what_a_killed_process_left_is_swept_up(tmp_path):
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        with scratch(tmp_path) as folder:
            (folder / "page.pgm").write_bytes(b"x")
            os.write(writer, b"1")
            signal.pause()
    os.read(reader, 1)
    sweep(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reader)
    os.close(writer)
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []
