"""The installed command as people run it: a process of its own, a data folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Akten:
    """``akten`` with a data folder; ``environment`` adds settings as AKTEN_* variables."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and check its exit code."""
        done = subprocess.run(
            [self.executable, *arguments],
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == code, f"exit {done.returncode}, not {code}:\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        """Run a command with ``--json`` and read what it prints."""
        return json.loads(self(*arguments, "--json", code=code).stdout)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Begin a command and return at once; its processes are a group of their own."""
        return subprocess.Popen(
            [self.executable, *arguments],
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @contextmanager
    def running(self, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
        """Begin a command, which is not left behind when the test fails."""
        with self.start(*arguments) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise

    @property
    def executable(self) -> Path:
        """The command beside the Python that runs the tests."""
        return Path(sys.executable).with_name("akten")

    @property
    def variables(self) -> dict[str, str]:
        """This process's environment without settings of whoever runs the tests, and English words."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AKTEN_")}
        return {**inherited, "AKTEN_DATA": str(self.data), "AKTEN_LANGUAGE": "en", **self.environment}
