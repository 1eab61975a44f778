"""The order of the tests."""

from __future__ import annotations

import cv2
import pytest

cv2.setNumThreads(1)  # as everywhere; and no thread of it may be left behind where a test forks

#: Files that take longest begin first: no process is to work on one when the others have nothing left.
_LONG = (
    "tests/test_chaos.py",
    "tests/test_main_job.py",
    "tests/test_interruption.py",
    "tests/cli/test_commands.py",
    "tests/test_backup.py",
    "tests/test_several_machines.py",
    "tests/test_s3_job.py",
    "tests/cli/test_watch.py",
    "tests/pipeline/test_flow.py",
    "tests/cli/test_index_home.py",
    "tests/pipeline/test_hostile.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    begin = {file: place for place, file in enumerate(_LONG)}
    items.sort(key=lambda item: begin.get(item.nodeid.partition("::")[0], len(_LONG)))
