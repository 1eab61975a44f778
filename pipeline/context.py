"""What every step works with: the stores, the engine and the options, handed in from outside."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from ocr.options import OcrOptions
from ocr.records import OcrEngine
from pipeline.classification.classify import Classifier
from pipeline.classification.document_types import DocumentType
from pipeline.confined.lockup import Bounds
from pipeline.confined.run import confined
from pipeline.scans.source import Limits
from storage.cache import LocalCache
from storage.ledger import Ledger
from storage.ledger.leases import Claim
from storage.ledger.work import Step
from storage.objects import ObjectStore

Result = TypeVar("Result")

#: Seconds after which a step is ended by force; far beyond what any sound page, file or volume needs.
TIME_LIMITS: Mapping[Step, int] = {"split": 900, "recognise": 300, "file": 600, "assemble": 3600}
#: Attempts that end in an error of their own, and beginnings that nobody ended, before one is given up.
MAX_ATTEMPTS, MAX_BEGUN = 4, 20
#: A lease outlives its step's time limit by this, so that nobody takes over what is still in work.
_LEASE_MARGIN = 60


@dataclass(frozen=True, slots=True)
class Context:
    """The parts a step needs; made once a process, never shared across a fork.

    ``profile`` names version and settings a page was processed with. ``scratch`` is a folder for
    temporary files on the data folder's disk. ``owner`` is the name this process holds leases under.
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

    def claim(self, step: Step) -> Claim:
        """A claim in the name of this process, for as long as the step may take."""
        return Claim(self.owner, TIME_LIMITS[step] + _LEASE_MARGIN)

    def apart(self, step: Step, work: Callable[[], Result]) -> Result:
        """Do what takes a file apart in a confined child; raises as ``confined`` does."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            return confined(work, self.bounds(step), Path(folder))

    def bounds(self, step: Step) -> Bounds:
        """What taking files apart may use in a step: half of its time at most."""
        return Bounds.of(self.limits, TIME_LIMITS[step] / 2)


def this_process() -> str:
    """The name leases are held under: host, process id and the time the process began."""
    return f"{socket.gethostname()}/{os.getpid()}/{psutil.Process().create_time():.2f}"


def is_dead(owner: str) -> bool:
    """Whether a lease's owner ran on this machine and is no more; others are left to their lease's end."""
    host, pid, began = owner.rsplit("/", 2)
    if host != socket.gethostname():
        return False
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" != began
    except psutil.NoSuchProcess:
        return True
