"""A wall clock that can be turned under running processes; the time that only passes stays as it is."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("wallclock.c")


class Clock:
    """The clock of all processes that find ``variables`` in their environment; see ``wallclock.c``."""

    def __init__(self, folder: Path) -> None:
        self._turned_by, self._library = folder / "clock", folder / "wallclock.so"
        self.turn(0)
        self.variables: dict[str, str] = {}
        if (compiler := shutil.which("cc")) is not None:
            command = [
                compiler,
                "-shared",
                "-fPIC",
                "-O2",
                "-Wall",
                "-Werror",
                "-o",
                str(self._library),
                str(_SOURCE),
            ]
            subprocess.run(command, check=True)
            self.variables = {"LD_PRELOAD": str(self._library), "CHAOS_CLOCK": str(self._turned_by)}

    @property
    def available(self) -> bool:
        """Whether it can be turned at all: that needs a C compiler."""
        return bool(self.variables)

    def turn(self, seconds: int) -> None:
        """Let the wall clock be off by so much, at once and for all."""
        with self._turned_by.open("r+b" if self._turned_by.exists() else "xb", buffering=0) as file:
            file.write(struct.pack("=q", seconds))
