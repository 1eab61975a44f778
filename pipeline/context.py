"""What every step works with: the stores, the engine and the options, handed in from outside."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from ocr.engine import OcrEngine
from ocr.options import OcrOptions
from pipeline.classification.classify import Classifier
from pipeline.classification.document_types import DocumentType
from pipeline.confined.lockup import Bounds
from pipeline.confined.run import confined
from pipeline.product.options import ProductOptions
from pipeline.scans.source import Limits
from storage.cache import LocalCache
from storage.ledger import Ledger
from storage.ledger.homes import Home
from storage.ledger.leases import Claim
from storage.ledger.work import Step
from storage.objects import ObjectStore

Result = TypeVar("Result")

#: Seconds after which a step is ended by force; far beyond what any sound page, file or volume needs.
TIME_LIMITS: Mapping[Step, int] = {"split": 900, "recognise": 300, "file": 600, "assemble": 7200}
#: Attempts that end in an error of their own, and beginnings that nobody ended, before one is given up.
MAX_ATTEMPTS, MAX_BEGUN = 4, 20
#: A lease outlives its step's time limit by this, so that nobody takes over what is still in work.
LEASE_MARGIN = 60

#: The process namespace a machine starts with has this number everywhere (Linux, proc_ns.h).
_FIRST_SPACE = 0xEFFFFFFC
#: States in /proc/PID/stat of processes that are no more.
_ENDED = ("Z", "X")


@dataclass(frozen=True, slots=True)
class Context:
    """The parts a step needs; made once a process, never shared across a fork.

    ``profile`` names version and settings a page was processed with. ``scratch`` is a folder for
    temporary files on the data folder's disk. ``owner`` is the name this process holds leases under.
    ``version`` is the program's, ``authority`` the name of who runs it.
    ``home`` names the data folder where several may share the ledger; None: the ledger lies in it.
    """

    ledger: Ledger
    objects: ObjectStore
    cache: LocalCache
    engine: OcrEngine
    classifier: Classifier
    types: Mapping[str, DocumentType]
    ocr: OcrOptions
    limits: Limits
    scratch: Path
    profile: str
    owner: str
    version: str
    authority: str
    product: ProductOptions
    home: Home | None = None

    def claim(self, step: Step) -> Claim:
        """A claim in the name of this process, for as long as the step may take."""
        return Claim(self.owner, TIME_LIMITS[step] + LEASE_MARGIN)

    def apart(self, step: Step, work: Callable[[], Result]) -> Result:
        """Do what takes a file apart in a confined child; raises as ``confined`` does."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            return confined(work, self.bounds(step), Path(folder))

    def bounds(self, step: Step) -> Bounds:
        """What taking files apart may use in a step: half of its time at most."""
        return Bounds.of(self.limits, TIME_LIMITS[step] / 2)


def this_process() -> str:
    """The name leases are held under: machine, process id, and when the process began."""
    pid = os.getpid()
    return f"{_machine()}/{pid}/{_beginning_of(pid)}"


def is_dead(owner: str) -> bool:
    """Whether a lease's owner ran on this machine and is no more; others are left to their lease's end."""
    machine, _, process = owner.partition("/")
    pid, _, began = process.partition("/")
    return machine == _machine() and pid.isdecimal() and _beginning_of(int(pid)) != began


@cache
def _machine() -> str:
    """The host's name; in a container also what tells its processes from those of other containers.

    Containers may be called like their host, and each counts its processes from 1. The number of a
    process namespace is unique on a running machine only, so the machine's start is named with it.
    """
    host, space = socket.gethostname(), Path("/proc/self/ns/pid").stat().st_ino
    if space == _FIRST_SPACE:
        return host
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
    return f"{host}.{boot}.{space}"


def _beginning_of(pid: int) -> str:
    """When a process began, in the kernel's ticks, which no change of the clock moves; "" when it is gone.

    One that has ended and that nobody has waited for is gone: in a container nobody may ever do.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    fields = status.rpartition(")")[2].split()  # before it stands the program's name, whatever that holds
    return "" if fields[0] in _ENDED else fields[19]
