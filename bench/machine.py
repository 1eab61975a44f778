"""What was measured, and on what: the commit and its day, the machine, versions of programs."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.programs import ROOT

_KIBIBYTE = 1024


def source() -> str:
    """Today, and the commit measured, e.g. ``2026-03-01, 4f2c1ab``."""
    commit = version("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*")
    return f"{datetime.now(UTC):%Y-%m-%d}, {commit}"


def machine() -> str:
    """Processor, cores, memory and system."""
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    memory = psutil.virtual_memory().total / 1e9
    processor = found[1] if found else platform.machine()
    return (
        f"{processor}, {os.cpu_count()} cores, {memory:.0f} GB, Linux {platform.release().partition('-')[0]}"
    )


def most_memory() -> float:
    """The most megabytes this process held, files it looks into counted in full (proc(5)).

    ``ru_maxrss`` of getrusage(2) would count who started it as well.
    """
    (most,) = re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    return int(most) * _KIBIBYTE / 1e6


def version(*command: str) -> str:
    """The first line of what ``command`` prints; "absent" where there is no such program."""
    try:
        lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    except FileNotFoundError:
        lines = []
    return lines[0].strip() if lines else "absent"
