"""The command in a child of the test process: a process of its own, but nothing is loaded anew."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import cli


@dataclass(frozen=True)
class Forked:
    """``akten`` with a data folder; ``environment`` adds settings as AKTEN_* variables, or another PATH."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; checks its exit code, and that nobody gets to see a traceback."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if not child:
                self._become([str(argument) for argument in arguments], out, err)
            _, status = os.waitpid(child, 0)
            printed, said = (_read(stream) for stream in (out, err))
        returned = os.waitstatus_to_exitcode(status)
        assert returned == code, f"exit {returned}, not {code}:\n{printed}\n{said}"
        assert "Traceback" not in printed + said
        return subprocess.CompletedProcess(arguments, returned, printed, said)

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        """Run a command with ``--json`` and read what it prints."""
        return json.loads(self(*arguments, "--json", code=code).stdout)

    def _become(self, arguments: list[str], out: BinaryIO, err: BinaryIO) -> NoReturn:
        code = 70
        try:
            for stream, handle in ((out, 1), (err, 2)):
                os.dup2(stream.fileno(), handle)
            sys.stdout, sys.stderr = (
                io.TextIOWrapper(io.FileIO(handle, "w", closefd=False), encoding="utf-8", write_through=True)
                for handle in (1, 2)
            )
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            for name in [name for name in os.environ if name.startswith("AKTEN_")]:
                del os.environ[name]
            os.environ |= {"AKTEN_DATA": str(self.data), "AKTEN_LANGUAGE": "en", **self.environment}
            sys.argv = ["akten", *arguments]
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)


def _read(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read().decode("utf-8", "replace")
